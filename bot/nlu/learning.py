"""How the cascade is learned: features, folds, sentence vectors, the models and the levels between them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu import features as seen
from bot.nlu.cascade import LEANS_AT_MOST, Cascade, Example, Levels, Readings
from bot.nlu.encoder import Cache
from bot.nlu.linear import Calibration, Linear, Names, shares, sharpness
from bot.nlu.net import NETS, Nets
from bot.nlu.varied import varied

#: Each example is left out once: by a cheap model and by a net that learn from the other folds.
_FOLDS = NETS
#: How much the cheap model's scores count beside the nets'; the best of these on what was left out is taken.
_TRUST = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0, 16.0)
#: Share of the examples that stand alone and would yet be read with the lines before, were there any.
_LEAN_THOUGH_ALONE = 0.2
#: For each example that stands after other lines, how many that stand alone are said after borrowed lines.
_STRAYED = 0.5
#: Requests that are a bare deed, and how people take one back; so many of each are made.
_DEED = re.compile(r"[转开查换退催取改修补领兑叫找投]\w{1,3}")
_CORRECTIONS = (
    "不是{0}，是{1}",
    "不是要{0} 我要{1}",
    "不{0}了，{1}",
    "我说的是{1}不是{0}",
    "别{0} 给我{1}",
    "不要{0}，要{1}",
)
_REFUSALS = ("不用{0}", "不用{0}了", "不需要{0}", "先不{0}了", "我没说要{0}", "不用帮我{0}")
_REFUSED = 40
#: Examples from which is learned what lines are about; more cost time and gain nothing.
_TOLD = 12_000
#: Below this confidence a short text is read with the lines before.
_CLEAR = 0.9
#: From this share on the cheap model answers alone: 87 % of a shop's mix. On held-out sentences asking the encoder more
#: often gains .1 points up to .85 and nothing beyond; from .5 on it loses.
_SURE = 0.6
#: A clause makes a second request from this confidence on.
_SECOND = 0.7
#: The same if the text announces another matter.
_ANNOUNCED = 0.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The examples as numbers: n tidy texts, their intents 0 to k - 1, which lean on the lines before,
    the fold in which each is left out, which were written and not made, and their rows, alone and as they stood.
    """

    readings: Readings
    forms: list[str]
    befores: list[tuple[str, ...]]
    truth: np.ndarray
    leaning: np.ndarray
    fold: np.ndarray
    written: np.ndarray
    alone: Any
    stood: Any


def learn(examples: Sequence[Example], folder: Path, encode_at_most: int | None, progress: Progress | None) -> Cascade:
    """A cascade learned from *examples*; see `Cascade.fit`."""
    lesson = _lesson(examples)
    labels = len(lesson.readings.intents)
    truth = lesson.truth
    tested = _left_out(lesson.stood, truth, lesson.fold, labels)
    cheap = Calibration.fit(tested, truth)
    likely = shares(tested, cheap.sharpness)
    vectors, has = _vectors(lesson, Cache(folder), encode_at_most, progress)
    nets, heard = Nets.fit(vectors, truth[has], labels, lesson.fold[has])
    hard = likely[has].max(axis=1) < _SURE
    hard |= not hard.any()
    trust, full = _together(heard[hard], tested[has][hard], truth[has][hard])
    models = Linear.fit(lesson.alone, lesson.leaning, 2), Linear.fit(lesson.stood, truth, labels), nets
    levels = Levels(_leans(lesson), _CLEAR, _SURE, trust, _SECOND, _ANNOUNCED)
    return Cascade(lesson.readings, *models, cheap, full, levels)


def _together(heard: np.ndarray, tested: np.ndarray, truth: np.ndarray) -> tuple[float, Calibration]:
    """How much the cheap scores *tested* count beside those of the nets, *heard*, and how sure both together are."""

    def likelihood(trust: float) -> float:
        scores = heard + trust * tested
        found = shares(scores, sharpness(scores, truth))[np.arange(len(truth)), truth]
        return float(np.log(found + 1e-12).mean())

    best = max(_TRUST, key=likelihood)
    return best, Calibration.fit(heard + best * tested, truth)


