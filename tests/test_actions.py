"""What the hands do: answers hold the shop's facts and nothing else, and no fact goes to a stranger."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import Engine as Database
from sqlalchemy import select
from test_engine import Chat, Engine

from actions.base import Answer, yuan
from actions.goods import stock_in_words
from actions.presale import (
    AdviseSize,
    AnswerAuthenticity,
    AnswerInstallation,
    AnswerPrice,
    AnswerProduct,
    AnswerShipping,
    AnswerStock,
    AnswerUsage,
    AnswerWarranty,
    Compare,
    Recommend,
)
from bot import brain, words
from bot.errors import ShopUnavailable
from bot.shop.demo import DemoShop
from bot.shop.facts import Order, Product
from bot.shop.patience import PatientShop
from bot.store import lines
from bot.store.database import reading
from bot.store.models import Audit, Case, Escalation
from bot.talk.answer import write_answer
from bot.talk.turn import Turn
from bot.text.attributes import asked_fields
from bot.text.patterns import find

NUMBER = re.compile(r"\d+(?:\.\d+)?")


# ------------------------------------------------------------------ fakes


@dataclass
class Line:
    """Stands for Rasa's tracker: one line, what was read off it, and the slots."""

    text: str
    intent: str
    slots: dict[str, Any] = field(default_factory=dict)
    product_id: str | None = None

    def get_slot(self, name: str) -> Any:
        return self.slots.get(name)

    @property
    def latest_message(self) -> dict[str, Any]:
        found = [{"entity": hit.kind, "value": hit.value} for hit in find(self.text)]
        if self.product_id:
            found.append({"entity": "product", "value": self.product_id, "also": []})
        return {"intent": {"name": self.intent}, "entities": found, "text": self.text}


class Claimed:
    """Stands for a claim of an anonymous shopper's conversation."""

    conversation_id, customer_id, buyer_id = "c" * 32, "k" * 32, None


def no_store() -> Any:
    raise AssertionError("a question before buying needs no store")


@pytest.fixture
def today() -> datetime:
    """The shop's dates count from the day it was made."""
    return datetime.now(UTC)


@pytest.fixture
def ask(shop: DemoShop, today: datetime) -> Callable[..., str]:
    """Puts a question about a product to an action; the words of its answer."""

    def asked(action: Answer, product: Product | None, text: str, intent: str = "ask_product", of: Any = shop) -> str:
        turn = Turn(Claimed(), of, today, no_store, text=text, seq=1)
        say = CollectingDispatcher()
        action.answer(Line(text, intent, product_id=product.id if product else None), say, turn)
        (said,) = say.messages
        return words.say(
            said["response"], **{k: v for k, v in said.items() if k not in ("response", "custom", "buttons")}
        )

    return asked


class ShopOf:
    """A shop with these products alone; all else as the shop beside it."""

    def __init__(self, shop: DemoShop, *products: Product) -> None:
        self.shop, self.goods = shop, {product.id: product for product in products}

    def products(self) -> list[Product]:
        return list(self.goods.values())

    def product(self, product_id: str) -> Product:
        return self.goods[product_id]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shop, name)


def numbers(*texts: object) -> set[str]:
    return {number for text in texts for number in NUMBER.findall(str(text))}


def named(shop: DemoShop, short_name: str) -> Product:
    return next(product for product in shop.products() if product.short_name == short_name)


# ------------------------------------------------------------------ facts of products


def test_a_price_answer_holds_the_prices_of_the_product_and_no_other_number(shop, ask, today):
    offers = [text for offer in shop.promotions(today) for text in (offer.title, offer.note)]
    for product in shop.products():
        said = ask(AnswerPrice(), product, "多少钱", "ask_price")
        prices = [yuan(fen) for fen in (product.list_price_fen, *(sku.price_fen for sku in product.skus))]

        assert yuan(product.price_fen) in said
        assert set() == numbers(said) - numbers(product.short_name, *prices, *offers)


def test_a_stock_answer_says_of_every_variant_what_the_shop_has(shop, ask):
    for product in shop.products():
        said = ask(AnswerStock(), product, "有货吗", "ask_stock")
        there = [sku for sku in product.skus if sku.stock]

        assert all(f"{sku.spec}{stock_in_words(sku)}" in said for sku in there[:8])
        assert bool(there) == ("有货" in said.replace("现在有货的是", "") or "仅剩" in said)
        counts = {number for left in re.findall(r"仅剩(\d+)件", said) for number in [left]}
        assert counts <= {str(sku.stock) for sku in product.skus if 0 < sku.stock < 10}


def test_a_variant_without_stock_is_never_said_to_be_there(shop, ask):
    short = [(product, sku) for product in shop.products() for sku in product.skus if not sku.stock]
    assert short

    for product, sku in short:
        alone = replace(product, skus=(sku,))
        said = ask(AnswerStock(), alone, "有货吗", "ask_stock", of=ShopOf(shop, alone))

        assert "目前没货" in said
        assert ("到货" in said) == (sku.restock_on is not None)


def test_the_stock_of_the_colour_and_size_asked_for_is_told(shop, ask):
    coat = named(shop, "云感羽绒服")
    sku = next(sku for sku in coat.skus if sku.stock)

    said = ask(AnswerStock(), coat, f"{sku.options['颜色']}{sku.options['尺码']}码有货吗", "ask_stock")

    assert f"{sku.spec}{stock_in_words(sku)}" in said
    assert not any(other.spec in said for other in coat.skus if other is not sku)


