"""The shopper's door over HTTP, with no brain behind it: what is stored, who may read it, what is refused and how."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from conftest import free_port
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sse_starlette.sse import AppStatus

from bot.gateway import app as gateway_app
from bot.gateway import shoppers
from bot.gateway.app import create_app
from bot.gateway.tokens import sign_identity
from bot.settings import Settings
from bot.store import database
from bot.store.database import open_store

SECRET = "i" * 64
NEVER = 10**6


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Door:
    """A gateway over a store, and what a shopper's browser does with it."""

    def __init__(self, engine: Engine, var: Path, now: datetime, **settings: Any) -> None:
        self.watch = Watch(now)
        self.app = create_app(
            Settings(
                var=var, demo=False, identity_secret=SECRET, session_secret="s" * 64, rest_token="r" * 64, **settings
            ),
            engine,
            clock=self.watch,
        )
        self.web = TestClient(self.app, raise_server_exceptions=False)
        self.signed = 0

    def identity(self, buyer_id: str = "u1001") -> str:
        """A fresh identity, signed by the storefront."""
        self.signed += 1
        return sign_identity(buyer_id, SECRET, "demo", jti=f"jti-{self.signed}", now=self.watch(), name="林知夏")

    def open(self, token: str | None = None, **form: Any) -> httpx.Response:
        return self.web.post("/api/conversations", json=form, headers=bearer(token))

    def say(self, chat: dict[str, Any], text: str, key: str, **other: Any) -> httpx.Response:
        form = {"client_msg_id": key, "text": text, **other}
        return self.web.post(f"{thread(chat)}/lines", json=form, headers=bearer(chat["token"]))

    def read(self, chat: dict[str, Any], **query: Any) -> httpx.Response:
        return self.web.get(f"{thread(chat)}/lines", params=query, headers=bearer(chat["token"]))

    def said(self, chat: dict[str, Any]) -> list[tuple[str, str]]:
        """(author, text) of every line after the welcome."""
        return [(line["author"], line["text"]) for line in self.read(chat, after=1).json()["lines"]]


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def thread(chat: dict[str, Any]) -> str:
    return f"/api/conversations/{chat['conversation_id']}"


@pytest.fixture
def make_door(tmp_path: Path, now: datetime) -> Callable[..., Door]:
    return lambda engine, **settings: Door(engine, tmp_path, now, **settings)


@pytest.fixture
def door(sqlite: Engine, make_door: Callable[..., Door]) -> Door:
    return make_door(sqlite)


@pytest.fixture
def chat(door: Door) -> dict[str, Any]:
    """An anonymous shopper's open conversation."""
    return door.open().json()


def assert_refused(answer: httpx.Response, status: int, code: str, *words: str) -> None:
    """An error in our form: its code, and a reason in Chinese with these words."""
    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert {"code", "reason"} == set(answer.json())
    assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.json()["reason"])
    for word in words:
        assert word in answer.json()["reason"]


# Opening


def test_a_visitor_is_welcomed_by_a_bot_that_says_so_and_says_how_to_reach_a_human(door, chat):
    lines = door.read(chat).json()["lines"]

    assert ["bot"] == [line["author"] for line in lines]
    assert "机器人" in lines[0]["text"]
    assert "人工" in lines[0]["text"]
    assert "转人工" in lines[0]["payload"]["quick_replies"]


def test_a_visitor_who_comes_back_finds_the_same_conversation_and_no_second_welcome(door, chat):
    door.say(chat, "在吗", "m1")

    again = door.open(chat["token"]).json()

    assert chat["conversation_id"] == again["conversation_id"]
    assert [("shopper", "在吗")] == door.said(again)


def test_two_visitors_have_two_conversations(door, chat):
    other = door.open().json()

    assert chat["conversation_id"] != other["conversation_id"]


def test_conversations_cannot_be_guessed(door):
    ids = {door.open().json()["conversation_id"] for _ in range(20)}

    assert 20 == len(ids)
    assert all(len(name.replace("-", "")) >= 22 for name in ids)


def test_a_worthless_earlier_token_does_not_keep_a_visitor_out(door):
    assert 201 == door.open("stale").status_code


