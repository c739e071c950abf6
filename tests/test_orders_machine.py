"""Commands on an order: what may be done when, what is said instead, and that each is executed once."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product as pairs
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import OrderNotFound, ShopRefused, ShopUnavailable
from bot.shop.commands import (
    COMMANDS,
    ApplyInvoice,
    Cancel,
    ChangeAddress,
    ChangeContent,
    ChangeDeliveryTime,
    ChangeInvoiceTitle,
    ChangePhone,
    ChangeSku,
    CommandKind,
    Forward,
    Invoice,
    OrderCommand,
    ProtectPrice,
    Receipt,
    ResendInvoice,
    UrgeDelivery,
    UrgeDispatch,
    as_json,
    command_from,
)
from bot.shop.confirming import confirmation
from bot.shop.demo import DemoShop
from bot.shop.demo.book import Book
from bot.shop.demo.build import tell
from bot.shop.demo.effects import execute
from bot.shop.demo.offers import TERMS
from bot.shop.demo.schema import body, order_from
from bot.shop.facts import Order, OrderItem, OrderState, Parcel, ParcelState, Sku, Trace
from bot.shop.orders import Grounds, command_key, differences, may, stage
from bot.shop.patience import FAILURES, PatientShop
from bot.shop.refusals import Allowed, Refused, Stage, Way, refusal
from bot.shop.shares import kept_fen, paid_shares, refundable_fen, split

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
BLACK = Sku("61010012-01", "61010012", {"颜色": "黑色"}, 39900, 5)
WHITE = Sku("61010012-02", "61010012", {"颜色": "白色"}, 39900, 5)
GONE = Sku("61010012-03", "61010012", {"颜色": "红色"}, 39900, 0)
DEAR = Sku("61010012-04", "61010012", {"颜色": "金色"}, 49900, 5)
SOCKS = Sku("61010500-01", "61010500", {}, 1500, 50)
SKUS = {sku.id: sku for sku in (BLACK, WHITE, GONE, DEAR, SOCKS)}
GROUNDS = Grounds(TERMS, SKUS, {sku.id: sku.price_fen for sku in SKUS.values()})
HOME = "浙江省杭州市西湖区望湖街1号2幢301室"
OFFICE = "浙江省杭州市滨江区春晖路88号6楼"
MINE = {"order_no": "202611210000001234", "buyer_id": "u1"}


def order(state: OrderState = OrderState.PAID, *boxes: ParcelState, **changes: object) -> Order:
    """A coat at 399 and three pairs of socks at 15; 44 off: 400 paid, 359.64 and 40.56 before rounding."""
    items = (
        OrderItem(BLACK.id, BLACK.product_id, "云感羽绒服", "黑色", 1, 39900),
        OrderItem(SOCKS.id, SOCKS.product_id, "抗菌中筒袜", "", 3, 1500),
    )
    made = Order(
        **MINE, state=state, placed_at=NOW - timedelta(days=1, minutes=5),
        paid_at=None if state in (OrderState.UNPAID, OrderState.CANCELLED) else NOW - timedelta(days=1),
        dispatch_by=NOW + timedelta(days=1), items=items, goods_fen=44400, freight_fen=0, discount_fen=4400,
        total_fen=40000, receiver="何沐晴", phone="13800001234", address=HOME, pay_way="支付宝",
        parcels=tuple(parcel(state) for state in boxes),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def parcel(state: ParcelState) -> Parcel:
    at = NOW - timedelta(hours=5)
    return Parcel("中通快递", "78000000000001", state, (Trace(at, state, "杭州市", str(state)),), None, (BLACK.id,))


AT_STAGE = {
    Stage.UNPAID: order(OrderState.UNPAID),
    Stage.TO_PACK: order(OrderState.PAID),
    Stage.PACKED: order(OrderState.SHIPPED, ParcelState.WAITING),
    Stage.UNDER_WAY: order(OrderState.SHIPPED, ParcelState.IN_TRANSIT),
    Stage.AT_THE_DOOR: order(OrderState.OUT_FOR_DELIVERY, ParcelState.OUT_FOR_DELIVERY),
    Stage.SIGNED: order(OrderState.SIGNED, ParcelState.SIGNED),
    Stage.DONE: order(OrderState.DONE, ParcelState.SIGNED),
    Stage.REFUNDING: order(OrderState.REFUNDING),
    Stage.CLOSED: order(OrderState.CANCELLED),
}
SOUND: dict[CommandKind, OrderCommand] = {  #: of every kind one that only the stage of the order can forbid
    command.kind: command
    for command in (
        Cancel(**MINE, reason="拍错了"), ChangeAddress(**MINE, address=OFFICE), ChangePhone(**MINE, phone="13912345678"),
        ChangeDeliveryTime(**MINE, when="周六上午"), ChangeSku(**MINE, sku_id=BLACK.id, to_sku_id=WHITE.id),
        ChangeContent(**MINE, sku_id=SOCKS.id, quantity=1), UrgeDispatch(**MINE), UrgeDelivery(**MINE),
        Forward(**MINE, address=OFFICE), ApplyInvoice(**MINE, invoice_kind="电子普通发票", title="何沐晴"),
        ChangeInvoiceTitle(**MINE, title="何晴"), ResendInvoice(**MINE), ProtectPrice(**MINE),
    )
}  # fmt: skip
INVOICE = Invoice("电子普通发票", "何沐晴", "", "", NOW, NOW)
CHEAPER = replace(GROUNDS, todays_fen=GROUNDS.todays_fen | {BLACK.id: 29900, WHITE.id: 29900})
HOUSE, AWAY, CAME = {Stage.UNPAID, Stage.TO_PACK}, {Stage.UNDER_WAY, Stage.AT_THE_DOOR}, {Stage.SIGNED, Stage.DONE}
PAID = {Stage.TO_PACK, Stage.PACKED} | AWAY | CAME


# The machine

MAY = {
    CommandKind.CANCEL: HOUSE,
    CommandKind.CHANGE_ADDRESS: HOUSE,
    CommandKind.CHANGE_PHONE: HOUSE,
    CommandKind.CHANGE_DELIVERY_TIME: HOUSE | {Stage.PACKED},
    CommandKind.CHANGE_SKU: HOUSE,
    CommandKind.CHANGE_CONTENT: {Stage.TO_PACK},
    CommandKind.URGE_DISPATCH: {Stage.TO_PACK, Stage.PACKED},
    CommandKind.URGE_DELIVERY: AWAY,
    CommandKind.FORWARD: {Stage.UNDER_WAY},
    CommandKind.APPLY_INVOICE: PAID,
    CommandKind.CHANGE_INVOICE_TITLE: PAID,
    CommandKind.RESEND_INVOICE: PAID | {Stage.REFUNDING, Stage.CLOSED},
    CommandKind.PROTECT_PRICE: PAID,
}


@pytest.mark.parametrize("kind", list(CommandKind), ids=lambda kind: kind.name)
def test_a_command_may_be_executed_at_its_stages_and_at_no_other(kind):
    invoice = INVOICE if kind in (CommandKind.CHANGE_INVOICE_TITLE, CommandKind.RESEND_INVOICE) else None

    granted = {
        at for at, one in AT_STAGE.items() if may(replace(one, invoice=invoice), SOUND[kind], NOW, CHEAPER) == Allowed()
    }

    assert MAY[kind] == granted


@pytest.mark.parametrize("at", list(Stage), ids=lambda at: at.name)
def test_an_order_is_at_the_stage_its_boxes_say(at):
    assert at is stage(AT_STAGE[at])


def test_of_several_boxes_the_one_nearest_the_door_counts():
    some_came = order(OrderState.SHIPPED, ParcelState.SIGNED, ParcelState.IN_TRANSIT)
    one_waits = order(OrderState.SHIPPED, ParcelState.WAITING, ParcelState.IN_TRANSIT)
    one_fetched = order(OrderState.SHIPPED, ParcelState.AT_PICKUP_POINT, ParcelState.IN_TRANSIT)

    assert [Stage.UNDER_WAY, Stage.UNDER_WAY, Stage.AT_THE_DOOR] == [*map(stage, (some_came, one_waits, one_fetched))]


@pytest.mark.parametrize(("kind", "at"), list(pairs(CommandKind, Stage)), ids=lambda it: it.name)
def test_every_refusal_says_why_and_names_a_next_step(kind, at):
    refused = refusal(kind, at)

    if refused:
        assert 6 < len(refused.reason) < 40 and 6 < len(refused.next_best.words) < 45
        assert not refused.reason.endswith("。")


@pytest.mark.parametrize(
    ("command", "at", "way"),
    [
        (Cancel, Stage.UNDER_WAY, Way.REFUSE_PARCEL),
        (Cancel, Stage.SIGNED, Way.RETURN_GOODS),
        (Cancel, Stage.PACKED, Way.HUMAN),
        (ChangeAddress, Stage.UNDER_WAY, Way.FORWARD),
        (ChangeAddress, Stage.AT_THE_DOOR, Way.HUMAN),
        (ChangeSku, Stage.DONE, Way.EXCHANGE_GOODS),
        (UrgeDispatch, Stage.UNDER_WAY, Way.URGE_DELIVERY),
        (UrgeDelivery, Stage.TO_PACK, Way.URGE_DISPATCH),
        (UrgeDelivery, Stage.SIGNED, Way.NOT_RECEIVED),
        (ApplyInvoice, Stage.UNPAID, Way.PAY),
        (Cancel, Stage.REFUNDING, Way.REFUND_PROGRESS),
        (ChangePhone, Stage.CLOSED, Way.REORDER),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_next_best(command, at, way):
    assert way is may(AT_STAGE[at], SOUND[command.kind], NOW, GROUNDS).next_best.way


def test_the_next_best_command_may_indeed_be_executed():
    """A refusal that points to another command never points to one that is refused at the same stage."""
    kinds = {Way[kind.name]: kind for kind in CommandKind if kind.name in Way.__members__}
    pointed = {
        (kind, at, kinds[refused.next_best.way])
        for kind, at in pairs(CommandKind, Stage)
        if (refused := refusal(kind, at)) and refused.next_best.way in kinds
    }

    assert pointed
    assert [] == [(kind, at) for kind, at, instead in pointed if refusal(instead, at)]


# Conditions of single commands


def way_of(command: OrderCommand, one: Order | None = None, grounds: Grounds = GROUNDS, now: datetime = NOW) -> Way:
    decided = may(one or order(), command, now, grounds)
    assert isinstance(decided, Refused)
    return decided.next_best.way


@pytest.mark.parametrize(
    ("address", "way"),
    [
        (HOME, Way.SAY_MORE),
        ("杭州", Way.SAY_MORE),
        ("浙江省杭州市西湖区文三路", Way.SAY_MORE),
        ("杭州市滨江区春晖路88号6楼", Way.SAY_MORE),
        ("香港九龙弥敦道100号5楼", Way.SAY_MORE),
    ],
)
def test_an_address_must_be_new_whole_and_within_reach(address, way):
    assert way is way_of(ChangeAddress(**MINE, address=address))


def test_an_address_that_costs_more_freight_is_ordered_anew():
    cheap = order(goods_fen=4500, discount_fen=0, freight_fen=800, total_fen=5300)

    assert way_of(ChangeAddress(**MINE, address="新疆维吾尔自治区乌鲁木齐市天山区青年路3号"), cheap) is Way.CANCEL
    assert may(cheap, ChangeAddress(**MINE, address=OFFICE), NOW, GROUNDS) == Allowed()


def test_without_the_terms_a_human_looks_at_an_address_and_at_a_price():
    assert way_of(ChangeAddress(**MINE, address=OFFICE), grounds=Grounds()) is Way.HUMAN
    assert way_of(ProtectPrice(**MINE), grounds=Grounds()) is Way.HUMAN


@pytest.mark.parametrize("phone", ["1381234567", "12345678901", "138001234567", "13800001234", ""])
def test_a_phone_must_be_a_new_number_of_eleven_digits(phone):
    assert way_of(ChangePhone(**MINE, phone=phone)) is Way.SAY_MORE


@pytest.mark.parametrize(
    ("to", "way"),
    [(GONE.id, Way.SAY_MORE), (DEAR.id, Way.CANCEL), (SOCKS.id, Way.SAY_MORE), (BLACK.id, Way.SAY_MORE), ("?", Way.SAY_MORE)],
)  # fmt: skip
def test_a_variant_must_be_of_the_same_product_in_stock_at_the_same_price(to, way):
    assert way is way_of(ChangeSku(**MINE, sku_id=BLACK.id, to_sku_id=to))


@pytest.mark.parametrize(
    ("sku_id", "quantity", "way"),
    [(SOCKS.id, 3, Way.REORDER), (SOCKS.id, 4, Way.REORDER), (SOCKS.id, -1, Way.SAY_MORE), ("?", 0, Way.SAY_MORE)],
)
def test_only_fewer_pieces_can_be_had(sku_id, quantity, way):
    assert way is way_of(ChangeContent(**MINE, sku_id=sku_id, quantity=quantity))


def test_taking_out_the_last_row_is_cancelling():
    one_row = order(items=order().items[:1], goods_fen=39900, discount_fen=0, total_fen=39900)

    assert way_of(ChangeContent(**MINE, sku_id=BLACK.id, quantity=0), one_row) is Way.CANCEL


def test_who_has_just_urged_is_given_a_human():
    urged = order(urged_at=NOW - timedelta(hours=3))

    assert way_of(UrgeDispatch(**MINE), urged) is Way.HUMAN
    assert may(urged, UrgeDispatch(**MINE), NOW + timedelta(hours=1), GROUNDS) == Allowed()


PENDING = replace(INVOICE, issued_at=None)


@pytest.mark.parametrize(
    ("command", "invoice", "way"),
    [
        (SOUND[CommandKind.APPLY_INVOICE], INVOICE, Way.RESEND_INVOICE),
        (SOUND[CommandKind.APPLY_INVOICE], PENDING, Way.CHANGE_INVOICE_TITLE),
        (ApplyInvoice(**MINE, invoice_kind="纸质发票", title="何沐晴"), None, Way.SAY_MORE),
        (ApplyInvoice(**MINE, invoice_kind="电子普通发票", title=""), None, Way.SAY_MORE),
        (ApplyInvoice(**MINE, invoice_kind="电子普通发票", title="杭州某某公司"), None, Way.SAY_MORE),
        (ApplyInvoice(**MINE, invoice_kind="增值税专用发票", title="某某", tax_no="123"), None, Way.SAY_MORE),
        (SOUND[CommandKind.CHANGE_INVOICE_TITLE], None, Way.APPLY_INVOICE),
        (SOUND[CommandKind.CHANGE_INVOICE_TITLE], replace(INVOICE, kind="增值税专用发票"), Way.HUMAN),
        (ChangeInvoiceTitle(**MINE, title="何沐晴"), INVOICE, Way.RESEND_INVOICE),
        (ChangeInvoiceTitle(**MINE, title="何沐晴"), PENDING, Way.SAY_MORE),
        (ResendInvoice(**MINE), None, Way.APPLY_INVOICE),
        (ResendInvoice(**MINE), PENDING, Way.WAIT),
    ],
)
def test_an_invoice_is_applied_for_once_then_changed_or_sent_again(command, invoice, way):
    assert way is way_of(command, order(invoice=invoice))


def test_a_company_with_its_number_gets_its_invoice():
    command = ApplyInvoice(**MINE, invoice_kind="电子普通发票", title="杭州某某公司", tax_no="91330100MA2ABCDE1X")

    assert may(order(), command, NOW, GROUNDS) == Allowed()


# Price protection: by hand


def test_shares_of_what_was_paid_are_by_price_and_lose_no_fen():
    """40000 × 39900 / 44400 = 35945.9…, 40000 × 4500 / 44400 = 4054.05…: the fen left over is the coat's."""
    assert (35946, 4054) == paid_shares(order())


