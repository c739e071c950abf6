"""Bells: a process that committed something wakes the process that waits for it.

A bell may be missed; whoever waits also looks by itself now and then, so a missed bell costs time, never a line. On
PostgreSQL a bell is NOTIFY, sent with the commit. On SQLite it is a datagram to a socket in a folder of the temporary
directory named after the database file (a socket's path may have 107 characters, a project's path may be longer).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import socket
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

Room = Literal["brain", "gateway"]  #: who is woken: brains by shoppers' lines, gateways by replies


class Bell(Protocol):
    """One listener's end."""

    def fileno(self) -> int:
        """For select and event loops: readable when the bell was rung; -1 while it hears nothing (`take` mends that)."""

    def take(self) -> set[str]:
        """The conversations it was rung for since the last call; does not wait."""

    def close(self) -> None:
        """Listen no more."""


def ring(session: Session, room: Room, conversation_id: str) -> None:
    """Wake *room* for this conversation once the session's transaction has committed."""
    session.info.setdefault("rings", set()).add((room, conversation_id))


def send_with_commit(session: Session) -> None:
    """PostgreSQL: put the rings of this session into its transaction."""
    for room, conversation_id in session.info.pop("rings", ()):
        session.execute(text("SELECT pg_notify(:room, :id)"), {"room": f"liuxin_{room}", "id": conversation_id})


def send_now(session: Session, engine: Engine) -> None:
    """SQLite: send the rings of this session, whose transaction has just committed."""
    for room, conversation_id in session.info.pop("rings", ()):
        for path in _folder(engine).glob(f"{room}.*"):
            _send(path, conversation_id)


def listen(engine: Engine, room: Room) -> Bell:
    """A bell of this process in *room*."""
    if engine.dialect.name == "sqlite":
        return SocketBell(_folder(engine), room)
    return PostgresBell(engine.url.render_as_string(hide_password=False), room)


def wait(bell: Bell, timeout_s: float) -> set[str]:
    """The conversations the bell was rung for; waits up to *timeout_s* for the first."""
    if bell.fileno() < 0:
        time.sleep(timeout_s)
    else:
        select.select([bell], [], [], timeout_s)
    return bell.take()


def _folder(engine: Engine) -> Path:
    return _folder_of(engine.url.database or ":memory:")


@lru_cache(maxsize=16)
def _folder_of(database: str) -> Path:
    name = hashlib.sha256(str(Path(database).resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"liuxin-{os.getuid()}-{name}"


def _send(path: Path, conversation_id: str) -> None:
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.setblocking(False)
    try:
        sender.sendto(conversation_id.encode(), str(path))
    except ConnectionRefusedError:  # its listener died
        path.unlink(missing_ok=True)
    except OSError:  # its mailbox is full: it will look anyway
        pass
    finally:
        sender.close()


class SocketBell:
    """A datagram socket in the folder of the database."""

    def __init__(self, folder: Path, room: Room) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{room}.{os.getpid()}.{id(self)}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path.unlink(missing_ok=True)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)

    def fileno(self) -> int:
        return self.socket.fileno()

    def take(self) -> set[str]:
        rung = set()
        with contextlib.suppress(BlockingIOError):
            while True:
                rung.add(self.socket.recv(128).decode())
        return rung

    def close(self) -> None:
        self.socket.close()
        self.path.unlink(missing_ok=True)


class PostgresBell:
    """LISTEN on a connection of its own, opened again when the server closed it, at each `take` until it succeeds."""

    def __init__(self, url: str, room: Room) -> None:
        self.dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self.room = room
        self.connection = self._connect()

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        connection = psycopg.connect(self.dsn, autocommit=True, connect_timeout=3)
        connection.execute(f"LISTEN liuxin_{self.room}")
        return connection

    def fileno(self) -> int:
        return -1 if self.connection.closed else self.connection.fileno()

    def take(self) -> set[str]:
        try:
            return {notice.payload for notice in self.connection.notifies(timeout=0)}
        except psycopg.OperationalError:
            self.connection.close()
            with contextlib.suppress(psycopg.OperationalError):
                self.connection = self._connect()
            return set()

    def close(self) -> None:
        self.connection.close()