def _lesson(examples: Sequence[Example]) -> Lesson:
    intents = tuple(sorted({example.intent for example in examples}))
    place = {intent: at for at, intent in enumerate(intents)}
    written = len(examples)
    examples = [*examples, *_refused(examples), *varied(examples)]
    leaning = np.array([bool(example.before) for example in examples], int)
    twins = _twins(examples)
    fold = np.random.default_rng(0).permutation(len(examples)) % _FOLDS
    fold = np.concatenate([fold, fold[list(twins)]])
    leaning = np.pad(leaning, (0, len(twins)))
    examples = [*examples, *twins.values()]
    truth = np.array([place[example.intent] for example in examples])
    forms = [seen.tidy(example.text) for example in examples]
    befores = [seen.telling(example.before) for example in examples]
    own = [seen.own(form) | seen.size(form) for form in forms]
    readings = Readings(intents, *_topics(own, befores, truth, len(intents)))
    stood = [row | readings.around(form, before) for row, form, before in zip(own, forms, befores, strict=True)]
    names = Names([*readings.names.place, *Names.seen(stood).place])
    readings = Readings(intents, names, readings.topics)
    rows = [names.row(row) for row in stood]
    alone = [readings.row(form, ()) if befores[at] else rows[at] for at, form in enumerate(forms)]
    return Lesson(
        readings,
        forms,
        befores,
        truth,
        leaning,
        fold,
        np.arange(len(forms)) < written,
        names.table(alone),
        names.table(rows),
    )


def _refused(examples: Sequence[Example]) -> list[Example]:
    """What is not wanted, made from the shortest requests: 不用转人工 is `deny`, 不是退货，是换货 is `exchange_goods`."""
    deeds = [example for example in examples if not example.before and _DEED.fullmatch(example.text)]
    chance = random.Random(0)
    chance.shuffle(deeds)
    made: list[Example] = []
    for at, (one, other) in enumerate(pairwise(deeds)):
        if one.intent != other.intent and len(made) < 2 * _REFUSED:
            made.append(Example(_CORRECTIONS[at % len(_CORRECTIONS)].format(one.text, other.text), other.intent))
            made.append(Example(_REFUSALS[at % len(_REFUSALS)].format(one.text), "deny"))
    return made if any(example.intent == "deny" for example in examples) else []


def _twins(examples: Sequence[Example]) -> dict[int, Example]:
    """Some examples that stand alone, said after lines borrowed from others: what is clear alone stays what it is.

    By the place of the example each is a twin of.
    """
    befores = [example.before for example in examples if example.before]
    alone = [at for at, example in enumerate(examples) if not example.before and len(example.text) <= LEANS_AT_MOST]
    chance = random.Random(0)
    some = chance.sample(alone, min(len(alone), int(len(befores) * _STRAYED)))
    return {at: replace(examples[at], before=chance.choice(befores)) for at in some}


def _topics(
    own: list[dict[str, float]], befores: list[tuple[str, ...]], truth: np.ndarray, labels: int
) -> tuple[Names, Linear]:
    """Names of the features of texts by themselves, and a model of what texts that stand alone are about."""
    names = Names.seen(own)
    alone = [at for at, before in enumerate(befores) if not before] or list(range(len(own)))
    alone = random.Random(0).sample(alone, min(len(alone), _TOLD))
    return names, Linear.fit(names.table([names.row(own[at]) for at in alone]), truth[alone], labels)


def _left_out(table: Any, truth: np.ndarray, fold: np.ndarray, labels: int) -> np.ndarray:
    """Scores of each example by a model that had not seen its fold, shape (n, labels)."""
    scores = np.zeros((len(truth), labels), np.float32)
    for left in range(_FOLDS):
        learned = Linear.fit(table[fold != left], truth[fold != left], labels)
        scores[fold == left] = table[fold == left] @ learned.weights.astype(np.float32) + learned.bias
    return scores


def _vectors(
    lesson: Lesson, cache: Cache, at_most: int | None, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray]:
    """Sentence vectors, shape (m, 384), and which examples have one, shape (n,), m of them.

    Where not all are encoded, chance decides, not what the cheap model is unsure of: nets that learn from hard cases
    alone were worse by .3 points.
    """
    written = np.flatnonzero(lesson.written)
    has = np.zeros(len(lesson.forms), bool)
    has[np.random.default_rng(0).permutation(written)[:at_most]] = True
    texts = [seen.joined(lesson.forms[at], lesson.befores[at]) for at in np.flatnonzero(has)]
    return cache.vectors(texts, progress), has


def _leans(lesson: Lesson) -> float:
    """The score from which a text is taken to lean on the lines before."""
    if lesson.leaning.all() or not lesson.leaning.any():
        return 0.0
    scores = _left_out(lesson.alone, lesson.leaning, lesson.fold, 2)[lesson.leaning == 0, 1]
    return float(np.quantile(scores, 1 - _LEAN_THOUGH_ALONE))
