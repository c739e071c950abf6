"""What may be done about an order, and why not (pure; rows C6, S24, S34): `may` before asking, the shop again when
it executes. Between the two stands the shopper's yes to the facts of `confirmation`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.shop import invoices
from bot.shop.commands import (
    ChangeAddress,
    ChangeContent,
    ChangeDeliveryTime,
    ChangePhone,
    ChangeSku,
    CommandKind,
    Forward,
    OrderCommand,
    ProtectPrice,
    UrgeDelivery,
    UrgeDispatch,
    as_json,
)
from bot.shop.days import last_moment, said, said_exactly
from bot.shop.facts import Order, OrderItem, OrderState, ParcelState, Product, ShopTerms, Sku
from bot.shop.refusals import Allowed, Refused, Stage, Way, no, refusal
from bot.shop.shares import paid_shares

URGE_AGAIN_AFTER = timedelta(hours=4)
_AT_THE_DOOR = (ParcelState.OUT_FOR_DELIVERY, ParcelState.AT_PICKUP_POINT)
_ENDED = (ParcelState.SIGNED, ParcelState.RETURNED)
_STAGES: Mapping[OrderState, Stage] = {
    OrderState.UNPAID: Stage.UNPAID,
    OrderState.PAID: Stage.TO_PACK,
    OrderState.SIGNED: Stage.SIGNED,
    OrderState.DONE: Stage.DONE,
    OrderState.REFUNDING: Stage.REFUNDING,
    OrderState.REFUNDED: Stage.CLOSED,
    OrderState.CANCELLED: Stage.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a decision needs beside the order. What is not known here is not promised: a human looks."""

    terms: ShopTerms | None = None
    skus: Mapping[str, Sku] = field(default_factory=dict)  #: today's variants of the order's products
    todays_fen: Mapping[str, int] = field(default_factory=dict)  #: what one piece of a variant costs today

    @classmethod
    def of(cls, terms: ShopTerms, products: Iterable[Product], todays_fen: Mapping[str, int] | None = None) -> Grounds:
        """Grounds of today's pages; *todays_fen* where a promotion makes a variant cheaper than its page."""
        skus = {sku.id: sku for product in products for sku in product.skus}
        return cls(terms, skus, {sku.id: sku.price_fen for sku in skus.values()} | dict(todays_fen or {}))


NO_GROUNDS = Grounds()
Check = Callable[[Order, Any, datetime, Grounds], Refused | None]


def stage(order: Order) -> Stage:
    """How far an order is; of several boxes under way the one nearest the door counts."""
    known = _STAGES.get(order.state)
    if known:
        return known
    states = {parcel.state for parcel in order.parcels} - set(_ENDED)
    if states & set(_AT_THE_DOOR) or order.state is OrderState.OUT_FOR_DELIVERY:
        return Stage.AT_THE_DOOR
    nothing_left = all(parcel.state is ParcelState.WAITING for parcel in order.parcels)
    return Stage.PACKED if order.parcels and nothing_left else Stage.UNDER_WAY


def may(order: Order, command: OrderCommand, now: datetime, grounds: Grounds = NO_GROUNDS) -> Allowed | Refused:
    """Whether *command* can be executed on *order* now; if not, why and what is the next best."""
    refused = refusal(command.kind, stage(order))
    if refused is None and (check := _CHECKS.get(command.kind)):
        refused = check(order, command, now, grounds)
    return refused or Allowed()


