"""One measured figure, and how fast the machine was while it was taken."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from statistics import median

_ADDITIONS = 100_000


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured. `target` is the most it may be, in the same unit; None: it is only told."""

    name: str
    measured: float
    unit: str
    target: float | None
    how: str
    machine_ms: float  #: `machine_ms()` beside the measurement


def machine_ms() -> float:
    """CPU ms of a fixed loop of Python, median of five: two figures compare only at the same speed of the machine."""
    return median(_loop_ms() for _ in range(5))


def _loop_ms() -> float:
    begun = time.process_time()
    total = 0
    for number in range(_ADDITIONS):
        total += number
    return (time.process_time() - begun) * 1000


def show(measure: Callable[[], Iterable[Figure]]) -> None:
    """Run one bench in this process; each figure is one line of JSON on standard output as soon as it is there."""
    for figure in measure():
        sys.stdout.write(json.dumps(asdict(figure), ensure_ascii=False) + "\n")
        sys.stdout.flush()
