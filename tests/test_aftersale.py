"""Goods that came: what the shop does about them, by its written rules and by nothing else; and how far refunds are."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadRules
from bot.settings import ROOT
from bot.shop.aftersale import CaseFacts, Payer, Problem, Remedy, RemedyKind, refusals, remedies, signed_at
from bot.shop.demo.build import tell
from bot.shop.demo.offers import TERMS
from bot.shop.demo.plots import STEPS as DEMO_STEPS
from bot.shop.facts import Order, OrderItem, OrderState, Parcel, ParcelState, Product, Refund, Sku, Trace
from bot.shop.refunds import STEPS, progress
from bot.shop.refusals import Way
from bot.shop.rules import load_rules, unknown_categories
from bot.shop.warranty import repair_until

RULES = load_rules(ROOT / "data/shop/aftersale.yml")
NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)  # 10:30 in China
SIGNED = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)  # the 19th, 16:00 in China
KIND = RemedyKind


@cache
def told():
    return tell(NOW.date(), 7)


def goods(
    category: str = "服装", *, name: str = "云感羽绒服", returnable: bool = True, warranty: str | None = None
) -> Product:
    """A product of *category*."""
    return Product(
        "61010012", name, name, (), category, "云感", None, {}, (), (Sku("a", "61010012", {}, 39900, 5),), 39900,
        warranty, returnable,
    )  # fmt: skip


def order(*, state: OrderState = OrderState.SIGNED, at: datetime = SIGNED, **changes: object) -> Order:
    """A coat and three socks, 400 paid for goods and 8 for freight: 359.46 and 40.54 (see test_orders_machine)."""
    items = (
        OrderItem("a", "61010012", "云感羽绒服", "黑色", 1, 39900, 35946),
        OrderItem("b", "61010500", "抗菌中筒袜", "", 3, 1500, 4054),
    )
    made = Order(
        order_no="202611150000001234", buyer_id="u1", state=state, placed_at=at - timedelta(days=4),
        paid_at=at - timedelta(days=4), dispatch_by=None, items=items, goods_fen=44400, freight_fen=800,
        discount_fen=4400, total_fen=40800, receiver="何沐晴", phone="13800001234", address="浙江省", pay_way="支付宝",
        parcels=(parcel(at, "a", "b"),), freight_insured=False,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def parcel(at: datetime, *sku_ids: str, state: ParcelState = ParcelState.SIGNED) -> Parcel:
    return Parcel("中通快递", f"78{at:%d%H}", state, (Trace(at, state, "杭州市", str(state)),), None, sku_ids)


def case(problem: Problem = Problem.NO_REASON, **changes: object) -> CaseFacts:
    return replace(CaseFacts(order(), "a", problem, product=goods()), **changes)  # type: ignore[arg-type]


def given_kinds(facts: CaseFacts, now: datetime = NOW) -> list[RemedyKind]:
    return [one.kind for one in remedies(facts, RULES, now)]


def why_not(facts: CaseFacts, now: datetime = NOW) -> tuple[str, Way]:
    """The only refusal of a case that has no remedy."""
    assert [] == remedies(facts, RULES, now)
    (refused,) = refusals(facts, RULES, now)
    return refused.reason, refused.next_best.way


# 七天无理由


def test_the_seventh_day_after_signing_is_the_last_and_ends_at_midnight():
    """Signed on the 15th at 23:59 in China: to the 22nd, 24:00."""
    facts = case(order=order(at=datetime(2026, 11, 15, 15, 59, tzinfo=UTC)))
    last, over = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 22, 16, 0, tzinfo=UTC)

    back = remedies(facts, RULES, last)[0]

    assert (back.kind, back.deadline) == (KIND.RETURN, last)
    assert back.reason == "11月15日签收，七天无理由到11月22日，今天是最后一天"
    assert why_not(facts, over) == ("七天无理由到11月22日已经结束", Way.REPORT_FAULT)


def test_what_goes_back_is_the_share_of_what_was_paid():
    (back, exchange) = remedies(case(), RULES, NOW)

    assert (35946, 0) == (back.amount_fen, exchange.amount_fen)
    assert back.reason == "11月19日签收，七天无理由到11月26日，还有4天"


@pytest.mark.parametrize(("pieces", "amount_fen"), [(1, 1351), (2, 2702), (3, 4054)])
def test_some_of_several_pieces_bring_their_part(pieces, amount_fen):
    facts = case(sku_id="b", quantity=pieces, product=goods(name="重磅T恤"))

    assert remedies(facts, RULES, NOW)[0].amount_fen == amount_fen


def test_what_price_protection_gave_back_is_not_given_again():
    rows = order().items
    protected = order(items=(replace(rows[0], repaid_fen=6000), rows[1]))

    assert remedies(case(order=protected), RULES, NOW)[0].amount_fen == 29946


@pytest.mark.parametrize(
    ("insured", "payer"), [(True, Payer.INSURER), (False, Payer.BUYER), (None, Payer.BUYER_UNLESS_INSURED)]
)
def test_who_changed_their_mind_pays_the_way_back_unless_insured(insured, payer):
    back, exchange = remedies(case(order=order(freight_insured=insured)), RULES, NOW)

    assert (payer, Payer.BUYER) == (back.freight, exchange.freight)


@pytest.mark.parametrize(
    ("product", "opened", "reason"),
    [
        (goods("食品", name="全麦吐司"), False, "鲜活易腐，不支持七天无理由"),
        (goods("虚拟商品", name="充值卡"), False, "虚拟商品，不支持七天无理由"),
        (goods(returnable=False), False, "商品页标明不支持七天无理由"),
        (goods("美妆个护", name="积雪草面霜"), True, "化妆品和个人护理用品拆封后不卫生，拆封后不支持七天无理由"),
        (goods(name="德绒保暖内衣"), True, "贴身衣物拆封后不卫生，拆封后不支持七天无理由"),
        (goods("母婴", name="玻璃奶瓶"), True, "入口和贴身的母婴用品拆封后不卫生，拆封后不支持七天无理由"),
    ],
)
def test_what_is_excluded_is_said_with_its_reason_and_faults_stay_ours(product, opened, reason):
    assert why_not(case(product=product, opened=opened)) == (reason, Way.REPORT_FAULT)


def test_custom_made_goods_are_known_by_their_variant():
    custom = order(items=(replace(order().items[0], spec="黑色 刻字款"),))

    assert why_not(case(order=custom))[0] == "按您的要求定制，不支持七天无理由"


def test_what_is_sealed_goes_back_and_what_may_be_sealed_goes_back_if_it_is():
    cream = goods("美妆个护", name="积雪草面霜")

    sealed, unknown = (remedies(case(product=cream, opened=opened), RULES, NOW)[0] for opened in (False, None))

    assert sealed.condition == "商品完好，不影响再次销售"
    assert unknown.condition == "包装没有拆封"


def test_a_stroller_may_be_opened_although_bottles_may_not():
    assert KIND.RETURN in given_kinds(case(product=goods("母婴", name="旋转安全座椅"), opened=True))


def test_goods_that_are_gone_from_the_shop_are_looked_at_by_a_human():
    assert why_not(case(product=None))[1] is Way.HUMAN


# What is the shop's fault


@pytest.mark.parametrize(
    ("days_ago", "kinds"),
    [
        (3, [KIND.RETURN, KIND.EXCHANGE, KIND.REPAIR]),
        (7, [KIND.RETURN, KIND.EXCHANGE, KIND.REPAIR]),
        (8, [KIND.EXCHANGE, KIND.REPAIR]),
        (15, [KIND.EXCHANGE, KIND.REPAIR]),
        (16, [KIND.REPAIR]),
        (365, [KIND.REPAIR]),
        (366, []),
    ],
)
def test_a_fault_is_returned_then_exchanged_then_repaired(days_ago, kinds):
    phone = case(
        Problem.QUALITY,
        product=goods("手机数码", warranty="整机保修1年"),
        order=order(at=NOW - timedelta(days=days_ago)),
    )

    assert kinds == given_kinds(phone)
    assert 3 == len(kinds) + len(refusals(phone, RULES, NOW))


def test_food_with_a_fault_is_returned_for_thirty_days_and_not_repaired():
    bread = case(Problem.QUALITY, product=goods("食品", returnable=False), order=order(at=NOW - timedelta(days=30)))

    assert [KIND.RETURN, KIND.EXCHANGE] == given_kinds(bread)


def test_a_fault_costs_the_shopper_nothing_and_is_shown():
    for one in remedies(case(Problem.QUALITY), RULES, NOW):
        assert one.freight is Payer.SHOP
        assert one.evidence == ("能看清问题的照片或视频",)


def test_opened_or_excluded_goods_with_a_fault_are_still_the_shops():
    cream = case(Problem.QUALITY, product=goods("美妆个护", name="积雪草面霜", returnable=False), opened=True)

    assert KIND.RETURN in given_kinds(cream)


def test_freight_goes_back_when_the_fault_sends_the_whole_order_back():
    one_row = order(items=order().items[:1], goods_fen=39900, discount_fen=3954, total_fen=36746)

    whole = remedies(case(Problem.QUALITY, order=one_row), RULES, NOW)[0]
    partly = remedies(case(Problem.QUALITY), RULES, NOW)[0]
    without_reason = remedies(case(order=one_row), RULES, NOW)[0]

    assert (36746, 35946, 35946) == (whole.amount_fen, partly.amount_fen, without_reason.amount_fen)


def test_freight_stays_when_some_of_the_pieces_stay():
    socks = order(items=order().items[1:], goods_fen=4500, discount_fen=446, total_fen=4854)

    some, all_ = (
        remedies(case(Problem.QUALITY, order=socks, sku_id="b", quantity=pieces), RULES, NOW)[0] for pieces in (2, 3)
    )

    assert (2702, 4854) == (some.amount_fen, all_.amount_fen)


def test_a_shop_that_tells_too_high_shares_still_gives_back_no_more_than_was_paid():
    wrong = order(items=(replace(order().items[0], paid_fen=99999),), total_fen=36746)

    assert remedies(case(order=wrong), RULES, NOW)[0].amount_fen == 36746


@pytest.mark.parametrize(("hours", "in_time"), [(47.9, True), (48, True), (48.1, False)])
def test_damage_is_reported_within_48_hours_of_the_signature(hours, in_time):
    broken = case(Problem.DAMAGED, order=order(at=NOW - timedelta(hours=hours)))

    assert in_time == bool(remedies(broken, RULES, NOW))
    assert in_time or {Way.HUMAN} == {one.next_best.way for one in refusals(broken, RULES, NOW)}


def test_a_cheap_broken_thing_need_not_come_back_and_a_dear_one_must():
    fresh = order(at=NOW - timedelta(hours=5))
    cheap = case(Problem.DAMAGED, order=fresh, sku_id="b", quantity=3)
    dear = case(Problem.DAMAGED, order=fresh)

    first = remedies(cheap, RULES, NOW)[0]

    assert (KIND.REFUND_ONLY, Payer.NOBODY, 4054, False) == (
        first.kind,
        first.freight,
        first.amount_fen,
        first.approval,
    )
    assert [KIND.EXCHANGE, KIND.RETURN] == given_kinds(dear)


def test_wrong_goods_are_changed_or_returned_and_missing_ones_sent_or_refunded():
    assert [KIND.EXCHANGE, KIND.RETURN] == given_kinds(case(Problem.WRONG))
    assert [KIND.RESEND, KIND.REFUND_ONLY] == given_kinds(case(Problem.MISSING))
    assert [KIND.RETURN, KIND.EXCHANGE] == given_kinds(case(Problem.NOT_AS_DESCRIBED))


@pytest.mark.parametrize(
    ("sku_id", "claims", "approval"), [("a", 0, True), ("b", 0, False), ("b", 2, False), ("b", 3, True)]
)
def test_above_the_limits_a_human_decides_about_what_need_not_come_back(sku_id, claims, approval):
    missing = case(Problem.MISSING, sku_id=sku_id, claims_in_90_days=claims)

    assert {approval} == {one.approval for one in remedies(missing, RULES, NOW)}


def test_what_comes_back_needs_no_approval_however_dear_and_often():
    assert not any(one.approval for one in remedies(case(claims_in_90_days=9), RULES, NOW))


# Orders that are not there yet, or not any more


@pytest.mark.parametrize(
    ("changes", "way"),
    [
        ({"state": OrderState.UNPAID, "paid_at": None, "parcels": ()}, Way.CANCEL),
        ({"state": OrderState.CANCELLED, "paid_at": None, "parcels": ()}, Way.REORDER),
        ({"state": OrderState.PAID, "parcels": ()}, Way.CANCEL),
        ({"state": OrderState.SHIPPED, "parcels": (parcel(NOW, "a", state=ParcelState.IN_TRANSIT),)}, Way.REFUSE_PARCEL),
        ({"state": OrderState.REFUNDING}, Way.REFUND_PROGRESS),
        ({"state": OrderState.REFUNDED}, Way.REFUND_PROGRESS),
    ],
)  # fmt: skip
@pytest.mark.parametrize("problem", list(Problem))
def test_what_has_not_come_or_went_back_has_another_way(changes, way, problem):
    assert why_not(case(problem, order=order(**changes)))[1] is way


@pytest.mark.parametrize(("sku_id", "quantity"), [("?", 1), ("a", 2), ("a", 0), ("b", 4)])
def test_goods_that_were_not_bought_are_asked_about(sku_id, quantity):
    assert why_not(case(sku_id=sku_id, quantity=quantity))[1] is Way.SAY_MORE


def test_in_two_boxes_each_thing_counts_from_its_own_box():
    early, late = SIGNED - timedelta(days=6), NOW - timedelta(days=1)
    half = order(parcels=(parcel(early, "b"), parcel(late, "a")))
    split = order(parcels=(parcel(early, "a"), parcel(late, "a", state=ParcelState.IN_TRANSIT)))
    back = order(parcels=(parcel(early, "a"), parcel(late, "a", state=ParcelState.RETURNED)))

    assert (late, early) == (signed_at(half, "a"), signed_at(half, "b"))
    assert signed_at(split, "a") is None
    assert signed_at(back, "a") == early


# Properties: fairness and money

BOUGHT = st.sampled_from(list(told().orders))
BY_ID = {product.id: product for product in told().products}


@st.composite
def cases(draw) -> CaseFacts:
    """Any case of any order of the demo shop."""
    one = draw(BOUGHT)
    item = draw(st.sampled_from(one.items))
    return CaseFacts(
        one, item.sku_id, draw(st.sampled_from(list(Problem))), draw(st.integers(1, item.quantity)),
        draw(st.sampled_from([BY_ID[item.product_id], None])), draw(st.sampled_from([True, False, None])),
        draw(st.integers(0, 5)),
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(cases())
def test_a_refund_is_never_above_what_was_paid(facts):
    for one in remedies(facts, RULES, NOW):
        assert 0 <= one.amount_fen <= facts.order.total_fen
        assert one.deadline >= NOW


@settings(max_examples=300, deadline=None)
@given(cases())
def test_every_case_has_a_remedy_or_a_reason_with_a_next_step(facts):
    granted, refused = remedies(facts, RULES, NOW), refusals(facts, RULES, NOW)

    assert granted or refused
    assert len({one.kind for one in granted}) == len(granted)
    for one in refused:
        assert one.reason and one.next_best.words and isinstance(one.next_best.way, Way)


@settings(max_examples=200, deadline=None)
@given(cases(), st.text(max_size=20), st.sampled_from(["普通", "黑金"]))
def test_who_asks_and_how_changes_nothing(facts, remark, buyer_id):
    """Neither tone nor name nor tier is a fact of a case: other people with the same facts get the same."""
    other = replace(facts.order, buyer_id=buyer_id, receiver=remark, phone="13900000000", remark=remark)

    assert remedies(facts, RULES, NOW) == remedies(replace(facts, order=other), RULES, NOW)


def test_a_case_has_no_place_for_words_or_tone():
    names = {field.name for field in fields(CaseFacts)}

    assert names == {"order", "sku_id", "problem", "quantity", "product", "opened", "claims_in_90_days"}


@settings(max_examples=150, deadline=None)
@given(BOUGHT)
def test_all_rows_returned_one_by_one_are_together_what_was_paid_for_goods(one):
    if one.state not in (OrderState.SIGNED, OrderState.DONE):
        return
    early = max(trace.at for box in one.parcels for trace in box.traces)
    all_rows = [
        remedies(
            CaseFacts(one, item.sku_id, Problem.WRONG, item.quantity, BY_ID[item.product_id]), RULES, early
        )[1].amount_fen
        for item in one.items
    ]  # fmt: skip

    assert sum(all_rows) in (one.total_fen - one.freight_fen, one.total_fen)


def test_a_later_day_never_gives_more():
    for problem in Problem:
        before: set[RemedyKind] = set(RemedyKind)
        for day in range(0, 400, 3):
            kinds = set(given_kinds(case(problem, product=goods("手机数码")), SIGNED + timedelta(days=day)))
            assert kinds <= before
            before = kinds


# Warranty


@pytest.mark.parametrize(
    ("words", "months", "until"),
    [
        ("整机保修1年，电池保修2年", 0, date(2027, 11, 19)),
        ("整机保修18个月", 12, date(2028, 5, 19)),
        ("开胶断底质保90天", 0, date(2027, 2, 17)),
        (None, 12, date(2027, 11, 19)),
        ("整机保修6个月", 12, date(2027, 11, 19)),
        (None, 0, None),
        ("以实物为准", 0, None),
    ],
)
def test_a_warranty_is_the_pages_or_the_rules_whichever_is_longer(words, months, until):
    moment = repair_until(words, months, SIGNED)

    assert until == (moment.date() if moment else None)


def test_a_month_without_such_a_day_ends_with_its_last():
    assert repair_until("保修1个月", 0, datetime(2027, 1, 31, 4, tzinfo=UTC)).date() == date(2027, 2, 28)
    assert repair_until("保修1年", 0, datetime(2028, 2, 29, 4, tzinfo=UTC)).date() == date(2029, 2, 28)


# Refunds


def refund(step: str, *, asked_h: float = 10, expected_h: float | None = None, done_h: float | None = None) -> Refund:
    return Refund(
        12900, step, "七天无理由退货", NOW - timedelta(hours=asked_h),
        None if expected_h is None else NOW + timedelta(hours=expected_h),
        None if done_h is None else NOW - timedelta(hours=done_h),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "pay_way", "number", "waits_for", "arrives", "overdue"),
    [
        (refund("待商家审核"), "支付宝", 1, "商家", None, False),
        (refund("待商家审核", asked_h=49), "支付宝", 1, "商家", None, True),
        (refund("待寄回", asked_h=400), "支付宝", 2, "您", None, False),
        (refund("退货在途", expected_h=24), "支付宝", 3, "快递", None, False),
        (refund("退货在途", expected_h=-1), "支付宝", 3, "快递", None, True),
        (refund("待退款", expected_h=24), "支付宝", 4, "商家", (date(2026, 11, 23), date(2026, 11, 24)), False),
        (refund("待退款", expected_h=24), "银联卡", 4, "商家", (date(2026, 11, 24), date(2026, 11, 30)), False),
        (refund("待退款", expected_h=-75), "微信支付", 4, "商家", (date(2026, 11, 22), date(2026, 11, 25)), True),
        (refund("已原路退回", done_h=24), "微信支付", 5, "银行", (date(2026, 11, 21), date(2026, 11, 24)), False),
        (refund("已原路退回", done_h=120), "微信支付", 5, "银行", (date(2026, 11, 17), date(2026, 11, 20)), True),
        (refund("已原路退回", done_h=120), None, 5, "银行", (date(2026, 11, 18), date(2026, 11, 24)), False),
    ],
)
def test_a_refund_says_its_step_its_day_by_way_of_payment_and_who_is_late(
    one, pay_way, number, waits_for, arrives, overdue
):
    seen = progress(one, pay_way, RULES.refunding, NOW)

    assert (number, waits_for, arrives, overdue) == (seen.number, seen.waits_for, seen.arrives, seen.overdue)
    assert seen.amount_fen == 12900 and seen.words and not seen.words.endswith("。")


def test_an_overdue_refund_is_owned_up_to():
    assert progress(refund("待退款", expected_h=-75), "微信支付", RULES.refunding, NOW).words == (
        "原定11月19日 07:30完成，已经超时，是我们没有做好，我请同事马上跟进"
    )


def test_all_demo_refunds_can_be_told_and_the_overdue_ones_are_found():
    seen = [progress(one.refund, one.pay_way, RULES.refunding, NOW) for one in told().orders if one.refund]

    assert {1, 2, 3, 4, 5} == {one.number for one in seen}
    assert all(one.words for one in seen)
    assert 5 <= sum(one.overdue for one in seen if one.number == 4)


def test_the_steps_are_those_of_the_shop():
    assert STEPS == DEMO_STEPS


# The rules' file


def test_the_demo_rules_speak_of_categories_the_shop_has_and_of_one_it_may_have():
    assert {"虚拟商品"} == unknown_categories(RULES, told().products)


def test_the_rules_and_the_terms_of_the_demo_shop_agree():
    assert RULES.no_reason.days == TERMS.return_days
    assert RULES.shop == TERMS.name


def spoilt(tmp_path: Path, *change: tuple[tuple[str, ...], object]) -> Path:
    """The demo shop's rules with some values changed; a value of None takes the key away."""
    rules = yaml.safe_load((ROOT / "data/shop/aftersale.yml").read_text(encoding="utf-8"))
    for (*way, last), value in change:
        part = rules
        for key in way:
            part = part[key]
        if value is None:
            del part[last]
        else:
            part[last] = value
    path = tmp_path / "aftersale.yml"
    path.write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((("七天无理由", "天数"), "七"), "七天无理由.天数：要写整数"),
        ((("七天无理由", "天数"), -1), "七天无理由.天数：不能小于0"),
        ((("七天无理由", "运费"), "平台"), "七天无理由.运费：只能写买家或商家"),
        ((("七天无理由", "天数"), None), "七天无理由.天数：缺少这一项"),
        ((("破损", "小时"), 3), "破损.小时：没有这一项，看看是不是写错了名字"),
        ((("质量问题", "默认"), None), "质量问题：缺少“默认”这一行"),
        ((("退款", "到账天数", "支付宝"), [3, 1]), "退款.到账天数.支付宝：前面的天数要比后面的小"),
        ((("退款", "到账天数", "支付宝"), [3]), "退款.到账天数.支付宝.第2个：缺少这一项"),
        ((("凭证", "破损"), "照片"), "凭证.破损：要写成列表，例如 [甲, 乙]"),
        ((("免审额度",), 50), "免审额度：要写成“名字: 值”的样子"),
    ],
)
def test_a_slip_in_the_rules_is_named_in_chinese(tmp_path, change, reason):
    with pytest.raises(BadRules) as told:
        load_rules(spoilt(tmp_path, change))

    assert [reason] == told.value.reasons


def test_all_slips_are_named_at_once(tmp_path):
    path = spoilt(tmp_path, (("店铺",), ""), (("破损", "报告小时"), 0))

    with pytest.raises(BadRules) as told:
        load_rules(path)

    assert ["店铺：文字太短", "破损.报告小时：不能小于1"] == told.value.reasons


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("店铺: 甲\n  天数: 7", "第2行附近格式不对，看看冒号后面有没有空格、缩进齐不齐"),
        ("[]", "整个文件：要写成“名字: 值”的样子"),
    ],
)
def test_a_file_that_is_no_rules_is_told(tmp_path, text, reason):
    path = tmp_path / "x.yml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadRules) as told:
        load_rules(path)

    assert [reason] == told.value.reasons
    with pytest.raises(BadRules, match="文件打不开"):
        load_rules(tmp_path / "none.yml")


def test_another_rule_gives_another_answer(tmp_path):
    generous = load_rules(spoilt(tmp_path, (("七天无理由", "天数"), 30), (("七天无理由", "运费"), "商家")))

    back = remedies(case(), generous, NOW)[0]

    assert isinstance(back, Remedy)
    assert (back.freight, back.reason) == (Payer.SHOP, "11月19日签收，30天无理由到12月19日，还有27天")
