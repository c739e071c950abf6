"""What a line wants: a cheap linear model answers alone when it is sure, otherwise the sentence encoder joins in.

Both read the lines before; both say how sure they are, calibrated on examples they had not learned from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.nlu import linear
from bot.nlu.encoder import Cache, vector
from bot.nlu.features import around, clauses, own, tidy
from bot.nlu.linear import Linear, shares

ALTERNATIVES = 3
_FOLDS = 3
_NO_REQUEST = frozenset("greet thank goodbye affirm deny nudge inform chitchat ask_if_bot out_of_scope".split())

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it wants; `before` are the lines before, oldest first, each "shopper: …", "bot: …", "agent: …"."""

    text: str
    intent: str
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """What a line wants and how surely (0 to 1); `second` is another request in the same line."""

    intent: str
    confidence: float
    second: str | None
    alternatives: tuple[tuple[str, float], ...]
    encoded: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """Confidences of all intents for one line, shape (intents,), and whether the encoder was asked."""

    shares: np.ndarray
    encoded: bool


@dataclass(frozen=True, slots=True)
class Levels:
    """Numbers found on examples not learned from: sharpness of both models, and when each is sure."""

    cheap_sharpness: float
    full_sharpness: float
    sure: float
    second: float


@dataclass(frozen=True, slots=True)
class Cascade:
    """Two linear models, the second with the sentence vector, and the levels of confidence between them."""

    intents: tuple[str, ...]
    cheap: Linear
    full: Linear
    levels: Levels

    def guess(self, text: str, before: Sequence[str] = ()) -> Guess:
        """What *text* wants, said after the lines *before*. Any text has an answer."""
        form = tidy(text)
        judged = self._judge(form, before)
        order = np.argsort(-judged.shares)[:ALTERNATIVES]
        alternatives = tuple((self.intents[at], float(judged.shares[at])) for at in order)
        intent, confidence = alternatives[0]
        return Guess(intent, confidence, self._second(form, intent), alternatives, judged.encoded)

    def _judge(self, form: str, before: Sequence[str]) -> Judged:
        features = own(form) | around(form, before)
        cheap = shares(self.cheap.scores(features), self.levels.cheap_sharpness)
        if cheap.max() >= self.levels.sure:
            return Judged(cheap, encoded=False)
        full = self.full.scores(features, vector(form))
        return Judged(shares(full, self.levels.full_sharpness), encoded=True)

    def _second(self, form: str, intent: str) -> str | None:
        """Another request in *form*, if one of its clauses surely makes one."""
        best, surest = None, self.levels.second
        for clause in clauses(form):
            wanted = shares(self.cheap.scores(own(clause) | around(clause, ())), self.levels.cheap_sharpness)
            at = int(wanted.argmax())
            if wanted[at] >= surest and self.intents[at] != intent and self.intents[at] not in _NO_REQUEST:
                best, surest = self.intents[at], float(wanted[at])
        return best

    @classmethod
    def fit(
        cls,
        examples: Sequence[Example],
        *,
        cache: Path,
        encode_at_most: int | None = None,
        progress: Progress | None = None,
    ) -> Cascade:
        """Learn from *examples*; sentence vectors are kept in the folder *cache*."""
        intents = tuple(sorted({example.intent for example in examples}))
        truth = np.array([intents.index(example.intent) for example in examples])
        forms = [tidy(example.text) for example in examples]
        features = [own(form) | around(form, example.before) for form, example in zip(forms, examples, strict=True)]
        vectors = Cache(cache).vectors(forms, progress)
        levels = _levels(features, truth, vectors)
        return cls(intents, linear.fit(features, truth), linear.fit(features, truth, vectors), levels)

    def save(self, folder: Path) -> None:
        """Write the cascade into *folder*: numbers as npz, names as json."""
        folder.mkdir(parents=True, exist_ok=True)
        self.cheap.save(folder, "cheap")
        self.full.save(folder, "full")
        levels = {name: getattr(self.levels, name) for name in Levels.__slots__}
        (folder / "cascade.json").write_text(json.dumps({"intents": self.intents, "levels": levels}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Cascade:
        """The cascade that `save` wrote into *folder*."""
        kept = json.loads((folder / "cascade.json").read_text(encoding="utf-8"))
        models = (Linear.load(folder, name) for name in ("cheap", "full"))
        return cls(tuple(kept["intents"]), *models, Levels(**kept["levels"]))


def _levels(features: list[dict[str, float]], truth: np.ndarray, vectors: np.ndarray) -> Levels:
    """Levels from examples left out in turn."""
    labels = int(truth.max()) + 1
    cheap, full = np.zeros((2, len(truth), labels), np.float32)
    parts = np.random.default_rng(0).integers(_FOLDS, size=len(truth))
    for part in range(_FOLDS):
        kept, left = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        seen = np.unique(truth[kept])
        again = np.searchsorted(seen, truth[kept])
        first = linear.fit([features[at] for at in kept], again)
        second = linear.fit([features[at] for at in kept], again, vectors[kept])
        for at in left:
            cheap[at], full[at] = -1.0, -1.0
            cheap[at, seen] = first.scores(features[at])
            full[at, seen] = second.scores(features[at], vectors[at])
    sharp = linear.sharpness(cheap, truth), linear.sharpness(full, truth)
    return Levels(*sharp, sure=0.6, second=0.6)
