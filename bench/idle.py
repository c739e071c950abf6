"""What the product costs while nobody talks: CPU of all processes of `python -m bot up` together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from bench.figures import Figure, machine_ms, show
from bench.startup import Thread, cpu_s, stack, wait_for_reply
from bot.settings import ROOT

_SETTLE_S, _LOOK_S = 10.0, 20.0
_TARGET_PERCENT = 2.0


def measure() -> Iterator[Figure]:
    """Start everything, have one line answered, let it settle, look for twenty seconds."""
    with stack() as made:
        manager = subprocess.Popen(
            [sys.executable, "-m", "bot", "up"], cwd=ROOT, env=made.environment, stdout=made.log, stderr=made.log
        )
        try:
            made.wait_until_up()
            Thread(made.url).say("你好", "1")
            wait_for_reply(made)
            time.sleep(_SETTLE_S)
            shares = _shares(manager.pid)
            each = ", ".join(f"{name} {percent:.1f}" for name, percent in shares)
            how = f"user + system time over {_LOOK_S:.0f} s: {each}"
            total = sum(percent for _, percent in shares)
            yield Figure("idle, all processes of `up`", total, "% of a core", _TARGET_PERCENT, how, machine_ms())
        finally:
            manager.send_signal(signal.SIGINT)
            _wait(manager)


def _shares(pid: int) -> list[tuple[str, float]]:
    """Of each process below *pid*: its name and the share of a core it used while we looked."""
    manager = psutil.Process(pid)
    family = [manager, *manager.children(recursive=True)]
    before = [cpu_s(process.pid) for process in family]
    time.sleep(_LOOK_S)
    after = [cpu_s(process.pid) for process in family]
    used = (100 * (late - early) / _LOOK_S for early, late in zip(before, after, strict=True))
    return [(process.cmdline()[-1], percent) for process, percent in zip(family, used, strict=True)]


def _wait(manager: subprocess.Popen[bytes]) -> None:
    """Until it has ended all its processes; if it hangs, end them."""
    family = psutil.Process(manager.pid).children(recursive=True)
    try:
        manager.wait(timeout=15)
    except subprocess.TimeoutExpired:
        for process in family:
            process.kill()
        os.kill(manager.pid, signal.SIGKILL)
        manager.wait()


if __name__ == "__main__":
    show(measure)
