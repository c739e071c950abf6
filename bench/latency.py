"""How long a shopper waits: from the POST of a line to its reply on the stream, real processes, nobody else talking."""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import psutil
import requests
import yaml

from bench.figures import Figure, machine_ms, show
from bench.startup import Thread, stack
from bot.settings import ROOT

_TALKS, _LINES, _PAUSE_S = 10, 12, 0.2
_WARM_UP = 3
_TARGET_P50_MS = 150.0
_LIMIT_S = 30.0


class Listener:
    """The stream of one conversation, read in a thread of its own."""

    def __init__(self, thread: Thread) -> None:
        self.replies: queue.Queue[float] = queue.Queue()
        self.answer = requests.get(f"{thread.url}/stream", headers=thread.headers, stream=True, timeout=_LIMIT_S)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """Puts the time at which each reply came; the welcome is none."""
        try:
            for line in self.answer.iter_lines(chunk_size=1):
                if line.startswith(b"data:") and _is_reply(json.loads(line[5:])):
                    self.replies.put(time.perf_counter())
        except (requests.RequestException, AttributeError):  # the stack was stopped
            return


def _is_reply(said: dict[str, object]) -> bool:
    return said.get("author") == "bot" and "utter_welcome" != dict(said.get("payload") or {}).get("said")


def measure() -> Iterator[Figure]:
    """Ten talks of held-out sentences, one line at a time, a pause between them."""
    with stack() as made:
        made.start("gateway")
        made.start("brain")
        made.wait_until_up()
        waits_ms = [wait for talk in range(_TALKS) for wait in _talk(made.url, talk)][_WARM_UP:]
        how = f"POST to reply on the SSE stream, {len(waits_ms)} lines one at a time, SQLite; the encoder runs where needed"
        yield Figure("reply on the stream, p50", median(waits_ms), "ms", _TARGET_P50_MS, how, machine_ms())
        yield Figure("reply on the stream, p95", quantiles(waits_ms, n=20)[18], "ms", None, how, machine_ms())
        for name in ("gateway", "brain"):
            resident_mb = psutil.Process(made.processes[name].pid).memory_info().rss / 2**20
            target_mb = 300.0 if name == "brain" else None
            how = f"after {_TALKS * _LINES} lines"
            yield Figure(f"{name}, size at work", resident_mb, "MB RSS", target_mb, how, machine_ms())


def _talk(url: str, number: int) -> Iterator[float]:
    """Milliseconds each line of a talk waited for its first reply."""
    thread = Thread(url)
    listener = Listener(thread)
    for at, text in enumerate(random.Random(number).sample(_sentences(), _LINES)):
        begun = time.perf_counter()
        thread.say(text, f"{number}-{at}")
        yield (listener.replies.get(timeout=_LIMIT_S) - begun) * 1000
        time.sleep(_PAUSE_S)
        while not listener.replies.empty():  # further parts of the same answer
            listener.replies.get()


def _sentences() -> list[str]:
    said: list[str] = []
    for name in ("talk", "presale", "orders", "membership"):
        rows = yaml.safe_load(Path(ROOT / "tests" / "sentences" / f"{name}.yml").read_text(encoding="utf-8"))
        said += [text for row in rows for text in row["say"] if "人工" not in text]
    return said


if __name__ == "__main__":
    show(measure)
