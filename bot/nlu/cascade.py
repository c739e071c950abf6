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
from bot.nlu.features import tidy
from bot.nlu.linear import Calibration, Linear, Names, Row, shares
from bot.nlu.net import Nets

ALTERNATIVES = 3
#: Intents that ask for nothing to be done; never a second need.
NO_REQUEST = frozenset(
    ("greet", "thank", "goodbye", "affirm", "deny", "nudge", "inform", "chitchat", "ask_if_bot", "out_of_scope")
)
#: The longest text, in characters, that may lean on the lines before.
LEANS_AT_MOST = 14
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

    `leans` is the score from which a text leans on the lines before; below the share `clear` a short text is read with
    them too; from the share `sure` on the cheap model answers alone; beside the nets its scores count `trust` times; from the confidence `second` on a clause makes a
    request of its own, from `announced` on if the text announces another matter.
    """

    leans: float
    clear: float
    sure: float
    trust: float
    second: float
    announced: float


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
        return seen.own(form) | seen.size(form) | self.around(form, before)

    def around(self, form: str, before: Sequence[str]) -> dict[str, float]:
        """The named features of what stood before tidy *form*."""
        return seen.around(form, before, self._topics(before))

    def _topics(self, before: Sequence[str]) -> dict[str, Mapping[str, float]]:
        lines = {"b": last_of_ours(before), "t": seen.last_of_theirs(before)}
        return {kind: self.about(line[-seen.LINE :]) for kind, line in lines.items() if line}

    def _about(self, line: str) -> Mapping[str, float]:
        form = tidy(line)
        scores = self.topics.scores(self.names.row(seen.own(form) | seen.size(form)))
        likely = shares(scores, _TOPIC_SHARPNESS)
        return {self.intents[at]: float(likely[at]) for at in np.flatnonzero(likely > _ABOUT)}


def _leads(requests: list[str], intents: list[str], corrects: bool) -> bool:
    """Whether the first request of the clauses is the main one: of two needs the one said first, and what is wanted
    where the text says what is not."""
    if not requests or requests[0] not in intents:
        return False
    return corrects or (len(requests) > 1 and intents[0] in requests)


@dataclass(frozen=True, slots=True)
class Cascade:
    """The models, from cheap to dear, and the levels between them."""

    readings: Readings
    leans: Linear
    cheap: Linear
    full: Nets
    cheap_is_right: Calibration
    full_is_right: Calibration
    levels: Levels

    def guess(self, text: str, before: Sequence[str] = ()) -> Guess:
        """What *text* wants, said after the lines *before*. Any text has an answer."""
        form = tidy(text)
        confidences, encoded = self._judge(form, seen.telling(before))
        order = np.argsort(-confidences)[:ALTERNATIVES].tolist()
        intents = [self.readings.intents[at] for at in order]
        clauses, spoken = seen.clauses(form), seen.clauses(form, spoken=True)
        requests = self._requests(form, clauses)
        if _leads(requests, intents, seen.corrects(form)):
            intents.insert(0, intents.pop(intents.index(requests[0])))
        levels = (float(confidences[at]) for at in order)
        alternatives = tuple(zip(intents, levels, strict=True))
        if spoken != clauses:
            requests = self._requests(form, spoken)
        others = [wanted for wanted in requests if wanted != intents[0]]
        return Guess(*alternatives[0], others[0] if others else None, alternatives, encoded)

    def _judge(self, form: str, before: Sequence[str]) -> tuple[np.ndarray, bool]:
        """Confidences, shape (intents,), and whether the encoder was asked."""
        row, read = self.readings.row(form, ()), form
        scores = self.cheap.scores(row)
        if before and len(form) <= LEANS_AT_MOST and self._leans(row, scores):
            row, read = self.readings.row(form, before), seen.joined(form, before)
            scores = self.cheap.scores(row)
        if self._share(scores) >= self.levels.sure or seen.in_pinyin(form):
            return self.cheap_is_right.confidences(scores), False
        return self.full_is_right.confidences(self.full.scores(vector(read)) + self.levels.trust * scores), True

    def _share(self, scores: np.ndarray) -> float:
        return float(shares(scores, self.cheap_is_right.sharpness).max())

    def _leans(self, row: Row, scores: np.ndarray) -> bool:
        return self._share(scores) < self.levels.clear or bool(self.leans.scores(row)[1] >= self.levels.leans)

    def _requests(self, form: str, clauses: Sequence[str]) -> list[str]:
        """The requests that *clauses* of *form* surely make, each once, in their order.

        Only where the text announces another matter is it worth to ask the encoder, and is less sureness enough.
        """
        announced = seen.announces_another(form)
        enough = self.levels.announced if announced else self.levels.second
        found: list[str] = []
        for clause in clauses:
            confidences = self._judge(clause, ())[0] if announced else self._cheaply(clause)
            wanted = self.readings.intents[int(confidences.argmax())]
            if confidences.max() >= enough and wanted not in NO_REQUEST and wanted not in found:
                found.append(wanted)
        return found

    def _cheaply(self, form: str) -> np.ndarray:
        return self.cheap_is_right.confidences(self.cheap.scores(self.readings.row(form, ())))

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

        Sentence vectors are kept in the folder *cache*. The nets learn from at most *encode_at_most* of the examples;
        which ones does not depend on what the folder holds.
        """
        from bot.nlu.learning import learn

        return learn(examples, cache, encode_at_most, progress)

    def save(self, folder: Path) -> None:
        """Write the cascade into *folder*: numbers as npz, names as json."""
        folder.mkdir(parents=True, exist_ok=True)
        self.readings.names.save(folder / "names.json")
        for name, model in self._models().items():
            model.save(folder / f"{name}.npz")
        kept = {
            "intents": self.readings.intents,
            "levels": asdict(self.levels),
            "cheap": asdict(self.cheap_is_right),
            "full": asdict(self.full_is_right),
        }
        (folder / "cascade.json").write_text(json.dumps(kept), encoding="utf-8")

    def _models(self) -> dict[str, Linear | Nets]:
        return {"topics": self.readings.topics, "leans": self.leans, "cheap": self.cheap, "full": self.full}

    @classmethod
    def load(cls, folder: Path) -> Cascade:
        """The cascade that `save` wrote into *folder*."""
        kept = json.loads((folder / "cascade.json").read_text(encoding="utf-8"))
        topics, leans, cheap = (Linear.load(folder / f"{name}.npz") for name in ("topics", "leans", "cheap"))
        readings = Readings(tuple(kept["intents"]), Names.load(folder / "names.json"), topics)
        full = Nets.load(folder / "full.npz")
        right, full_right = Calibration(**kept["cheap"]), Calibration(**kept["full"])
        return cls(readings, leans, cheap, full, right, full_right, Levels(**kept["levels"]))
