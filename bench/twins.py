"""The held-out sentences of `tests/sentences`, and what the trained cascade answers to them."""

from __future__ import annotations

import tarfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import yaml

from bot.nlu.cascade import Cascade, Guess
from bot.nlu.encoder import vector
from bot.nlu.features import tidy
from bot.settings import ROOT

SENTENCES = ROOT / "tests" / "sentences"
NOT_YET = SENTENCES / "_not_yet.yml"
_CASCADE = "cascade.json"

Ask = tuple[str, tuple[str, ...]]  #: a text and the lines before it
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Twin:
    """A held-out sentence, what it wants, and after which lines; `noise` is the kind of its noise, None if clean."""

    text: str
    intent: str
    second: str | None = None
    before: tuple[str, ...] = ()
    noise: str | None = None

    @property
    def ask(self) -> Ask:
        """What the cascade is asked."""
        return self.text, self.before

    @property
    def wanted(self) -> set[str]:
        """The intents of which a guess may be one."""
        return {self.intent, self.second} - {None}  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Answer:
    """A guess and the CPU milliseconds it took."""

    guess: Guess
    cpu_ms: float


def twins() -> list[Twin]:
    """Every held-out sentence once, known failures among them."""
    found = [twin for path in sorted(SENTENCES.glob("*.yml")) for twin in twins_of(path)]
    return list({twin.ask: twin for twin in found}.values())


def twins_of(path: Path) -> list[Twin]:
    """The sentences of one file."""
    return [
        Twin(str(text), row["intent"], row.get("second"), tuple(row.get("before", ())), row.get("noise"))
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))
        for text in row["say"]
    ]


def cascade_of(model: Path) -> Cascade:
    """The cascade out of a trained model's archive."""
    with tarfile.open(model) as archive, TemporaryDirectory() as folder:
        files = [member for member in archive if member.isfile()]
        (place,) = [PurePosixPath(file.name).parent for file in files if file.name.endswith(f"/{_CASCADE}")]
        for file in files:
            if PurePosixPath(file.name).parent == place:
                content = archive.extractfile(file)
                assert content is not None, "a file has content"
                (Path(folder) / PurePosixPath(file.name).name).write_bytes(content.read())
        return Cascade.load(Path(folder))


def answers(cascade: Cascade, asks: Iterable[Ask], progress: Progress | None = None) -> dict[Ask, Answer]:
    """What *cascade* answers to each of *asks*, each once and fresh: nothing is remembered from the one before."""
    cascade.guess("我想问一下这个怎么弄来着")  # loads what is loaded at first need
    vector("好的")
    distinct = list(dict.fromkeys(asks))
    found: dict[Ask, Answer] = {}
    for number, ask in enumerate(distinct, 1):
        found[ask] = _answer(cascade, ask)
        if progress and (number % 50 == 0 or number == len(distinct)):
            progress(number, len(distinct))
    return found


def _answer(cascade: Cascade, ask: Ask) -> Answer:
    for memory in (vector, tidy, cascade.readings.about):
        memory.cache_clear()
    begun = time.process_time()
    guess = cascade.guess(*ask)
    return Answer(guess, (time.process_time() - begun) * 1000)
