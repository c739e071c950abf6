"""What the hands do: answers hold the shop's facts and nothing else, and no fact goes to a stranger."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import select
from test_engine import Chat, Engine

from actions.base import yuan
from bot import brain, words
from bot.errors import ShopUnavailable
from bot.shop.demo import DemoShop
from bot.shop.facts import Order, Product
from bot.shop.patience import PatientShop
from bot.store import lines
from bot.store.database import reading
from bot.store.models import Audit, Case, Escalation
from bot.talk.answer import write_answer


@pytest.fixture
def today() -> datetime:
    """The shop's dates count from the day it was made."""
    return datetime.now(UTC)


def named(shop: DemoShop, short_name: str) -> Product:
    return next(product for product in shop.products() if product.short_name == short_name)


# ------------------------------------------------------------------ talks with the real bot


@pytest.fixture(scope="module")
def engine(model: Path, shop: DemoShop) -> Engine:
    return Engine(model, PatientShop(shop, 30.0))


@pytest.fixture
def talk(sqlite: Database, engine: Engine, shop: DemoShop, today: datetime) -> Callable[..., Chat]:
    """Opens a conversation; of an anonymous shopper, or of a buyer, with the demo shop or another."""
    opened = iter("abcdefgh")

    def begin(buyer: str | None = None, of: Any = None, budget_s: float = 30.0) -> Chat:
        return Chat(sqlite, engine, PatientShop(of or shop, budget_s), id_=next(opened) * 32, buyer=buyer, now=today)

    return begin


def tells(text: str, order: Order) -> bool:
    """Whether *text* holds anything of *order* beyond its number."""
    facts = [order.receiver, order.phone, order.address, order.title, order.items[0].name]
    facts += [parcel.waybill for parcel in order.parcels]
    return any(fact in text for fact in facts)


def everything(said: list[Any]) -> str:
    return "\n".join(f"{line.text} {line.payload}" for line in said)


@pytest.fixture
def theirs(shop: DemoShop) -> Order:
    """An order of somebody else, on its way."""
    return next(order for order in shop.orders_of("u1003") if order.parcels)


def test_the_parcel_of_a_signed_in_shopper_is_told_at_once(talk, shop):
    (order,) = [order for order in shop.orders_of("u1001") if order.state in ("已发货", "派送中")]

    said = talk("u1001").say("我的快递到哪了")

    assert tells(said[0].text, order)
    assert order.parcels[0].waybill in said[0].text
    assert [order.order_no] == [card["order_no"] for card in said[0].payload["cards"]]


def test_a_stranger_with_a_number_alone_is_told_nothing(talk, theirs):
    chat = talk()

    for text in ("我的快递到哪了", f"订单号{theirs.order_no}", f"{theirs.order_no}到哪了", f"我要投诉 订单号{theirs.order_no}一直不到",
                 f"订单号{theirs.order_no}退款到哪了", f"{theirs.order_no}催一下", f"订单{theirs.order_no}改地址"):  # fmt: skip
        assert not tells(everything(chat.say(text)), theirs)


def test_a_stranger_with_number_and_phone_tail_is_told(talk, theirs):
    chat = talk()
    chat.say("我的快递到哪了")
    asked = chat.words(f"订单号{theirs.order_no}")
    told = chat.words(theirs.phone[-4:])

    assert "后四位" in asked
    assert tells(told, theirs)
    assert chat.words("到哪了现在").count(theirs.order_no) == 1  # proven once, it is not asked for again


def test_a_wrong_tail_and_a_number_that_is_not_there_sound_alike(talk, theirs):
    wrong = f"{(int(theirs.phone[-4:]) + 1) % 10000:04d}"
    one, other = talk(), talk()

    for_wrong_tail = one.words(f"订单号{theirs.order_no} 尾号{wrong} 快递到哪了")
    for_no_order = other.words(f"订单号202601019999999999 尾号{wrong} 快递到哪了")

    assert for_wrong_tail == for_no_order == words.say("utter_order_not_found")


