"""All live entries as arrays: how near each is to a question, in eight numbers (pure; numpy only)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.knowledge.scope import Scope
from bot.knowledge.terms import cleaned, letters_of, terms
from bot.store.knowledge import Content, Entry

WIDTH = 384
#: Columns of `Index.nearness`, each larger the nearer.
COLUMNS = (
    "cosine of the nearest question", "cosines of its questions together", "terms shared with the nearest question",
    "terms shared with its questions together", "cosine of title and answer", "share of the words in its questions",
    "share of the words in questions and answer", "BM25",
)  # fmt: skip
_K1, _B = 1.2, 0.3  # BM25: how soon a term's repetition is enough, how much long entries are held back


class Vocabulary:
    """Numbers of terms, given at first sight and never taken back."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def add(self, text: str) -> np.ndarray:
        """The numbers of the terms of *text*, int32."""
        numbers = self.numbers
        return np.array([numbers.setdefault(term, len(numbers)) for term in terms(text)], np.int32)

    def seen(self, text: str, below: int) -> tuple[list[int], int]:
        """The numbers under *below* of the terms of *text*, and how many of its terms have none."""
        found = [self.numbers.get(term, below) for term in terms(text)]
        known = [number for number in found if number < below]
        return known, len(found) - len(known)


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry made ready: cleaned texts and their terms as numbers."""

    entry: Entry
    questions: tuple[str, ...]  #: title first
    answer: str  #: title and answer
    question_terms: tuple[np.ndarray, ...]
    answer_terms: np.ndarray

    @property
    def texts(self) -> tuple[str, ...]:
        """What is encoded: the questions, then the answer."""
        return (*self.questions, self.answer)


def piece_of(entry: Entry, vocabulary: Vocabulary) -> Piece:
    """*entry* made ready."""
    content = entry.content
    questions = tuple(dict.fromkeys(cleaned(text) for text in (content.title, *content.questions)))
    answer = cleaned(f"{content.title} {content.answer}")
    return Piece(entry, questions, answer, tuple(vocabulary.add(text) for text in questions), vocabulary.add(answer))


class Vectors:
    """Sentence vectors by text, as ways from the middle of all: one row of 384 floats a text, each text once.

    Parameters
    ----------
    middle
        The mean of many sentence vectors, shape (384,). All lie in one narrow cone; what tells them apart is the way
        from its middle.
    """

    def __init__(self, middle: np.ndarray) -> None:
        self.middle = middle
        self.row_of: dict[str, int] = {}
        self._ways = np.zeros((64, WIDTH), np.float32)

    def __contains__(self, text: str) -> bool:
        return text in self.row_of

    def add(self, text: str, vector: np.ndarray) -> None:
        """Keep the vector of a new text."""
        row = len(self.row_of)
        if row == len(self._ways):
            self._ways = np.concatenate([self._ways, np.zeros_like(self._ways)])
        self._ways[row] = self.way(vector)
        self.row_of[text] = row

    def way(self, vector: np.ndarray) -> np.ndarray:
        """The way from the middle to *vector*, length 1."""
        way = vector.astype(np.float32) - self.middle
        scaled: np.ndarray = way / max(float(np.linalg.norm(way)), 1e-9)
        return scaled

    def rows(self, texts: Iterable[str]) -> np.ndarray:
        """Where the vectors of *texts* stand; -1 where one is not known."""
        return np.array([self.row_of.get(text, -1) for text in texts], np.int64)

    def cosines(self, vector: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """The cosines of the way to *vector* with those of *rows* (all, if none are named)."""
        ways = self._ways[: len(self.row_of)] if rows is None else self._ways[rows]
        cosines: np.ndarray = ways @ self.way(vector)
        return cosines


class Index:
    """The arrays over *pieces* (at least one), made anew when an entry changes."""

    def __init__(self, pieces: Sequence[Piece], vocabulary: Vocabulary, vectors: Vectors) -> None:
        self.pieces = tuple(pieces)
        self.vocabulary = vocabulary
        self.vectors = vectors
        self.scope = Scope([piece.entry.content for piece in pieces])
        counts = np.array([len(piece.questions) for piece in pieces])
        self.owner = np.repeat(np.arange(len(pieces)), counts)
        self.starts = np.cumsum(counts) - counts
        self.question_rows = vectors.rows(text for piece in pieces for text in piece.questions)
        self.answer_rows = vectors.rows(piece.answer for piece in pieces)
        self.asked: dict[str, list[int]] = {}
        for number, piece in enumerate(pieces):
            for question in piece.questions:
                self.asked.setdefault(letters_of(question), []).append(number)
        self._list_terms()

    def _list_terms(self) -> None:
        """For each term the questions and the answers that hold it, and how rare it is."""
        self.size = len(self.vocabulary.numbers)  # terms that come later are strange to this index
        terms_of_questions = [numbers for piece in self.pieces for numbers in piece.question_terms]
        terms_of_answers = [piece.answer_terms for piece in self.pieces]
        self.in_questions = _Lists(terms_of_questions, self.size)
        self.in_answers = _Lists(terms_of_answers, self.size)
        entries = len(self.pieces)
        holders = _owners(terms_of_questions, self.owner, terms_of_answers, entries, self.size)
        self.rarity = np.log(1 + (entries - holders + 0.5) / (holders + 0.5))
        self.rarity_unseen = float(np.log(1 + (entries + 0.5) / 0.5))
        self.lengths = np.array([np.sqrt((self.rarity[numbers] ** 2).sum()) for numbers in terms_of_questions])
        held = np.add.reduceat(np.array([len(numbers) for numbers in terms_of_questions], float), self.starts)
        self.held_back = _K1 * (1 - _B + _B * held / held.mean())

    def nearness(self, text: str, vector: np.ndarray) -> np.ndarray:
        """How near every entry is to a cleaned question, shape (entries, 8), by `COLUMNS`.

        Where a vector is not known yet the shared terms stand in for the cosine: both run from 0 (nothing in common)
        to 1 (the same).
        """
        shared, in_words, in_all, bm25 = self._by_terms(text)
        cosines = np.append(self.vectors.cosines(vector), 0.0)  # row -1: not known
        cosine = np.where(self.question_rows < 0, shared, cosines[self.question_rows])
        of_answer = np.where(self.answer_rows < 0, in_all, cosines[self.answer_rows])
        highest, sums = np.maximum.reduceat, np.add.reduceat
        return np.stack(
            [
                highest(cosine, self.starts), sums(np.maximum(cosine, 0) ** 4, self.starts) ** 0.25,
                highest(shared, self.starts), sums(shared**2, self.starts) ** 0.5, of_answer, in_words, in_all, bm25,
            ],
            axis=1,
        )  # fmt: skip

    def _by_terms(self, text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Shared terms by question; share of words in questions, in questions and answer, and BM25 by entry."""
        numbers, unseen = self.vocabulary.seen(text, self.size)
        entries = len(self.pieces)
        shared = np.zeros(len(self.owner))
        in_words, in_all, bm25 = np.zeros(entries), np.zeros(entries), np.zeros(entries)
        for number in numbers:
            rare = self.rarity[number]
            rows = self.in_questions.of(number)
            shared[rows] += rare**2
            times = np.bincount(self.owner[rows], minlength=entries)
            there = times > 0
            in_words += rare * there
            there[self.in_answers.of(number)] = True
            in_all += rare * there
            bm25 += rare * times * (_K1 + 1) / (times + self.held_back)
        whole = self.rarity[numbers].sum() + unseen * self.rarity_unseen + 1e-9
        length = np.sqrt((self.rarity[numbers] ** 2).sum() + unseen * self.rarity_unseen**2) + 1e-9
        return shared / (self.lengths * length + 1e-9), in_words / whole, in_all / whole, bm25 / whole

    def same(self, text: str, holds: np.ndarray) -> int | None:
        """The entry among those that hold of which a cleaned question is one of its own; the narrowest of several."""
        numbers = [number for number in self.asked.get(letters_of(text), ()) if holds[number]]
        return max(numbers, key=lambda number: _narrowness(self.pieces[number].entry.content), default=None)

    def nearest_question(self, entry: int, vector: np.ndarray) -> str:
        """The question of entry number *entry* whose vector is nearest; its title while none has one."""
        questions, start = self.pieces[entry].questions, self.starts[entry]
        rows = self.question_rows[start : start + len(questions)]
        return questions[int(np.argmax(np.where(rows < 0, -1, self.vectors.cosines(vector, rows))))]


