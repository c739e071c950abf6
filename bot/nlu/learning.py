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
from bot.nlu.encoder import WIDTH, Cache
from bot.nlu.linear import Calibration, Linear, Names, Near, shares

#: The cheap model is tested on three folds, each of as many parts; the full one on some of the parts.
_FOLDS, _PARTS, _PARTS_TESTED = 3, 8, 4
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
#: Below this confidence a short text is read with the lines before.
_CLEAR = 0.8
#: The share of the examples that the cheap model answers alone. Of real lines, half of them fillers, it is then three
#: quarters; answering more costs accuracy, answering less gains none (held-out sentences: 0.5 is as good as 0).
_CHEAP = 0.5
#: A clause makes a second request from this confidence on.
_SECOND = 0.7
#: The same if the text announces another matter.
_ANNOUNCED = 0.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The examples as numbers: n tidy texts, their intents 0 to k - 1, which lean on the lines before,
    the part in which each is left out, and their rows, alone and as they stood.
    """

    readings: Readings
    forms: list[str]
    befores: list[tuple[str, ...]]
    truth: np.ndarray
    leaning: np.ndarray
    part: np.ndarray
    alone: Any
    stood: Any


def learn(examples: Sequence[Example], folder: Path, encode_at_most: int | None, progress: Progress | None) -> Cascade:
    """A cascade learned from *examples*; see `Cascade.fit`."""
    lesson = _lesson(examples)
    labels = len(lesson.readings.intents)
    truth = lesson.truth
    tested = _left_out(lesson.stood, truth, lesson.part, labels)
    cheap = Calibration.fit(tested, truth)
    likely = shares(tested, cheap.sharpness)
    vectors, has = _vectors(lesson, likely, Cache(folder), encode_at_most, progress)
    wanted = np.where(np.arange(labels) == truth[:, None], np.float32(1), np.float32(-1))
    sure = float(np.quantile(likely.max(axis=1), 1 - _CHEAP))
    unsure = (likely.max(axis=1) < sure) & has
    parts = [np.flatnonzero(lesson.part == part) for part in range(_PARTS_TESTED)]
    near, tested = Near.fit(lesson.stood, vectors, has, wanted, parts)
    asked = np.concatenate(parts)
    hard = unsure[asked]
    full = Calibration.fit(tested[hard], truth[asked][hard]) if hard.any() else cheap
    models = Linear.fit(lesson.alone, lesson.leaning, 2), Linear.fit(lesson.stood, truth, labels), near
    return Cascade(lesson.readings, *models, cheap, full, Levels(_leans(lesson), _CLEAR, sure, _SECOND, _ANNOUNCED))


def _lesson(examples: Sequence[Example]) -> Lesson:
    intents = tuple(sorted({example.intent for example in examples}))
    place = {intent: at for at, intent in enumerate(intents)}
    examples = [*examples, *_refused(examples)]
    leaning = np.array([bool(example.before) for example in examples], int)
    twins = _twins(examples)
    part = np.random.default_rng(0).permutation(len(examples)) % (_FOLDS * _PARTS)
    part = np.concatenate([part, part[list(twins)]])
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
    return Lesson(readings, forms, befores, truth, leaning, part, names.table(alone), names.table(rows))


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
    return names, Linear.fit(names.table([names.row(own[at]) for at in alone]), truth[alone], labels)


def _left_out(table: Any, truth: np.ndarray, part: np.ndarray, labels: int) -> np.ndarray:
    """Scores of each example by a model that had not seen its fold, shape (n, labels)."""
    scores = np.zeros((len(truth), labels), np.float32)
    fold = part // _PARTS
    for left in range(_FOLDS):
        learned = Linear.fit(table[fold != left], truth[fold != left], labels)
        scores[fold == left] = table[fold == left] @ learned.weights.astype(np.float32) + learned.bias
    return scores


def _vectors(
    lesson: Lesson, likely: np.ndarray, cache: Cache, at_most: int | None, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray]:
    """Sentence vectors, shape (n, 384), and which examples have one, shape (n,)."""
    texts = [
        seen.joined(form, before) if before else form for form, before in zip(lesson.forms, lesson.befores, strict=True)
    ]
    has = np.array([text in cache for text in texts])
    missing = np.flatnonzero(~has)
    wanted = missing if at_most is None else _worth_encoding(missing, lesson, likely)[:at_most]
    has[wanted] = True
    vectors = np.zeros((len(texts), WIDTH), np.float32)
    vectors[has] = cache.vectors([text for text, there in zip(texts, has, strict=True) if there], progress)
    return vectors, has


def _worth_encoding(missing: np.ndarray, lesson: Lesson, likely: np.ndarray) -> np.ndarray:
    """*missing* in the order in which their vectors help: of each intent in turn the one least surely judged.

    Not the one most wrongly judged: that would leave the full model with none but oddities (0.5 points worse).
    """
    sure = likely[missing].max(axis=1)
    turn = np.zeros(len(missing))
    for label in np.unique(lesson.truth[missing]):
        mine = np.flatnonzero(lesson.truth[missing] == label)
        turn[mine[np.argsort(sure[mine])]] = np.arange(len(mine))
    return missing[np.lexsort((sure, turn))]


def _leans(lesson: Lesson) -> float:
    """The score from which a text is taken to lean on the lines before."""
    if lesson.leaning.all() or not lesson.leaning.any():
        return 0.0
    scores = _left_out(lesson.alone, lesson.leaning, lesson.part, 2)[lesson.leaning == 0, 1]
    return float(np.quantile(scores, 1 - _LEAN_THOUGH_ALONE))