@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_shares_sum_to_what_was_shared(amount_fen, weights):
    shares = split(amount_fen, weights)

    assert amount_fen == sum(shares)
    assert all(share >= 0 for share in shares)


def test_what_a_price_fell_is_counted_from_what_was_paid():
    """The coat: 359.46 paid, 299 today. The socks: 40.54 paid, 45 today: nothing."""
    (coat,) = differences(order(), CHEAPER)

    assert (BLACK.id, 6046) == (coat.sku_id, coat.amount_fen)


def test_a_difference_is_given_once_and_a_further_fall_again():
    claimed, receipt = execute(order(), ProtectPrice(**MINE), "k", NOW, CHEAPER)
    fell_again = replace(CHEAPER, todays_fen=CHEAPER.todays_fen | {BLACK.id: 27900})

    assert receipt.amount_fen == 6046
    assert way_of(ProtectPrice(**MINE), claimed, CHEAPER) is Way.WAIT
    assert 2000 == sum(row.amount_fen for row in differences(claimed, fell_again))


def test_price_protection_ends_with_its_fifteenth_day_after_payment():
    paid_at = datetime(2026, 11, 7, 15, 59, tzinfo=UTC)  # the 7th, 23:59 in China: to the 22nd, 24:00
    last, over = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    bought = order(paid_at=paid_at)

    assert may(bought, ProtectPrice(**MINE), last, CHEAPER) == Allowed()
    assert way_of(ProtectPrice(**MINE), bought, CHEAPER, over) is Way.HUMAN


