"""Bells: whoever waits for a line is woken when it is committed, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from bot.gateway.hub import Hub
from bot.store import bells, conversations
from bot.store.bells import Bell, PostgresBell, SocketBell
from bot.store.database import begin, open_store
from bot.talk.accept import Pace, accept
from bot.talk.opening import open_for_anyone

SOON_S, NEVER_S = 5.0, 0.05


@pytest.fixture
def bell(store: Engine) -> Iterator[Bell]:
    """A brain's bell."""
    listening = bells.listen(store, "brain")
    yield listening
    listening.close()


def rung(store: Engine, room: bells.Room, *threads: str) -> None:
    with begin(store) as session:
        for thread in threads:
            bells.ring(session, room, thread)


def test_a_commit_wakes_whoever_waits(store: Engine, bell: Bell) -> None:
    rung(store, "brain", "c1", "c2")

    woken = bells.wait(bell, SOON_S)

    assert {"c1", "c2"} == woken | bells.wait(bell, NEVER_S)


def test_what_is_rolled_back_wakes_nobody(store: Engine, bell: Bell) -> None:
    def fail() -> None:
        with begin(store) as session:
            bells.ring(session, "brain", "c1")
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        fail()

    assert set() == bells.wait(bell, NEVER_S)


def test_nobody_is_woken_before_the_commit(store: Engine, bell: Bell) -> None:
    with begin(store) as session:
        bells.ring(session, "brain", "c1")
        before = bells.wait(bell, NEVER_S)

    assert (set(), {"c1"}) == (before, bells.wait(bell, SOON_S))


def test_a_bell_rings_once(store: Engine, bell: Bell) -> None:
    rung(store, "brain", "c1")
    bells.wait(bell, SOON_S)

    assert set() == bells.wait(bell, NEVER_S)


def test_gateways_sleep_while_brains_are_woken(store: Engine, bell: Bell) -> None:
    rung(store, "gateway", "c1")

    assert set() == bells.wait(bell, NEVER_S)


def test_all_who_wait_in_a_room_are_woken(store: Engine, bell: Bell) -> None:
    other = bells.listen(store, "brain")

    rung(store, "brain", "c1")

    assert ({"c1"}, {"c1"}) == (bells.wait(bell, SOON_S), bells.wait(other, SOON_S))
    other.close()


def test_a_shoppers_line_wakes_a_brain_and_the_pages_that_look_on(store: Engine, bell: Bell, now: datetime) -> None:
    thread = open_for_anyone(store, "web", earlier=None, now=now).conversation_id
    page = bells.listen(store, "gateway")

    accept(store, thread, "在吗", client_msg_id="1", payload=None, pace=Pace(9, 9), limit_chars=9, now=now)

    assert ({thread}, {thread}) == (bells.wait(bell, SOON_S), bells.wait(page, SOON_S))
    page.close()


def test_a_change_of_owner_wakes_the_pages_that_look_on(store: Engine, now: datetime) -> None:
    thread = open_for_anyone(store, "web", earlier=None, now=now).conversation_id
    page = bells.listen(store, "gateway")

    with begin(store) as session:
        conversations.hand_to(session, thread, "agent", agent="李")

    assert {thread} == bells.wait(page, SOON_S)
    page.close()


def test_a_listener_that_sleeps_for_long_holds_nobody_up(store: Engine, bell: Bell) -> None:
    threads = [f"c{number:031}" for number in range(3000)]

    rung(store, "brain", *threads)

    assert bells.wait(bell, SOON_S) <= set(threads)


def test_a_dead_listeners_socket_is_swept_away_and_the_living_are_woken(sqlite: Engine) -> None:
    dead, living = bells.listen(sqlite, "brain"), bells.listen(sqlite, "brain")
    assert isinstance(dead, SocketBell)
    dead.socket.close()  # kill -9: the file of the socket stays

    rung(sqlite, "brain", "c1")

    assert not dead.path.exists()
    assert {"c1"} == bells.wait(living, SOON_S)
    living.close()


def test_two_stores_in_one_machine_do_not_wake_each_other(
    sqlite: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = open_store(f"sqlite:///{tmp_path_factory.mktemp('other') / 'store.db'}")
    bell = bells.listen(other, "brain")

    rung(sqlite, "brain", "c1")

    assert set() == bells.wait(bell, NEVER_S)
    bell.close()


def hang_up(postgres: Engine) -> None:
    """The server closes the connections of all who listen."""
    with postgres.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))


def heard(store: Engine, bell: Bell) -> bool:
    """Whether *bell* hears one of the rings of the next seconds."""
    for _ in range(20):
        rung(store, "brain", "c1")
        if bells.wait(bell, SOON_S / 20):
            return True
    return False


@pytest.mark.postgres
def test_a_brain_whose_connection_the_server_closed_is_woken_again(postgres: Engine) -> None:
    bell = bells.listen(postgres, "brain")

    hang_up(postgres)

    assert heard(postgres, bell)
    bell.close()


class Away:
    """A server that refuses the first *times* connections."""

    def __init__(self, times: int) -> None:
        self.times, self.connect = times, PostgresBell._connect

    def __call__(self, bell: PostgresBell) -> Any:
        self.times -= 1
        if self.times >= 0:
            raise psycopg.OperationalError("connection refused")
        return self.connect(bell)


@pytest.mark.postgres
def test_a_brain_outlives_a_server_that_is_away_for_a_while(postgres: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    bell = bells.listen(postgres, "brain")
    away = Away(times=3)
    monkeypatch.setattr(PostgresBell, "_connect", lambda bell: away(bell))

    hang_up(postgres)

    assert heard(postgres, bell)
    assert away.times < 0
    bell.close()


@pytest.mark.postgres
@pytest.mark.parametrize("times", [0, 1])
def test_pages_are_woken_again_after_the_server_was_away(
    postgres: Engine, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    async def woken_after_it_came_back() -> bool:
        hub = Hub(postgres)
        hub.start()
        away = Away(times)
        monkeypatch.setattr(PostgresBell, "_connect", lambda bell: away(bell))
        with hub.listening("c1") as event:
            await asyncio.to_thread(hang_up, postgres)
            for _ in range(20):
                await asyncio.to_thread(rung, postgres, "gateway", "c1")
                await asyncio.sleep(SOON_S / 20)  # the reader is called by the loop
                if event.is_set():
                    break
        hub.stop()
        return event.is_set()

    assert asyncio.run(woken_after_it_came_back())
