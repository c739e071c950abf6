"""How well questions find their entry (`python -m bench.knowledge`), and what it costs over 5,000 entries.

The questions are `tests/knowledge`: each names the entry of `data/knowledge` that answers it, or none. They are cut in
two halves by the hash of their words: weights and thresholds were made on the first (`--fit` makes them anew and
prints them), the second was only measured. Wordings that came close to one of the second half were left out of
`data/knowledge`; those close to the first were not, so the first half shows what becomes of questions once staff have
added the like of them.

`--fit` learns from the shop's own questions too: each is looked for in an index without it, as if somebody else had
asked (its entry is right), and in one without its entry (none is right).
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import yaml

from bench.figures import Figure, machine_ms, show
from bot.knowledge.confidence import SURE, evidence, sureness
from bot.knowledge.editing import Scopes
from bot.knowledge.index import WIDTH, Index, Piece, Vectors, Vocabulary, piece_of
from bot.knowledge.retrieval import Knowledge
from bot.knowledge.seeding import contents as knowledge_contents
from bot.knowledge.seeding import seed
from bot.knowledge.terms import cleaned
from bot.nlu.encoder import Cache, vector
from bot.settings import ROOT, settings
from bot.shop.demo.catalogue import catalogue
from bot.store import knowledge
from bot.store.database import begin, migrate, open_store
from bot.store.knowledge import REFUSED, Entry

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
FOLDER = ROOT / "data/knowledge"
_CANDIDATES = 12  # entries of each question that the model learns from: the near ones, the rest teach nothing
_TWIN_WEIGHT = 3.0  # a twin counts as much as so many of the shop's own questions


#: evidence of the near entries, shape (n, 25); which of them is right, shape (n,); how much the question counts
Lesson = tuple[np.ndarray, np.ndarray, float]


@dataclass(frozen=True, slots=True)
class Twin:
    """A question a shopper may type, and the entry that answers it."""

    text: str
    entry: str | None
    product: str | None

    @property
    def tuned(self) -> bool:
        """Whether it is in the half that was tuned on."""
        return hashlib.sha256(self.text.encode()).digest()[-1] % 2 == 0


@dataclass(frozen=True, slots=True)
class Score:
    """What became of one half of the twins, as shares."""

    questions: int
    strangers: int  #: questions that no entry answers
    first: float  #: of answerable ones: the right entry is the likeliest
    among_three: float  #: … is among the three likeliest
    served_right: float  #: … is served
    served_wrong: float  #: another entry is served instead
    refused: float  #: of unanswerable ones: nothing is served
    refused_at_5: float  #: … if the threshold were set so that one in twenty answerable ones got nothing


def twins() -> list[Twin]:
    """All of tests/knowledge."""
    rows = [row for path in sorted(ROOT.glob("tests/knowledge/*.yml")) for row in yaml.safe_load(path.read_text())]
    return [Twin(str(text), row["entry"], row.get("product")) for row in rows for text in row["ask"]]


def demo_scopes() -> Scopes:
    """Categories and products of the demo shop."""
    return Scopes.of(catalogue(date(2026, 11, 22)))


class Encoder:
    """The sentence encoder, with what it has made kept in a file of the working folder."""

    def __init__(self) -> None:
        self.cache = Cache(settings().var / "knowledge-vectors")

    def __call__(self, text: str) -> np.ndarray:
        if text not in self.cache:
            return vector(text)
        found: np.ndarray = self.cache.vectors([text])[0]
        return found

    def prepare(self, texts: Sequence[str]) -> None:
        """Encode what is missing, some 15 ms each."""
        self.cache.vectors(texts)


def demo_knowledge(folder: Path, encoder: Encoder) -> Knowledge:
    """The demo shop's entries in a new store in *folder*, with all vectors."""
    database = open_store(f"sqlite:///{folder / 'knowledge.db'}")
    migrate(database)
    seed(database, FOLDER, NOW, known=demo_scopes())
    with begin(database) as session:
        entries = knowledge.changed_since(session, 0)
    vocabulary = Vocabulary()
    encoder.prepare([text for entry in entries for text in piece_of(entry, vocabulary).texts])
    encoder.prepare([cleaned(twin.text) for twin in twins()])
    found = Knowledge(database, encoder)
    found.refresh(NOW, budget_s=600)
    return found


