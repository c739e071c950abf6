"""Numbers as shoppers write them: 三百二, 1千5, 两千多, 三四百, 一百出头, 六六八二."""

from __future__ import annotations

import re
from functools import lru_cache

from cn2an import cn2an

_LEADING, _ANY = "〇一二两三四五六七八九十", "零〇一二两三四五六七八九十百千万"
#: A Chinese numeral of twelve signs at most, and one of two signs at least; the bounds keep hostile lines linear.
CHINESE, LONG_CHINESE = rf"[零{_LEADING}][{_ANY}]{{0,11}}", rf"[{_LEADING}][{_ANY}]{{1,11}}"
#: A whole number or a decimal in digits, of eight places at most, not the tail of a longer one.
DIGITS = r"(?<![\d.])(?<!\d,)(?:\d{1,3}(?:,\d{3}){1,2}|\d{1,8})(?:\.\d{1,2})?(?![\d.]*\d)"
#: What makes a number a rough one.
ROUGHLY = r"(?:多|来|几|出头)?"
NUMBER = rf"(?:{DIGITS}(?:万|千|百)?|{CHINESE}){ROUGHLY}"

_ROUGH_END = re.compile(r"(?:多|来|几|出头)$")
_IN_DIGITS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,4})?")
_SPOKEN = str.maketrans("零〇一幺二两三四五六七八九", "0011223456789")


@lru_cache(maxsize=1024)
def number(text: str) -> float | None:
    """The number that *text* says, the lower one of a pair (三四百 is 300); None if it says none.

    >>> number("三百二"), number("两千多"), number("88.5"), number("几")
    (320.0, 2000.0, 88.5, None)
    """
    bare = _lower(_ROUGH_END.sub("", text.strip().replace(",", "")))
    if _IN_DIGITS.fullmatch(bare):
        return float(bare)
    try:
        return float(cn2an(bare, "smart")) if len(bare) <= 12 else None
    except ValueError:
        return None


def whole(text: str) -> int | None:
    """The whole number that *text* says; None if it says none."""
    said = number(text)
    return None if said is None else int(said)


def in_digits(text: str) -> str:
    """*text* as digits if it says a number, else as it is: 三百二 is 320, 39.90 stays."""
    if _IN_DIGITS.fullmatch(text):
        return text
    said = number(text)
    return text if said is None else f"{said:.2f}".rstrip("0").rstrip(".")


def spoken(text: str) -> str:
    """Digits read out one by one, as digits: 六六八二 is 6682, 一三八 is 138."""
    return text.translate(_SPOKEN)


def _lower(text: str) -> str:
    """The lower number of a pair of which only the last has its unit: 三四百 is 三百, 十五六 is 十五."""
    pair = re.fullmatch(r"([一二两三四五六七八])([二三四五六七八九])([十百千万])", text)
    return pair[1] + pair[3] if pair else text
