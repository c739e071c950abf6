"""The door in Rasa's own REST form: a client that speaks to a Rasa server today speaks to us unchanged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.gateway.app import create_app
from bot.gateway.doors import rest
from bot.settings import Settings
from bot.store import conversations, lines
from bot.store.database import begin

TOKEN = "r" * 64


class Door:
    """The REST door of a running gateway; who answers is up to the test."""

    def __init__(self, engine: Engine, var: Path, **settings: Any) -> None:
        secrets = {"identity_secret": "i" * 64, "session_secret": "s" * 64, "rest_token": TOKEN}
        self.engine = engine
        self.web = TestClient(
            create_app(Settings(var=var, **{"demo": False, **secrets, **settings}), engine),
            raise_server_exceptions=False,
        )

    def say(self, message: Any, sender: Any = "wang", token: str = TOKEN, **other: Any) -> httpx.Response:
        form = {"sender": sender, "message": message, **other}
        return self.web.post("/webhooks/rest/webhook", json=form, headers={"Authorization": f"Bearer {token}".encode()})

    def answer_next(self, *replies: lines.Reply, limit_s: float = 5) -> None:
        """Be the brain: wait for a line, answer it with *replies*."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            with begin(self.engine) as session:
                for thread_id in conversations.waiting_since_before(session, datetime(2100, 1, 1, tzinfo=UTC)):
                    self._answer(session, thread_id, replies)
                    return
            time.sleep(0.01)

    def _answer(self, session: Any, thread_id: str, replies: tuple[lines.Reply, ...]) -> None:
        thread = conversations.locked(session, thread_id)
        assert thread is not None
        for line in lines.unhandled(session, thread_id):
            lines.handle(session, thread_id, line.seq, "answered", now=datetime.now(UTC))
            lines.add_replies(session, thread, replies, reply_to=line.seq, now=datetime.now(UTC))
        thread.waiting_since = None


@pytest.fixture
def make_door(tmp_path: Path) -> Callable[..., Door]:
    return lambda engine, **settings: Door(engine, tmp_path, **settings)


