"""How the cascade is learned: features, folds, sentence vectors, the models and the levels between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.nlu import features as seen
from bot.nlu.cascade import Cascade, Levels, Readings
from bot.nlu.encoder import WIDTH, Cache
from bot.nlu.linear import Linear, Names, Near, shares, sharpness

if TYPE_CHECKING:
    from bot.nlu.cascade import Example

_FOLDS = 4
#: Share of the examples that stand alone and would yet be read with the lines before, were there any.
_LEAN_THOUGH_ALONE = 0.2
#: Below this confidence a short text is read with the lines before.
_CLEAR = 0.6
#: How much worse than the full model the cheap one may be where it answers alone.
_LOSS = 0.005
#: A clause makes a second request from this confidence on.
_SECOND = 0.7

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The examples as numbers: n tidy texts, their intents 0 to k - 1, and their rows read alone and as they stood."""

    readings: Readings
    forms: list[str]
    befores: list[tuple[str, ...]]
    truth: np.ndarray
    alone: Any
    stood: Any

    @property
    def leaning(self) -> np.ndarray:
        """Which examples stand after other lines, shape (n,), int."""
        return np.array([bool(before) for before in self.befores], int)


def learn(examples: Sequence[Example], folder: Path, encode_at_most: int | None, progress: Progress | None) -> Cascade:
    """A cascade learned from *examples*; see `Cascade.fit`."""
    lesson = _lesson(examples)
    labels = len(lesson.readings.intents)
    tested = _left_out(lesson.stood, lesson.truth, labels)
    sharp = sharpness(tested, lesson.truth)
    cheap = shares(tested, sharp)
    vectors, has = _vectors(lesson, cheap, Cache(folder), encode_at_most, progress)
    full, tested = Near.fit(lesson.stood, vectors, has, lesson.truth, labels)
    sure = _sure(cheap, tested, lesson.truth)
    unsure = (cheap.max(axis=1) < sure) & has
    full_sharp = sharpness(tested[unsure], lesson.truth[unsure]) if unsure.any() else sharp
    levels = Levels(sharp, full_sharp, _leans(lesson), _CLEAR, sure, _SECOND)
    leans = Linear.fit(lesson.alone, lesson.leaning, 2)
    return Cascade(lesson.readings, leans, Linear.fit(lesson.stood, lesson.truth, labels), full, levels)


def _lesson(examples: Sequence[Example]) -> Lesson:
    intents = tuple(sorted({example.intent for example in examples}))
    place = {intent: at for at, intent in enumerate(intents)}
    truth = np.array([place[example.intent] for example in examples])
    forms = [seen.tidy(example.text) for example in examples]
    befores = [tuple(example.before) for example in examples]
    readings = Readings(intents, *_topics(forms, befores, truth, len(intents)))
    stood = [readings.features(form, before) for form, before in zip(forms, befores, strict=True)]
    names = Names([*readings.names.place, *Names.seen(stood).place])
    readings = Readings(intents, names, readings.topics)
    alone = names.table([readings.row(form, ()) for form in forms])
    return Lesson(readings, forms, befores, truth, alone, names.table([names.row(row) for row in stood]))


def _topics(forms: list[str], befores: list[tuple[str, ...]], truth: np.ndarray, labels: int) -> tuple[Names, Linear]:
    """Names of the features of texts by themselves, and a model of what texts that stand alone are about."""
    rows = [seen.own(form) for form in forms]
    names = Names.seen(rows)
    alone = [at for at, before in enumerate(befores) if not before] or list(range(len(forms)))
    return names, Linear.fit(names.table([names.row(rows[at]) for at in alone]), truth[alone], labels)


def _left_out(table: Any, truth: np.ndarray, labels: int) -> np.ndarray:
    """Scores of each example by a model that had not seen it, shape (n, labels)."""
    scores = np.zeros((len(truth), labels), np.float32)
    parts = np.random.default_rng(0).permutation(len(truth)) % _FOLDS
    for part in range(_FOLDS):
        learned = Linear.fit(table[parts != part], truth[parts != part], labels)
        scores[parts == part] = table[parts == part] @ learned.weights.astype(np.float32) + learned.bias
    return scores


def _vectors(
    lesson: Lesson, cheap: np.ndarray, cache: Cache, at_most: int | None, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray]:
    """Sentence vectors, shape (n, 384), and which examples have one, shape (n,)."""
    texts = [
        seen.joined(form, before) if before else form for form, before in zip(lesson.forms, lesson.befores, strict=True)
    ]
    has = np.array([text in cache for text in texts])
    missing = np.flatnonzero(~has)
    wanted = missing if at_most is None else _worth_encoding(missing, lesson, cheap)[:at_most]
    has[wanted] = True
    vectors = np.zeros((len(texts), WIDTH), np.float32)
    vectors[has] = cache.vectors([text for text, there in zip(texts, has, strict=True) if there], progress)
    return vectors, has


def _worth_encoding(missing: np.ndarray, lesson: Lesson, cheap: np.ndarray) -> np.ndarray:
    """*missing* in the order in which their vectors help: of each intent in turn the one least sure to be right."""
    right = cheap[missing, lesson.truth[missing]]
    turn = np.zeros(len(missing))
    for label in np.unique(lesson.truth[missing]):
        mine = np.flatnonzero(lesson.truth[missing] == label)
        turn[mine[np.argsort(right[mine])]] = np.arange(len(mine))
    return missing[np.lexsort((right, turn))]


def _sure(cheap: np.ndarray, full: np.ndarray, truth: np.ndarray) -> float:
    """The least confidence from which the cheap model loses at most `_LOSS` to the full one."""
    order = np.argsort(-cheap.max(axis=1))
    cheap_right = np.cumsum((cheap.argmax(axis=1) == truth)[order])
    full_right = np.cumsum((full.argmax(axis=1) == truth)[order])
    fine = np.flatnonzero(full_right - cheap_right <= _LOSS * np.arange(1, len(truth) + 1))
    return float(cheap.max(axis=1)[order[fine[-1]]]) if len(fine) else 1.0


def _leans(lesson: Lesson) -> float:
    """The score from which a text is taken to lean on the lines before."""
    if lesson.leaning.all() or not lesson.leaning.any():
        return 0.0
    scores = _left_out(lesson.alone, lesson.leaning, 2)[lesson.leaning == 0, 1]
    return float(np.quantile(scores, 1 - _LEAN_THOUGH_ALONE))
