"""All processes of one machine under a process manager: each is restarted when it dies."""

from __future__ import annotations

import sys

from circus import get_arbiter

from bot.settings import ROOT, Settings

_NAMES = ("gateway", "brain")


def run_all(settings: Settings) -> None:
    """Run gateway and brain until told to stop."""
    arbiter = get_arbiter(
        [_watcher(name) for name in _NAMES], check_delay=1.0, warmup_delay=0, loglevel="ERROR",
        endpoint="ipc://" + str(settings.var / "circus.sock") if _short(settings) else "tcp://127.0.0.1:0",
        pubsub_endpoint="tcp://127.0.0.1:0",
    )  # fmt: skip
    try:
        arbiter.start()
    finally:
        arbiter.stop()


def _watcher(name: str) -> dict[str, object]:
    return {
        "name": name, "cmd": sys.executable, "args": ["-m", "bot", name], "working_dir": str(ROOT), "copy_env": True,
        "numprocesses": 1, "graceful_timeout": 5, "max_retry": -1, "autostart": True,
    }  # fmt: skip


def _short(settings: Settings) -> bool:
    """Whether a socket's path fits (107 characters)."""
    return len(str(settings.var)) < 90
