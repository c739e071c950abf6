"""Words of danger in a line: to somebody's life or body, steps outside the shop, fraud (row S50). Rules only, no model.

What counts and what does not is decided in docs/danger.md; `tests/danger` holds the sentences, `bench/danger.py` the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.text.danger.guards import caused, harmless, wants_to_know
from bot.text.danger.reading import Reading, read
from bot.text.danger.sense import Kind, Sense
from bot.text.danger.signs import CHILD, SIGNS
from bot.text.danger.steps import STEPS

#: Kinds, gravest first.
KINDS: tuple[Kind, ...] = ("self_harm", "child", "poisoning", "injury", "safety", "fraud", "law", "media")
#: Kinds that are about somebody's life or body: the bot has nothing to add to the words for them.
TO_PEOPLE = frozenset(KINDS[:5])
_SENSES = (*SIGNS, *STEPS)
#: A line this short may be the end of the one before it.
_FRAGMENT = 12
_LIFE = re.compile(
    r"[着起失喷冒](?:了)?火|火光|火花|自燃|烧(?:起来|着)|爆炸|炸|[燃煤]气|一氧化碳|休克|昏|晕倒|呼吸|喘不|喉咙|嗓|血|[误吞]|中毒|120|救护车|急诊|抽搐|白沫|触电|电晕|救命"
)


@dataclass(frozen=True, slots=True)
class Danger:
    """What one line tells of danger."""

    kind: Kind  #: the gravest that is told of
    severity: int  #: 0 a life may be at stake; 1 somebody or something was harmed or may be; 2 a step outside, or fraud
    spans: tuple[tuple[int, int], ...]  #: where its words stand in the original, by place; at least one
    words: tuple[str, ...]  #: the same as text

    @property
    def to_people(self) -> bool:
        """Whether somebody's life or body is at stake."""
        return self.kind in TO_PEOPLE


def danger_of(text: str, before: Sequence[str] = ()) -> Danger | None:
    """The danger *text* tells of, None if there is none. *before* are the lines said before it, the newest last.

    A short line that says nothing of danger alone is read once more as the end of each of the two lines before it.
    """
    reading = read(text)
    found = list(_found(reading))
    if found:
        return _told(text, reading, found)
    if len(text) > _FRAGMENT:
        return None
    ends = (_as_the_end_of(earlier, text) for earlier in reversed(before[-2:]))
    return next((danger for danger in ends if danger), None)


def _as_the_end_of(earlier: str, text: str) -> Danger | None:
    """The danger that *earlier* and *text* tell of together, its places in *text*."""
    whole = f"{earlier} {text}"
    reading = read(whole)
    seam = len(earlier) + 1
    found = [hit for hit in _found(reading) if reading.span(*hit[1:])[1] > seam]
    return _told(text, reading, found, seam) if found else None


def _told(text: str, reading: Reading, found: Sequence[tuple[Kind, int, int]], seam: int = 0) -> Danger:
    kind = min((kind for kind, _, _ in found), key=KINDS.index)
    if kind in ("poisoning", "injury") and CHILD.search(reading.mended):
        kind = "child"
    places = (reading.span(start, end) for _, start, end in found)
    spans = tuple(sorted({(max(start - seam, 0), end - seam) for start, end in places}))
    return Danger(kind, _severity(kind, reading.mended), spans, tuple(text[start:end] for start, end in spans))


def _severity(kind: Kind, mended: str) -> int:
    if kind not in TO_PEOPLE:
        return 2
    return 0 if kind in ("self_harm", "child") or _LIFE.search(mended) else 1


def _found(reading: Reading) -> Iterator[tuple[Kind, int, int]]:
    """Kind, start and end in the prepared line of every sense that holds there."""
    for sense in _SENSES:
        for hit in sense.pattern.finditer(reading.text):
            if _holds(sense, reading.text, *hit.span()):
                yield sense.kind, *hit.span()


def _holds(sense: Sense, text: str, start: int, end: int) -> bool:
    if sense.strength == "certain":
        return True
    if harmless(text, start, end):
        return False
    if sense.strength == "weak":
        return not wants_to_know(text)
    return sense.strength == "plain" or caused(text)