def test_an_amount_that_is_no_longer_true_is_asked_anew():
    assert way_of(ProtectPrice(**MINE, amount_fen=5000), grounds=CHEAPER) is Way.PROTECT_PRICE
    assert may(order(), ProtectPrice(**MINE, amount_fen=6046), NOW, CHEAPER) == Allowed()


# What is confirmed


def test_a_confirmation_says_order_goods_and_money():
    told = confirmation(order(), Cancel(**MINE), GROUNDS)

    assert (
        told.words
        == "取消订单：订单尾号 1234；商品 云感羽绒服 等4件；处理 整单取消，不再发货；退回 400元，原路退回支付宝"
    )
    assert told.amount_fen == 40000


@pytest.mark.parametrize("kind", list(CommandKind), ids=lambda kind: kind.name)
def test_what_was_confirmed_is_what_is_executed(kind):
    one = AT_STAGE[min(MAY[kind], key=list(Stage).index)]
    one = replace(one, invoice=INVOICE) if "INVOICE" in kind.name and "APPLY" not in kind.name else one

    told = confirmation(one, SOUND[kind], CHEAPER)
    _, receipt = execute(one, SOUND[kind], "k", NOW, CHEAPER)

    assert told.amount_fen == receipt.amount_fen
    assert told.words.startswith(f"{kind}：订单尾号 1234；商品 ")


