"""Measure and print the figures: `python -m bench [turn startup latency long_talk idle training catalogue promotions knowledge]`.

Each bench runs in a process of its own. Figures are printed, not asserted: the machine may be busy, so its own speed
stands beside each (CPU ms of a fixed loop of Python, about 2.3 where the targets were set).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence

from bench.figures import Figure
from bot.settings import ROOT

BENCHES = ("turn", "startup", "latency", "long_talk", "idle", "training", "catalogue", "promotions", "knowledge")
_ROW = "{:<36} {:>10} {:>10} {:<12} {:<5} {:>10}  {}"


def main(names: Sequence[str]) -> int:
    """Run the benches *names*, all if none is named; 2 if one of them is unknown, 1 if one failed."""
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(f"no such bench: {' '.join(sorted(unknown))}; there are {' '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(_ROW.format("figure", "target", "measured", "unit", "", "machine ms", "how"))
    failed = False
    for name in names or BENCHES:
        process = subprocess.Popen(
            [sys.executable, "-m", f"bench.{name}"], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8"
        )
        for figure in _figures(process):
            print(_row(figure), flush=True)
        if process.wait():
            print(f"{name}: failed", file=sys.stderr)
            failed = True
    return int(failed)


def _figures(process: subprocess.Popen[str]) -> Iterator[Figure]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            yield Figure(**json.loads(line))


def _row(figure: Figure) -> str:
    target = "" if figure.target is None else f"<= {figure.target:g}"
    verdict = "" if figure.target is None else "ok" if figure.measured <= figure.target else "OVER"
    measured = f"{figure.measured:.2f}" if figure.measured < 10 else f"{figure.measured:.0f}"
    return _ROW.format(figure.name, target, measured, figure.unit, verdict, f"{figure.machine_ms:.2f}", figure.how)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
