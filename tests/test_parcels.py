"""Boxes on their way: couriers' words, silence, lateness, days of arrival, and a signature nobody gave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.days import CHINA, day_of
from bot.shop.demo.build import tell
from bot.shop.demo.offers import TERMS
from bot.shop.demo.parcels import cut, sent_back
from bot.shop.facts import Order, Parcel, ParcelState, Trace
from bot.shop.orders import stage
from bot.shop.parcels import (
    Trouble,
    all_of,
    arrival,
    dispatch_overdue,
    in_trouble,
    in_words,
    news,
    not_received,
    order_in_words,
    outgoing,
    whereabouts,
)
from bot.shop.refusals import Stage
from bot.shop.scans import state_of, traces_from

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)  # 10:30 in China
TODAY = date(2026, 11, 22)
STATE = ParcelState


@cache
def told():
    return tell(NOW.date(), 7)


def box(state: ParcelState, *, hours_ago: float = 5, promised_days: int | None = 3, text: str = "") -> Parcel:
    """A box collected three days ago whose last scan was *hours_ago*."""
    at = NOW - timedelta(hours=hours_ago)
    first = Trace(min(at, NOW - timedelta(days=3)), STATE.COLLECTED, "嘉兴市", "【嘉兴市】网点已揽收")
    traces = (first, Trace(at, state, "杭州市", text or f"【杭州市】{state}"))
    promised_at = None if promised_days is None else NOW + timedelta(days=promised_days)
    return Parcel("中通快递", "78000000000001", state, traces, promised_at, ("a",))


# Couriers' words

WORDS = {
    STATE.WAITING: ("商家已发货，等待快递员揽件", "您的包裹已预约取件", "电子面单已生成", "等待揽收中"),
    STATE.COLLECTED: ("已收取快件", "【广州市】已收寄，揽投员：陈", "【嘉兴】网点已揽件", "快递员已取件"),
    STATE.IN_TRANSIT: (
        "快件离开【武汉转运中心】，发往【长沙转运中心】", "快件在集散中心完成分拣，准备发往下一站", "航班已起飞",
        "您的订单已到达【北京分拣中心】", "离开【西湖营业部】，发往【杭州转运中心】", "货物已完成航空安检", "干线运输中",
    ),
    STATE.ARRIVED: ("到达【西湖揽投部】", "快件已到达【青羊区网点】，即将安排派送", "您的订单已到达【杨浦站点】"),
    STATE.OUT_FOR_DELIVERY: (
        "快件交给李师傅，正在派送途中", "安排投递，投递员：王", "配送员开始配送，请您准备收货",
        "西湖营业部快递员张师傅正在派件", "请您签收前验货，快递员正在派送",
    ),
    STATE.AT_PICKUP_POINT: (
        "已暂放至菜鸟驿站（阳光店），请及时取件", "快件已送达【丰巢智能柜】，请凭取件码取件", "快件待取件",
    ),
    STATE.SIGNED: ("快件已由本人签收", "邮件已妥投，他人收", "您的快件已被菜鸟驿站代签收", "客户签收人：前台"),
    STATE.PROBLEM: (
        "派送不成功（客户不在家），将再次派送", "未妥投，收件人不在指定地址", "快件因天气原因延误", "地址不详，联系不上收件人",
        "外包装破损，已登记异常", "快件错分，正在转回",
    ),
    STATE.RETURNING: ("收件人拒绝签收，正在退回寄件方", "快件已拒收", "退回件离开【杭州转运中心】"),
    STATE.RETURNED: ("退件已签收", "快件已退回寄件人", "【嘉兴市】退货仓已签收，等待验货"),
}  # fmt: skip


@pytest.mark.parametrize(("state", "text"), [(state, text) for state, texts in WORDS.items() for text in texts])
def test_a_couriers_words_mean_one_of_ten_states(state, text):
    assert state is state_of(text)


def test_all_words_of_the_demo_couriers_are_understood():
    for order in told().orders:
        for parcel in order.parcels:
            assert parcel.traces == tuple(
                replace(read, place=trace.place)
                for read, trace in zip(traces_from((t.at, t.text) for t in parcel.traces), parcel.traces, strict=True)
            )


def test_there_are_at_most_ten_states():
    assert len(ParcelState) <= 10 and set(WORDS) == set(ParcelState)


def test_unknown_words_change_nothing():
    assert state_of("※※※", STATE.ARRIVED) is STATE.ARRIVED
    assert state_of("※※※") is STATE.IN_TRANSIT


def test_a_box_that_turned_round_is_not_coming_any_more():
    scans = [(NOW, "收件人拒收"), (NOW + timedelta(hours=9), "快件离开【杭州转运中心】，发往【嘉兴转运中心】"),
             (NOW + timedelta(hours=30), "快件已签收"), (NOW + timedelta(hours=31), "到达嘉兴")]  # fmt: skip

    assert [STATE.RETURNING, STATE.RETURNING, STATE.RETURNED, STATE.RETURNED] == [t.state for t in traces_from(scans)]


@given(st.permutations(range(5)), st.lists(st.integers(0, 4)))
def test_scans_may_come_in_any_order_and_twice(order, twice):
    scans = [
        (NOW + timedelta(hours=number), text)
        for number, text in enumerate(("等待揽收", "已揽收", "【杭州市】离开", "派送中", "本人签收"))
    ]

    assert traces_from(scans) == traces_from([scans[number] for number in [*order, *twice]])
    assert traces_from(scans)[2].place == "杭州市"


@given(st.text(max_size=60), st.sampled_from([None, *ParcelState]))
def test_any_words_have_a_state(text, before):
    assert state_of(text, before) in ParcelState


# Days of arrival, by hand: collected on the 19th in China, 2 to 4 days


@pytest.mark.parametrize(
    ("state", "arrives"),
    [
        (STATE.IN_TRANSIT, (TODAY, date(2026, 11, 23))),
        (STATE.ARRIVED, (TODAY, date(2026, 11, 23))),
        (STATE.OUT_FOR_DELIVERY, (TODAY, TODAY)),
        (STATE.AT_PICKUP_POINT, None),
        (STATE.SIGNED, None),
        (STATE.RETURNING, None),
    ],
)
def test_a_box_arrives_between_the_days_of_its_route(state, arrives):
    assert arrives == arrival(box(state), (2, 4), NOW)


def test_a_box_nobody_fetched_yet_is_counted_from_tomorrow():
    waiting = Parcel("中通快递", "1", STATE.WAITING, (Trace(NOW, STATE.WAITING, "", ""),), None, ())

    assert (date(2026, 11, 25), date(2026, 11, 27)) == arrival(waiting, (2, 4), NOW)


def test_a_route_that_took_too_long_leaves_the_promise_and_then_nothing():
    assert arrival(box(STATE.IN_TRANSIT, promised_days=3), (1, 2), NOW) == (TODAY, date(2026, 11, 23))
    assert arrival(box(STATE.IN_TRANSIT, promised_days=-1), (1, 2), NOW) is None


def test_the_range_holds_the_true_day_of_the_demo_boxes():
    """Journeys of the demo that are told to their end, looked at from an hour on their way."""
    rng, hits, narrow, looked = Random(3), 0, 0, 0
    for order in told().orders:
        days = next(days for name, days in TERMS.days_to_arrive.items() if order.address.startswith(name))
        for parcel in outgoing(order):
            if parcel.state is not STATE.SIGNED:
                continue
            moment = rng.choice(parcel.traces[1:-1]).at + timedelta(minutes=20)
            seen = whereabouts(cut(parcel, moment), days, moment)
            if seen.arrives is None:
                continue
            looked += 1
            hits += seen.arrives[0] <= day_of(parcel.traces[-1].at) <= seen.arrives[1]
            narrow += (seen.arrives[1] - seen.arrives[0]).days <= 4

    assert looked > 1500
    assert hits / looked > 0.93
    assert narrow == looked


# Trouble


@pytest.mark.parametrize(
    ("parcel", "trouble"),
    [
        (box(STATE.IN_TRANSIT), None),
        (box(STATE.IN_TRANSIT, hours_ago=47.9), None),
        (box(STATE.IN_TRANSIT, hours_ago=48), Trouble.SILENT),
        (box(STATE.WAITING, hours_ago=60), Trouble.SILENT),
        (box(STATE.IN_TRANSIT, promised_days=-1), Trouble.LATE),
        (box(STATE.IN_TRANSIT, hours_ago=60, promised_days=-1), Trouble.SILENT),
        (box(STATE.PROBLEM), Trouble.PROBLEM),
        (box(STATE.AT_PICKUP_POINT, promised_days=-1), None),
        (box(STATE.AT_PICKUP_POINT, hours_ago=50), Trouble.NOT_FETCHED),
        (box(STATE.SIGNED, hours_ago=500, promised_days=-9), None),
        (box(STATE.RETURNED, hours_ago=500), None),
    ],
)
def test_a_box_is_in_trouble_when_it_is_silent_late_or_said_to_be(parcel, trouble):
    assert trouble is whereabouts(parcel, (2, 4), NOW).trouble


def test_silence_is_said_with_the_last_scan_and_no_day_of_arrival():
    words = in_words(whereabouts(box(STATE.IN_TRANSIT, hours_ago=97, text="到达【杭州转运中心】"), (2, 4), NOW))

    assert "11月18日 09:30 到达【杭州转运中心】" in words
    assert "已经97小时没有更新" in words and "说不准" in words
    assert "预计" not in words


@given(
    st.sampled_from(list(ParcelState)), st.floats(0, 400), st.one_of(st.none(), st.integers(-9, 9)),
    st.tuples(st.integers(0, 4), st.integers(4, 9)),
)  # fmt: skip
def test_no_day_is_promised_for_a_box_in_trouble_and_none_that_is_past(state, hours_ago, promised_days, days):
    seen = whereabouts(box(state, hours_ago=hours_ago, promised_days=promised_days), days, NOW)

    assert not (seen.trouble and seen.arrives)
    if seen.arrives:
        assert TODAY <= seen.arrives[0] <= seen.arrives[1]


def test_the_words_of_every_demo_order_end_with_a_full_stop_and_show_the_last_scan():
    for order in told().orders:
        if order.parcels:
            words = order_in_words(order, TERMS.days_to_arrive, NOW)
            assert words.endswith("。") and "。。" not in words
            assert all(parcel.traces[-1].text in words for parcel in order.parcels)


def demo_order(buyer_id: str) -> Order:
    return max((one for one in told().orders if one.buyer_id == buyer_id), key=lambda one: one.placed_at)


def test_an_order_in_two_boxes_says_what_is_in_each_and_which_has_come():
    half = demo_order("u1007")

    words = order_in_words(half, TERMS.days_to_arrive, NOW)

    assert words.startswith("分2个包裹，1个已签收：包裹1（静音鼠标）由")
    assert "包裹2（K87机械键盘）" in words
    assert all_of(half, TERMS.days_to_arrive, NOW)[0].coming
    assert stage(half) is Stage.UNDER_WAY


def test_a_box_the_shopper_sends_back_is_none_that_comes():
    person = next(iter(told_people()))
    back = sent_back(Random(1), person, ("a",), NOW - timedelta(days=2), NOW)
    order = replace(demo_order("u1001"), parcels=(box(STATE.SIGNED), back))

    assert [STATE.SIGNED] == [parcel.state for parcel in outgoing(order)]


def told_people():
    from bot.shop.demo.people import people
    from bot.shop.demo.scenes import CAST

    return people(Random(7), CAST, 1, TODAY)


def test_boxes_in_trouble_are_found_before_the_shopper_asks():
    silent = demo_order("u1003")
    fine = demo_order("u1001")

    assert [Trouble.SILENT] == [one.trouble for one in in_trouble(silent, TERMS.days_to_arrive, NOW)]
    assert () == in_trouble(fine, TERMS.days_to_arrive, NOW)


def test_an_order_that_should_have_left_is_found():
    late = [one for one in told().orders if dispatch_overdue(one, NOW)]

    assert 5 <= len(late)
    assert {Stage.TO_PACK, Stage.PACKED} >= {stage(one) for one in late}
    assert all(one.dispatch_by < NOW for one in late)


# News


def test_every_state_is_told_once_and_in_order():
    parcel = next(one for order in told().orders for one in order.parcels if one.state is STATE.SIGNED)

    first = news(parcel, ())
    rest = news(parcel, [trace.state for trace in first[:3]])

    assert [trace.state for trace in first] == list(dict.fromkeys(trace.state for trace in parcel.traces))
    assert first[3:] == rest
    assert () == news(parcel, list(ParcelState))


# Signed, not received


def test_fresh_signature_is_looked_for_first_and_an_old_one_is_proven():
    text = "【杭州市】快件已签收，签收人：前台"
    fresh = not_received(box(STATE.SIGNED, hours_ago=5, text=text), NOW)
    old = not_received(box(STATE.SIGNED, hours_ago=24, text=text), NOW)
    looked = not_received(box(STATE.SIGNED, hours_ago=5, text=text), NOW, looked=True)

    assert (False, True, True) == (fresh.prove, old.prove, looked.prove)
    assert fresh.signed_by == "前台" and "签收人是前台" in fresh.words
    assert "11月23日 05:30" in fresh.words
    assert "补发或退款" in old.words


def test_a_signature_of_a_station_names_the_station():
    assert not_received(box(STATE.SIGNED, text="您的快件已被菜鸟驿站代签收"), NOW).signed_by == "驿站"


def test_a_box_that_is_not_signed_was_not_signed_by_anybody():
    assert not_received(box(STATE.IN_TRANSIT), NOW) is None
    assert not_received(replace(box(STATE.IN_TRANSIT), traces=()), NOW) is None


def test_days_are_those_of_china():
    assert day_of(datetime(2026, 11, 21, 16, 0, tzinfo=UTC)) == TODAY
    assert CHINA.key == "Asia/Shanghai"