def test_a_phone_is_confirmed_by_its_tail():
    assert "13912345678" not in confirmation(order(), SOUND[CommandKind.CHANGE_PHONE], GROUNDS).words


def test_taking_out_pieces_gives_back_their_share():
    """Two of three socks: ⌊4054 × 2 / 3⌋ = 2702 back; 40000 - 2702 stay."""
    fewer, receipt = execute(order(), ChangeContent(**MINE, sku_id=SOCKS.id, quantity=1), "k", NOW, GROUNDS)

    assert receipt.amount_fen == 2702
    assert (41400, 4102, 37298) == (fewer.goods_fen, fewer.discount_fen, fewer.total_fen)
    assert (35946, 1352) == paid_shares(fewer)


# Properties

COMMAND = st.sampled_from(list(SOUND.values()))
START = st.sampled_from([*AT_STAGE.values(), order(invoice=INVOICE), AT_STAGE[Stage.SIGNED]])


@given(START, st.lists(COMMAND, max_size=8))
def test_money_given_back_is_never_more_than_was_paid(one, commands):
    paid_fen, back_fen = (one.total_fen if one.paid_at else 0), 0
    for command in commands:
        if isinstance(may(one, command, NOW, CHEAPER), Allowed):
            one, receipt = execute(one, command, "k", NOW, CHEAPER)
            back_fen += receipt.amount_fen

        assert 0 <= back_fen <= paid_fen
        assert one.total_fen == one.goods_fen + one.freight_fen - one.discount_fen
        assert back_fen + refundable_fen(one) == paid_fen or not one.paid_at