def test_a_signed_in_shopper_is_named_in_a_way_that_others_may_see(door):
    opened = door.open(identity=door.identity()).json()

    assert (True, "林**") == (opened["signed_in"], opened["name"])


def test_a_signed_in_shopper_has_one_conversation_on_all_their_devices(door):
    phone = door.open(identity=door.identity()).json()
    laptop = door.open(identity=door.identity()).json()
    door.say(phone, "在吗", "m1")

    assert phone["conversation_id"] == laptop["conversation_id"]
    assert [("shopper", "在吗")] == door.said(laptop)


def test_what_was_said_before_signing_in_comes_along_and_the_old_token_opens_it_no_more(door, chat):
    door.say(chat, "在吗", "m1")

    mine = door.open(chat["token"], identity=door.identity()).json()

    assert chat["conversation_id"] == mine["conversation_id"]
    assert [("shopper", "在吗")] == door.said(mine)
    assert_refused(door.read(chat), 404, "conversation_not_found")
    assert_refused(door.say(chat, "我是谁", "m2"), 404, "conversation_not_found")
    assert mine["conversation_id"] != door.open(chat["token"]).json()["conversation_id"]


def test_nobody_can_carry_over_what_belongs_to_another_shopper(door):
    hers = door.open(identity=door.identity("u1001")).json()
    door.say(hers, "我的秘密", "m1")

    his = door.open(hers["token"], identity=door.identity("u1002")).json()

    assert hers["conversation_id"] != his["conversation_id"]
    assert [] == door.said(his)
    assert [("shopper", "我的秘密")] == door.said(hers)


def test_signing_out_ends_in_a_conversation_of_ones_own(door):
    hers = door.open(identity=door.identity()).json()

    after = door.open(hers["token"]).json()

    assert hers["conversation_id"] != after["conversation_id"]
    assert after["signed_in"] is False


def forged(door: Door, **other: Any) -> str:
    claims = {
        "iss": "demo", "aud": "liuxin", "sub": "u1001", "jti": "j", "exp": door.watch() + timedelta(minutes=5), **other
    }  # fmt: skip
    secret, algorithm = claims.pop("secret", SECRET), claims.pop("alg", "HS256")
    return jwt.encode({key: value for key, value in claims.items() if value is not None}, secret, algorithm)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another secret, just as long as ours, of somebody who is not us!"},
        {"secret": "", "alg": "none"},
        {"aud": "another bot"},
        {"iss": "another shop"},
        {"jti": None},
        {"exp": datetime.fromtimestamp(0)},
        {"exp": 4 * 10**9},
    ],
    ids=["forged", "alg none", "wrong aud", "wrong iss", "no jti", "expired", "over ten minutes"],
)
def test_an_identity_that_proves_nothing_opens_nothing(door, wrong):
    assert_refused(door.open(identity=forged(door, **wrong)), 401, "bad_token", "登录")


def test_an_identity_is_good_for_one_time(door):
    identity = door.identity()
    door.open(identity=identity)

    assert_refused(door.open(identity=identity), 401, "used_token", "已经用过")


@pytest.mark.parametrize("after_s", [1, 299, 310, 329])
def test_an_identity_is_good_for_one_time_as_long_as_it_is_good_at_all(door, after_s):
    identity = door.identity()
    door.open(identity=identity)

    door.watch.forward(after_s)
    door.open(identity=door.identity("u1002"))

    assert_refused(door.open(identity=identity), 401, "used_token")


def test_a_shopper_who_signs_in_in_many_tabs_at_once_is_one_customer_with_one_conversation(store, make_door):
    door = make_door(store)
    identities = [door.identity() for _ in range(6)]

    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(lambda identity: door.open(identity=identity), identities))

    assert [201] * 6 == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["conversation_id"] for answer in answers})


def test_of_two_who_show_the_same_identity_at_once_one_gets_in(store, make_door):
    door = make_door(store)
    identity = door.identity()

    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(lambda _: door.open(identity=identity).status_code, range(6)))

    assert [201, 401, 401, 401, 401, 401] == sorted(answers)


# Saying and reading


