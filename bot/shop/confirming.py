"""What a shopper says yes to before a command is executed: exactly what will be done (pure; row C6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.shop.commands import CommandKind, OrderCommand
from bot.shop.facts import Order
from bot.shop.orders import Grounds, differences, item_of, yuan
from bot.shop.shares import kept_fen, refundable_fen

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The facts of one command, as rows of a card; `words` says them in a sentence."""

    what: str  #: "取消订单"
    facts: tuple[Fact, ...]  #: what it is about and what will become of it
    amount_fen: int = 0  #: money that goes back

    @property
    def words(self) -> str:
        """All of it in one sentence, without the question."""
        return f"{self.what}：" + "；".join(f"{name} {value}" for name, value in self.facts)


def confirmation(order: Order, command: OrderCommand, grounds: Grounds) -> Confirmation:
    """What will be done if *command*, which is allowed, is executed."""
    about = (("订单尾号", order.order_no[-4:]), ("商品", order.title))
    amount_fen = money_back(order, command, grounds)
    facts = _FACTS[command.kind](order, command, grounds)
    back = (("退回", f"{yuan(amount_fen)}元，原路退回{order.pay_way or ''}"),) if amount_fen else ()
    return Confirmation(str(command.kind), (*about, *facts, *back), amount_fen)


def money_back(order: Order, command: Any, grounds: Grounds) -> int:
    """Fen that go back to the shopper when *command* is executed."""
    if command.kind is CommandKind.CANCEL:
        return refundable_fen(order)
    if command.kind is CommandKind.CHANGE_CONTENT and (item := item_of(order, command.sku_id)):
        return kept_fen(order, item.sku_id, item.quantity - command.quantity)
    if command.kind is CommandKind.PROTECT_PRICE:
        return sum(row.amount_fen for row in differences(order, grounds))
    return 0


def _cancel(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    return (("处理", "整单取消，不再发货" if order.paid_at else "整单取消，不用付款"),)


def _address(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    receiver = getattr(command, "receiver", "")
    return ((("收货人改为", receiver),) if receiver else ()) + (("新地址", command.address),)


def _forward(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    return (("转寄到", command.address), ("说明", "能否转寄和费用以快递公司答复为准"))


def _phone(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    return (("新电话尾号", command.phone[-4:]),)


def _delivery_time(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    return (("送货时间", command.when), ("说明", "会备注给快递，快递尽量按时间送"))


def _sku(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    item, wanted = item_of(order, command.sku_id), grounds.skus[command.to_sku_id]
    return (("规格由", f"{item.spec}换成{wanted.spec}" if item else wanted.spec), ("差价", "没有"))


def _content(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    item = item_of(order, command.sku_id)
    if item is None:
        return ()
    stays = f"由{item.quantity}件减为{command.quantity}件" if command.quantity else "整行去掉"
    return ((f"{item.name} {item.spec}".strip(), stays),)


def _urge(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    return (("处理", "催仓库优先发出" if command.kind is CommandKind.URGE_DISPATCH else "催快递优先配送"),)


def _invoice(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    paid_fen = refundable_fen(order)
    return (("类型", command.invoice_kind), *_title(order, command, grounds), ("金额", f"{yuan(paid_fen)}元"),
            *((("发到", command.send_to),) if command.send_to else ()))  # fmt: skip


def _title(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    return (("抬头", command.title), *((("税号", command.tax_no),) if command.tax_no else ()))


def _resend(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    send_to = command.send_to or (order.invoice.send_to if order.invoice else "")
    return (("重发到", send_to or "您的账户"),)


def _price(order: Order, command: Any, grounds: Grounds) -> tuple[Fact, ...]:
    return tuple((row.name, f"退差价{yuan(row.amount_fen)}元") for row in differences(order, grounds))


_FACTS: Mapping[CommandKind, Callable[[Order, Any, Grounds], tuple[Fact, ...]]] = {
    CommandKind.CANCEL: _cancel,
    CommandKind.CHANGE_ADDRESS: _address,
    CommandKind.CHANGE_PHONE: _phone,
    CommandKind.CHANGE_DELIVERY_TIME: _delivery_time,
    CommandKind.CHANGE_SKU: _sku,
    CommandKind.CHANGE_CONTENT: _content,
    CommandKind.URGE_DISPATCH: _urge,
    CommandKind.URGE_DELIVERY: _urge,
    CommandKind.FORWARD: _forward,
    CommandKind.APPLY_INVOICE: _invoice,
    CommandKind.CHANGE_INVOICE_TITLE: _title,
    CommandKind.RESEND_INVOICE: _resend,
    CommandKind.PROTECT_PRICE: _price,
}
