"""Orders in talk, the hands alone: which one is meant; each command asked, confirmed, done once; the next best instead."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hands import Hands
from sqlalchemy import Engine as Database

from actions.choosing import ANY, CAME, IN_THE_HOUSE, Looking, Memory, Told, chosen
from bot.errors import ShopRefused, ShopUnavailable
from bot.shop.demo import DemoShop
from bot.shop.facts import Order, OrderState
from bot.shop.orders import stage
from bot.shop.refusals import Stage

ADDRESS = "浙江省杭州市滨江区春晖路88号6楼"


@pytest.fixture(scope="module")
def today() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def own(shop: DemoShop, tmp_path: Path, today: datetime) -> DemoShop:
    """A demo shop that nobody else changes."""
    shutil.copy(shop.path, tmp_path / "shop.db")
    return DemoShop(tmp_path / "shop.db", now=today)


@pytest.fixture
def talk(sqlite: Database, own: DemoShop, today: datetime) -> Callable[..., Hands]:
    ids = iter("abcdefgh")

    def begin(buyer: str | None = None, of: Any = None) -> Hands:
        return Hands(sqlite, of or own, buyer, now=today, id_=next(ids) * 32)

    return begin


def order_of(shop: DemoShop, buyer: str, state: str) -> Order:
    return next(order for order in shop.orders_of(buyer, 50) if order.state == state)


def at_stage(shop: DemoShop, wanted: Stage, *, alone: bool = True) -> Order:
    """An order at a stage; *alone*: of a buyer with no other order before its coming."""
    for number in range(1009, 1301):
        orders = shop.orders_of(f"u{number}", 50)
        open_orders = [order for order in orders if stage(order) not in (Stage.DONE, Stage.CLOSED)]
        found = [order for order in orders if stage(order) is wanted]
        if len(found) == 1 and (open_orders == found or not alone):
            return found[0]
    raise LookupError(wanted)


def executed(shop: DemoShop) -> int:
    """How many commands stand in the shop's book."""
    if not shop.book.path.exists():
        return 0
    with closing(sqlite3.connect(shop.book.path)) as book:
        return int(book.execute("SELECT count(*) FROM commands").fetchone()[0])


class Fails:
    """The shop, but one call does something else."""

    def __init__(self, shop: DemoShop, call: str, do: Callable[..., Any]) -> None:
        self.shop = shop
        setattr(self, call, do)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shop, name)


def away(*_: Any) -> Any:
    raise ShopUnavailable("execute", 3.0)


# ------------------------------------------------------------------ asked, confirmed, done once


#: A buyer, what they ask for, its intent, the state of the order afterwards as one value.
SOUND: tuple[tuple[str, str, str, str, Callable[[Order], Any]], ...] = (
    ("u1002", "空气炸锅不要了 取消吧", "cancel_order", "待发货", lambda order: order.state is OrderState.REFUNDING),
    ("u1006", "安全座椅那单取消", "cancel_order", "待付款", lambda order: order.state is OrderState.CANCELLED),
    ("u1002", f"空气炸锅改个地址 {ADDRESS}", "modify_order", "待发货", lambda order: order.address == ADDRESS),
    ("u1002", "空气炸锅收货电话改成13912345678", "modify_order", "待发货", lambda order: order.phone == "13912345678"),
    ("u1002", "空气炸锅周六上午再送", "modify_order", "待发货", lambda order: "周六" in (order.deliver_when or "")),
    ("u1002", "空气炸锅快点发货", "urge_order", "待发货", lambda order: order.urged_at is not None),
    ("u1003", "快递不动了催一下", "urge_order", "已发货", lambda order: order.urged_at is not None),
    ("u1001", f"羽绒服转寄到{ADDRESS}", "modify_order", "已发货", lambda order: order.forwarded_to == ADDRESS),
    ("u1008", "鞋子开个发票", "ask_invoice", "已签收", lambda order: order.invoice.title == order.receiver),
    ("u1008", "鞋子降价了退差价", "price_protection", "已签收", lambda order: order.repayments[0].amount_fen == 1000),
)  # fmt: skip


