"""How a product of the demo shop is written down, and how it becomes a `Product`.

The pages themselves stand in `pages/<category>.py`, written by hand: brands, models, numbers and certificates are
invented, the fields and their values are such as real pages have. Three short notations keep a page on a few lines:

page    one field per line or between " | ": its name, a blank, its value
sizes   first the measures, then one size per "|" with a range for every measure: "身高cm 体重kg | S 155-160 40-47"
box     things parted by "、"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product as combinations
from zlib import crc32

from bot.shop.facts import Product, SizeTable, Sku


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """A page as it is written by hand; see the head of this module for the notations."""

    id: str
    name: str
    short: str
    category: str
    brand: str
    price: int  #: fen, of the cheapest variant
    page: str
    aliases: str = ""  #: parted by blanks
    model: str | None = None
    was: int | None = None  #: struck-out price, fen
    options: Mapping[str, str] = field(default_factory=dict)  #: option -> its values, parted by blanks
    extra: Mapping[str, int] = field(default_factory=dict)  #: option value -> fen above `price`
    sold_out: Mapping[str, int | None] = field(default_factory=dict)  #: spec -> days until restock; None: not known
    box: str = ""
    warranty: str | None = None
    returnable: bool = True
    sizes: str | None = None
    evidence: str = ""  #: parted by "；"
    installation: str | None = None
    care: str | None = None
    usage: str | None = None
    drawback: str | None = None
    sold: int = 0

    def product(self, day: date) -> Product:
        """The product as the shop shows it on *day*."""
        return Product(
            id=self.id,
            name=self.name,
            short_name=self.short,
            aliases=(*self.aliases.split(), *([self.model] if self.model else [])),
            category=self.category,
            brand=self.brand,
            model=self.model,
            attributes=_attributes(self),
            in_the_box=_parted(self.box, "、"),
            skus=tuple(_skus(self, day)),
            list_price_fen=self.was or self.price,
            warranty=self.warranty,
            returnable_7_days=self.returnable,
            size_table=_sizes_sold(self),
            evidence=_parted(self.evidence, "；"),
            installation=self.installation,
            care=self.care,
            usage=self.usage,
            sold=self.sold or 20 + crc32(self.id.encode()) % 1900,
            drawback=self.drawback,
        )


def size_table(notation: str) -> SizeTable:
    """The table written as *notation*.

    >>> size_table("脚长mm | 36 226-230").rows
    {'36': ((226.0, 230.0),)}
    """
    head, *rows = (part.split() for part in notation.split("|"))
    return SizeTable(tuple(head), {size: tuple(_range(text) for text in ranges) for size, *ranges in rows})


def shoe_sizes(first: int, last: int, *, tight_mm: int = 0) -> str:
    """Size notation for European sizes *first* to *last*: size n fits a foot of 5n + 50 mm (GB/T 3293.1), less
    *tight_mm* for a last that runs small."""
    rows = (f"{size} {5 * size + 46 - tight_mm}-{5 * size + 50 - tight_mm}" for size in range(first, last + 1))
    return "脚长mm | " + " | ".join(rows)


def _range(text: str) -> tuple[float, float]:
    low, high = text.split("-")
    return float(low), float(high)


def _parted(text: str, mark: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(mark) if part.strip())


def _sizes_sold(goods: Goods) -> SizeTable | None:
    """The table without the sizes that this product does not come in."""
    if goods.sizes is None:
        return None
    table, sold = size_table(goods.sizes), goods.options["尺码"].split()
    return SizeTable(table.columns, {size: ranges for size, ranges in table.rows.items() if size in sold})


def _attributes(goods: Goods) -> dict[str, str]:
    fields = {"品牌": goods.brand} | ({"型号": goods.model} if goods.model else {})
    for part in _parted(goods.page.replace("\n", " | "), " | "):
        name, value = part.split(maxsplit=1)
        fields[name] = value
    return fields


def _skus(goods: Goods, day: date) -> Iterator[Sku]:
    values = [text.split() for text in goods.options.values()]
    for number, chosen in enumerate(combinations(*values), start=1):
        sku_id, spec = f"{goods.id}-{number:02d}", " ".join(chosen)
        wait_days = goods.sold_out.get(spec)
        yield Sku(
            id=sku_id,
            product_id=goods.id,
            options=dict(zip(goods.options, chosen, strict=True)),
            price_fen=goods.price + sum(goods.extra.get(value, 0) for value in chosen),
            stock=0 if spec in goods.sold_out else _stock(sku_id),
            restock_on=None if wait_days is None else day + timedelta(days=wait_days),
        )


def _stock(sku_id: str) -> int:
    """Pieces in stock, the same on every day: one variant in eight is nearly gone."""
    number = crc32(sku_id.encode())
    return 1 + number % 5 if number % 8 == 0 else 6 + number % 240
