"""Words for goods: what a line speaks of when it names no product (空气炸锅, 耳机, 那双鞋).

They come from `data/nlu/goods.txt`, which holds for any shop, and from the names of the live catalogue: what three
products end on is what they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from bot.text.words import words

GOODS = Path(__file__).parents[2] / "data" / "nlu" / "goods.txt"
_LONGEST = 8
_BRANDS = r"iphone|ipad|redmi|红米|小米|华为|荣耀|oppo|vivo|三星|realme|一加|魅族|macbook|airpods"
#: A phone by maker and number.
_MODEL = re.compile(
    rf"(?<![a-z])(?:{_BRANDS})(?:mate|note|nova|reno|find)?[a-z]?\d{{1,3}}(?:promax|pro|max|plus|ultra|mini|se|[a-z](?![a-z]))?"
)
#: A word of one character is goods where it is counted, pointed at or stands alone, and no longer word goes on from it.
_COUNTED = re.compile(r"(?:^|[,。!?、~ 的这那双条件口只把张台瓶箱本桶盏套款种买家和跟与个])$")
_ENDS = re.compile(
    r"$|[,。!?、~ 吗呢吧啊呀嘛么的了是能有没太比拿挤防坏破漏掉各也都就还和跟与怎要会可多在两]|发[没了货]"
)
_SHARED_BY = 3
#: A mobile number: then 手机 is whose number it is.
_PHONE = re.compile(r"1[3-9]\d{9}")


@cache
def general() -> tuple[frozenset[str], frozenset[str]]:
    """Words of `GOODS` in lower case: those for goods, and those that are none though one stands in them."""
    yes: set[str] = set()
    no: set[str] = set()
    for line in GOODS.read_text(encoding="utf-8").lower().splitlines():
        if not line.startswith("#"):
            (no if line.startswith("-") else yes).update(line.removeprefix("-").split())
    return frozenset(yes), frozenset(no - yes)


def endings(names: Iterable[str]) -> frozenset[str]:
    """Words of two to four characters on which three *names* end or more: 羽绒服 of 云感羽绒服, 工装羽绒服 …"""
    count = Counter(name[-size:] for name in names for size in (2, 3, 4) if len(name) > size)
    often = (ending for ending, times in count.items() if times >= _SHARED_BY)
    return frozenset(ending for ending in often if "\u4e00" <= ending[0] <= "\u9fff" and words(ending) == [ending])


class GoodsWords:
    """Words for goods, general ones and those of one catalogue."""

    def __init__(self, names: Iterable[str]) -> None:
        yes, self.none = general()
        self.goods = yes | endings(names)
        self.first = {word[0] for word in self.goods | self.none}

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where goods are named in a tight plain *text*, the longest word at each place, none overlapping."""
        phone = "手机" if _PHONE.search(text) else None
        models = {match.start(): match.end() for match in _MODEL.finditer(text)}
        start = 0
        while start < len(text):
            end = models.get(start) or self._end(text, start)
            if end > start and text[start:end] != phone and self._is_goods(text, start, end, modelled=start in models):
                yield start, end
            start = max(end, start + 1)

    def _end(self, text: str, start: int) -> int:
        """Where the longest known word from *start* ends; *start* if none begins there."""
        if text[start] not in self.first:
            return start
        for end in range(min(start + _LONGEST, len(text)), start, -1):
            word = text[start:end]
            if word in self.goods or word in self.none:
                return end
        return start

    def _is_goods(self, text: str, start: int, end: int, *, modelled: bool) -> bool:
        if modelled:
            return True
        if text[start:end] not in self.goods:
            return False
        if end - start > 1:
            return True
        return bool(_COUNTED.search(text, max(0, start - 1), start) and _ENDS.match(text, end))