@pytest.mark.parametrize(
    "text", ["订单号{}快递到哪了", "订单号{} 尾号{} 快递到哪了", "我要投诉订单号{}", "订单号{}退款到哪了"]
)
def test_a_signed_in_shopper_gets_no_order_of_another_even_with_its_phone(talk, theirs, text):
    said = talk("u1001").say(text.format(theirs.order_no, theirs.phone[-4:]))

    assert not tells(everything(said), theirs)


def test_the_page_of_anothers_order_opens_nothing(talk, theirs):
    assert not tells(everything(talk("u1001").say("这个到哪了", page={"order_no": theirs.order_no})), theirs)
    assert not tells(everything(talk().say("这个到哪了", page={"order_no": theirs.order_no})), theirs)


def test_five_wrong_tails_lock_the_order_for_an_hour_whoever_asks(talk, theirs):
    guesser, owner = talk(), talk()
    right = f"订单号{theirs.order_no} 尾号{theirs.phone[-4:]} 快递到哪了"
    for guess in range(5):
        wrong = f"{(int(theirs.phone[-4:]) + 1 + guess) % 10000:04d}"
        assert words.say("utter_order_not_found") == guesser.words(f"订单号{theirs.order_no} 尾号{wrong} 快递到哪了")

    locked = guesser.words(right)
    for_the_owner = owner.words(right)
    guesser.now += timedelta(minutes=61)

    assert words.say("utter_too_many_tries") == locked == for_the_owner
    assert tells(guesser.words(right), theirs)


def test_five_wrong_numbers_lock_the_conversation(talk, theirs):
    chat = talk()
    for guess in range(5):
        chat.say(f"订单号20260101000000000{guess} 尾号1234 快递到哪了")

    locked = chat.words(f"订单号{theirs.order_no} 尾号{theirs.phone[-4:]} 快递到哪了")

    assert words.say("utter_too_many_tries") == locked


def test_among_several_orders_a_list_of_cards_is_shown_and_one_tap_tells(talk, shop):
    under_way = {
        order.order_no: order for order in shop.orders_of("u1002") if order.state in ("待发货", "已发货", "派送中")
    }
    chat = talk("u1002")

    (shown,) = chat.say("我的快递到哪了")
    cards = shown.payload["cards"]
    told = chat.words(cards[-1]["say"])

    assert under_way.keys() == {card["order_no"] for card in cards}
    assert f"您有{len(under_way)}笔订单" in shown.text
    assert cards[-1]["order_no"] in told


def test_a_shopper_without_orders_is_told_so(talk):
    assert words.say("utter_no_orders") == talk("u1005").words("我的快递到哪了")


def test_this_one_is_the_product_of_the_page(talk, shop):
    product = named(shop, "积雪草面霜")

    said = talk().words("这个多少钱", page={"product_id": product.id})

    assert said.startswith(f"{product.short_name}现在{yuan(product.price_fen)}")


def test_a_complaint_is_a_case_with_a_number_and_a_promised_time(talk, shop, today):
    chat = talk("u1001")

    said = chat.words("你们发货太慢了我要投诉")

    (case,) = cases_of(chat)
    assert case.number in said
    assert ("complain", today + timedelta(hours=24)) == (case.type, case.promised_at)
    assert "明天" in said
    assert "你们发货太慢了我要投诉" in case.summary


def test_the_same_complaint_again_opens_no_second_case_and_keeps_the_words(talk):
    chat = talk("u1001")
    chat.say("你们发货太慢了我要投诉")

    again = chat.words("我要投诉，等了两周了")

    (case,) = cases_of(chat)
    assert case.number in again
    assert "等了两周了" in case.summary


def cases_of(chat: Chat) -> list[Case]:
    with reading(chat.database) as session:
        return list(session.scalars(select(Case).where(Case.conversation_id == chat.id)))


def escalations_of(chat: Chat) -> list[Escalation]:
    with reading(chat.database) as session:
        return list(session.scalars(select(Escalation).where(Escalation.conversation_id == chat.id)))


def test_angry_or_polite_the_same_facts_give_the_same_terms(talk):
    polite, angry = talk("u1008"), talk("u1008")

    polite.say("麻烦帮我看下，收到的跑鞋开胶了，我想退货，谢谢")
    angry.say("跑鞋开胶了，什么破玩意，我要退货！！")

    assert terms_of(polite) == terms_of(angry)
    assert "寄回运费我们出" in terms_of(angry)[0][2]


