"""What can be asked of the shop about an order: the commands, their receipts, and what they leave on the order.

A command says what is wanted and nothing of how: `bot.shop.orders.may` decides, the shop executes. It is JSON with
`as_json` and back with `command_from`, so that it can wait in a slot for the shopper's yes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar


class CommandKind(StrEnum):
    """What is wanted, in the words the shopper sees."""

    CANCEL = "取消订单"
    CHANGE_ADDRESS = "修改收货地址"
    CHANGE_PHONE = "修改收货电话"
    CHANGE_DELIVERY_TIME = "修改送货时间"
    CHANGE_SKU = "更换规格"
    CHANGE_CONTENT = "减少商品"
    URGE_DISPATCH = "催发货"
    URGE_DELIVERY = "催配送"
    FORWARD = "转寄到新地址"
    APPLY_INVOICE = "申请发票"
    CHANGE_INVOICE_TITLE = "更换发票抬头"
    RESEND_INVOICE = "重发发票"
    PROTECT_PRICE = "申请价保"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCommand:
    """Something wanted of one order of one buyer."""

    kind: ClassVar[CommandKind]

    order_no: str
    buyer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(OrderCommand):
    """The whole order, while it is in the house."""

    kind = CommandKind.CANCEL
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAddress(OrderCommand):
    """Somewhere else, before it is packed."""

    kind = CommandKind.CHANGE_ADDRESS
    address: str
    receiver: str = ""  #: empty: as before


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePhone(OrderCommand):
    """The number the courier calls."""

    kind = CommandKind.CHANGE_PHONE
    phone: str  #: 11 digits


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDeliveryTime(OrderCommand):
    """When it is to come, in the shopper's words; a wish the courier is told of."""

    kind = CommandKind.CHANGE_DELIVERY_TIME
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSku(OrderCommand):
    """Another variant of the same product at the same price."""

    kind = CommandKind.CHANGE_SKU
    sku_id: str
    to_sku_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContent(OrderCommand):
    """Fewer pieces of one row; 0 takes the row out."""

    kind = CommandKind.CHANGE_CONTENT
    sku_id: str
    quantity: int  #: pieces that stay


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgeDispatch(OrderCommand):
    """Hand it to the courier sooner."""

    kind = CommandKind.URGE_DISPATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgeDelivery(OrderCommand):
    """Bring it sooner."""

    kind = CommandKind.URGE_DELIVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward(OrderCommand):
    """Ask the courier to bring a box under way somewhere else; they may take a fee or say no."""

    kind = CommandKind.FORWARD
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyInvoice(OrderCommand):
    """An invoice for what was paid."""

    kind = CommandKind.APPLY_INVOICE
    invoice_kind: str
    title: str  #: a person's or a company's name
    tax_no: str = ""  #: companies have one: 15 to 20 letters and digits
    send_to: str = ""  #: e-mail; empty: into the shopper's account


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeInvoiceTitle(OrderCommand):
    """The same invoice to another name."""

    kind = CommandKind.CHANGE_INVOICE_TITLE
    title: str
    tax_no: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendInvoice(OrderCommand):
    """The invoice that was issued, sent once more."""

    kind = CommandKind.RESEND_INVOICE
    send_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectPrice(OrderCommand):
    """The difference to today's lower price."""

    kind = CommandKind.PROTECT_PRICE
    amount_fen: int | None = None  #: what the shopper was told and agreed to; None: not told yet


COMMANDS: Mapping[CommandKind, type[OrderCommand]] = {command.kind: command for command in (
    Cancel, ChangeAddress, ChangePhone, ChangeDeliveryTime, ChangeSku, ChangeContent, UrgeDispatch, UrgeDelivery,
    Forward, ApplyInvoice, ChangeInvoiceTitle, ResendInvoice, ProtectPrice,
)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """The shop's word that a command was executed."""

    key: str  #: of the execution; the same key never executes twice
    order_no: str
    kind: CommandKind
    words: str  #: what was done, for the shopper
    at: datetime
    amount_fen: int = 0  #: money on its way back
    expected_at: datetime | None = None  #: when the money, or what was urged, should be there
    replayed: bool = False  #: it had been executed before; this is the receipt of then


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice asked for or issued."""

    kind: str  #: one of `ShopTerms.invoice_kinds`
    title: str
    tax_no: str
    send_to: str
    applied_at: datetime
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Repayment:
    """Money given back while the order goes on."""

    kind: CommandKind
    amount_fen: int
    at: datetime
    expected_at: datetime


def as_json(command: OrderCommand) -> dict[str, Any]:
    """The command as JSON writes it."""
    return {"kind": command.kind.name, **asdict(command)}


def command_from(told: Mapping[str, Any]) -> OrderCommand:
    """The command that `as_json` wrote; ValueError, KeyError or TypeError if it did not."""
    fields = dict(told)
    return COMMANDS[CommandKind[fields.pop("kind")]](**fields)
