"""What can be read off a line by its shape: numbers, cards, money, sizes, times.

Cue words are read before shapes: an 11-digit number after 商品ID is a product, not a phone (shoppers' order cards).
Everything works on the plain form (`bot.text.normalise`); places are given in the original. Every repetition in a
pattern is bounded, so that the work grows with the length of the line and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.text.cards import COURIERS, NUMBERS
from bot.text.measures import COLOURS, MEASURES, SIZES, measured
from bot.text.money import AMOUNTS, COUPONS, MORE_AMOUNTS, POINTS, money
from bot.text.normalise import Plain, plain
from bot.text.numerals import spoken
from bot.text.places import HOUSE, HOUSE_SIGNS, PLACE
from bot.text.time_words import PHRASE, SIGNS


@dataclass(frozen=True, slots=True)
class Found:
    """Something read off a line: its kind, its value in one form, and where it stood in the original."""

    kind: str
    value: str
    start: int
    end: int


Hit = tuple[str, int, int, str]  #: kind, place in the plain text, what stands there
Row = tuple[str, re.Pattern[str], frozenset[str]]  #: kind, pattern, signs of which the line must have one


def _rows(rows: Iterable[tuple[str, str, str]]) -> tuple[Row, ...]:
    return tuple((kind, re.compile(pattern), frozenset(signs)) for kind, pattern, signs in rows)


#: Earlier rows take their characters from later ones.
_ROWS: tuple[Row, ...] = (
    *_rows(NUMBERS),
    *_rows(("coupon", *row) for row in COUPONS),
    *_rows((("address", PLACE, ""), ("address", HOUSE, HOUSE_SIGNS))),
    ("date", PHRASE, SIGNS),
    *_rows(MEASURES),
    *_rows(("points", *row) for row in POINTS),
    *_rows(("size", *row) for row in SIZES),
    *_rows(("amount", *row) for row in AMOUNTS),
    *_rows(("colour", *row) for row in COLOURS),
)
_BARE_TAIL = re.compile(r"^\D{0,6}(\d{4})\D{0,4}$")


def find(text: str | Plain, *, phone_tail_asked: bool = False) -> list[Found]:
    """What is in *text*, in order of place, no two overlapping.

    With *phone_tail_asked* (the line before asked for it) four bare digits are a phone tail, and of a whole phone
    number its last four digits are given besides.
    """
    form = text if isinstance(text, Plain) else plain(text)
    hits = _apart(_all(form.text), len(form.text))
    found = [Found(kind, _value(kind, value), *form.span(start, end)) for kind, start, end, value in hits]
    if phone_tail_asked:
        found += _tails(form, found)
    return found


def _all(text: str) -> Iterator[Hit]:
    signs = frozenset(text)
    amounts = False
    for kind, pattern, needed in _ROWS:
        if needed and signs.isdisjoint(needed):
            continue
        for match in pattern.finditer(text):
            start, end = match.span(1) if pattern.groups else match.span()
            amounts = amounts or kind == "amount"
            yield kind, start, end, text[start:end]
    if amounts:
        yield from (("amount", *match.span(1), match.group(1)) for match in MORE_AMOUNTS.finditer(text))


def _apart(hits: Iterable[Hit], length: int) -> list[Hit]:
    """The *hits* in order of place, without those that overlap an earlier one."""
    taken = bytearray(length)
    kept = []
    for hit in hits:
        if not any(taken[hit[1] : hit[2]]):
            taken[hit[1] : hit[2]] = b"\1" * (hit[2] - hit[1])
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit[1])


def _value(kind: str, value: str) -> str:
    if kind == "phone":
        return re.sub(r"[- ]", "", spoken(value))
    if kind == "order_no":
        return spoken(value).upper()
    if kind == "waybill":
        return value.upper()
    if kind == "courier":
        return COURIERS[value]
    if kind in ("height", "weight", "foot_length", "size"):
        return measured(kind, value)
    if kind in ("amount", "points"):
        return money(value)
    return value.strip()


def _tails(form: Plain, found: list[Found]) -> list[Found]:
    phones = [Found("phone_tail", hit.value[-4:], hit.start, hit.end) for hit in found if hit.kind == "phone"]
    bare = _BARE_TAIL.match(form.text)
    if bare and not phones and not any(hit.kind == "phone_tail" for hit in found):
        return [Found("phone_tail", bare.group(1), *form.span(*bare.span(1)))]
    return phones


#: What a found thing is called to the classifier: the shape matters, the digits do not.
_MARKS = {
    "order_no": "〔单号〕", "product_id": "〔商品号〕", "waybill": "〔运单〕", "phone": "〔电话〕", "phone_tail": "〔尾号〕",
    "address": "〔地址〕", "amount": "〔金额〕",
}  # fmt: skip
_MONEY_BESIDE = re.compile(r"\s?(?:元|块|rmb)")


def marked(text: str, found: list[Found]) -> str:
    """*text* with numbers, addresses and amounts replaced by the name of their kind; other digits become 0.

    A place alone (新疆包邮吗) and an amount that only its neighbours make one stay words of the line.
    """
    pieces, last = [], 0
    for hit in sorted(found, key=lambda hit: (hit.start, -hit.end)):
        if hit.kind in _MARKS and hit.start >= last and _has_shape(text, hit):
            pieces += [text[last : hit.start], _MARKS[hit.kind]]
            last = hit.end
    return re.sub(r"\d+", lambda digits: "0" * min(len(digits.group()), 5), "".join(pieces) + text[last:])


def _has_shape(text: str, hit: Found) -> bool:
    if hit.kind == "address":
        return hit.end - hit.start > 5
    if hit.kind == "amount":
        beside = _MONEY_BESIDE.match(text, hit.end) is not None
        return beside or text[hit.start - 1 : hit.start] in ("¥", "￥") or "块" in text[hit.start : hit.end]
    return True