@pytest.mark.parametrize(("buyer", "text", "intent", "state", "done"), SOUND, ids=[row[1] for row in SOUND])
def test_nothing_is_done_before_the_yes_and_all_of_it_once_after(talk, own, buyer, text, intent, state, done):
    order = order_of(own, buyer, state)
    chat = talk(buyer)

    asked = chat.say(text, intent)
    before = own.order(order.order_no, buyer)
    answered = chat.say("确认", "affirm")

    assert order.order_no[-4:] in asked
    assert "确认" in chat.lines[1].payload["quick_replies"]
    assert order == before
    assert done(own.order(order.order_no, buyer))
    assert "已为您办好" in answered
    assert [(f"order:{order.order_no}", "done")] == [(subject, facts["outcome"]) for subject, facts in chat.audited()]
    assert 1 == executed(own)


@pytest.mark.parametrize(("buyer", "text", "intent", "state", "done"), SOUND, ids=[row[1] for row in SOUND])
def test_a_turn_that_dies_after_the_shop_executed_is_done_once_and_told_alike(
    talk, own, buyer, text, intent, state, done
):
    order = order_of(own, buyer, state)
    chat = talk(buyer)
    chat.say(text, intent)

    chat.say("好的", "affirm", lost=True)
    again = chat.say("好的", "affirm")

    assert "已为您办好" in again
    assert 1 == executed(own) == len(chat.audited())
    assert done(own.order(order.order_no, buyer))


def test_a_turn_that_dies_while_asking_asks_with_the_same_key(talk):
    chat = talk("u1002")

    chat.say("空气炸锅取消", "cancel_order", lost=True)
    chat.say("空气炸锅取消", "cancel_order")
    first = chat.slots["offer"]["commands"]
    other = talk("u1002")
    other.say("空气炸锅取消", "cancel_order")

    assert 64 == len(first[0]["key"])
    assert first[0]["command"] == other.slots["offer"]["commands"][0]["command"]
    assert first[0]["key"] != other.slots["offer"]["commands"][0]["key"]


@pytest.mark.parametrize(
    ("text", "intent"), [("不用了", "deny"), ("算了不取消了", "cancel_order"), ("先不取消", "inform")]
)
def test_a_no_drops_it_and_a_later_yes_does_nothing(talk, own, text, intent):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")

    dropped = chat.say(text, intent)
    chat.say("好的", "affirm")

    assert "先不办" in dropped
    assert 0 == executed(own)


def test_a_thanks_for_no_leaves_nothing_that_a_stray_yes_could_do(talk, own):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")
    chat.say("不用了谢谢", "thank")

    asked_again = chat.say("嗯", "affirm")

    assert "还等您一句话" in asked_again
    assert 0 == executed(own)


@pytest.mark.parametrize(
    ("text", "intent"), [("对 取消吧", "cancel_order"), ("确认取消", "cancel_order"), ("嗯嗯", "inform")]
)
def test_a_yes_counts_however_it_is_heard(talk, own, text, intent):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")

    assert "已为您办好" in chat.say(text, intent)
    assert 1 == executed(own)


@pytest.mark.parametrize("text", ["等一下我问问家里", "可以先不办吗", "嗯 我再想想"])
def test_a_yes_that_hesitates_does_nothing(talk, own, text):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")

    chat.say(text, "affirm")

    assert 0 == executed(own)


@pytest.mark.parametrize("text", ["取消订单", "取消了钱多久退", "可以取消吗"])
def test_the_same_wish_again_without_a_yes_is_asked_again(talk, own, text):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")

    assert "要现在办理吗" in chat.say(text, "cancel_order")
    assert 0 == executed(own)


def test_another_matter_in_between_is_answered_and_the_question_is_put_again_once(talk, own):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")

    between = chat.say("运费多少", "ask_shipping")
    second = chat.say("支持什么付款方式", "ask_payment")
    late = chat.say("好的", "affirm")
    done = chat.say("确认", "affirm")

    assert "包邮" in between and "还等您一句话" in between
    assert "还等您一句话" not in second
    assert "还等您一句话" in late  # the yes did not follow the question
    assert "已为您办好" in done
    assert 1 == executed(own)


def test_a_yes_right_after_the_question_was_put_again_counts(talk, own):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")
    chat.say("运费多少", "ask_shipping")

    assert "已为您办好" in chat.say("好的", "affirm")


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("好 那耳机那单也取消吧", "cancel_order"),
        ("可以 地址改成浙江省杭州市滨江区春晖路88号6楼", "affirm"),
        ("嗯 另一个也要", "affirm"),
    ],
)
def test_a_yes_that_tells_more_is_not_taken_for_the_yes(talk, own, text, heard):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")

    chat.say(text, heard)

    assert 0 == executed(own)