def terms_of(chat: Chat) -> list[tuple[str, int, str]]:
    """Type, severity and the shop's terms of every return; the shopper's words left out."""
    returns = [case for case in cases_of(chat) if case.type == "return_goods"]
    return [(case.type, case.severity, case.summary.partition("【")[2]) for case in returns]


def test_a_clear_wish_for_a_human_is_honoured_at_once(talk):
    chat = talk()

    said = chat.say("转人工")

    assert ["utter_queued"] == [line.payload["said"] for line in said]
    assert [0] == [escalation.priority for escalation in escalations_of(chat)]


def not_understood(engine: Engine) -> Callable[..., Any]:
    """Understanding that is sure of nothing."""
    understand = engine.understand

    async def unsure(*line: Any) -> Any:
        found = await understand(*line)
        intent = {"name": "nlu_fallback", "confidence": 0.3}
        return replace(found, intent="nlu_fallback", second=None, parse_data={**found.parse_data, "intent": intent})

    return unsure


def test_three_misses_end_with_a_human(talk, engine, monkeypatch):
    monkeypatch.setattr(engine, "understand", not_understood(engine))
    chat = talk()

    said = [chat.say(text)[0].payload["said"] for text in ("这个那个", "就是那个呀", "哎呀那个")]

    assert ["utter_rephrase", "utter_rephrase_or_human", "utter_third_miss"] == said
    assert len(escalations_of(chat)) == 1


# ------------------------------------------------------------------ orders changed by the real bot


@pytest.fixture
def own(shop: DemoShop, tmp_path: Path, today: datetime) -> DemoShop:
    """A demo shop that nobody else changes."""
    shutil.copy(shop.path, tmp_path / "shop.db")
    return DemoShop(tmp_path / "shop.db", now=today)


def order_in(shop: DemoShop, buyer: str, state: str) -> Order:
    return next(order for order in shop.orders_of(buyer) if order.state == state)


def done_for(chat: Chat) -> list[str]:
    """The keys of what was carried out for this conversation."""
    with reading(chat.database) as session:
        rows = session.scalars(select(Audit).where(Audit.action == "execute"))
        return [row.detail["key"] for row in rows if row.detail["conversation"] == chat.id]


@pytest.mark.parametrize(
    ("buyer", "state", "text", "changed"),
    [
        ("u1002", "待发货", "空气炸锅拍错了 帮我取消订单", lambda order: order.refund is not None),
        ("u1002", "待发货", "空气炸锅地址改成浙江省杭州市滨江区春晖路88号6楼", lambda order: "春晖路" in order.address),
        ("u1002", "待发货", "空气炸锅怎么还不发 催一下", lambda order: order.urged_at is not None),
        ("u1008", "已签收", "跑鞋帮我开张发票", lambda order: order.invoice is not None),
        ("u1008", "已签收", "鞋子买完就降价了 退差价", lambda order: bool(order.repayments)),
    ],
)  # fmt: skip
def test_a_command_is_asked_confirmed_and_done_once_though_the_brain_dies_at_the_commit(
    talk, own, monkeypatch, buyer, state, text, changed
):
    before = order_in(own, buyer, state)
    chat = talk(buyer, of=own)
    asked = chat.words(text)
    untouched = own.order(before.order_no, buyer)
    commits = []

    def dies_once(*turn: Any) -> None:
        commits.append(turn)
        if len(commits) == 1:
            raise OSError("the disk is gone for a moment")
        write_answer(*turn)

    monkeypatch.setattr(brain, "write_answer", dies_once)
    chat.store("确认")
    chat.brain.one(chat.now)
    chat.now += timedelta(seconds=5)
    while chat.brain.one(chat.now):
        pass
    with reading(chat.database) as session:
        answered = lines.after(session, chat.id, chat.seen)[-1].text

    assert "要现在办理吗" in asked
    assert before == untouched
    assert "已为您办好" in answered
    assert changed(own.order(before.order_no, buyer))
    assert 2 == len(commits)
    assert 1 == len(done_for(chat))


