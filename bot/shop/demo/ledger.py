"""The book in which the demo shop's orders are written: baskets, sums, numbers, and the order's state.

`Ledger` holds what every order needs: the dice, the moment all is told as of, and the numbers already given away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from zlib import crc32

from bot.shop.commands import Invoice
from bot.shop.demo.offers import TERMS
from bot.shop.demo.parcels import CHINA, Route, at
from bot.shop.demo.people import Person, full_name, phone
from bot.shop.facts import Order, OrderItem, OrderState, Parcel, ParcelState, Product, Refund, Sku
from bot.shop.shares import paid_shares

DONE_AFTER = timedelta(days=10)  #: a signed order counts as done after this
_PAY_WAYS = ("支付宝", "微信支付", "微信支付", "支付宝", "银联卡", "花呗分期")
_REMARKS = ("请发顺丰", "送到门口不要放驿站", "周末再送", "送人用，请不要放价格单", "下午三点后送", "尽快发货谢谢")

Basket = Sequence[tuple[Product, Sku, int]]


@dataclass(slots=True)
class Ledger:
    """What every order is written with."""

    rng: Random
    as_of: datetime  #: UTC; nothing is told that lies after it
    products: Sequence[Product]
    taken: set[str] = field(default_factory=set)

    @property
    def today(self) -> date:
        """The day of `as_of` in China."""
        return self.as_of.astimezone(CHINA).date()

    def day(self, offset: int) -> date:
        """The day *offset* days from today."""
        return self.today + timedelta(days=offset)

    def order_no(self, placed_at: datetime) -> str:
        """A number nobody has: 18 digits, the day in China first."""
        while True:
            number = f"{placed_at.astimezone(CHINA):%Y%m%d}{self.rng.randrange(10**10):010d}"
            if number not in self.taken:
                self.taken.add(number)
                return number


def route(
    book: Ledger, province: str, out_offset: int, *, days: int | None = None, slow_days: int = 0
) -> tuple[datetime, Route]:
    """When an order was paid, and the way of its box that goes out for delivery *out_offset* days from today.

    *days* from courier to door are drawn from what the terms state unless given; *slow_days* come on top of them.
    """
    rng, (fewest, most) = book.rng, TERMS.days_to_arrive[province]
    days = (days or rng.randint(fewest, most)) + slow_days
    collected_on = book.day(out_offset - days)
    collected_at = at(collected_on, rng.uniform(15, 19.5))
    lag_days = rng.choice((0, 1, 1))
    paid_at = at(collected_on - timedelta(days=lag_days), rng.uniform(8, 23 if lag_days else 11))
    paid_at = min(paid_at, book.as_of - timedelta(minutes=rng.randint(5, 600)))
    created_at = paid_at + (collected_at - paid_at) * rng.uniform(0.3, 0.8)
    promised_on = paid_at.astimezone(CHINA).date() + timedelta(days=2 + most)
    return paid_at, Route(created_at.replace(microsecond=0), collected_at, book.day(out_offset), at(promised_on, 22))


def write(
    book: Ledger,
    person: Person,
    basket: Basket,
    paid_at: datetime | None,
    *,
    parcels: Sequence[Parcel] = (),
    refund: Refund | None = None,
    placed_at: datetime | None = None,
) -> Order:
    """The order as its owner sees it; unpaid orders bring `placed_at` and are cancelled after a day."""
    rng = book.rng
    if placed_at is None:
        placed_at = _before(paid_at, rng.randint(20, 1500))
    items = tuple(_item(rng, *row) for row in basket)
    goods_fen = sum(item.price_fen * item.quantity for item in items)
    freight_fen, discount_fen = freight(goods_fen, person.province), _discount(rng, goods_fen)
    receiver, number = (person.name, person.phone) if rng.random() < 0.93 else (full_name(rng), phone(rng))
    order = Order(
        order_no=book.order_no(placed_at),
        buyer_id=person.id,
        state=state(paid_at, parcels, refund, placed_at, book.as_of),
        placed_at=placed_at,
        paid_at=paid_at,
        dispatch_by=paid_at and paid_at + timedelta(hours=TERMS.dispatch_within_h),
        items=items,
        goods_fen=goods_fen,
        freight_fen=freight_fen,
        discount_fen=discount_fen,
        total_fen=goods_fen + freight_fen - discount_fen,
        receiver=receiver,
        phone=number,
        address=person.address,
        parcels=tuple(parcels),
        refund=refund,
        remark=rng.choice(_REMARKS) if rng.random() < 0.08 else None,
        pay_way=rng.choice(_PAY_WAYS) if paid_at else None,
    )
    return _with_papers(order) if paid_at else order


def _with_papers(order: Order) -> Order:
    """What a paid order brings with it: the share of each row, an insured way back for two in three, and for one in
    three that are done an invoice. Drawn from the number, so that the dice of all else stay as they fall."""
    draw = crc32(order.order_no.encode())
    items = tuple(replace(item, paid_fen=fen) for item, fen in zip(order.items, paid_shares(order), strict=True))
    invoice = None
    if order.state is OrderState.DONE and draw % 9 < 3:
        issued_at = max(parcel.traces[-1].at for parcel in order.parcels)
        invoice = Invoice(TERMS.invoice_kinds[0], order.receiver, "", "", issued_at - timedelta(hours=3), issued_at)
    return replace(order, items=items, freight_insured=draw % 3 > 0, invoice=invoice)


def _before(paid_at: datetime | None, seconds: int) -> datetime:
    if paid_at is None:
        raise ValueError("an order that was not paid must say when it was placed")
    return paid_at - timedelta(seconds=seconds)


def freight(goods_fen: int, province: str) -> int:
    """Freight by the terms, fen."""
    if goods_fen >= TERMS.free_freight_from_fen:
        return 0
    return TERMS.far_freight_fen if province in TERMS.far_provinces else TERMS.freight_fen


def state(
    paid_at: datetime | None, parcels: Sequence[Parcel], refund: Refund | None, placed_at: datetime, as_of: datetime
) -> OrderState:
    """What the money, the boxes and the refund say together."""
    if paid_at is None:
        return OrderState.CANCELLED if as_of - placed_at > timedelta(days=1) else OrderState.UNPAID
    if refund:
        return OrderState.REFUNDED if refund.done_at else OrderState.REFUNDING
    if not parcels:
        return OrderState.PAID
    states = {parcel.state for parcel in parcels}
    if states == {ParcelState.SIGNED}:
        signed_at = max(parcel.traces[-1].at for parcel in parcels)
        return OrderState.DONE if as_of - signed_at >= DONE_AFTER else OrderState.SIGNED
    return OrderState.OUT_FOR_DELIVERY if ParcelState.OUT_FOR_DELIVERY in states else OrderState.SHIPPED


def _item(rng: Random, product: Product, sku: Sku, quantity: int) -> OrderItem:
    """One row. One buyer in seven paid more: half of what the offer of today takes off."""
    dearer_fen = (product.list_price_fen - product.price_fen) // 2000 * 1000 if rng.random() < 0.15 else 0
    return OrderItem(sku.id, product.id, product.short_name, sku.spec, quantity, sku.price_fen + dearer_fen)


def _discount(rng: Random, goods_fen: int) -> int:
    """What an offer of that day took off: each 200 yuan 20, or a coupon of 300 less 30."""
    if goods_fen >= 20000 and rng.random() < 0.3:
        return goods_fen // 20000 * 2000
    return 3000 if goods_fen >= 30000 and rng.random() < 0.2 else 0