def test_not_this_one_but_the_other_asks_about_the_other(talk, own):
    chat = talk("u1002")
    chat.say("我要取消订单", "cancel_order")
    chat.say("第一个", "inform")

    asked = chat.say("不是 是另一个", "deny")

    assert order_of(own, "u1002", "待发货").order_no[-4:] in asked
    assert 0 == executed(own)


# ------------------------------------------------------------------ refused with the next best


@pytest.mark.parametrize(
    ("wanted", "text", "intent", "said", "case"),
    [
        (Stage.PACKED, "取消订单", "cancel_order", "已经打包", "cancel_order"),
        (Stage.UNDER_WAY, "取消订单", "cancel_order", "当面拒收", None),
        (Stage.SIGNED, "取消订单", "cancel_order", "申请退货", None),
        (Stage.PACKED, f"改地址 {ADDRESS}", "modify_order", "已经打包", "modify_order"),
        (Stage.UNDER_WAY, f"改地址 {ADDRESS}", "modify_order", "转寄", None),
        (Stage.AT_THE_DOOR, f"改地址 {ADDRESS}", "modify_order", "快递员正在派送", "modify_order"),
        (Stage.UNDER_WAY, "电话改成13912345678", "modify_order", "面单上的电话改不了", "modify_order"),
        (Stage.UNDER_WAY, "换个颜色", "modify_order", "", None),
        (Stage.UNPAID, "快点发货", "urge_order", "还没有付款", None),
        (Stage.SIGNED, "催一下", "urge_order", "已经签收", None),
        (Stage.UNPAID, "开发票", "ask_invoice", "还没有付款", None),
        (Stage.REFUNDING, "取消订单", "cancel_order", "正在退款", None),
    ],
)  # fmt: skip
def test_what_may_not_be_is_refused_with_the_next_best(talk, own, wanted, text, intent, said, case):
    order = at_stage(own, wanted)
    chat = talk(order.buyer_id)

    answered = chat.say(text, intent, page={"order_no": order.order_no})

    assert said in answered
    assert [case] * bool(case) == [row.type for row in chat.cases()]
    assert all(row.number in answered and row.order_no == order.order_no for row in chat.cases())
    assert order == own.order(order.order_no, order.buyer_id)


def test_a_packed_parcel_calls_a_human_because_minutes_count(talk, own):
    order = at_stage(own, Stage.PACKED)
    chat = talk(order.buyer_id)

    chat.say("不要了取消", "cancel_order", page={"order_no": order.order_no})

    assert ["取消订单要赶在包裹发走前处理：包裹已经打包，正等快递取件，系统里取消不了"] == chat.wishes


def test_an_address_that_is_too_late_is_offered_as_forwarding_at_once(talk, own):
    chat = talk("u1001")

    asked = chat.say(f"羽绒服地址改成{ADDRESS}", "modify_order")
    chat.say("可以", "affirm")

    assert "地址改不了" in asked and "转寄到新地址" in asked
    assert ADDRESS == order_of(own, "u1001", "已发货").forwarded_to


def test_a_signed_order_that_is_to_be_cancelled_is_returned_after_a_yes(talk):
    chat = talk("u1008")

    refused = chat.say("跑鞋那单取消", "cancel_order", page=None)
    told = chat.say("好的", "affirm")

    assert "已经签收" in refused
    assert "七天无理由" in told
    assert ["return_goods"] == [case.type for case in chat.cases()]


def test_a_change_of_variant_is_made_or_refused_by_price_and_stock(talk, own):
    order = next(
        order
        for number in range(1001, 1301)
        for order in own.orders_of(f"u{number}", 50)
        if stage(order) is Stage.TO_PACK and len(order.items) == 1 and twin_of(own, order)
    )
    twin = twin_of(own, order)
    chat = talk(order.buyer_id)

    chat.say(f"换成{twin.spec}", "modify_order", page={"order_no": order.order_no})
    chat.say("确认", "affirm")

    assert twin.id == own.order(order.order_no, order.buyer_id).items[0].sku_id


def twin_of(shop: DemoShop, order: Order) -> Any:
    """Another variant of the one product, at the same price, in stock, and told apart by its whole name."""
    product = shop.product(order.items[0].product_id)
    mine = next(sku for sku in product.skus if sku.id == order.items[0].sku_id)
    return next(
        (
            sku for sku in product.skus
            if sku is not mine and sku.price_fen == mine.price_fen and sku.stock >= order.items[0].quantity
        ),
        None,
    )  # fmt: skip