def score(found: Knowledge, half: Sequence[Twin]) -> Score:
    """What `Knowledge.likely` makes of *half*."""
    ranked = [found.likely(twin.text, now=NOW, product=twin.product, floor=0.0) for twin in half]
    sure = np.array([hits[0].confidence for hits in ranked])
    right = np.array([hits[0].entry_id == twin.entry for hits, twin in zip(ranked, half, strict=True)])
    three = np.array([twin.entry in [hit.entry_id for hit in hits] for hits, twin in zip(ranked, half, strict=True)])
    answerable = np.array([twin.entry is not None for twin in half])
    served = sure >= SURE
    lowest = np.quantile(sure[answerable], 0.05)
    return Score(
        int(answerable.sum()), int((~answerable).sum()), right[answerable].mean(), three[answerable].mean(),
        (right & served)[answerable].mean(), (~right & served)[answerable].mean(), (~served)[~answerable].mean(),
        (sure[~answerable] < lowest).mean(),
    )  # fmt: skip


def cost_ms(entries: int, encoder: Encoder, questions: int = 60) -> tuple[float, float, float]:
    """(CPU ms of a question, CPU ms of making the index anew, MB of arrays) over so many entries, encoder left out."""
    base = list(knowledge_contents(FOLDER))
    random = np.random.default_rng(7)
    vocabulary, vectors = Vocabulary(), Vectors(np.zeros(WIDTH, np.float32))
    pieces = []
    for number in range(entries):
        content = base[number % len(base)]
        names = tuple(f"{text}{number // len(base) or ''}" for text in content.questions[:4])
        pieces.append(piece_of(Entry(replace(content, id=str(number), questions=names), 1, "", NOW), vocabulary))
        for text in pieces[-1].texts:
            if text not in vectors:
                vectors.add(text, random.standard_normal(WIDTH))
    begun = time.process_time()
    index = Index(pieces, vocabulary, vectors)
    made_ms = (time.process_time() - begun) * 1000
    asked = [cleaned(twin.text) for twin in twins()[:questions]]
    ways = [encoder(text) for text in asked]
    begun = time.process_time()
    for text, way in zip(asked, ways, strict=True):
        holds = index.scope.holds(NOW, None, None)
        near = index.nearness(text, way)
        sureness(near[holds & index.scope.served], near[holds & index.scope.refused], len(text))
    asked_ms = (time.process_time() - begun) * 1000 / questions
    return asked_ms, made_ms, len(vectors.row_of) * WIDTH * 4 / 1e6


def lessons(found: Knowledge) -> Iterator[Lesson]:
    """Every question to learn from."""
    index = found.index
    assert index is not None
    for round_ in range(max(len(piece.questions) for piece in index.pieces)):
        yield from _without_one(index, found, round_)
    numbers = {piece.entry.content.id: number for number, piece in enumerate(index.pieces)}
    for twin in twins():
        if twin.tuned:
            right = numbers.get(twin.entry or "")
            yield *_lesson(index, cleaned(twin.text), found, right, twin.product), _TWIN_WEIGHT


def _without_one(index: Index, found: Knowledge, round_: int) -> Iterator[Lesson]:
    """Every entry's question of this number, looked for where it is missing, and where its entry is missing."""
    shorter = [_without(piece, round_) if round_ < len(piece.questions) else piece for piece in index.pieces]
    poorer = Index(shorter, index.vocabulary, index.vectors)
    for number, piece in enumerate(index.pieces):
        if round_ < len(piece.questions):
            content, text = piece.entry.content, piece.questions[round_]
            right = number if content.state != REFUSED else None
            yield *_lesson(poorer, text, found, right, content.product_id), 1.0
            if (number + round_) % 3 == 0 and content.state != REFUSED:
                yield *_lesson(poorer, text, found, None, content.product_id, without=number), 1.0


