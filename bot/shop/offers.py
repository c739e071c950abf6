"""What a shop can tell us of its offers: records of promotions, coupons, and the rules of freight, points, bargaining.

Money is in fen, time is UTC and aware, text is as a shopper reads it; part of the facts (`facts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PromotionKind(StrEnum):
    """How a promotion takes money off; `bot.shop.promotions` says in which order they apply."""

    MEMBER_PRICE = "会员价"  #: `percent` of the price remains for members of `tiers`
    THRESHOLD_OFF = "满减"  #: once, from `threshold_fen`
    EACH_THRESHOLD_OFF = "每满减"  #: for each full `threshold_fen`
    PERCENT_OFF = "折扣"  #: `percent` of the price remains; of every `nth_piece` of a product
    COUPON = "券"  #: claimed and shown at payment
    FREE_FREIGHT = "包邮"  #: all of the freight, or `off_fen` of it
    GIFT = "赠品"


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion or a coupon with its rules; `bot.shop.promotions.checked` says which rules make no sense."""

    id: str
    kind: PromotionKind
    title: str  #: "双旦满300减40"
    starts_at: datetime
    ends_at: datetime
    threshold_fen: int = 0
    off_fen: int = 0
    percent: int = 100  #: of the price that remains: 90 is 九折
    categories: tuple[str, ...] = ()  #: empty: all
    product_ids: tuple[str, ...] = ()  #: empty: all of `categories`
    stacks_with: tuple[str, ...] = ()  #: kinds (their words) that may be used beside it; both must name the other
    gift: str | None = None
    note: str = ""  #: what the page says beside it
    excludes: tuple[str, ...] = ()  #: product ids and categories that are left out of the scope
    tiers: tuple[str, ...] = ()  #: only for members of these; empty: for everybody
    first_order_only: bool = False
    limit_per_buyer: int = 0  #: coupons: times one buyer may use it; 0: no limit
    nth_piece: int = 1  #: 折扣: 2 is 第二件…, 3 is 第三件…
    most_off_fen: int | None = None  #: 每满减: no more than this on one order
    gift_stock: int | None = None  #: gifts left; None: not counted
    by_coupon: bool = False  #: 包邮: only with a coupon (运费券); a 券 always is
    not_to: tuple[str, ...] = ()  #: 包邮: provinces left out


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon in somebody's hands."""

    id: str
    promotion_id: str
    title: str
    expires_at: datetime
    used_at: datetime | None = None
    starts_at: datetime | None = None  #: not to be used before; None: at once


@dataclass(frozen=True, slots=True)
class FreightRule:
    """What freight costs to some provinces: so much up to a weight, and so much for every further part of it."""

    provinces: tuple[str, ...]
    first_fen: int
    first_g: int = 0  #: weight that `first_fen` pays for; 0: any weight
    more_fen: int = 0  #: for each `per_g` begun beyond it
    per_g: int = 1000


@dataclass(frozen=True, slots=True)
class PointsRule:
    """How points pay for goods."""

    points_a_yuan: int  #: points that pay one yuan
    most_percent: int = 100  #: share of the goods, after all else, that points may pay


@dataclass(frozen=True, slots=True)
class BargainRule:
    """What may be given to who asks for less; published, the same for everybody. Not beside any promotion."""

    title: str
    percent_off: int = 0  #: at most so many percent off the price as marked; 0: a gift only
    gift: str | None = None
    from_quantity: int = 1  #: pieces of one product
    categories: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    note: str = ""
