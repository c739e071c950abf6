"""Names written wrongly: by sound (电饭堡), in Latin letters (dianfanbao), or with a sign wrong, missing or too many.

Sounds are looked up; likeness is measured only for names that share half of their pairs of characters with the line,
so that 60,000 names cost a fraction of a millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from rapidfuzz import fuzz, process

from bot.text.sounds import syllables

#: How alike (0 to 100) a stretch of text must be to a name to count as a slip of it.
NEARLY = 83
#: Characters of a name from which a slip of it is taken for it.
_SHORTEST_BY_SOUND, _SHORTEST = 3, 4
#: Longest name looked up by sound, in characters; and longest text that is compared with names, in characters.
_LONGEST_BY_SOUND, _LONGEST_TEXT = 8, 400
#: How many names, those that share most, are measured.
_MEASURED = 64
#: Sounds, folded as `bot.text.words` folds them, of signs that its table lacks and that stand in words for goods.
_RARE = dict(
    pair.split(":") for pair in (
        "柚:you 榄:lan 橄:gan 沐:mu 炖:dun 煲:bao 熨:yun 猕:mi 珈:jia 瑕:xia 瑜:yu 笠:li 筝:zen 粽:zong 芷:zi 莓:mei 萃:cui "
        "薰:xun 蛳:si 螃:pang 螨:man 褶:ze 铛:cen 镯:zuo 龈:yin"
    ).split()
)  # fmt: skip
_DAILY = frozenset("几个吗呢吧的了是不有没在和多少我你他这那就要")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LATIN = re.compile(r"[a-z]{4,30}")

Place = tuple[int, int, str]  #: from, up to and without, the name meant


class Slips:
    """The names of one catalogue, as they may be mistyped."""

    def __init__(self, names: Sequence[str]) -> None:
        self.by_sound = {
            _sounds(name): name for name in names if 2 <= len(name) <= _LONGEST_BY_SOUND and _is_chinese(name)
        }
        self.beginnings = {" ".join(sounds.split()[:_SHORTEST_BY_SOUND]) for sounds in self.by_sound}
        self.long = [name for name in names if len(name) >= _SHORTEST]
        where: dict[str, list[int]] = {}
        for number, name in enumerate(self.long):
            for pair in _pairs(name):
                where.setdefault(pair, []).append(number)
        self.having = {pair: np.array(numbers, dtype=np.int32) for pair, numbers in where.items()}
        self.needed = np.array([len(name) // 2 for name in self.long], dtype=np.int32)

    def heard(self, text: str) -> Place | None:
        """The name that sounds like a stretch of a tight plain *text*, half of its characters at least being right."""
        sounds = [_sound(sign) for sign in text[:_LONGEST_TEXT]]
        for start in range(len(sounds) - _SHORTEST_BY_SOUND + 1):
            if " ".join(sounds[start : start + _SHORTEST_BY_SOUND]) not in self.beginnings:
                continue
            for end in range(min(start + _LONGEST_BY_SOUND, len(sounds)), start + _SHORTEST_BY_SOUND - 1, -1):
                name = self.by_sound.get(" ".join(sounds[start:end]))
                if name and _is_slip(name, text[start:end]):
                    return start, end, name
        return None

    def spelt(self, text: str) -> Place | None:
        """The name that a run of Latin letters in a plain *text*, its spaces kept, spells in pinyin."""
        for run in _LATIN.finditer(text):
            sounds = syllables(run.group())
            name = self.by_sound.get(" ".join(sounds)) if len(sounds) > 1 else None
            if name:
                return run.start(), run.end(), name
        return None

    def alike(self, text: str) -> Place | None:
        """The name most like a stretch of a tight plain *text*, `NEARLY` at least; of a long text its first part counts."""
        text = text[:_LONGEST_TEXT]
        if len(text) < _SHORTEST:
            return None
        best = process.extractOne(text, list(self._candidates(text)), scorer=fuzz.partial_ratio, score_cutoff=NEARLY)
        if best is None or len(best[0]) > len(text):
            return None
        place = fuzz.partial_ratio_alignment(best[0], text)
        if place is None or place.dest_end <= place.dest_start:
            return None
        return place.dest_start, place.dest_end, best[0]

    def _candidates(self, text: str) -> Iterator[str]:
        """Names that share half of their pairs of characters with *text* and all of their numbers, most alike first."""
        having = [self.having[pair] for pair in _pairs(text) if pair in self.having]
        if not having:
            return
        shared = np.bincount(np.concatenate(having), minlength=len(self.long))
        found = np.nonzero(shared >= self.needed)[0]
        if len(found) > _MEASURED:
            share = shared[found] / self.needed[found]
            found = found[np.argsort(-share, kind="stable")[:_MEASURED]]
        numbers = set(_NUMBER.findall(text))
        yield from (name for name in map(self.long.__getitem__, found) if numbers.issuperset(_NUMBER.findall(name)))


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _is_chinese(text: str) -> bool:
    return all("\u4e00" <= sign <= "\u9fff" for sign in text)


def _is_slip(name: str, text: str) -> bool:
    """Whether *text*, of the same length and sound, is half right and wrong in no sign of daily use (电视几个接口)."""
    wrong = [other for one, other in zip(name, text, strict=True) if one != other]
    return 2 * len(wrong) <= len(name) and _DAILY.isdisjoint(wrong)


def _sounds(text: str) -> str:
    return " ".join(map(_sound, text))


@lru_cache(maxsize=8192)
def _sound(sign: str) -> str:
    return _RARE.get(sign) or "".join(syllables(sign)) or sign