@pytest.fixture
def door(store: Engine, make_door: Callable[..., Door]) -> Iterator[Door]:
    door = make_door(store)
    with door.web:
        yield door


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than a moment for an answer."""
    monkeypatch.setattr(rest, "ANSWER_WITHIN_S", 0.05)


def brain(door: Door, *replies: lines.Reply) -> threading.Thread:
    """A brain that will answer the next line."""
    thread = threading.Thread(target=door.answer_next, args=replies)
    thread.start()
    return thread


def test_the_answer_comes_back_in_rasas_form(door):
    thinking = brain(door, lines.Reply("您好"), lines.Reply("想查什么？"))

    answer = door.say("在吗", sender="wang")
    thinking.join()

    assert 200 == answer.status_code
    assert [{"recipient_id": "wang", "text": "您好"}, {"recipient_id": "wang", "text": "想查什么？"}] == answer.json()


def test_an_answer_is_given_as_soon_as_it_is_there(door):
    thinking = brain(door, lines.Reply("您好"))

    began = time.monotonic()
    door.say("在吗")
    thinking.join()

    assert time.monotonic() - began < rest.ANSWER_WITHIN_S / 2


def test_buttons_and_what_is_custom_come_as_rasa_sends_them(door):
    card = {"kind": "order", "order_no": "202611221234567890"}
    thinking = brain(door, lines.Reply("哪一笔？", {"quick_replies": ["转人工"], "cards": [card], "said": "utter_x"}))

    answer = door.say("我的快递到哪了")
    thinking.join()

    assert [
        {"recipient_id": "wang", "text": "哪一笔？", "buttons": [{"title": "转人工", "payload": "转人工"}]},
        {"recipient_id": "wang", "custom": {"cards": [card]}},
    ] == answer.json()


def test_a_client_that_gets_no_answer_in_time_gets_words_and_the_line_is_kept(door, impatient):
    answer = door.say("在吗")

    (message,) = answer.json()
    with begin(door.engine) as session:
        waiting = conversations.waiting_count(session)
    assert (200, "wang") == (answer.status_code, message["recipient_id"])
    assert "请稍等" in message["text"]
    assert 1 == waiting


def test_a_wish_for_a_human_is_answered_with_every_brain_dead(door, impatient):
    (message,) = door.say("转人工").json()

    assert "排在第1位" in message["text"]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "r", "钥匙"])
def test_without_the_right_bearer_nobody_speaks(door, impatient, token):
    answer = door.say("在吗", token=token)

    with begin(door.engine) as session:
        stored = conversations.waiting_count(session)
    assert (401, "bad_token") == (answer.status_code, answer.json()["code"])
    assert answer.json()["reason"]
    assert 0 == stored


def test_without_a_token_of_ours_the_door_is_closed(sqlite, make_door):
    door = make_door(sqlite, rest_token="")

    for token in ("", TOKEN):
        assert 401 == door.say("在吗", token=token).status_code


def test_senders_are_kept_apart(door, impatient):
    door.say("转人工", sender="wang")

    (message,) = door.say("转人工", sender="li").json()

    assert "排在第2位" in message["text"]


def test_a_sender_who_writes_again_is_in_the_same_conversation(door, impatient):
    door.say("转人工", sender="wang")

    (message,) = door.say("人工", sender="wang").json()

    assert "已经在人工排队中" in message["text"]


def test_a_sender_is_not_the_shops_buyer_of_that_name(door, impatient):
    door.say("我的快递到哪了", sender="u1001")

    with begin(door.engine) as session:
        (thread_id,) = conversations.waiting_since_before(session, datetime(2100, 1, 1, tzinfo=UTC))
        thread = conversations.named(session, thread_id)
    assert thread is not None
    assert thread.buyer_id is None


def test_a_retry_under_the_same_message_id_gets_the_same_answer_and_is_stored_once(door):
    thinking = brain(door, lines.Reply("您好"))

    first = door.say("在吗", message_id="m1")
    thinking.join()
    again = door.say("在吗", message_id="m1")

    assert [{"recipient_id": "wang", "text": "您好"}] == first.json() == again.json()
    assert 409 == door.say("不在吗", message_id="m1").status_code


def test_what_clients_of_rasa_send_besides_is_taken_and_not_trusted(door, impatient):
    answer = door.say("在吗", metadata={"buyer_id": "u1001", "deep": [1, {"x": None}]}, input_channel="rest")

    assert 200 == answer.status_code


@pytest.mark.parametrize(
    ("message", "sender", "status"),
    [("", "wang", 422), ("  ", "wang", 422), (None, "wang", 422), (5, "wang", 422), ("a\x00b", "wang", 422),
     ("在吗", "", 422), ("在吗", None, 422), ("在吗", "w\x00ang", 422), ("在吗", "w" * 129, 422), ("长" * 2001, "wang", 413),
     ("a" * 17000, "wang", 413)],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_what_makes_no_line_is_refused_in_chinese_and_never_an_empty_200(door, impatient, message, sender, status):
    answer = door.say(message, sender=sender)

    assert status == answer.status_code
    assert {"code", "reason"} == set(answer.json())


def test_a_sender_who_writes_too_fast_is_told_when_to_go_on(sqlite, make_door, impatient):
    door = make_door(sqlite, lines_per_10_s=1)
    with door.web:
        door.say("在吗")

        answer = door.say("在吗在吗")

    assert 429 == answer.status_code
    assert 1 <= int(answer.headers["Retry-After"]) <= 11


def test_a_whole_talk_through_the_door_is_answered_by_the_bot(stack):
    answer = requests.post(
        f"{stack.url}/webhooks/rest/webhook",
        json={"sender": "rest-talk", "message": "你是机器人吗"},
        headers={"Authorization": f"Bearer {'r' * 40}"},
        timeout=30,
    )

    assert 200 == answer.status_code
    assert "机器人" in answer.json()[0]["text"]