def test_fewer_pieces_are_paid_back_and_more_are_another_order(talk, own):
    order = next(
        order
        for number in range(1001, 1301)
        for order in own.orders_of(f"u{number}", 50)
        if stage(order) is Stage.TO_PACK and any(item.quantity > 1 for item in order.items)
    )
    item = next(item for item in order.items if item.quantity > 1)
    chat, page = talk(order.buyer_id), {"order_no": order.order_no}

    more = chat.say(f"{item.name}再加一件", "modify_order", page=page)
    chat.say(f"{item.name}少一件", "modify_order", page=page)
    chat.say("确认", "affirm")

    after = own.order(order.order_no, order.buyer_id)
    assert "另拍一单" in more
    assert item.quantity - 1 == next(row for row in after.items if row.sku_id == item.sku_id).quantity


# ------------------------------------------------------------------ one question, nothing asked that is known


def test_an_address_in_the_line_is_taken_and_one_that_is_missing_is_asked_for(talk, own):
    chat = talk("u1002")

    asked = chat.say("空气炸锅地址填错了", "modify_order")
    confirmed = chat.say("杭州市滨江区春晖路88号6楼", "inform")
    chat.say("确认", "affirm")

    assert asked.count("？") + asked.count("请把") == 1
    assert f"新地址 {ADDRESS}" in confirmed  # the city is that of the order: its province is known
    assert ADDRESS == order_of(own, "u1002", "待发货").address


def test_a_refused_address_is_corrected_by_the_next_line(talk, own):
    chat = talk("u1002")

    refused = chat.say("空气炸锅地址改到香港九龙弥敦道100号5楼", "modify_order")
    chat.say(ADDRESS, "inform")
    chat.say("确认", "affirm")

    assert "送不到" in refused
    assert ADDRESS == order_of(own, "u1002", "待发货").address


def test_address_and_phone_of_one_line_are_confirmed_together(talk, own):
    chat = talk("u1002")

    asked = chat.say(f"空气炸锅地址改成{ADDRESS} 电话也换成13912345678", "modify_order")
    chat.say("可以", "affirm")

    order = order_of(own, "u1002", "待发货")
    assert 1 == asked.count("？")
    assert (ADDRESS, "13912345678") == (order.address, order.phone)
    assert 2 == executed(own) == len(chat.audited())


def test_an_invoice_for_a_company_asks_only_for_what_is_missing(talk, own):
    chat = talk("u1008")

    asked = chat.say("跑鞋开发票 抬头写杭州云川科技有限公司", "ask_invoice")
    chat.say("91330100MA2ABCDE12", "inform")
    chat.say("确认", "affirm")

    invoice = order_of(own, "u1008", "已签收").invoice
    assert "税号" in asked
    assert ("杭州云川科技有限公司", "91330100MA2ABCDE12") == (invoice.title, invoice.tax_no)


def test_an_issued_invoice_is_sent_again(talk, own):
    chat = talk("u1008")

    asked = chat.say("防晒霜的发票没收到 重发一下", "ask_invoice")
    done = chat.say("好", "affirm")

    assert "重发" in asked
    assert "发票已重发" in done


def test_what_the_stage_forbids_is_refused_before_details_are_asked_for(talk, own):
    chat = talk("u1001")

    refused = chat.say("羽绒服地址写错了能改吗", "modify_order")
    asked = chat.say(ADDRESS, "inform")
    chat.say("确认", "affirm")

    assert "地址改不了" in refused and "转寄" in refused
    assert "地址改不了" not in asked and "转寄到" in asked
    assert ADDRESS == order_of(own, "u1001", "已发货").forwarded_to


def test_the_title_of_an_invoice_is_changed(talk, own):
    chat = talk("u1008")
    chat.say("跑鞋开发票", "ask_invoice")
    chat.say("好", "affirm")
    chat.say("抬头错了 改成秦小溪", "ask_invoice")
    chat.say("确认", "affirm")

    assert "秦小溪" == order_of(own, "u1008", "已签收").invoice.title


def test_what_the_system_cannot_change_is_a_case(talk):
    chat = talk("u1002")

    said = chat.say("空气炸锅那单备注一下别放快递柜", "modify_order")

    assert chat.cases()[0].number in said
    assert "别放快递柜" in chat.cases()[0].summary


# ------------------------------------------------------------------ the shop away


