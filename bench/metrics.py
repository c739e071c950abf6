"""Figures of understanding from plain lists: what was wanted, what was guessed, how surely (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Pair = tuple[str, str]  #: what was wanted, what was guessed


@dataclass(frozen=True, slots=True)
class Score:
    """How well one intent is told from the others; `support` sentences want it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Guesses of like confidence: how sure they were on average, and how often they were right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


def share(hits: Sequence[bool]) -> float:
    """The share of *hits* that are true; 0 of none."""
    return sum(hits) / len(hits) if hits else 0.0


def by_intent(pairs: Sequence[Pair]) -> dict[str, Score]:
    """The score of every intent that is wanted or guessed, by name."""
    wanted, guessed = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    right = Counter(want for want, guess in pairs if want == guess)
    return {name: _score(right[name], guessed[name], wanted[name]) for name in sorted({*wanted, *guessed})}


def _score(right: int, guessed: int, wanted: int) -> Score:
    precision = right / guessed if guessed else 0.0
    recall = right / wanted if wanted else 0.0
    f1 = 2 * right / (guessed + wanted) if guessed + wanted else 0.0
    return Score(precision, recall, f1, wanted)


def macro_f1(scores: dict[str, Score]) -> float:
    """The mean F1 over the intents that are wanted at least once."""
    wanted = [score.f1 for score in scores.values() if score.support]
    return sum(wanted) / len(wanted) if wanted else 0.0


def confusions(pairs: Sequence[Pair], most: int) -> list[tuple[Pair, int]]:
    """The *most* frequent mistakes with their counts, most frequent first, then by name."""
    wrong = Counter(pair for pair in pairs if pair[0] != pair[1])
    return sorted(wrong.items(), key=lambda row: (-row[1], row[0]))[:most]


def coverage(confidences: Sequence[float], right: Sequence[bool], precision: float = 0.95) -> float:
    """The largest share that can be answered, the surest first, so that *precision* of the answers are right.

    Guesses of equal confidence are answered together or not at all.
    """
    answered = correct = best = 0
    for hits in _from_the_top(confidences, right):
        answered += len(hits)
        correct += sum(hits)
        if correct >= precision * answered:
            best = answered
    return best / len(right) if right else 0.0


def rejection(inside: Sequence[float], outside: Sequence[float], falsely: float = 0.03) -> float:
    """The share of *outside* that is rejected where at most the share *falsely* of *inside* is.

    Both are scores, higher where a line belongs outside more likely; a bound lies on them, equal scores on one side.
    """
    owned = [True] * len(inside) + [False] * len(outside)
    lost = rejected = best = 0
    for group in _from_the_top([*inside, *outside], owned):
        lost += sum(group)
        rejected += len(group) - sum(group)
        if lost > falsely * len(inside):
            break
        best = rejected
    return best / len(outside) if outside else 0.0


def _from_the_top(scores: Sequence[float], marks: Sequence[bool]) -> Iterator[list[bool]]:
    """The marks in groups of equal score, highest score first."""
    groups: dict[float, list[bool]] = {}
    for score, mark in zip(scores, marks, strict=True):
        groups.setdefault(score, []).append(mark)
    for score in sorted(groups, reverse=True):
        yield groups[score]


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Guesses in *bins* of equal width by confidence, empty ones left out; confidence 1 is in the last."""
    groups: dict[int, list[tuple[float, bool]]] = {}
    for confidence, hit in zip(confidences, right, strict=True):
        groups.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, hit))
    return [
        Bin(at / bins, (at + 1) / bins, len(rows), sum(c for c, _ in rows) / len(rows), share([hit for _, hit in rows]))
        for at, rows in sorted(groups.items())
    ]


def calibration_error(rows: Sequence[Bin]) -> float:
    """The mean distance of confidence and share of right guesses over all guesses (ECE)."""
    count = sum(row.count for row in rows)
    return sum(row.count * abs(row.confidence - row.right) for row in rows) / count if count else 0.0
