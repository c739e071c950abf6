"""What the calculator answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.shop.facts import PromotionKind


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that changed what is to be paid."""

    kind: PromotionKind | None  #: None: points
    title: str
    off_fen: int  #: 0 for a gift
    shares: Mapping[str, int]  #: variant -> fen taken off it; empty for freight and gifts
    words: str  #: the working, as the shopper reads it
    promotion_id: str | None = None
    coupon_id: str | None = None


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line and what is paid for it."""

    sku_id: str
    name: str
    quantity: int
    price_fen: int  #: of one piece, as marked
    paid_fen: int  #: money for all pieces, without freight: what a refund pays back; points stand in their step


@dataclass(frozen=True, slots=True)
class Unused:
    """An offer or coupon that takes nothing off, and why."""

    title: str
    reason: str  #: follows the title: "差30元：…", "已过期…", "不能和…同用…"
    promotion_id: str
    coupon_id: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a basket costs, and how that comes about."""

    lines: tuple[PaidLine, ...]
    steps: tuple[Step, ...]  #: in the order of application; only those that changed something
    marked_fen: int  #: goods as marked
    goods_fen: int  #: goods after all steps: the sum of the lines' `paid_fen`
    freight_fen: int
    freight_words: str
    points: int  #: points spent
    gifts: tuple[str, ...]
    unused: tuple[Unused, ...]
    proven: bool  #: no better choice exists; False: the search was cut short

    @property
    def total_fen(self) -> int:
        """What is paid: goods and freight."""
        return self.goods_fen + self.freight_fen

    @property
    def words(self) -> tuple[str, ...]:
        """The working, a line a step."""
        from_price = f"商品标价合计{yuan(self.marked_fen)}元"
        return (from_price, *(step.words for step in self.steps), self.freight_words, f"实付{yuan(self.total_fen)}元")

    def why_not(self, coupon_id: str) -> str | None:
        """Why a coupon takes nothing off; None if it does, or nobody knows it."""
        return next((one.reason for one in self.unused if one.coupon_id == coupon_id), None)


def yuan(fen: int) -> str:
    """Fen as a shopper reads money: 129, 39.9."""
    whole, cents = divmod(fen, 100)
    return f"{whole}.{cents:02d}".rstrip("0") if cents else str(whole)
