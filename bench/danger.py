"""How surely danger is told from ordinary talk (docs/danger.md): missed lines, false alarms, and what reading a line costs.

The lines are split by their hash into a half the rules were made on and a half that was looked at when they were done,
and mended then: what was found at first sight stands in docs/danger.md, what is printed here is known to the rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import yaml

from bench.figures import Figure, machine_ms, show
from bot.settings import ROOT
from bot.text.danger import danger_of

FOLDER = ROOT / "tests" / "danger"
ORDINARY = 2000
HALVES = ("made on", "looked at afterwards")
#: Intents whose training sentences may tell of danger; those of all others are ordinary.
MAY_TELL = frozenset(
    "report_fault return_goods repair_goods cancel_order complain threaten claim_compensation call_human out_of_scope".split()
)
_COST_MS = 0.1


def measure() -> Iterator[Figure]:
    """Misses, false alarms, cost."""
    for name in ("list", "paraphrases"):
        yield from _by_half(f"missed of {name}", _told(name), _missed, 0.0)
    yield _share("missed of late", _told("late"), _missed, 0.0, "written and mended last")
    yield from _by_half("false alarms", ordinary(), lambda line: not _missed(line), 1.0)
    yield cost()


def cost() -> Figure:
    """What reading an ordinary line costs."""
    lines = ordinary()
    danger_of(lines[0])
    begun = time.process_time()
    for line in lines:
        danger_of(line)
    spent_ms = (time.process_time() - begun) * 1000 / len(lines)
    return Figure("a line read for danger", spent_ms, "CPU ms", _COST_MS, f"mean of {len(lines)} lines", machine_ms())


def written(name: str) -> dict[str, list[str]]:
    """The sentences of one file of tests/danger, by kind or neighbourhood."""
    found: dict[str, list[str]] = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return found


def ordinary() -> list[str]:
    """2,000 lines that tell of no danger: the near misses we wrote, and training sentences of harmless intents."""
    near = [line for lines in written("ordinary").values() for line in lines]
    return near + sorted(set(_trained()), key=lambda line: _hash("danger" + line))[: ORDINARY - len(near)]


def half(line: str) -> str:
    """Which half a line belongs to."""
    return HALVES[_hash(line)[0] % 2]


def _by_half(name: str, lines: list[str], wrong: Callable[[str], bool], target: float) -> Iterator[Figure]:
    for part in HALVES:
        of_part = [line for line in lines if half(line) == part]
        yield _share(name, of_part, wrong, target, f"the half {part}")


def _share(name: str, lines: list[str], wrong: Callable[[str], bool], target: float, which: str) -> Figure:
    count = sum(map(wrong, lines))
    return Figure(name, 100 * count / len(lines), "%", target, f"{count} of {len(lines)}, {which}", machine_ms())


def _told(name: str) -> list[str]:
    return [line for lines in written(name).values() for line in lines]


def _missed(line: str) -> bool:
    return danger_of(line) is None


def _trained() -> Iterator[str]:
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for block in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["nlu"]:
            if block["intent"] not in MAY_TELL:
                yield from _examples(block["examples"])


def _examples(examples: Any) -> Iterator[str]:
    if isinstance(examples, str):
        yield from (line.removeprefix("- ") for line in examples.splitlines() if line.strip())
    else:
        yield from (row["text"].strip() for row in examples)


def _hash(line: str) -> bytes:
    return sha256(line.encode()).digest()


if __name__ == "__main__":
    show(measure)