def command_key(conversation_id: str, seq: int, command: OrderCommand) -> str:
    """The key of one execution: the same line asking the same of the same order, however often its turn is tried."""
    told = json.dumps([conversation_id, seq, as_json(command)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def item_of(order: Order, sku_id: str) -> OrderItem | None:
    """The row of a variant."""
    return next((item for item in order.items if item.sku_id == sku_id), None)


def province_of(address: str, terms: ShopTerms) -> str | None:
    """The province an address begins with; None if it begins with none we know."""
    return next((name for name in terms.days_to_arrive if address.startswith(name)), None)


def _address(order: Order, command: ChangeAddress | Forward, now: datetime, grounds: Grounds) -> Refused | None:
    address, terms = command.address.strip(), grounds.terms
    if address in (order.address, order.forwarded_to) and not getattr(command, "receiver", ""):
        return no("新地址和现在的一样", Way.SAY_MORE, "把要改成的完整地址发我就行")
    if len(address) < 8 or not re.search(r"[号室幢栋楼村店座弄院0-9]", address):
        return no("这个地址还不够完整", Way.SAY_MORE, "请把省市区、街道和门牌号一起发我")
    if terms is None:
        return no("新地址的运费和能否送达要核对", Way.HUMAN, "我请同事核对后帮您改")
    if any(place in address[:8] for place in terms.not_delivered):
        return no("新地址暂时送不到", Way.SAY_MORE, "换一个大陆地区的地址发我，或者先取消订单")
    if province_of(address, terms) is None:
        return no("还不知道是哪个省", Way.SAY_MORE, "请把省份写在最前面，整个地址一起发我")
    return _freight(order, address, terms) if isinstance(command, ChangeAddress) else None


def _freight(order: Order, address: str, terms: ShopTerms) -> Refused | None:
    if any(province_of(address, terms) in rule.provinces for rule in terms.freight_rules):
        return no("送到新地址的运费要另算", Way.HUMAN, "我请同事核对后帮您改")
    if freight_fen(order, address, terms) > order.freight_fen:
        return no("送到新地址的运费更高，订单里补不了差价", Way.CANCEL, "可以先取消这单，用新地址重新拍")
    return None


def freight_fen(order: Order, address: str, terms: ShopTerms) -> int:
    """What freight to *address* would be by the terms."""
    if order.goods_fen >= terms.free_freight_from_fen:
        return 0
    return terms.far_freight_fen if province_of(address, terms) in terms.far_provinces else terms.freight_fen


def _phone(order: Order, command: ChangePhone, now: datetime, grounds: Grounds) -> Refused | None:
    if not re.fullmatch(r"1[3-9]\d{9}", command.phone):
        return no("这个手机号不完整", Way.SAY_MORE, "请把11位手机号发我")
    return no("新电话和现在的一样", Way.SAY_MORE, "把要改成的手机号发我就行") if command.phone == order.phone else None


def _delivery_time(order: Order, command: ChangeDeliveryTime, now: datetime, grounds: Grounds) -> Refused | None:
    if not command.when.strip():
        return no("还不知道您想什么时候收货", Way.SAY_MORE, "比如“周六上午”或“15号以后”，发我就行")
    return None


def _sku(order: Order, command: ChangeSku, now: datetime, grounds: Grounds) -> Refused | None:
    item, wanted = item_of(order, command.sku_id), grounds.skus.get(command.to_sku_id)
    if item is None or wanted is None or wanted.product_id != item.product_id:
        return no("这一款里没有找到您要的规格", Way.SAY_MORE, "告诉我要换成的颜色或尺码")
    if wanted.id == item.sku_id:
        return no("订单里已经是这个规格", Way.SAY_MORE, "告诉我要换成的颜色或尺码")
    if item_of(order, wanted.id):
        return no("订单里另有一行就是这个规格", Way.CANCEL, "取消后按需要的件数重新拍更清楚")
    if wanted.stock < item.quantity:
        back = f"预计{said(wanted.restock_on)}到货" if wanted.restock_on else "到货时间还没有定"
        return no(f"{wanted.spec}现在没货，{back}", Way.SAY_MORE, "可以换别的规格，或者先取消订单")
    if item.sku_id not in grounds.todays_fen or wanted.id not in grounds.todays_fen:
        return no("两个规格的价格要核对", Way.HUMAN, "我请同事核对后帮您换")
    if grounds.todays_fen[wanted.id] != grounds.todays_fen[item.sku_id]:
        return no("两个规格价格不同，订单里补不了差价", Way.CANCEL, "可以先取消这单，按新规格重新拍")
    return None


def _content(order: Order, command: ChangeContent, now: datetime, grounds: Grounds) -> Refused | None:
    item = item_of(order, command.sku_id)
    if item is None:
        return no("订单里没有这件商品", Way.SAY_MORE, "告诉我要减少哪一件")
    if command.quantity >= item.quantity:
        return no("已付款的订单不能增加商品", Way.REORDER, "另拍一单就行，我们尽量一起发")
    if command.quantity < 0:
        return no("剩下的件数不对", Way.SAY_MORE, "告诉我这件商品要留几件")
    if command.quantity == 0 and len(order.items) == 1:
        return no("减掉之后订单里就没有商品了", Way.CANCEL, "那就直接取消整单，我帮您取消")
    return None


def _urge(order: Order, command: UrgeDispatch | UrgeDelivery, now: datetime, grounds: Grounds) -> Refused | None:
    if order.urged_at and now - order.urged_at < URGE_AGAIN_AFTER:
        return no(f"{said_exactly(order.urged_at)}已经催过一次，正在处理", Way.HUMAN, "如果很急，我请同事直接跟进")
    return None


@dataclass(frozen=True, slots=True)
class Difference:
    """What price protection gives back of one row."""

    sku_id: str
    name: str
    amount_fen: int


def differences(order: Order, grounds: Grounds) -> tuple[Difference, ...]:
    """Rows that are cheaper today: paid, less what was given back already, less today's price; rows above 0 only."""
    rows = (
        Difference(item.sku_id, item.name, paid_fen - item.repaid_fen - grounds.todays_fen[item.sku_id] * item.quantity)
        for item, paid_fen in zip(order.items, paid_shares(order), strict=True)
        if item.sku_id in grounds.todays_fen
    )
    return tuple(row for row in rows if row.amount_fen > 0)


def _price(order: Order, command: ProtectPrice, now: datetime, grounds: Grounds) -> Refused | None:
    if grounds.terms is None or not any(item.sku_id in grounds.todays_fen for item in order.items):
        return no("今天的价格暂时查不到", Way.HUMAN, "我请同事核对价差")
    deadline = last_moment(order.paid_at or order.placed_at, grounds.terms.price_protection_days)
    if now > deadline:
        days = grounds.terms.price_protection_days
        return no(
            f"价保期是付款后{days}天，这单到{said(deadline)}已经结束", Way.HUMAN, "如果期内就联系过我们，我请同事核对"
        )
    amount_fen = sum(row.amount_fen for row in differences(order, grounds))
    if amount_fen == 0:
        since = "上次价保之后价格没有再降" if order.repaid_fen else "今天的价格没有比您实付的更低"
        return no(since, Way.WAIT, f"{said(deadline)}之前都可以再来查")
    if command.amount_fen not in (None, amount_fen):
        return no(f"价格刚有变动，现在可退{yuan(amount_fen)}元", Way.PROTECT_PRICE, "同意的话我按这个金额申请")
    return None


def yuan(fen: int) -> str:
    """Fen as a shopper reads money: 129, 39.9."""
    return f"{fen / 100:.2f}".rstrip("0").rstrip(".")


_CHECKS: Mapping[CommandKind, Check] = {
    ChangeAddress.kind: _address,
    Forward.kind: _address,
    ChangePhone.kind: _phone,
    ChangeDeliveryTime.kind: _delivery_time,
    ChangeSku.kind: _sku,
    ChangeContent.kind: _content,
    UrgeDispatch.kind: _urge,
    UrgeDelivery.kind: _urge,
    ProtectPrice.kind: _price,
    CommandKind.APPLY_INVOICE: lambda order, command, _, grounds: invoices.applying(order, command, grounds.terms),
    CommandKind.CHANGE_INVOICE_TITLE: lambda order, command, *_: invoices.changing_title(order, command),
    CommandKind.RESEND_INVOICE: lambda order, *_: invoices.resending(order),
}
