"""Opening the store: engine, transactions, migrations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from bot.store import bells

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
#: How long SQLite waits for another writer, and PostgreSQL for a lock, before the call fails.
WAIT_S = 3.0


def open_store(url: str) -> Engine:
    """An engine on the store at *url* (sqlite:///… or postgresql+psycopg://…), tables not touched.

    `postgresql://` is read as `postgresql+psycopg://`: another driver's stand-in may be importable beside Rasa.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    dumps = partial(json.dumps, ensure_ascii=False)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            parsed, json_serializer=dumps, connect_args={"timeout": WAIT_S, "check_same_thread": False}
        )
        _speak_sqlite(engine)
        return engine
    options = f"-c statement_timeout={int(WAIT_S * 1000)} -c lock_timeout={int(WAIT_S * 1000)} -c timezone=UTC"
    return create_engine(
        parsed, json_serializer=dumps, pool_pre_ping=True, connect_args={"options": options, "connect_timeout": 3}
    )


def _speak_sqlite(engine: Engine) -> None:
    """WAL, and transactions that begin where we say: the driver's own habit leaves savepoints outside of them."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def is_sqlite(engine: Engine) -> bool:
    """Whether one file and one writer at a time is all there is."""
    return engine.dialect.name == "sqlite"


@contextmanager
def begin(engine: Engine) -> Iterator[Session]:
    """One transaction: what is done inside stands or falls together; then its bells ring."""
    with Session(engine, expire_on_commit=False, autoflush=False) as session:
        yield session
        commit(session, engine)


def commit(session: Session, engine: Engine) -> None:
    """Commit, and ring the bells that were set in this session."""
    if not is_sqlite(engine):
        bells.send_with_commit(session)
    session.commit()
    if is_sqlite(engine):
        bells.send_now(session, engine)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One consistent look; takes no write lock and commits nothing."""
    with Session(engine.execution_options(reads_only=True), autoflush=False) as session:
        yield session


def alembic_config(url: str) -> Config:
    """Alembic's settings, without a file of their own."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(engine: Engine) -> None:
    """Bring the tables up to this code. Two processes may call it at once.

    Alembic is imported only where there is something to do: every start would pay for it otherwise.
    """
    with engine.begin() as connection:
        if not is_sqlite(engine):
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7110583)")
        if not _is_up_to_date(connection):
            _upgrade(connection)


def _is_up_to_date(connection: Connection) -> bool:
    """Whether the newest file of migrations, 0001_….py, is the one the tables were brought up to last."""
    newest = max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == newest


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = alembic_config(connection.engine.url.render_as_string(hide_password=False))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