def test_a_shop_away_at_the_yes_loses_nothing_and_the_next_yes_does_it_once(talk, own):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")
    key = chat.slots["offer"]["commands"][0]["key"]
    chat.shop = Fails(own, "execute", away)

    first = chat.say("确认", "affirm")
    second = chat.say("好了吗", "nudge")
    third = chat.say("确认", "affirm")
    chat.shop = own
    done = chat.say("确认", "affirm")

    (case,) = chat.cases()
    assert case.number in first and "还没有办成" in first
    assert "cancel_order" == case.type
    assert "还等您一句话" in second
    assert case.number in third
    assert 1 == len(chat.wishes)  # the second failure calls a human
    assert "已为您办好" in done
    assert "机器人已处理" in chat.cases()[0].summary
    assert [key] == [facts["key"] for _, facts in chat.audited()]
    assert 1 == executed(own)


def test_a_shop_that_answered_too_late_has_done_it_once(talk, own):
    """The shop executes and the answer is lost: the same key gives the receipt of then."""
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")

    def late(command: Any, key: str) -> Any:
        own.execute(command, key)
        return away()

    chat.shop = Fails(own, "execute", late)
    chat.say("确认", "affirm")
    chat.shop = own
    done = chat.say("确认", "affirm")

    assert "已为您办好" in done
    assert 1 == executed(own)


def test_what_the_shop_refuses_at_the_yes_is_said_and_forgotten(talk, own):
    chat = talk("u1002")
    chat.say("空气炸锅取消", "cancel_order")

    def refuse(command: Any, key: str) -> Any:
        raise ShopRefused("取消订单", command.order_no, "包裹已经打包", "我请同事联系仓库", "human")

    chat.shop = Fails(own, "execute", refuse)
    said = chat.say("确认", "affirm")

    assert "包裹已经打包。我请同事联系仓库" in said
    assert not chat.slots["offer"]
    assert ["refused"] == [facts["outcome"] for _, facts in chat.audited()]


def test_a_shop_away_while_asking_leaves_a_case(talk, own):
    chat = talk("u1002", of=Fails(own, "orders_of", away))

    said = chat.say("空气炸锅取消", "cancel_order")

    (case,) = chat.cases()
    assert case.number in said
    assert "空气炸锅取消" in case.summary


# ------------------------------------------------------------------ whose order


def test_a_stranger_proves_an_order_and_then_cancels_it(talk, own):
    order = order_of(own, "u1002", "待发货")
    chat = talk()

    number = chat.say("我要取消订单", "cancel_order")
    tail = chat.say(f"订单号{order.order_no}", "inform")
    asked = chat.say(order.phone[-4:], "inform")
    chat.say("确认", "affirm")

    assert "订单号" in number and "后四位" in tail
    assert order.title not in number + tail
    assert order.order_no[-4:] in asked
    assert own.order(order.order_no, "u1002").state is OrderState.REFUNDING


def test_a_stranger_whose_phone_was_changed_stays_proven_by_the_new_one(talk, own):
    order = order_of(own, "u1002", "待发货")
    chat = talk()
    chat.say(f"订单号{order.order_no} 尾号{order.phone[-4:]} 电话改成13912345678", "modify_order")
    chat.say("确认", "affirm")

    assert order.title in chat.say("到哪了", "track_order")


def test_a_stranger_without_the_number_leaves_a_case(talk):
    chat = talk()
    chat.say("我要取消订单", "cancel_order")

    said = chat.say("不记得了 是昨天买的锅", "inform")

    (case,) = chat.cases()
    assert case.number in said
    assert "昨天买的锅" in case.summary and "我要取消订单" in case.summary


@pytest.mark.parametrize(
    ("text", "intent"), [("取消订单{}", "cancel_order"), (f"订单{{}}改地址{ADDRESS}", "modify_order")]
)
def test_nothing_is_done_to_anothers_order(talk, own, text, intent):
    theirs = order_of(own, "u1002", "待发货")
    chat = talk("u1001")

    said = chat.say(text.format(theirs.order_no), intent)
    chat.say("确认", "affirm")

    assert theirs.title not in said
    assert theirs == own.order(theirs.order_no, "u1002")


# ------------------------------------------------------------------ which order


def test_several_that_fit_are_one_list_of_cards_and_one_tap_goes_on(talk, own):
    chat = talk("u1002")

    shown = chat.say("我要取消订单", "cancel_order")
    cards = chat.cards()
    asked = chat.say(cards[1]["say"], "track_order")  # whatever the tap is heard as

    assert "2笔" in shown
    assert [order_of(own, "u1002", state).order_no for state in ("待付款", "待发货")] == [c["order_no"] for c in cards]
    assert "取消订单" in asked and cards[1]["order_no"][-4:] in asked


