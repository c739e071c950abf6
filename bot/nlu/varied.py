"""More training examples made from the written ones: the same wish in 拼音, and with a slip of sound.

Made anew at each training, the same each time; what is written stays in `data/nlu`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from bot.nlu.cascade import Example
from bot.text.normalise import plain
from bot.text.sounds import slips, spelt
from bot.text.words import words

#: Of each intent so many examples are varied in each way.
EACH = 70
#: The longest text, in characters, that anybody types in 拼音; the shortest and longest that get a slip.
_SPELT_AT_MOST = 8
_SLIPS_FROM, _SLIPS_TO = 4, 24

Way = Callable[[str, Random], str | None]


def varied(examples: Sequence[Example]) -> list[Example]:
    """For each intent some of its *examples* that stand alone, in other letters."""
    dice = Random(0)
    known = {example.text for example in examples}
    by_intent: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        if not example.before:
            by_intent[example.intent].append(example)
    made: list[Example] = []
    for mine in by_intent.values():
        for way in (_in_letters, _slipped):
            made += _some(mine, way, dice)
    return [example for example in made if example.text not in known]


def _some(examples: Sequence[Example], way: Way, dice: Random) -> Iterator[Example]:
    left = EACH
    for example in dice.sample(examples, len(examples)):
        text = way(plain(example.text).text, dice) if left else None
        if text:
            left -= 1
            yield replace(example, text=text)


def _in_letters(text: str, dice: Random) -> str | None:
    """*text* as sounds, word by word, syllable by syllable or in one; None if a sound is not known."""
    if not 2 <= len(text) <= _SPELT_AT_MOST:
        return None
    spoken = [[spelt(letter) for letter in word] for word in words(text)]
    if any(sound is None for word in spoken for sound in word):
        return None
    inside, between = dice.choice(((" ", " "), ("", " "), ("", "")))
    return between.join(inside.join(map(str, word)) for word in spoken)


def _slipped(text: str, dice: Random) -> str | None:
    """*text* with another character of the same sound in the place of one."""
    places = [at for at, letter in enumerate(text) if slips(letter)]
    if not places or not _SLIPS_FROM <= len(text) <= _SLIPS_TO:
        return None
    at = dice.choice(places)
    return text[:at] + dice.choice(slips(text[at])) + text[at + 1 :]
