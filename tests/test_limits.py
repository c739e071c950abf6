"""What is turned away at the door before anything is read: too much, too slow, too often."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.gateway import limits
from bot.gateway.limits import AddressLimit, Doorman


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers with the body it was given."""
    body = (await receive())["body"] if scope["method"] == "POST" else b"looked"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def answer(door: Doorman, *pieces: bytes, method: str = "POST", address: str = "1.2.3.4", last: bool = True) -> Any:
    """(status, headers, body) of a request whose body comes in *pieces*; unless *last*, the last never comes."""
    sent: list[Any] = []
    coming = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    coming += [{"type": "http.request", "body": b"", "more_body": False}] if last else []

    async def receive() -> Any:
        return coming.pop(0) if coming else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(door({"type": "http", "method": method, "client": (address, 1)}, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def doorman(most: int = 100) -> Doorman:
    return Doorman(echo, body_limit_bytes=10, requests=AddressLimit(most, 60))


def test_an_address_may_come_so_often_and_then_waits_its_time():
    watch = Watch()
    limit = AddressLimit(2, 60, watch)

    first, second, third = limit.wait_s("a"), limit.wait_s("a"), limit.wait_s("a")
    watch.at += 45
    later = limit.wait_s("a")

    assert (0, 0) == (first, second)
    assert 60 <= third <= 61
    assert 15 <= later <= 16


def test_who_waits_as_long_as_told_is_let_in():
    watch = Watch()
    limit = AddressLimit(1, 60, watch)
    limit.wait_s("a")

    watch.at += limit.wait_s("a")

    assert 0 == limit.wait_s("a")


def test_knocking_while_shut_out_does_not_lengthen_the_wait():
    watch = Watch()
    limit = AddressLimit(1, 60, watch)

    for _ in range(50):
        limit.wait_s("a")
    watch.at += 61

    assert 0 == limit.wait_s("a")


def test_one_address_does_not_shut_out_another():
    limit = AddressLimit(1, 60, Watch())
    limit.wait_s("a")

    assert 0 == limit.wait_s("b")


def test_addresses_of_yesterday_are_forgotten_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(limits, "_ADDRESSES_KEPT", 10)
    watch = Watch()
    limit = AddressLimit(5, 60, watch)

    for number in range(100):
        watch.at += 30
        limit.wait_s(f"address {number}")

    assert len(limit.seen) <= 11


def test_a_body_in_pieces_comes_to_the_application_whole():
    assert (200, {}, b"0123456789") == answer(doorman(), b"01234", b"", b"56789")


@pytest.mark.parametrize("pieces", [(b"0123456789x",), (b"01234", b"56789", b"x"), tuple([b"x"] * 11)])
def test_a_body_over_the_limit_is_refused_in_chinese_however_it_is_cut(pieces):
    status, _, body = answer(doorman(), *pieces)

    assert (413, "body_too_long") == (status, json.loads(body)["code"])
    assert "太长" in json.loads(body)["reason"]


def test_a_body_that_never_ends_is_refused_at_the_limit_and_not_kept():
    status, _, _ = answer(doorman(), *[b"0123456789"] * 1000, last=False)

    assert 413 == status


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(limits, "_BODY_WAIT_S", 0.05)

    status, _, body = answer(doorman(), b"0123", last=False)

    assert 413 == status
    assert "太慢" in json.loads(body)["reason"]


def test_a_page_is_looked_at_without_waiting_for_a_body():
    assert (200, {}, b"looked") == answer(doorman(), method="GET", last=False)


def test_an_address_that_asks_too_often_is_told_in_chinese_when_to_come_again():
    door = doorman(most=1)
    answer(door)

    status, headers, body = answer(door)

    assert 429 == status
    assert 60 <= int(headers[b"retry-after"]) <= 61
    assert "频繁" in json.loads(body)["reason"]
    assert 200 == answer(door, address="5.6.7.8")[0]
