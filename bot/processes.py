"""All processes of one machine under a process manager: each is restarted when it dies."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from circus import get_arbiter

from bot.settings import ROOT

_NAMES = ("gateway", "brain")


def run_all() -> None:
    """Run gateway and brain until told to stop. The manager's own sockets are files only this user can open."""
    with tempfile.TemporaryDirectory(prefix="liuxin-") as folder:
        arbiter = get_arbiter(
            [_watcher(name) for name in _NAMES],
            controller=_socket(folder, "control"),
            pubsub_endpoint=_socket(folder, "events"),
            check_delay=1.0,
            loglevel="ERROR",
        )
        try:
            arbiter.start()
        finally:
            arbiter.stop()


def _socket(folder: str, name: str) -> str:
    return f"ipc://{Path(folder) / name}"


def _watcher(name: str) -> dict[str, object]:
    return {
        "name": name,
        "cmd": sys.executable,
        "args": ["-m", "bot", name],
        "working_dir": str(ROOT),
        "copy_env": True,
        "graceful_timeout": 5,
        "max_retry": -1,
    }
