"""What a line wants: a cheap linear model answers alone when it is sure, otherwise the sentence encoder joins in.

A line is first read by itself. If it leans on the lines before, or is unclear without them, it is read with them.
Confidence is calibrated on examples that were not learned from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from bot.nlu import features as seen
from bot.nlu.asked import last_of_ours
from bot.nlu.encoder import vector
from bot.nlu.features import clauses, tidy
from bot.nlu.linear import Linear, Names, Near, Row, shares

ALTERNATIVES = 3
#: Intents that ask for nothing to be done; never a second need.
NO_REQUEST = frozenset(
    ("greet", "thank", "goodbye", "affirm", "deny", "nudge", "inform", "chitchat", "ask_if_bot", "out_of_scope")
)
#: The longest text, in characters, that may lean on the lines before.
_LEANS_AT_MOST = 14
#: The least share of an intent that a line before is taken to be about.
_ABOUT = 0.05
_TOPIC_SHARPNESS = 5.0

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
class Levels:
    """Numbers found on examples not learned from.

    `cheap` and `full` sharpen the scores of the two models; `leans` is the score from which a text leans on the lines
    before; below the confidence `clear` a short text is read with them too; from `sure` on the cheap model answers
    alone; from `second` on a clause makes a request of its own.
    """

    cheap: float
    full: float
    leans: float
    clear: float
    sure: float
    second: float


class Readings:
    """Lines as rows of features, and what the lines before are about."""

    def __init__(self, intents: tuple[str, ...], names: Names, topics: Linear) -> None:
        self.intents, self.names, self.topics = intents, names, topics
        self.about = lru_cache(maxsize=2048)(self._about)

    def row(self, form: str, before: Sequence[str]) -> Row:
        """The features of tidy *form*, read with the lines *before*."""
        return self.names.row(self.features(form, before))

    def features(self, form: str, before: Sequence[str]) -> dict[str, float]:
        """The named features of tidy *form*, read with the lines *before*."""
        return seen.own(form) | seen.size(form) | seen.around(form, before, self._topics(before))

    def _topics(self, before: Sequence[str]) -> dict[str, Mapping[str, float]]:
        lines = {"b": last_of_ours(before), "t": seen.last_of_theirs(before)}
        return {kind: self.about(line[-seen.LINE :]) for kind, line in lines.items() if line}

    def _about(self, line: str) -> Mapping[str, float]:
        scores = self.topics.scores(self.names.row(seen.own(tidy(line))))
        likely = shares(scores, _TOPIC_SHARPNESS)
        return {self.intents[at]: float(likely[at]) for at in np.flatnonzero(likely > _ABOUT)}


@dataclass(frozen=True, slots=True)
class Cascade:
    """The models, from cheap to dear, and the levels between them."""

    readings: Readings
    leans: Linear
    cheap: Linear
    full: Near
    levels: Levels

    def guess(self, text: str, before: Sequence[str] = ()) -> Guess:
        """What *text* wants, said after the lines *before*. Any text has an answer."""
        form = tidy(text)
        confidences, encoded = self._judge(form, before)
        order = np.argsort(-confidences)[:ALTERNATIVES]
        intents = self.readings.intents
        alternatives = tuple((intents[at], float(confidences[at])) for at in order)
        intent, confidence = alternatives[0]
        return Guess(intent, confidence, self._second(form, intent), alternatives, encoded)

    def _judge(self, form: str, before: Sequence[str]) -> tuple[np.ndarray, bool]:
        """Confidences, shape (intents,), and whether the encoder was asked."""
        row = self.readings.row(form, ())
        likely = shares(self.cheap.scores(row), self.levels.cheap)
        read = form
        if before and len(form) <= _LEANS_AT_MOST and self._leans(row, float(likely.max())):
            row = self.readings.row(form, before)
            likely = shares(self.cheap.scores(row), self.levels.cheap)
            read = seen.joined(form, before)
        if likely.max() >= self.levels.sure:
            return likely, False
        return shares(self.full.scores(row, vector(read)), self.levels.full), True

    def _leans(self, row: Row, confidence: float) -> bool:
        return confidence < self.levels.clear or bool(self.leans.scores(row)[1] >= self.levels.leans)

    def _second(self, form: str, intent: str) -> str | None:
        """Another request in *form*, if one of its clauses surely makes one."""
        best, surest = None, self.levels.second
        for clause in clauses(form):
            likely = shares(self.cheap.scores(self.readings.row(clause, ())), self.levels.cheap)
            wanted, share = self.readings.intents[int(likely.argmax())], float(likely.max())
            if share >= surest and wanted != intent and wanted not in NO_REQUEST:
                best, surest = wanted, share
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
        """Learn from *examples*.

        Sentence vectors are kept in the folder *cache*; of those not there yet at most *encode_at_most* are made, of
        the sentences the cheap model is least sure of, and the rest are learned by their words alone.
        """
        from bot.nlu.learning import learn

        return learn(examples, cache, encode_at_most, progress)

    def save(self, folder: Path) -> None:
        """Write the cascade into *folder*: numbers as npz, names as json."""
        folder.mkdir(parents=True, exist_ok=True)
        self.readings.names.save(folder / "names.json")
        for name, model in self._models().items():
            model.save(folder / f"{name}.npz")
        kept = {"intents": self.readings.intents, "levels": asdict(self.levels)}
        (folder / "cascade.json").write_text(json.dumps(kept), encoding="utf-8")

    def _models(self) -> dict[str, Linear | Near]:
        return {"topics": self.readings.topics, "leans": self.leans, "cheap": self.cheap, "full": self.full}

    @classmethod
    def load(cls, folder: Path) -> Cascade:
        """The cascade that `save` wrote into *folder*."""
        kept = json.loads((folder / "cascade.json").read_text(encoding="utf-8"))
        topics, leans, cheap = (Linear.load(folder / f"{name}.npz") for name in ("topics", "leans", "cheap"))
        readings = Readings(tuple(kept["intents"]), Names.load(folder / "names.json"), topics)
        return cls(readings, leans, cheap, Near.load(folder / "full.npz"), Levels(**kept["levels"]))
