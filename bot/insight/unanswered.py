"""Questions nobody could answer, put together by what they ask: each group is the draft of a new entry (pure; row E8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from bot.store.knowledge import Question

#: Mean distance (0 the same, 1 nothing in common) up to which groups are joined. Of 2,000 questions of the demo shop's
#: own entries, 54 % of the pairs it joins belong to one entry, and it joins 16 % of those that do: staff merge two
#: drafts sooner than they split one.
_JOINED_UP_TO = 0.55
_WORDS_SHARE = 0.2  # of the distance; the rest is the sentence vectors'
_MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """What a group of questions would be as an entry; only the answer is missing."""

    title: str  #: the question that is nearest to all others of the group
    questions: tuple[str, ...]  #: different ways it was asked, commonest first, at most eight
    count: int  #: how often it was asked
    question_ids: tuple[int, ...]  #: rows of `unanswered`: to settle when it is answered
    first_at: datetime
    last_at: datetime


def drafts(questions: Sequence[Question], ways: np.ndarray, *, at_least: int = 1) -> list[Draft]:
    """Drafts of *questions*, those asked most often first.

    Parameters
    ----------
    ways
        `Knowledge.ways` of the questions, shape (questions, 384), each of length 1. Up to some 2,000 questions: the
        distances of all pairs are kept, 8 bytes each.
    at_least
        Groups asked less often are left out.
    """
    if not questions:
        return []
    distances = _distances(questions, ways)
    groups = _groups(distances)
    found = [_draft([questions[n] for n in group], distances[np.ix_(group, group)]) for group in groups]
    return sorted((draft for draft in found if draft.count >= at_least), key=lambda d: (-d.count, d.first_at))


def _groups(distances: np.ndarray) -> list[np.ndarray]:
    """Numbers of the questions of each group."""
    if len(distances) == 1:
        return [np.array([0])]
    condensed = distances[np.triu_indices(len(distances), 1)]
    labels = fcluster(linkage(condensed, "average"), _JOINED_UP_TO, "distance")
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _draft(group: Sequence[Question], distances: np.ndarray) -> Draft:
    middle = group[int(np.argmin(distances.sum(axis=1)))]
    ways = Counter(question.text for question in group)
    times = [question.at for question in group]
    return Draft(
        middle.text, tuple(text for text, _ in ways.most_common(_MOST_SHOWN)), len(group),
        tuple(sorted(question.id for question in group)), min(times), max(times),
    )  # fmt: skip


def _distances(questions: Sequence[Question], ways: np.ndarray) -> np.ndarray:
    """How far apart each two are, shape (questions, questions), 0 to 1."""
    by_meaning = np.clip(1 - ways @ ways.T, 0, 1)
    together: np.ndarray = _WORDS_SHARE * _by_words(questions) + (1 - _WORDS_SHARE) * by_meaning
    np.fill_diagonal(together, 0)
    return together


def _by_words(questions: Sequence[Question]) -> np.ndarray:
    """One minus the share of characters and pairs of characters that two have in common (Dice)."""
    bags = [_signs(question.text) for question in questions]
    numbers = {sign: number for number, sign in enumerate(sorted(set().union(*bags)))}
    held = np.zeros((len(bags), len(numbers)), np.float32)
    for row, bag in enumerate(bags):
        held[row, [numbers[sign] for sign in bag]] = 1
    sizes = held.sum(axis=1)
    distance: np.ndarray = 1 - 2 * (held @ held.T) / np.maximum(sizes[:, None] + sizes, 1)
    return distance


def _signs(text: str) -> set[str]:
    letters = [letter for letter in text.lower() if letter.isalnum()]
    return {*letters, *(one + other for one, other in pairwise(letters))}