def test_what_was_acknowledged_is_stored_word_for_word(store, make_door):
    door = make_door(store)
    chat = door.open().json()
    text = "  这个  多少钱？😀 𠮷 👨‍👩‍👧 \u202e\n第二行 <b>&amp;</b> '; DROP TABLE lines; --"

    answer = door.say(chat, text, "m1", page={"product_id": "10000001"})
    line = door.read(chat, after=1).json()["lines"][0]

    assert 202 == answer.status_code
    assert (answer.json()["seq"], text) == (line["seq"], line["text"])
    assert ("shopper", "m1", door.watch()) == (
        line["author"], line["client_msg_id"], datetime.fromisoformat(line["at"])
    )  # fmt: skip


def test_a_retry_is_answered_like_the_first_time_and_stored_once(store, make_door):
    door = make_door(store)
    chat = door.open().json()

    first = door.say(chat, "在吗", "m1", page={"product_id": "10000001"})
    door.watch.forward(5)
    again = door.say(chat, "在吗", "m1", page={"product_id": "10000001"})

    assert (202, first.json()) == (again.status_code, again.json())
    assert [("shopper", "在吗")] == door.said(chat)


def test_retries_that_race_are_stored_once(store, make_door):
    door = make_door(store)
    chat = door.open().json()

    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(lambda _: door.say(chat, "在吗", "m1"), range(6)))

    assert [202] * 6 == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["seq"] for answer in answers})
    assert [("shopper", "在吗")] == door.said(chat)


def test_lines_that_race_are_all_stored_each_under_its_own_number(store, make_door):
    door = make_door(store, lines_per_10_s=NEVER, lines_per_min=NEVER)
    chat = door.open().json()

    with ThreadPoolExecutor(8) as crowd:
        seqs = list(crowd.map(lambda n: door.say(chat, f"第{n}句", f"m{n}").json()["seq"], range(24)))

    assert list(range(2, 26)) == sorted(seqs)
    assert {f"第{n}句" for n in range(24)} == {text for _, text in door.said(chat)}


@pytest.mark.parametrize("other", [{"text": "在不在"}, {"page": {"product_id": "10000002"}}])
def test_one_id_for_two_different_lines_is_a_conflict_and_the_first_stands(door, chat, other):
    door.say(chat, "在吗", "m1")

    answer = door.say(chat, key="m1", **{"text": "在吗", **other})

    assert_refused(answer, 409, "client_id_reused", "重复")
    assert [("shopper", "在吗")] == door.said(chat)


def test_two_shoppers_may_use_the_same_id(door, chat):
    other = door.open().json()
    door.say(chat, "在吗", "m1")

    assert 202 == door.say(other, "有货吗", "m1").status_code


def test_another_sessions_conversation_is_not_there(door, chat):
    stranger = door.open().json()
    door.say(chat, "我的地址是…", "m1")
    spying = {"conversation_id": chat["conversation_id"], "token": stranger["token"]}

    answers = [
        door.read(spying), door.say(spying, "嘿", "m2"),
        door.web.get(f"{thread(spying)}/stream", headers=bearer(spying["token"])),
    ]  # fmt: skip
    nowhere = door.read({**stranger, "conversation_id": "0" * 32})

    for answer in answers:
        assert_refused(answer, 404, "conversation_not_found")
        assert nowhere.content == answer.content
    assert [("shopper", "我的地址是…")] == door.said(chat)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer abc", "Bearer a.b.c"])
def test_without_a_good_token_nothing_is_read_or_said(door, chat, header):
    answers = [
        door.web.get(f"{thread(chat)}/lines", headers={"Authorization": header}),
        door.web.get(f"{thread(chat)}/stream", headers={"Authorization": header}),
        door.web.post(
            f"{thread(chat)}/lines", json={"client_msg_id": "m1", "text": "在吗"}, headers={"Authorization": header}
        ),
    ]

    assert all(answer.status_code in (401, 404) for answer in answers)
    assert all(answer.json()["reason"] for answer in answers)
    assert [] == door.said(chat)


def test_a_conversation_is_read_in_pages_without_gap_or_double(door, chat):
    for number in range(4):
        door.say(chat, f"第{number}句", f"m{number}")

    first = door.read(chat, after=1, limit=3).json()["lines"]
    rest = door.read(chat, after=first[-1]["seq"], limit=3).json()["lines"]

    assert ["第0句", "第1句", "第2句", "第3句"] == [line["text"] for line in [*first, *rest]]