def _without(piece: Piece, number: int) -> Piece:
    cut = slice(number, number + 1)
    questions, terms = list(piece.questions), list(piece.question_terms)
    del questions[cut], terms[cut]
    return replace(piece, questions=tuple(questions), question_terms=tuple(terms))


def _lesson(
    index: Index, text: str, found: Knowledge, right: int | None, product: str | None, without: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    holds = index.scope.holds(NOW, product, None)
    if without is not None:
        holds[without] = False
    served = np.flatnonzero(holds & index.scope.served)
    near = index.nearness(text, found.vector(text))
    weighed = evidence(near[served], near[holds & index.scope.refused], len(text))
    chosen = np.argsort(-(weighed[:, 0] + 0.4 * weighed[:, 4] + 0.5 * weighed[:, 2]))[:_CANDIDATES]
    return weighed[chosen], served[chosen] == (-1 if right is None else right)


def fit(found: Knowledge) -> None:
    """Learn the weights anew and print them as they stand in bot/knowledge/confidence.py."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rows, right, weight = zip(*lessons(found), strict=True)
    weights = np.concatenate([np.full(len(row), each) for row, each in zip(rows, weight, strict=True)])
    scaler = StandardScaler().fit(np.vstack(rows))
    model = LogisticRegression(C=1.0, max_iter=2000)
    model.fit(scaler.transform(np.vstack(rows)), np.concatenate(right), sample_weight=weights)
    scaled = model.coef_[0] / scaler.scale_
    usual = np.vstack([row[:, :8] - row[:, 16:24] for row in rows])
    print("_USUAL_REFUSED =", np.round(np.median(usual, axis=0), 3).tolist())
    for name, columns in (("_NEAR", slice(0, 8)), ("_LEADING", slice(8, 16)), ("_OVER_REFUSED", slice(16, 24))):
        print(name, "=", tuple(np.round(scaled[columns], 3).tolist()))
    print("_LENGTH =", round(float(scaled[24]), 3))
    print("_BIAS =", round(float(model.intercept_[0] - scaled @ scaler.mean_), 3))


def measure() -> Iterator[Figure]:
    """Every figure; shares are told as what was missed, so that less is better."""
    encoder = Encoder()
    with tempfile.TemporaryDirectory() as folder:
        found = demo_knowledge(Path(folder), encoder)
        for name, tuned in (("tuned half", True), ("held-out half", False)):
            half = score(found, [twin for twin in twins() if twin.tuned is tuned])
            yield from _figures(name, half)
    question, index, memory = cost_ms(5000, encoder)
    speed, how = machine_ms(), "5,000 entries of five texts, the encoder's own cost left out"
    yield Figure("knowledge: a question", question, "CPU ms", 15, how, speed)
    yield Figure("knowledge: the index after an edit", index, "CPU ms", None, how, speed)
    yield Figure("knowledge: vectors", memory, "MB", None, how, speed)


def _figures(name: str, half: Score) -> Iterator[Figure]:
    rows = (
        ("another entry comes first", 1 - half.first, 15, f"of {half.questions} answerable questions"),
        ("not among the first three", 1 - half.among_three, None, "of the same"),
        ("served another entry", half.served_wrong, None, f"of the same, at {SURE} sure"),
        ("served nothing", 1 - half.served_right - half.served_wrong, 5, f"of the same, at {SURE} sure"),
        ("served though unanswerable", 1 - half.refused, 10, f"of {half.strangers} unanswerable ones, at {SURE} sure"),
        ("the same, where 5 % get nothing", 1 - half.refused_at_5, 10, "with the threshold lowered to that"),
    )
    for what, share, target, how in rows:
        yield Figure(f"{name}: {what}", float(share) * 100, "%", target, how, machine_ms())


if __name__ == "__main__":
    if "--fit" in sys.argv:
        with tempfile.TemporaryDirectory() as made_in:
            fit(demo_knowledge(Path(made_in), Encoder()))
    else:
        show(measure)