def same(one: Order) -> Order:
    """An order without the moment and order of its repayments."""
    return replace(one, repayments=tuple(sorted(one.repayments, key=lambda repayment: repayment.kind)))


@given(START, COMMAND, COMMAND)
def test_two_commands_that_are_both_allowed_never_contradict(one, first, second):
    """In whatever order they come: one then forbids the other with a reason, or both ways lead to the same order."""
    if any(isinstance(may(one, command, NOW, CHEAPER), Refused) for command in (first, second)):
        return
    ends = []
    for a, b in ((first, second), (second, first)):
        after, _ = execute(one, a, "k", NOW, CHEAPER)
        if isinstance(may(after, b, NOW, CHEAPER), Refused):
            return
        ends.append(same(execute(after, b, "k", NOW, CHEAPER)[0]))

    assert ends[0] == ends[1]


@given(START, st.lists(COMMAND, min_size=1, max_size=6))
def test_nothing_is_changed_after_an_order_was_cancelled(one, commands):
    if isinstance(may(one, SOUND[CommandKind.CANCEL], NOW, CHEAPER), Refused):
        return
    cancelled, _ = execute(one, SOUND[CommandKind.CANCEL], "k", NOW, CHEAPER)

    for command in commands:
        resent = command.kind is CommandKind.RESEND_INVOICE and cancelled.invoice
        assert isinstance(may(cancelled, command, NOW, CHEAPER), Allowed if resent else Refused)