def test_a_no_leaves_the_order_as_it_is(talk, own):
    before = order_in(own, "u1002", "待发货")
    chat = talk("u1002", of=own)
    chat.say("空气炸锅不要了 取消吧")

    chat.say("不用了")
    chat.say("好的")

    assert before == own.order(before.order_no, "u1002")
    assert [] == done_for(chat)


def test_another_matter_is_answered_and_the_question_put_again(talk, own):
    chat = talk("u1002", of=own)
    chat.say("空气炸锅不要了 取消吧")

    between = chat.words("支持什么付款方式")
    done = chat.words("确认")

    assert "还等您一句话" in between
    assert "已为您办好" in done


def test_a_yes_and_a_thanks_in_one_breath_is_a_yes(talk, own):
    chat = talk("u1002", of=own)
    chat.say("空气炸锅不要了 取消吧")

    chat.store("确认")
    chat.say("谢谢")

    assert 1 == len(done_for(chat))


def test_a_shop_away_at_the_yes_keeps_the_agreement_for_the_next(talk, own):
    chat = talk("u1002", of=own)
    chat.say("空气炸锅不要了 取消吧")
    real = chat.brain.shop.shop
    chat.brain.shop.shop = FailingShop(real, "execute", unavailable)

    first = chat.words("确认")
    chat.brain.shop.shop = real
    done = chat.words("确认")

    (case,) = cases_of(chat)
    assert case.number in first and "不会重复办" in first
    assert "已为您办好" in done
    assert 1 == len(done_for(chat))


def unavailable(*_: Any) -> Any:
    raise ShopUnavailable("execute", 3.0)


# ------------------------------------------------------------------ a shop that fails


class FailingShop:
    """The demo shop, but one of its calls does what it is told to."""

    def __init__(self, shop: DemoShop, call: str, do: Callable[..., Any]) -> None:
        self.shop = shop
        setattr(self, call, do)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shop, name)


@pytest.fixture
def hanging(shop: DemoShop) -> Iterator[FailingShop]:
    """A shop that does not come back with orders until the test is over."""
    over = threading.Event()
    yield FailingShop(shop, "orders_of", lambda *_: over.wait(30))
    over.set()


def test_a_slow_shop_ends_in_words_within_its_budget(talk, hanging):
    chat = talk("u1001", of=hanging, budget_s=0.3)
    began = time.monotonic()

    said = chat.words("我的快递到哪了")

    assert words.say("utter_shop_unavailable") == said
    assert 0.3 <= time.monotonic() - began < 3


def test_a_second_failure_running_calls_a_human(talk, hanging):
    chat = talk("u1001", of=hanging, budget_s=0.1)

    first = [line.payload["said"] for line in chat.say("我的快递到哪了")]
    second = [line.payload["said"] for line in chat.say("我的快递到哪了啊")]

    assert ["utter_shop_unavailable"] == first
    assert ["utter_shop_unavailable", "utter_queued"] == second
    assert ["机器人连续两次没能完成：ShopUnavailable"] == [
        reason for each in escalations_of(chat) for reason in each.reasons
    ]


def test_an_answer_between_two_failures_calls_nobody(talk, hanging):
    chat = talk("u1001", of=hanging, budget_s=0.1)

    for text in ("我的快递到哪了", "支持什么付款方式", "我的快递到哪了啊"):
        chat.say(text)

    assert [] == escalations_of(chat)


@pytest.mark.parametrize("nonsense", [None, [None], "待发货", 7])
def test_a_shop_that_talks_nonsense_ends_in_words(talk, shop, nonsense):
    chat = talk("u1001", of=FailingShop(shop, "orders_of", lambda *_: nonsense))

    (said,) = chat.say("我的快递到哪了")

    assert said.payload["said"] in ("utter_something_failed", "utter_no_orders")


def test_a_complaint_is_taken_while_the_shop_is_away(talk, hanging):
    chat = talk("u1001", of=hanging, budget_s=0.1)

    said = chat.words("快递丢了没人管，我要投诉")

    (case,) = cases_of(chat)
    assert case.number in said
