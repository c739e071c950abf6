"""What a shop can tell us: the protocol `Shop` and its records.

Records are frozen. Money is in fen, time is UTC and aware, text is as a shopper reads it. A fact the shop does not have
is an absent key or None, never an empty guess: "详情里没有写" is an answer, an invented value is not. The records of
promotions, coupons and their like stand in `offers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from bot.shop.commands import Invoice, OrderCommand, Receipt, Repayment
from bot.shop.offers import BargainRule, Coupon, FreightRule, PointsRule, Promotion
from bot.shop.offers import PromotionKind as PromotionKind


class OrderState(StrEnum):
    """Where an order stands, in the words the shopper sees."""

    UNPAID = "待付款"
    PAID = "待发货"
    SHIPPED = "已发货"
    OUT_FOR_DELIVERY = "派送中"
    SIGNED = "已签收"
    DONE = "交易完成"
    REFUNDING = "退款中"
    REFUNDED = "已退款"
    CANCELLED = "已取消"


class ParcelState(StrEnum):
    """A courier's scans brought down to few words (row C4)."""

    WAITING = "待揽收"
    COLLECTED = "已揽收"
    IN_TRANSIT = "运输中"
    ARRIVED = "到达目的地"
    OUT_FOR_DELIVERY = "派送中"
    AT_PICKUP_POINT = "待取件"
    SIGNED = "已签收"
    PROBLEM = "异常"
    RETURNING = "退回中"
    RETURNED = "已退回"


@dataclass(frozen=True, slots=True)
class Sku:
    """One buyable variant of a product."""

    id: str
    product_id: str
    options: Mapping[str, str]  #: e.g. {"颜色": "黑色", "尺码": "L"}; empty if the product has one variant
    price_fen: int
    stock: int  #: pieces that can be ordered now
    restock_on: date | None = None  #: known day of restock; None if not known
    weight_g: int | None = None  #: as packed; None if the shop does not weigh it

    @property
    def spec(self) -> str:
        """The variant in words: "黑色 L"; empty for a product without variants."""
        return " ".join(self.options.values())


@dataclass(frozen=True, slots=True)
class SizeTable:
    """A product's own size table.

    `columns` names the measures with unit ("身高cm", "体重kg", "脚长mm", "胸围cm"); `rows` maps a size to one
    closed range (low, high) per column, in the order of `columns`.
    """

    columns: tuple[str, ...]
    rows: Mapping[str, tuple[tuple[float, float], ...]]


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on sale, with everything its page says."""

    id: str  #: 8 to 11 digits
    name: str  #: title on the page
    short_name: str  #: what a shopper would call it: "云感羽绒服"
    aliases: tuple[str, ...]  #: other names shoppers use, model numbers included
    category: str
    brand: str
    model: str | None
    attributes: Mapping[str, str]  #: every field of the page in page order: {"材质": "95%棉 5%氨纶", "产地": "浙江"}
    in_the_box: tuple[str, ...]
    skus: tuple[Sku, ...]
    list_price_fen: int  #: struck-out price; equal to the price when there is no offer
    warranty: str | None  #: "整机保修1年"; None if the page says nothing
    returnable_7_days: bool  #: 七天无理由
    size_table: SizeTable | None = None
    evidence: tuple[str, ...] = ()  #: "品牌授权书编号…", "质检报告…"
    installation: str | None = None  #: "免费上门安装"; None if it needs none or the page says nothing
    care: str | None = None  #: how to wash, clean, keep
    usage: str | None = None  #: how to use, in a few sentences
    sold: int = 0  #: pieces sold in the last 30 days
    drawback: str | None = None  #: one honest drawback that staff have written down

    @property
    def price_fen(self) -> int:
        """The lowest price of the product's variants, fen."""
        return min(sku.price_fen for sku in self.skus)

    @property
    def stock(self) -> int:
        """Pieces of all variants that can be ordered now."""
        return sum(sku.stock for sku in self.skus)