@given(START, st.lists(COMMAND, max_size=6))
def test_an_order_survives_being_written_down(one, commands):
    for command in commands:
        if isinstance(may(one, command, NOW, CHEAPER), Allowed):
            one, _ = execute(one, command, "k", NOW, CHEAPER)

    assert one == order_from(body(one))


@given(COMMAND)
def test_a_command_survives_waiting_in_a_slot(command):
    assert command == command_from(as_json(command))


def test_a_key_tells_conversation_line_command_and_order_apart():
    cancel = Cancel(**MINE)
    others = (
        command_key("c2", 7, cancel), command_key("c1", 8, cancel), command_key("c1", 7, UrgeDispatch(**MINE)),
        command_key("c1", 7, replace(cancel, order_no="202611210000009999")),
    )  # fmt: skip

    assert command_key("c1", 7, Cancel(**MINE)) == command_key("c1", 7, cancel)
    assert 5 == len({command_key("c1", 7, cancel), *others})


def test_every_kind_of_command_has_its_class():
    assert set(CommandKind) == set(COMMANDS) == set(SOUND)


# The demo shop executes


@cache
def told():
    return tell(NOW.date(), 7)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop") / "demo.sqlite"
    DemoShop(path, now=NOW)
    return path


@pytest.fixture
def demo(file, tmp_path) -> DemoShop:
    """The demo shop with a book of its own."""
    shop = DemoShop(file, now=NOW, clock=lambda: NOW)
    shop.book = Book(tmp_path / "commands.sqlite")
    return shop


def to_pack(shop: DemoShop) -> Order:
    return next(one for one in shop.orders_of("u1002") if one.state is OrderState.PAID)


def cancel_of(one: Order) -> Cancel:
    return Cancel(order_no=one.order_no, buyer_id=one.buyer_id)


def test_a_cancelled_order_is_cancelled_for_everybody_who_looks(demo):
    one = to_pack(demo)

    receipt = demo.execute(cancel_of(one), "k")

    seen = demo.order(one.order_no, one.buyer_id)
    assert receipt.amount_fen == one.total_fen == seen.refund.amount_fen
    assert seen.state is OrderState.REFUNDING
    assert seen in demo.orders_of(one.buyer_id)
    assert seen == demo.order_by_phone_tail(one.order_no, one.phone[-4:])


def test_the_same_key_gives_the_same_receipt_and_another_key_is_refused(demo):
    command = cancel_of(to_pack(demo))
    first = demo.execute(command, "k")

    again = demo.execute(command, "k")

    assert replace(first, replayed=True) == again
    with pytest.raises(ShopRefused) as told:
        demo.execute(command, "k2")
    assert told.value.reason == "这笔订单正在退款，不能再改"
    assert (told.value.instead, told.value.way) == ("我可以帮您看退款到哪一步了", "refund_progress")


def test_a_key_that_was_used_for_something_else_is_refused(demo):
    one = to_pack(demo)
    demo.execute(UrgeDispatch(order_no=one.order_no, buyer_id=one.buyer_id), "k")

    with pytest.raises(ShopRefused):
        demo.execute(cancel_of(one), "k")

    assert demo.order(one.order_no, one.buyer_id).state is OrderState.PAID