# Refusals


def test_two_thousand_characters_are_taken_and_one_more_is_not(door, chat):
    longest = door.say(chat, "长" * 2000, "m1")
    longer = door.say(chat, "长" * 2001, "m2")

    assert 202 == longest.status_code
    assert_refused(longer, 413, "line_too_long", "2000字")
    assert [("shopper", "长" * 2000)] == door.said(chat)


def test_a_body_over_16_kib_is_not_taken(door, chat):
    assert_refused(door.say(chat, "a" * 16 * 1024, "m1"), 413, "body_too_long", "太长")
    assert [] == door.said(chat)


@pytest.mark.parametrize(
    ("form", "where"),
    [
        ({"text": "在吗"}, "client_msg_id"),
        ({"client_msg_id": "m1"}, "text"),
        ({"client_msg_id": "m1", "text": ""}, "text"),
        ({"client_msg_id": "m1", "text": " \n\t　"}, "text"),
        ({"client_msg_id": "m1", "text": "a\x00b"}, "text"),
        ({"client_msg_id": "m1", "text": 5}, "text"),
        ({"client_msg_id": "m1", "text": ["在吗"]}, "text"),
        ({"client_msg_id": "m1", "text": None}, "text"),
        ({"client_msg_id": "", "text": "在吗"}, "client_msg_id"),
        ({"client_msg_id": "m" * 65, "text": "在吗"}, "client_msg_id"),
        ({"client_msg_id": "编号", "text": "在吗"}, "client_msg_id"),
        ({"client_msg_id": "m1\n", "text": "在吗"}, "client_msg_id"),
        ({"client_msg_id": 1, "text": "在吗"}, "client_msg_id"),
        ({"client_msg_id": "m1", "text": "在吗", "author": "agent"}, "author"),
        ({"client_msg_id": "m1", "text": "在吗", "page": {"product_id": "../../etc"}}, "product_id"),
        ({"client_msg_id": "m1", "text": "在吗", "page": {"url": "x"}}, "url"),
        ([], ""),
        ("在吗", ""),
        (None, ""),
    ],
    ids=str,
)
def test_a_line_that_is_not_as_it_should_be_is_refused_and_says_where(door, chat, form, where):
    answer = door.web.post(f"{thread(chat)}/lines", json=form, headers=bearer(chat["token"]))

    assert_refused(answer, 422, "bad_request", where)
    assert [] == door.said(chat)


def test_a_reason_does_not_repeat_what_was_sent(door, chat):
    form = {"client_msg_id": "m1", "text": 1, "page": "我住在文三路90号"}

    answer = door.web.post(f"{thread(chat)}/lines", json=form, headers=bearer(chat["token"]))

    assert "文三路" not in answer.text


@pytest.mark.parametrize("path", ["/api", "/api/nowhere", "/admin", "/webhooks/wechat", "/conversations/1/tracker"])
def test_where_nothing_is_one_is_told_so_in_chinese(door, path):
    assert_refused(door.web.get(path), 404, "http", "没有")


def test_a_way_of_asking_that_is_not_offered_is_refused_in_chinese(door):
    assert_refused(door.web.delete("/api/conversations"), 405, "http", "不支持")


def test_a_sixth_line_within_ten_seconds_waits_its_turn(door, chat):
    for number in range(5):
        assert 202 == door.say(chat, "?", f"m{number}").status_code

    sixth = door.say(chat, "?", "m5")
    door.watch.forward(int(sixth.headers["Retry-After"]))
    later = door.say(chat, "?", "m5")

    assert_refused(sixth, 429, "too_fast", "太快")
    assert 1 <= int(sixth.headers["Retry-After"]) <= 11
    assert 202 == later.status_code


def test_a_twenty_first_line_within_a_minute_waits_its_turn(door, chat):
    for number in range(20):
        door.watch.forward(2.5)
        assert 202 == door.say(chat, "?", f"m{number}").status_code

    late = door.say(chat, "?", "m20")

    assert_refused(late, 429, "too_fast")
    assert 20 == len(door.said(chat))


