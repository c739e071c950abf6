"""Reading a product's own size table with a shopper's measures (pure, row B2, first cut)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.shop.facts import SizeTable


@dataclass(frozen=True, slots=True)
class SizeAdvice:
    """What the table says for the measures given."""

    measures: str  #: the measures that were used, in words; empty if none fits a column
    sizes: tuple[str, ...]  #: sizes whose every measured range holds the measure, smallest first
    between: bool  #: more than one size fits
    table: str  #: the table in words


def advise(
    table: SizeTable, *, height: str | None = None, weight: str | None = None, foot: str | None = None
) -> SizeAdvice:
    """The sizes of *table* that fit; measures as the shopper wrote them ("165", "110斤", "24.5cm")."""
    given = {"身高": _number(height), "体重": _kilograms(weight), "脚长": _millimetres(foot)}
    used = {
        index: value
        for index, column in enumerate(table.columns)
        for name, value in given.items()
        if value is not None and column.startswith(name)
    }
    sizes = tuple(
        size
        for size, ranges in table.rows.items()
        if used and all(ranges[i][0] <= v <= ranges[i][1] for i, v in used.items())
    )
    words = "、".join(f"{table.columns[index]} {value:g}" for index, value in used.items())
    return SizeAdvice(words, sizes, len(sizes) > 1, in_words(table))


def in_words(table: SizeTable) -> str:
    """The table in one line: "S 身高cm155-160 体重kg45-50；M …"."""
    rows = []
    for size, ranges in table.rows.items():
        cells = [f"{column}{low:g}-{high:g}" for column, (low, high) in zip(table.columns, ranges, strict=True)]
        rows.append(f"{size} {' '.join(cells)}")
    return "；".join(rows)


def _number(words: str | None) -> float | None:
    found = re.search(r"\d+(?:\.\d+)?", words or "")
    return float(found.group()) if found else None


def _kilograms(words: str | None) -> float | None:
    """Chinese shoppers give their weight in jin unless they say kilograms: a bare number over 80 is jin."""
    value = _number(words)
    if value is None or words is None:
        return None
    if re.search(r"kg|公斤|千克", words):
        return value
    return value / 2 if "斤" in words or value > 80 else value


def _millimetres(words: str | None) -> float | None:
    value = _number(words)
    return value * 10 if value is not None and value < 60 else value
