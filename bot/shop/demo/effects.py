"""What the demo shop does when a command is executed: the order before, the order after, and the receipt. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.shop.commands import CommandKind, Invoice, OrderCommand, Receipt, Repayment
from bot.shop.confirming import money_back
from bot.shop.days import said, said_exactly
from bot.shop.facts import Order, OrderItem, OrderState, Refund
from bot.shop.orders import Grounds, differences, yuan
from bot.shop.shares import paid_shares, share_of

_REFUND_WITHIN = timedelta(hours=72)
_REPAY_WITHIN = timedelta(hours=48)
_URGED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Effect:
    """An order changed, and what is said of it."""

    after: Order
    words: str
    amount_fen: int = 0
    expected_at: datetime | None = None


def execute(order: Order, command: OrderCommand, key: str, now: datetime, grounds: Grounds) -> tuple[Order, Receipt]:
    """The order after *command*, which is allowed, and the receipt."""
    effect = _EFFECTS[command.kind](order, command, now, grounds)
    receipt = Receipt(key, order.order_no, command.kind, effect.words, now, effect.amount_fen, effect.expected_at)
    return effect.after, receipt


def _cancel(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    if order.paid_at is None:
        return Effect(replace(order, state=OrderState.CANCELLED), "订单已取消，不用付款")
    amount_fen, expected_at = money_back(order, command, grounds), now + _REFUND_WITHIN
    refund = Refund(amount_fen, "待退款", command.reason or "取消订单", now, expected_at)
    after = replace(order, state=OrderState.REFUNDING, refund=refund)
    return Effect(after, f"订单已取消，不再发货，{_money(order, amount_fen, expected_at)}", amount_fen, expected_at)


def _address(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    receiver = command.receiver or order.receiver
    return Effect(replace(order, address=command.address.strip(), receiver=receiver), "收货地址已改好")


def _phone(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    return Effect(replace(order, phone=command.phone), f"收货电话已改成尾号{command.phone[-4:]}的号码")


def _delivery_time(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    return Effect(replace(order, deliver_when=command.when.strip()), "送货时间已备注给快递，快递会尽量按时间送")


def _sku(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    wanted = grounds.skus[command.to_sku_id]
    items = _with_row(order, command.sku_id, lambda item: replace(item, sku_id=wanted.id, spec=wanted.spec))
    return Effect(replace(order, items=items), f"规格已换成{wanted.spec}，价格不变")


def _content(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    order = _with_shares(order)
    item = next(item for item in order.items if item.sku_id == command.sku_id)
    pieces = item.quantity - command.quantity
    paid_fen, repaid_fen = share_of(order, item.sku_id, pieces)
    fewer = replace(
        item,
        quantity=command.quantity,
        paid_fen=(item.paid_fen or 0) - paid_fen,
        repaid_fen=item.repaid_fen - repaid_fen,
    )
    goods_fen = item.price_fen * pieces
    after = replace(
        order, goods_fen=order.goods_fen - goods_fen, discount_fen=order.discount_fen - (goods_fen - paid_fen),
        total_fen=order.total_fen - paid_fen, items=_with_row(order, item.sku_id, lambda _: fewer),
    )  # fmt: skip
    return _repaid(order, after, command, paid_fen - repaid_fen, now, f"{item.name}已减掉{pieces}件")


def _with_shares(order: Order) -> Order:
    """The order with what was paid written on every row: shared out anew after a change it would be other fen."""
    rows = zip(order.items, paid_shares(order), strict=True)
    return replace(order, items=tuple(replace(item, paid_fen=paid_fen) for item, paid_fen in rows))


def _price(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    order = _with_shares(order)
    back = {row.sku_id: row.amount_fen for row in differences(order, grounds)}
    items = tuple(replace(item, repaid_fen=item.repaid_fen + back.get(item.sku_id, 0)) for item in order.items)
    return _repaid(order, replace(order, items=items), command, sum(back.values()), now, "价保已通过")


def _repaid(order: Order, after: Order, command: OrderCommand, amount_fen: int, now: datetime, done: str) -> Effect:
    expected_at = now + _REPAY_WITHIN
    repayment = Repayment(command.kind, amount_fen, now, expected_at)
    after = replace(after, repayments=(*order.repayments, repayment))
    return Effect(after, f"{done}，{_money(order, amount_fen, expected_at)}", amount_fen, expected_at)


def _urge_dispatch(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    promised = order.dispatch_by
    late = bool(promised and promised < now)
    by = now + _URGED_WITHIN if late or promised is None else promised
    words = f"已催仓库优先发出，最晚{said_exactly(by)}前发"
    if late and promised:
        words = f"原定{said_exactly(promised)}前发货，已经超时，是我们没有做好。{words}"
    return Effect(replace(order, urged_at=now), words, 0, by)


def _urge_delivery(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    by = now + _URGED_WITHIN
    return Effect(replace(order, urged_at=now), f"已催快递优先处理，{said_exactly(by)}前给您答复", 0, by)


def _forward(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    by = now + _URGED_WITHIN
    words = f"转寄申请已发给快递，能否转寄和费用{said_exactly(by)}前答复您"
    return Effect(replace(order, forwarded_to=command.address.strip()), words, 0, by)


def _apply_invoice(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    invoice = Invoice(command.invoice_kind, command.title, command.tax_no.upper(), command.send_to, now)
    return Effect(
        replace(order, invoice=invoice), f"{command.invoice_kind}已申请，抬头“{command.title}”，开好自动发给您"
    )


def _title(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    if order.invoice is None:
        raise ValueError("no invoice to change")
    tax_no = command.tax_no.upper()
    invoice = replace(order.invoice, title=command.title, tax_no=tax_no, applied_at=now, issued_at=None)
    return Effect(replace(order, invoice=invoice), f"发票会按新抬头“{command.title}”开，开好自动发给您")


def _resend(order: Order, command: Any, now: datetime, grounds: Grounds) -> Effect:
    return Effect(order, "发票已重发，几分钟内就能收到")


def _with_row(order: Order, sku_id: str, change: Callable[[OrderItem], OrderItem]) -> tuple[OrderItem, ...]:
    """The rows with one changed; a row without pieces goes away."""
    rows = (change(item) if item.sku_id == sku_id else item for item in order.items)
    return tuple(item for item in rows if item.quantity)


def _money(order: Order, amount_fen: int, expected_at: datetime) -> str:
    return f"{yuan(amount_fen)}元原路退回{order.pay_way or ''}，预计{said(expected_at)}前到账"


_EFFECTS: Mapping[CommandKind, Callable[[Order, Any, datetime, Grounds], Effect]] = {
    CommandKind.CANCEL: _cancel,
    CommandKind.CHANGE_ADDRESS: _address,
    CommandKind.CHANGE_PHONE: _phone,
    CommandKind.CHANGE_DELIVERY_TIME: _delivery_time,
    CommandKind.CHANGE_SKU: _sku,
    CommandKind.CHANGE_CONTENT: _content,
    CommandKind.URGE_DISPATCH: _urge_dispatch,
    CommandKind.URGE_DELIVERY: _urge_delivery,
    CommandKind.FORWARD: _forward,
    CommandKind.APPLY_INVOICE: _apply_invoice,
    CommandKind.CHANGE_INVOICE_TITLE: _title,
    CommandKind.RESEND_INVOICE: _resend,
    CommandKind.PROTECT_PRICE: _price,
}