def test_nobody_executes_anything_on_somebody_elses_order(demo):
    one = to_pack(demo)

    with pytest.raises(OrderNotFound):
        demo.execute(replace(cancel_of(one), buyer_id="u1001"), "k")

    assert one == demo.order(one.order_no, one.buyer_id)


def test_a_new_phone_proves_the_order_and_the_old_one_no_longer_does(demo):
    one = to_pack(demo)
    tail = f"{(int(one.phone[-4:]) + 1) % 10000:04d}"

    demo.execute(ChangePhone(order_no=one.order_no, buyer_id=one.buyer_id, phone=f"1391234{tail}"), "k")

    assert one.order_no == demo.order_by_phone_tail(one.order_no, tail).order_no
    with pytest.raises(OrderNotFound):
        demo.order_by_phone_tail(one.order_no, one.phone[-4:])


def test_what_was_executed_outlives_a_restart_and_the_receipt_the_day(file, demo):
    one = to_pack(demo)
    first = demo.execute(cancel_of(one), "k")
    book = demo.book

    restarted = DemoShop(file, now=NOW, clock=lambda: NOW)
    restarted.book = book
    tomorrow = DemoShop(book.path.with_name("tomorrow.sqlite"), now=NOW + timedelta(days=1))
    tomorrow.book = book

    assert restarted.order(one.order_no, one.buyer_id).state is OrderState.REFUNDING
    assert replace(first, replayed=True) == tomorrow.execute(cancel_of(one), "k")


def test_threads_that_execute_the_same_do_it_once(demo):
    command = cancel_of(to_pack(demo))
    together = threading.Barrier(8)

    def race(_: int) -> Receipt:
        together.wait()
        return demo.execute(command, "k")

    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(race, range(8)))

    assert [False] + [True] * 7 == sorted(receipt.replayed for receipt in receipts)
    assert 1 == len(rows(demo.book))


def rows(book: Book) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(book.path)) as connection:
        return connection.execute("SELECT key, order_no FROM commands ORDER BY number").fetchall()


def test_the_book_itself_takes_no_key_twice(demo):
    demo.execute(cancel_of(to_pack(demo)), "k")

    with pytest.raises(sqlite3.IntegrityError), demo.book.writing() as connection:
        connection.execute(
            "INSERT INTO commands (key, order_no, phone_tail, command, receipt, after) "
            "SELECT key, order_no, phone_tail, command, receipt, after FROM commands"
        )

    assert 1 == len(rows(demo.book))


class Killed(BaseException):
    """The process is gone."""


class DyingBook(Book):
    """A book whose process dies where it is told to: before its commit, after it, or not at all."""

    __slots__ = ()
    dies: list[str | None]

    @contextmanager
    def writing(self):
        dies = DyingBook.dies.pop() if DyingBook.dies else None
        with super().writing() as connection:
            yield connection
            if dies == "before":
                raise Killed
        if dies == "after":
            raise Killed


def test_five_hundred_commands_replayed_after_a_thousand_crashes_are_executed_once_each(demo, tmp_path):
    """Each is sent twice, by eight threads, and every sender sends again after a kill until it has its receipt."""
    demo.book = DyingBook(tmp_path / "dying.sqlite")
    commands = five_hundred_commands()
    assert len(commands) == len({command.order_no for command in commands}) == 500
    turns = [(command, command_key("c", number, command)) for number, command in enumerate(commands)] * 2
    Random(5).shuffle(turns)
    DyingBook.dies = ["before", "after"] * 500
    Random(6).shuffle(DyingBook.dies)

    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda turn: until_received(demo, *turn), turns))

    executed = rows(demo.book)
    assert DyingBook.dies == []
    assert 500 == len(executed) == len(set(executed))
    assert {key for key, _ in executed} == {receipt.key for receipt in receipts}


def five_hundred_commands() -> list[OrderCommand]:
    """Every order under way is urged; of those that came, enough get an invoice."""
    away = [one for one in told().orders if stage(one) in AWAY]
    came = [one for one in told().orders if stage(one) in CAME and one.invoice is None]
    urged = [UrgeDelivery(order_no=one.order_no, buyer_id=one.buyer_id) for one in away]
    return urged + [
        ApplyInvoice(order_no=one.order_no, buyer_id=one.buyer_id, invoice_kind="电子普通发票", title="个人")
        for one in came[: 500 - len(urged)]
    ]