def test_both_of_the_list_are_confirmed_in_one_question_and_done(talk, own):
    chat = talk("u1002")
    chat.say("我要取消订单", "cancel_order")

    asked = chat.say("两单都取消", "cancel_order")
    done = chat.say("确认", "affirm")

    assert 1 == asked.count("？")
    assert 2 == done.count("已为您办好") == executed(own)


def test_the_order_is_remembered_and_another_and_the_one_before_are_found(talk, own):
    chat = talk("u1007")
    new, old = order_of(own, "u1007", "已发货"), order_of(own, "u1007", "交易完成")

    first = chat.say("键盘到哪了", "track_order")
    again = chat.say("那它什么时候到", "track_order")
    other = chat.say("上一个呢", "track_order")
    back = chat.say("前面那单呢", "track_order")

    assert new.order_no in first and new.order_no in again and new.order_no in back
    assert old.order_no in other


@pytest.mark.parametrize(
    ("text", "state"),
    [("坚果到哪了", "派送中"), ("没付款那单怎么还不发", "待付款"), ("前天买的坚果", "派送中"), ("实付118.9那单呢", "已发货")],
)  # fmt: skip
def test_what_is_said_of_it_picks_the_order(own, today, text, state):
    orders = own.orders_of("u1002")
    told = Told(text, amounts=("118.9",) if "118" in text else ())
    tiers = Looking((*ANY.tiers, IN_THE_HOUSE)) if state != "待付款" else Looking((IN_THE_HOUSE,))

    assert [state] == [order.state for order in chosen(orders, told, Memory(), tiers, today).orders]


def test_a_need_about_goods_that_came_does_not_take_the_order_on_its_way(own, today):
    (on_its_way,) = [order for order in own.orders_of("u1001") if order.state is OrderState.SHIPPED]
    memory = Memory(current=on_its_way.order_no)

    kept = chosen(own.orders_of("u1001"), Told("到哪了"), memory, ANY, today)
    other = chosen(own.orders_of("u1001"), Told("我要退货"), memory, Looking((CAME,), keeps=False), today)

    assert (on_its_way,) == kept.orders
    assert on_its_way not in other.orders + other.among


def test_a_product_nobody_bought_is_not_taken_for_another(own, today):
    choice = chosen(own.orders_of("u1001"), Told("这个取消", ("99999999",)), Memory(), ANY, today)

    assert () == choice.orders
    assert choice.among


def test_a_silent_parcel_is_told_honestly_with_its_last_scan(talk, own):
    order = order_of(own, "u1003", "已发货")

    said = talk("u1003").say("我的快递到哪了", "track_order")

    assert order.parcels[0].traces[-1].text in said
    assert "小时没有更新" in said and "预计" not in said


def test_an_urged_order_is_urged_again_only_by_a_human(talk, own):
    chat = talk("u1003")
    chat.say("催一下", "urge_order")
    chat.say("好", "affirm")

    again = chat.say("再催一下", "urge_order")
    third = chat.say("还没动", "urge_order")

    (case,) = chat.cases()
    assert "已经催过一次" in again and case.number in again
    assert case.number in third
    assert 1 == executed(own)


def test_hours_later_it_may_be_urged_again(own, sqlite, today):
    chat = Hands(sqlite, own, "u1003", now=today)
    chat.say("催一下", "urge_order")
    chat.say("好", "affirm")
    chat.now = today + timedelta(hours=5)

    assert "要现在办理吗" in chat.say("再催一下", "urge_order")


def test_a_lowered_price_that_changes_before_the_yes_is_said_anew(talk, own):
    chat = talk("u1008")
    chat.say("跑鞋降价了退差价", "price_protection")
    offer = chat.slots["offer"]
    offer["commands"][0]["command"]["amount_fen"] = 900

    said = chat.say("好的", "affirm")
    before = order_of(own, "u1008", "已签收").repayments
    chat.say("好的", "affirm")

    assert "现在可退10元" in said and "退差价10元" in said
    assert () == before
    assert 1000 == order_of(own, "u1008", "已签收").repayments[0].amount_fen


def test_no_order_gets_no_question(talk):
    assert "还没有订单" in talk("u1005").say("我要取消订单", "cancel_order")