def _narrowness(content: Content) -> tuple[bool, bool]:
    return content.product_id is not None, content.category is not None


class _Lists:
    """For each number the rows that hold it: one array in order of number, cut by `ends`."""

    def __init__(self, rows: Sequence[np.ndarray], size: int) -> None:
        numbers = np.concatenate(rows)
        of_row = np.repeat(np.arange(len(rows), dtype=np.int32), [len(row) for row in rows])
        self.rows = of_row[np.argsort(numbers, kind="stable")]
        self.ends = np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=size))])

    def of(self, number: int) -> np.ndarray:
        return self.rows[self.ends[number] : self.ends[number + 1]]


def _owners(
    of_questions: Sequence[np.ndarray], owner: np.ndarray, of_answers: Sequence[np.ndarray], entries: int, size: int
) -> np.ndarray:
    """How many entries hold each term, in a question or in the answer."""
    owners = np.concatenate(
        [
            np.repeat(owner, [len(row) for row in of_questions]),
            np.repeat(np.arange(entries), [len(row) for row in of_answers]),
        ]
    )
    numbers = np.concatenate([*of_questions, *of_answers]).astype(np.int64)
    pairs = np.sort(numbers * entries + owners)
    first = np.concatenate([[True], pairs[1:] != pairs[:-1]])
    return np.bincount(pairs[first] // entries, minlength=size)