def test_an_attribute_answer_is_the_pages_own_words(shop, ask):
    for product in shop.products():
        for name, value in product.attributes.items():
            said = ask(AnswerProduct(), product, f"{name}是什么")
            facts = said.partition("：")[2]
            told = asked_fields(f"{name}是什么", product.attributes)[:3]

            assert f"{name}：{value}" in said or name not in told
            assert facts.startswith("，".join(f"{each}：{product.attributes[each]}" for each in told))


@pytest.mark.parametrize(
    ("short_name", "question"),
    [
        ("云感羽绒服", "保质期多久"), ("云感羽绒服", "续航多长"),
("每日坚果", "含绒量多少"), ("每日坚果", "支持蓝牙吗"),
        ("27寸2K显示器", "配料表有哪些"), ("积雪草面霜", "功率多大"), ("云感羽绒服", "能不能防弹"), ("逐风3", "几匹的"),
    ],
)  # fmt: skip
def test_a_missing_attribute_is_said_to_be_missing(shop, ask, short_name, question):
    product = named(shop, short_name)

    said = ask(AnswerProduct(), product, question)

    assert said.startswith(f"{short_name}的商品详情里没有写您问的这一点，我不敢乱说")
    assert not any(value in said for value in product.attributes.values() if value not in product.attributes)


def test_of_a_page_without_a_field_nothing_is_made_up(shop, ask):
    bare = replace(
        named(shop, "云感羽绒服"), attributes={}, usage=None, care=None, installation=None, warranty=None, size_table=None,
        evidence=(), returnable_7_days=False,
    )  # fmt: skip
    only = ShopOf(shop, bare)

    assert "没有写" in ask(AnswerProduct(), bare, "什么面料", of=only)
    assert "没有写" in ask(AnswerUsage(), bare, "怎么洗", "ask_usage", of=only)
    assert "没有写" in ask(AnswerInstallation(), bare, "包安装吗", "ask_installation", of=only)
    assert "没有写" in ask(AnswerWarranty(), bare, "保修多久", "ask_warranty", of=only)
    assert "不支持无理由退货" in ask(AnswerWarranty(), bare, "保修多久", "ask_warranty", of=only)
    assert "没有尺码表" in ask(AdviseSize(), bare, "身高165穿多大", "ask_size", of=only)
    assert shop.terms().authenticity == ask(AnswerAuthenticity(), bare, "是正品吗", "ask_authenticity", of=only)


def test_size_advice_is_read_from_the_products_own_table(shop, ask):
    for product in shop.products():
        if product.size_table is None or not product.size_table.columns[0].startswith("身高"):
            continue
        for size, ((low, high), *_) in product.size_table.rows.items():
            said = ask(AdviseSize(), product, f"身高{(low + high) / 2:.0f}穿什么码", "ask_size")

            assert size in said


def test_recommendations_are_in_stock_and_within_the_budget(shop, ask):
    by_name = {product.short_name: product for product in shop.products()}

    said = ask(Recommend(), None, "推荐一款300以内的小家电", "recommend")

    chosen = [by_name[name] for name in by_name if f"{name} " in said and by_name[name].category == "小家电"]
    assert chosen
    assert all(product.price_fen <= 30000 and product.stock for product in chosen)


def test_when_nothing_fits_the_budget_nothing_is_pressed_on_the_shopper(ask):
    assert "没有合适的" in ask(Recommend(), None, "推荐个1块以内的小家电", "recommend")


def test_a_comparison_gives_both_products_values(shop, ask, today):
    one, two = named(shop, "轻音2"), named(shop, "轻音2 Pro")

    def both(text: str) -> str:
        line = Line(text, "compare", product_id=one.id)
        turn, say = (
            Turn(Claimed(), shop, today, no_store, text=text, page={"product_id": two.id}),
            CollectingDispatcher(),
        )
        Compare().answer(line, say, turn)
        return str(say.messages[0]["differences"])

    rows = both("这两款有什么区别").split("；")

    assert rows[0] == f"价格 {yuan(one.price_fen)}元 / {yuan(two.price_fen)}元"
    assert (
        rows[1:]
        == [
            f"{name} {value} / {two.attributes[name]}"
            for name, value in one.attributes.items()
            if name in two.attributes and two.attributes[name] != value
        ][:7]
    )


@pytest.mark.parametrize("place", ["台湾", "香港", "澳门"])
def test_where_the_shop_does_not_deliver_no_days_are_promised(ask, place):
    said = ask(AnswerShipping(), None, f"能寄到{place}吗", "ask_shipping")

    assert f"{place}暂时送不到" in said
    assert not re.search(r"\d+到\d+天", said)


def test_days_to_arrive_are_those_of_the_province_named(shop, ask):
    for province, (few, most) in shop.terms().days_to_arrive.items():
        if province != "default":
            assert f"到{province}{few}到{most}天到" in ask(
                AnswerShipping(), None, f"寄{province}要几天", "ask_shipping"
            )


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


@pytest.mark.xfail(
    strict=True, reason="of two lines without a request `needs_of` answers the last: the yes is not heard"
)
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