def test_a_retry_does_not_count_as_haste(door, chat):
    for number in range(5):
        door.say(chat, "?", f"m{number}")

    assert 202 == door.say(chat, "?", "m0").status_code


def test_one_shoppers_haste_is_not_anothers(door, chat):
    other = door.open().json()
    for number in range(6):
        door.say(chat, "?", f"m{number}")

    assert 202 == door.say(other, "?", "m1").status_code


def test_an_address_cannot_open_conversations_without_end(sqlite, make_door):
    door = make_door(sqlite, conversations_per_12_h=2)
    first = door.open().json()
    door.open()

    third = door.open()

    assert_refused(third, 429, "too_fast", "会话")
    assert int(third.headers["Retry-After"]) > 0
    assert 201 == door.open(first["token"]).status_code
    assert 201 == door.open(identity=door.identity()).status_code


def test_an_address_that_asks_too_often_is_told_when_to_come_again(sqlite, make_door):
    door = make_door(sqlite, requests_per_min=3)
    for _ in range(3):
        door.web.get("/healthz")

    answer = door.web.get("/healthz")

    assert_refused(answer, 429, "too_many_requests", "频繁")
    assert 1 <= int(answer.headers["Retry-After"]) <= 61


# The store is down, or something else is


@pytest.fixture
def locked(sqlite: Engine, make_door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A door with one conversation, and a way to lock its store away."""
    monkeypatch.setattr(database, "WAIT_S", 0.1)
    engine = open_store(str(sqlite.url))
    door = make_door(engine)
    chat = door.open().json()
    holder = sqlite.raw_connection()
    yield door, chat, holder
    holder.close()


def test_a_line_that_cannot_be_stored_is_not_acknowledged_and_can_be_sent_again(locked):
    door, chat, holder = locked
    holder.cursor().execute("BEGIN IMMEDIATE")

    refused = door.say(chat, "在吗", "m1")
    holder.rollback()
    again = door.say(chat, "在吗", "m1")

    assert_refused(refused, 503, "store_unavailable", "没有存下", "重发")
    assert int(refused.headers["Retry-After"]) > 0
    assert 202 == again.status_code
    assert [("shopper", "在吗")] == door.said(chat)


def test_a_conversation_that_cannot_be_stored_is_not_opened(locked):
    door, _, holder = locked
    identity = door.identity()
    holder.cursor().execute("BEGIN IMMEDIATE")

    refused = [door.open(), door.open(identity=identity)]
    holder.rollback()

    for answer in refused:
        assert_refused(answer, 503, "store_unavailable")
    assert 201 == door.open(identity=identity).status_code


def test_with_the_store_gone_every_call_says_so(tmp_path, make_door, sqlite):
    chat = make_door(sqlite).open().json()
    door = make_door(open_store(f"sqlite:///{tmp_path / 'empty.db'}"))

    for answer in (door.open(), door.say(chat, "在吗", "m1"), door.read(chat)):
        assert_refused(answer, 503, "store_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert (200, 503) == (door.web.get("/healthz").status_code, door.web.get("/readyz").status_code)


def test_a_fault_of_our_own_is_said_in_chinese_and_tells_nothing_of_our_inside(door, chat, monkeypatch):
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(shoppers, "accept", broken)

    answer = door.say(chat, "在吗", "m1")

    assert_refused(answer, 500, "failed", "人工")
    assert "hunter2" not in answer.text


# For whoever runs it


def test_it_is_alive_and_ready(door):
    assert (200, {"ok": True}) == (door.web.get("/healthz").status_code, door.web.get("/healthz").json())
    assert (200, {"ready": True, "why": None}) == (door.web.get("/readyz").status_code, door.web.get("/readyz").json())


def test_it_is_not_ready_while_shoppers_wait_too_long_for_a_brain(door, chat):
    door.say(chat, "在吗", "m1")
    door.watch.forward(31)

    answer = door.web.get("/readyz")

    assert 503 == answer.status_code
    assert "brain" in answer.json()["why"]


def test_it_counts_answers_and_waiting_conversations_and_names_no_shopper(door, chat):
    door.say(chat, "在吗", "m1")

    figures = door.web.get("/metrics").text

    assert "liuxin_waiting_conversations 1.0" in figures
    assert 'liuxin_http_responses_total{route="/api/conversations/{conversation_id}/lines",status="202"}' in figures
    assert chat["conversation_id"] not in figures


def test_its_openapi_page_names_every_public_call_with_its_refusals(door):
    page = door.web.get("/openapi.json").json()

    lines = page["paths"]["/api/conversations/{conversation_id}/lines"]
    assert {"202", "401", "404", "409", "413", "422", "429", "503"} <= set(lines["post"]["responses"])
    assert {"/api/conversations", "/api/conversations/{conversation_id}/stream", "/healthz", "/readyz", "/metrics",
            "/webhooks/rest/webhook"} <= set(page["paths"])  # fmt: skip
    assert 200 == door.web.get("/docs").status_code


def test_no_demo_page_is_served_outside_the_demo(door):
    for path in ("/", "/demo/identity", "/demo/api/buyers", "/orders"):
        assert_refused(door.web.get(path), 404, "http")


def test_a_page_of_a_named_shop_may_embed_the_chat_and_another_may_not(sqlite, make_door):
    door = make_door(sqlite, origins=("https://shop.example",))

    allowed = door.web.get("/healthz", headers={"Origin": "https://shop.example"})
    other = door.web.get("/healthz", headers={"Origin": "https://evil.example"})

    assert "https://shop.example" == allowed.headers["access-control-allow-origin"]
    assert "access-control-allow-origin" not in other.headers


# A human, with every brain dead


@pytest.mark.parametrize("words", ["转人工", "人工", "我要找真人客服！", "轉人工", "转 人 工"])
def test_who_asks_for_a_human_is_in_the_queue_at_once(door, chat, words):
    answer = door.say(chat, words, "m1")

    page = door.read(chat, after=answer.json()["seq"]).json()
    assert "queue" == page["owner"]
    assert ["bot"] == [line["author"] for line in page["lines"]]
    assert "排在第1位" in page["lines"][0]["text"]


def test_who_asks_again_keeps_their_place(door, chat):
    other = door.open().json()
    door.say(chat, "转人工", "m1")
    door.watch.forward(1)
    door.say(other, "转人工", "m1")

    door.say(chat, "人工", "m2")

    assert "排在第1位" in door.said(chat)[-1][1]
    assert "排在第2位" in door.said(other)[-1][1]


def test_a_retried_cry_for_a_human_is_heard_once(door, chat):
    door.say(chat, "转人工", "m1")
    door.say(chat, "转人工", "m1")

    assert 2 == len(door.said(chat))


@pytest.fixture
def watched(door: Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A door whose looking-after runs, every 20 ms instead of every two seconds."""
    monkeypatch.setattr(gateway_app, "_LOOK_AFTER_S", 0.02)
    with door.web:
        yield door


def until_said(door: Door, chat: dict[str, Any], count: int) -> list[tuple[str, str]]:
    """The lines, as soon as there are *count*; what there is after five seconds."""
    deadline = time.monotonic() + 5
    while len(door.said(chat)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return door.said(chat)


def looked_after(door: Door) -> None:
    """Until the looking-after has certainly run once more."""
    looks: list[int] = []
    before, gateway_app._reassure = gateway_app._reassure, lambda gateway: looks.append(1) or before(gateway)
    deadline = time.monotonic() + 5
    while len(looks) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    gateway_app._reassure = before


def test_without_a_brain_the_shopper_is_told_after_ten_seconds_and_a_human_called_after_thirty(watched):
    chat = watched.open().json()
    watched.say(chat, "我的快递到哪了", "m1")

    watched.watch.forward(9)
    looked_after(watched)
    after_9_s = watched.said(chat)
    watched.watch.forward(2)
    after_11_s = until_said(watched, chat, 2)
    watched.watch.forward(18)
    looked_after(watched)
    after_29_s = watched.said(chat)
    watched.watch.forward(2)
    after_31_s = until_said(watched, chat, 3)
    watched.watch.forward(600)
    looked_after(watched)

    assert [("shopper", "我的快递到哪了")] == after_9_s
    assert "请稍等" in after_11_s[1][1]
    assert after_11_s == after_29_s
    assert "已为您转人工" in after_31_s[2][1]
    assert "queue" == watched.read(chat).json()["owner"]
    assert after_31_s == watched.said(chat)


def test_a_shopper_who_is_answered_is_not_told_to_wait(watched):
    chat = watched.open().json()
    watched.say(chat, "转人工", "m1")
    before = watched.said(chat)

    watched.watch.forward(60)
    looked_after(watched)

    assert before == watched.said(chat)


# The stream


class Served:
    """The door on a real port, since a stream that never ends needs a real server."""

    def __init__(self, door: Door) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.server = uvicorn.Server(
            uvicorn.Config(door.app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1)
        )
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.01)

    def events(self, chat: dict[str, Any], **headers: str) -> Iterator[dict[str, str]]:
        """The events of the conversation's stream as they come; a comment is {"": its words}."""
        wanted = {**bearer(chat["token"]), **{name.replace("_", "-"): value for name, value in headers.items()}}
        with httpx.stream("GET", f"{self.url}{thread(chat)}/stream", headers=wanted, timeout=5) as answer:
            assert 200 == answer.status_code
            event: dict[str, str] = {}
            for row in answer.iter_lines():
                if row:
                    name, _, value = row.partition(":")
                    event[name] = value.strip()
                elif event:
                    yield event
                    event = {}

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(5)
        AppStatus.should_exit = False  # one for the whole process: the next server's streams would end at once


@pytest.fixture
def served(door: Door) -> Iterator[Served]:
    server = Served(door)
    yield server
    server.stop()


def lines_of(events: Iterator[dict[str, str]], count: int) -> list[tuple[int, str]]:
    """(id, text) of the next *count* lines of a stream."""
    lines = (event for event in events if event.get("event") == "line")
    return [
        (int(event["id"]), json.loads(event["data"])["text"]) for _, event in zip(range(count), lines, strict=False)
    ]


def test_a_line_is_pushed_to_whoever_listens(door, chat, served):
    events = served.events(chat)
    ((welcome_id, _),) = lines_of(events, 1)

    said = door.say(chat, "在吗", "m1").json()

    assert 1 == welcome_id
    assert [(said["seq"], "在吗")] == lines_of(events, 1)


def test_after_a_lost_connection_only_what_was_missed_is_sent(door, chat, served):
    for number in range(4):
        door.say(chat, f"第{number}句", f"m{number}")

    missed = lines_of(served.events(chat, last_event_id="3"), 2)

    assert [(4, "第2句"), (5, "第3句")] == missed


@pytest.mark.parametrize("last_event_id", ["", "abc", "-1", "1.5", "٣", "9" * 5000])
def test_a_senseless_last_event_id_harms_nobody(chat, served, last_event_id):
    events = served.events(chat, last_event_id=last_event_id.encode())

    assert "owner" == next(events)["event"]


def test_two_who_listen_both_hear(door, chat, served):
    one, other = served.events(chat, last_event_id="1"), served.events(chat, last_event_id="1")
    next(one), next(other)

    said = door.say(chat, "在吗", "m1").json()

    assert [(said["seq"], "在吗")] == lines_of(one, 1) == lines_of(other, 1)


def test_nobody_hears_what_is_said_in_another_conversation(door, chat, served):
    other = door.open().json()
    events = served.events(chat, last_event_id="1")
    next(events)

    door.say(other, "别人的话", "m1")
    door.say(chat, "自己的话", "m1")

    assert [(2, "自己的话")] == lines_of(events, 1)


def test_a_listener_learns_that_a_human_is_called(door, chat, served):
    events = served.events(chat)
    first = json.loads(next(events)["data"])

    door.say(chat, "转人工", "m1")
    owners = (json.loads(event["data"])["owner"] for event in events if event.get("event") == "owner")

    assert "bot" == first["owner"]
    assert "queue" == next(owners)


def test_a_quiet_stream_shows_that_it_lives(chat, served, monkeypatch):
    monkeypatch.setattr(shoppers, "HEARTBEAT_S", 1)

    events = served.events(chat, last_event_id="1")
    next(events)

    assert "" in next(events)


def test_a_stream_ends_when_the_gateway_stops(chat, served):
    events = served.events(chat, last_event_id="1")
    next(events)

    served.server.handle_exit(signal.SIGTERM, None)

    assert [] == [event for event in events if event.get("event") == "line"]
