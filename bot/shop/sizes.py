"""Reading a product's own size table with a shopper's measures and what fitted them before (pure, row B2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.shop.facts import Order, ParcelState, Product, SizeTable

_FOOT = "脚长"
#: A shoe of European size n is made for a foot of 5n + 46 to 5n + 50 mm (GB/T 3293.1).
_MM_A_SIZE, _FROM_MM, _TO_MM = 5, 46, 50
_SHOE_SIZES = range(16, 50)
_COLUMN = re.compile(r"(.*?)([a-z]*)")
_WRONG_SIZE = "尺码"  #: stands in the reason of a return for size


@dataclass(frozen=True, slots=True)
class Body:
    """What the shopper said of themselves, as they wrote it; empty if not said."""

    height: str = ""  #: "165", "1.65米"
    weight: str = ""  #: "110斤", "55kg"
    foot_length: str = ""  #: "24.5", "245mm"
    usual: str = ""  #: the size they usually take: "M", "39"


@dataclass(frozen=True, slots=True)
class Worn:
    """A size the shopper bought before."""

    name: str
    size: str
    same_product: bool
    sent_back: bool  #: for its size


@dataclass(frozen=True, slots=True)
class SizeAdvice:
    """What the table says for the measures given."""

    measures: str  #: the measures that were used, in words; empty if none fits a column
    sizes: tuple[str, ...]  #: sizes that come into question, smallest first
    size: str  #: the one to take; empty if none fits
    why: str  #: how that came about, in words
    table: str  #: the table in words
    needed: tuple[str, ...]  #: names of the measures of the table

    @property
    def between(self) -> bool:
        """The shopper is between two sizes."""
        return len(self.sizes) > 1


def advise(
    table: SizeTable, body: Body, worn: Sequence[Worn] = (), girths: Mapping[str, float] | None = None
) -> SizeAdvice:
    """The size of *table* for *body*.

    Parameters
    ----------
    worn
        Sizes bought before, newest first: decide where two sizes fit, and are told.
    girths
        Further measures by the name of their column, in its unit: {"胸围": 88.0}.
    """
    names = [name_and_unit(column) for column in table.columns]
    values = _values(body, girths or {}, [name for name, _ in names])
    used = {place: values[name] for place, (name, _) in enumerate(names) if name in values}
    measures = "、".join(f"{names[place][0]}{value:g}{names[place][1]}" for place, value in used.items())
    if _FOOT in values and not body.foot_length:
        measures = _usual_shoe(body.usual)
    rows = {place: _rows(table, place, value) for place, value in used.items()}
    sizes = _in_question(list(table.rows), list(rows.values()))
    size, why = _choice(table, sizes, worn)
    if sizes and not set.intersection(*map(set, rows.values())):
        seen = (f"{names[place][0]}在{table_size(table, found)}" for place, found in rows.items())
        why = "，".join([*seen, *filter(None, [why])])
    return SizeAdvice(measures, sizes, size, why, in_words(table), tuple(name for name, _ in names))


def worn_before(orders: Iterable[Order], product: Product, products: Mapping[str, Product]) -> list[Worn]:
    """Sizes of *orders* (a buyer's own, newest first) in goods of the kind of *product*; *products* by id.

    Of an order under way nobody knows yet whether it fits; it is left out.
    """
    found = []
    for order in orders:
        sent_back = order.refund is not None and _WRONG_SIZE in order.refund.reason
        kept = (
            order.refund is None
            and bool(order.parcels)
            and all(box.state is ParcelState.SIGNED for box in order.parcels)
        )
        for item in order.items if sent_back or kept else ():
            other = products.get(item.product_id)
            sku = next((sku for sku in other.skus if sku.id == item.sku_id), None) if other else None
            if other and sku and other.category == product.category and (size := sku.options.get("尺码")):
                found.append(Worn(item.name, size, other.id == product.id, sent_back))
    return found


def in_words(table: SizeTable) -> str:
    """The table in one line: "S：身高155-160cm、体重45-50kg；M：…"."""
    return "；".join(f"{size}：{row_in_words(table, size)}" for size in table.rows)


def row_in_words(table: SizeTable, size: str) -> str:
    """For whom *size* is made: "身高155-160cm、体重45-50kg"."""
    named = (name_and_unit(column) for column in table.columns)
    cells = zip(named, table.rows[size], strict=True)
    return "、".join(f"{name}{low:g}-{high:g}{unit}" for (name, unit), (low, high) in cells)


def name_and_unit(column: str) -> tuple[str, str]:
    """A column's name and unit: ("身高", "cm")."""
    name, unit = _COLUMN.fullmatch(column).groups()  # type: ignore[union-attr]
    return name, unit


def table_size(table: SizeTable, rows: Sequence[int]) -> str:
    """Rows of *table* by their sizes: "S到M"."""
    sizes = list(table.rows)
    return sizes[rows[0]] if len(rows) == 1 else f"{sizes[rows[0]]}到{sizes[rows[-1]]}" if rows else "表外"


def _values(body: Body, girths: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """The measures that can be had, in the units of tables; a foot from the usual size where it is not said."""
    known = {"身高": _number(body.height), "体重": _kilograms(body.weight), _FOOT: _millimetres(body.foot_length)}
    if known[_FOOT] is None and _FOOT in names and (shoe := _shoe(body.usual)):
        known[_FOOT] = shoe * _MM_A_SIZE + (_FROM_MM + _TO_MM) / 2
    return {name: value for name, value in {**known, **girths}.items() if value is not None and name in names}


def _rows(table: SizeTable, place: int, value: float) -> list[int]:
    """Numbers of the rows whose range holds *value*; the two beside it if it lies in the gap between them."""
    ranges = [row[place] for row in table.rows.values()]
    holding = [number for number, (low, high) in enumerate(ranges) if low <= value <= high]
    if holding:
        return holding
    below = [number for number, (_, high) in enumerate(ranges) if high < value]
    above = [number for number, (low, _) in enumerate(ranges) if low > value]
    return [below[-1], above[0]] if below and above and above[0] - below[-1] == 1 else []


def _in_question(sizes: Sequence[str], rows: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Sizes that all measures point to; else two neighbours that they point to together; else none."""
    if not rows or not all(rows):
        return ()
    common = sorted(set.intersection(*map(set, rows)))
    if common:
        return tuple(sizes[number] for number in common)
    last_low, first_high = min(max(found) for found in rows), max(min(found) for found in rows)
    return (sizes[last_low], sizes[first_high]) if first_high - last_low == 1 else ()


def _choice(table: SizeTable, sizes: Sequence[str], worn: Sequence[Worn]) -> tuple[str, str]:
    """The size to take of those in question, and why."""
    if not sizes:
        return "", ""
    known = [one for one in worn if one.size in table.rows]
    kept = next((one for one in known if not one.sent_back and one.size in sizes), None)
    back = next((one for one in known if one.sent_back and one.size in sizes), None)
    if back and back.same_product:
        left = [size for size in sizes if size != back.size]
        size = left[-1] if left else back.size
        return size, f"您买过这款的{back.size}码，因为尺码不合适退了，" + (
            f"所以避开它选{size}" if left else "当时偏小就选大一码，偏大就选小一码"
        )
    if len(sizes) == 1:
        words = f"您留下的{kept.name}也是{kept.size}码" if kept else ""
        return sizes[0], words or (f"留意一下：您买过的{back.name}{back.size}码因为尺码不合适退过" if back else "")
    if kept:
        return kept.size, f"您留下的{kept.name}是{kept.size}码，照着选"
    return sizes[-1], f"想合身选{sizes[0]}，想宽松选{sizes[-1]}；拿不准选大的"


def _usual_shoe(usual: str) -> str:
    size = _shoe(usual)
    return f"平时{usual}码（约合脚长{size * _MM_A_SIZE + _FROM_MM:g}-{size * _MM_A_SIZE + _TO_MM:g}mm）" if size else ""


def _shoe(usual: str) -> float | None:
    number = _number(usual)
    return number if number is not None and int(number) in _SHOE_SIZES else None


def _number(words: str) -> float | None:
    found = re.search(r"\d+(?:\.\d+)?", words)
    return float(found.group()) if found else None


def _kilograms(words: str) -> float | None:
    """Chinese shoppers give their weight in jin unless they say kilograms: a bare number over 80 is jin."""
    value = _number(words)
    if value is None:
        return None
    if re.search(r"kg|公斤|千克", words):
        return value
    return value / 2 if "斤" in words or value > 80 else value


def _millimetres(words: str) -> float | None:
    value = _number(words)
    return value * 10 if value is not None and value < 60 else value
