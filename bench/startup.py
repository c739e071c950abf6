"""What a start costs: CPU of the gateway until it answers, of the brain until its first answer, and the brain's size."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import requests

from bench.figures import Figure, machine_ms, show
from bench.stack import Stack
from bot.settings import settings

_LIMIT_S = 120.0
_TARGET_GATEWAY_S, _TARGET_BRAIN_S, _TARGET_BRAIN_MB = 1.5, 6.0, 300.0


@contextmanager
def stack() -> Iterator[Stack]:
    """Gateway and brain, not started yet, with the trained model and the demo shop of today in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        (var / "models").symlink_to(settings().models.resolve())
        made = Stack(var)
        made.start("gateway")  # the first start of a day makes tables and demo shop; it is not what a start costs
        made.wait_until_up()
        made.kill("gateway")
        try:
            yield made
        finally:
            made.stop()


def measure() -> Iterator[Figure]:
    """Start a gateway, send a line, start a brain, wait for its answer."""
    with stack() as made:
        made.start("gateway")
        made.wait_until_up()
        gateway_s = cpu_s(made.processes["gateway"].pid)
        how = (
            "user + system time of `python -m bot gateway` when /healthz first answers; tables and demo shop are there"
        )
        yield Figure("gateway, until it answers", gateway_s, "CPU s", _TARGET_GATEWAY_S, how, machine_ms())
        thread = Thread(made.url)
        thread.say("你好", "1")
        made.start("brain")
        brain = psutil.Process(made.processes["brain"].pid)
        wait_for_reply(made)
        how = "user + system time of `python -m bot brain` when the reply to a waiting line is stored"
        yield Figure("brain, until its first answer", cpu_s(brain.pid), "CPU s", _TARGET_BRAIN_S, how, machine_ms())
        resident_mb = brain.memory_info().rss / 2**20
        yield Figure("brain, size", resident_mb, "MB RSS", _TARGET_BRAIN_MB, "after its first answer", machine_ms())


class Thread:
    """One conversation over HTTP, anonymous."""

    def __init__(self, url: str) -> None:
        opened = requests.post(f"{url}/api/conversations", json={}, timeout=10).json()
        self.url = f"{url}/api/conversations/{opened['conversation_id']}"
        self.headers = {"authorization": f"Bearer {opened['token']}"}
        self.session = requests.Session()

    def say(self, text: str, client_msg_id: str) -> int:
        """Send a line; returns its number."""
        answer = self.session.post(
            f"{self.url}/lines", json={"text": text, "client_msg_id": client_msg_id}, headers=self.headers, timeout=10
        )
        answer.raise_for_status()
        return int(answer.json()["seq"])


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def wait_for_reply(made: Stack) -> None:
    """Until the bot has answered; looks into the store itself, so that the gateway's work is not part of the wait."""
    deadline = time.monotonic() + _LIMIT_S
    with closing(sqlite3.connect(made.store_url.removeprefix("sqlite:///"))) as store:
        while time.monotonic() < deadline:
            if store.execute("SELECT 1 FROM lines WHERE author = 'bot' AND reply_to IS NOT NULL").fetchone():
                return
            time.sleep(0.02)
    raise TimeoutError(Path(made.log.name).read_text()[-2000:])


if __name__ == "__main__":
    show(measure)