def until_received(shop: DemoShop, command: OrderCommand, key: str) -> Receipt:
    """Send the command until its receipt comes, as a turn does that is tried again after every kill."""
    while True:
        try:
            return shop.execute(command, key)
        except (Killed, ShopUnavailable):
            continue


def test_a_kill_before_the_commit_leaves_nothing_and_after_it_everything(demo, tmp_path):
    one = to_pack(demo)
    demo.book = DyingBook(tmp_path / "dying.sqlite")

    DyingBook.dies = ["before"]
    with pytest.raises(Killed):
        demo.execute(cancel_of(one), "k")
    untouched = demo.order(one.order_no, one.buyer_id)
    DyingBook.dies = ["after"]
    with pytest.raises(Killed):
        demo.execute(cancel_of(one), "k")

    assert one == untouched
    assert demo.order(one.order_no, one.buyer_id).state is OrderState.REFUNDING
    assert demo.execute(cancel_of(one), "k").replayed


def test_the_demo_orders_carry_shares_that_sum_to_what_was_paid():
    for one in told().orders:
        if one.paid_at:
            assert one.total_fen - one.freight_fen == sum(item.paid_fen for item in one.items)
            assert one.total_fen - one.freight_fen == sum(
                kept_fen(one, item.sku_id, item.quantity) for item in one.items
            )


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_demo_order_answers_every_command(data):
    """Whatever is asked of whatever order: yes with its facts, or no with why and what instead."""
    one = data.draw(st.sampled_from(told().orders))
    mine = {"order_no": one.order_no, "buyer_id": one.buyer_id}
    command = replace(data.draw(COMMAND), **mine)

    decided = may(one, command, NOW, Grounds.of(TERMS, told().products))

    if isinstance(decided, Refused):
        assert decided.reason and decided.next_best.words


# Patience with commands


class MoodyShop:
    """A shop that fails as often as it is told to, and remembers the keys it was sent."""

    def __init__(self, *faults: Exception | None) -> None:
        self.faults, self.keys = list(faults), []

    def execute(self, command: OrderCommand, key: str) -> Receipt:
        self.keys.append(key)
        fault = self.faults.pop(0) if self.faults else None
        if fault:
            raise fault
        return Receipt(key, command.order_no, command.kind, "好了", NOW)


def test_a_command_is_tried_again_with_the_same_key():
    moody = MoodyShop(ConnectionError())

    receipt = PatientShop(moody, 3.0).execute(Cancel(**MINE), "k")

    assert receipt.key == "k"
    assert ["k", "k"] == moody.keys


def test_a_refusal_is_an_answer_and_is_not_tried_again():
    moody = MoodyShop(ShopRefused("取消订单", MINE["order_no"], "已经发出", "当面拒收", "refuse_parcel"))

    with pytest.raises(ShopRefused):
        PatientShop(moody, 3.0).execute(Cancel(**MINE), "k")

    assert ["k"] == moody.keys


def test_a_shop_that_is_away_is_left_alone_after_three_failures_also_with_commands():
    moody = MoodyShop(*[ConnectionError()] * 9)
    patient = PatientShop(moody, 3.0)

    for _ in range(4):
        with pytest.raises(ShopUnavailable):
            patient.execute(Cancel(**MINE), "k")

    assert FAILURES == len(moody.keys)


def test_a_command_that_hangs_leaves_half_of_the_budget_for_a_second_try():
    let_go = threading.Event()

    class HangingShop(MoodyShop):
        def execute(self, command: OrderCommand, key: str) -> Receipt:
            self.keys.append(key)
            if len(self.keys) == 1:
                let_go.wait(30)
            return Receipt(key, command.order_no, command.kind, "好了", NOW)

    hanging = HangingShop()
    patient = PatientShop(hanging, 1.0)

    with patient.one_turn():
        receipt = patient.execute(Cancel(**MINE), "k")
        left_s = patient.deadline - patient.clock()
    let_go.set()

    assert (receipt.key, ["k", "k"]) == ("k", hanging.keys)
    assert 0 < left_s <= 0.5