@dataclass(frozen=True, slots=True)
class Trace:
    """One scan of a parcel."""

    at: datetime
    state: ParcelState
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One box on its way."""

    courier: str
    waybill: str
    state: ParcelState
    traces: tuple[Trace, ...]  #: oldest first
    promised_at: datetime | None  #: latest arrival promised; None if nothing was promised
    sku_ids: tuple[str, ...]  #: what is inside


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One row of an order."""

    sku_id: str
    product_id: str
    name: str
    spec: str
    quantity: int
    price_fen: int  #: price of one piece when it was bought
    paid_fen: int | None = None  #: paid for the row after all promotions, freight left out; None: see `shares`
    repaid_fen: int = 0  #: given back of it since, by price protection


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back."""

    amount_fen: int
    step: str  #: "待商家审核" "待寄回" "退货在途" "待退款" "已原路退回"
    reason: str
    requested_at: datetime
    expected_at: datetime | None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order, as its owner may see it."""

    order_no: str  #: 18 digits, begins with the day: 20261122…
    buyer_id: str
    state: OrderState
    placed_at: datetime
    paid_at: datetime | None
    dispatch_by: datetime | None  #: promised hand-over to the courier
    items: tuple[OrderItem, ...]
    goods_fen: int
    freight_fen: int
    discount_fen: int
    total_fen: int  #: goods + freight - discount: what was or is to be paid
    receiver: str
    phone: str
    address: str
    parcels: tuple[Parcel, ...] = ()
    refund: Refund | None = None
    remark: str | None = None
    pay_way: str | None = None
    freight_insured: bool | None = None  #: 运费险: an insurer pays the way back; None if the shop does not know
    invoice: Invoice | None = None
    deliver_when: str | None = None  #: when the shopper wants it, in their words
    forwarded_to: str | None = None  #: where the courier was asked to bring it instead
    urged_at: datetime | None = None
    repayments: tuple[Repayment, ...] = ()  #: oldest first; the refund is not among them

    @property
    def repaid_fen(self) -> int:
        """Given back of the rows that stand, fen."""
        return sum(item.repaid_fen for item in self.items)

    @property
    def title(self) -> str:
        """The goods in few words: "云感羽绒服 等2件"."""
        count = sum(item.quantity for item in self.items)
        first = self.items[0].name
        return first if count == 1 else f"{first} 等{count}件"


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as the shop knows them."""

    id: str
    name: str
    phone: str
    tier: str  #: 普通 银卡 金卡 黑金
    points: int
    member_since: date
    province: str
    birthday: date | None = None


@dataclass(frozen=True, slots=True)
class ShopTerms:
    """What holds for the whole shop, as its pages state it."""

    name: str
    service_hours: str
    dispatch_within_h: int
    couriers: tuple[str, ...]
    free_freight_from_fen: int
    freight_fen: int  #: below the free threshold
    far_freight_fen: int  #: to `far_provinces`
    far_provinces: tuple[str, ...]
    not_delivered: tuple[str, ...]
    days_to_arrive: Mapping[str, tuple[int, int]]  #: province -> fewest and most days; "default" for the rest
    payment_ways: tuple[str, ...]
    invoice_kinds: tuple[str, ...]
    price_protection_days: int
    return_days: int
    authenticity: str  #: what the shop warrants
    tiers: Mapping[str, str] = field(default_factory=dict)  #: tier -> benefits in words
    phone: str | None = None
    freight_rules: tuple[FreightRule, ...] = ()  #: before `freight_fen` and `far_freight_fen` for their provinces
    points: PointsRule | None = None  #: None: points pay nothing
    bargaining: tuple[BargainRule, ...] = ()  #: empty: prices are fixed


class Shop(Protocol):
    """The shop's own system. Every call may raise `ShopUnavailable`."""

    def terms(self) -> ShopTerms:
        """What holds for the whole shop."""

    def catalogue_version(self) -> str:
        """Changes whenever any product changes; cheap to ask."""

    def products(self) -> Sequence[Product]:
        """All products on sale."""

    def product(self, product_id: str) -> Product:
        """One product; raises `ProductNotFound`."""

    def buyer(self, buyer_id: str) -> Buyer | None:
        """Who this is; None if the shop does not know them."""

    def orders_of(self, buyer_id: str, limit: int = 20) -> Sequence[Order]:
        """A buyer's orders, newest first."""

    def order(self, order_no: str, buyer_id: str) -> Order:
        """One order of this buyer; raises `OrderNotFound` also when it is somebody else's."""

    def order_by_phone_tail(self, order_no: str, phone_tail: str) -> Order:
        """One order, proven by the last four digits of its phone; raises `OrderNotFound` alike for "not there" and
        "not yours", in like time. The caller limits the tries."""

    def execute(self, command: OrderCommand, key: str) -> Receipt:
        """Do it, once a *key* however often it is called: called again it gives the first receipt.

        Raises `ShopRefused` if it may not be done, `OrderNotFound` if the order is not this buyer's; after
        `ShopUnavailable` it may or may not have been done, and the same key may be sent again.
        """

    def promotions(self, now: datetime) -> Sequence[Promotion]:
        """Promotions and claimable coupons that hold at `now`."""

    def coupons_of(self, buyer_id: str) -> Sequence[Coupon]:
        """All coupons of a buyer, used and expired ones too, newest first."""
