"""What is to be bought, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import BadBasket
from bot.shop.facts import Coupon, Product, Sku


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Some pieces of one variant."""

    sku_id: str
    product_id: str
    category: str
    name: str  #: as the shopper reads it
    quantity: int
    price_fen: int  #: of one piece, as marked
    weight_g: int | None = None  #: of one piece; None counts as nothing

    @property
    def marked_fen(self) -> int:
        """The price of all pieces as marked."""
        return self.quantity * self.price_fen


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who buys; the default is somebody nobody knows."""

    tier: str = ""
    province: str | None = None
    first_order: bool = False
    points: int = 0  #: points they wish to spend, 0 to what they have
    coupons: tuple[Coupon, ...] = ()  #: all of theirs, used ones too: those count for `limit_per_buyer`


def line_of(product: Product, sku: Sku, quantity: int = 1) -> BasketLine:
    """*quantity* pieces of a variant of *product*."""
    name = f"{product.short_name} {sku.spec}".strip()
    return BasketLine(sku.id, product.id, product.category, name, quantity, sku.price_fen, sku.weight_g)


def merged(lines: Iterable[BasketLine]) -> tuple[BasketLine, ...]:
    """Each variant once, ordered by product and variant; raises `BadBasket` for what nobody can buy."""
    together: dict[str, BasketLine] = {}
    for line in lines:
        _check(line)
        known = together.get(line.sku_id)
        if known is None:
            together[line.sku_id] = line
        elif replace(known, quantity=line.quantity) == line:
            together[line.sku_id] = replace(known, quantity=known.quantity + line.quantity)
        else:
            raise BadBasket(line.name, "同一个规格出现了两种价格或商品")
    return tuple(sorted(together.values(), key=lambda line: (line.product_id, line.sku_id)))


def by_product(lines: Sequence[BasketLine]) -> Mapping[str, tuple[int, ...]]:
    """Places of the lines of each product; *lines* as `merged` orders them."""
    places: dict[str, tuple[int, ...]] = {}
    for place, line in enumerate(lines):
        places[line.product_id] = (*places.get(line.product_id, ()), place)
    return places


def _check(line: BasketLine) -> None:
    if line.quantity < 1:
        raise BadBasket(line.name, f"件数是{line.quantity}，至少要1件")
    if line.price_fen < 0:
        raise BadBasket(line.name, f"价格是{line.price_fen}分，不能是负数")
    if line.weight_g is not None and line.weight_g < 0:
        raise BadBasket(line.name, f"重量是{line.weight_g}克，不能是负数")
