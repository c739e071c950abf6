"""Whatever is thrown at the public doors: an answer in our form, never a fault of ours, never an empty 200."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from sqlalchemy import Engine

from bot.gateway.app import create_app
from bot.gateway.doors import rest
from bot.gateway.tokens import sign_identity
from bot.settings import Settings
from bot.store.database import migrate, open_store

SECRET = "i" * 64
NEVER = 10**7
MUTATIONS = 2000
HOSTILE_TEXTS = [
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff文", "\ufeff", "\u202e反", "\ufffe", "👨‍👩‍👧‍👦", "e" + "\u0301" * 500, "文" * 3000,
    "/call_human", "/restart{}", "{{7*7}}", "${jndi:ldap://x}", "'; DROP TABLE lines; --", "<script>alert(1)</script>",
    "%00", "%s%n", "../../../etc/passwd", "null", "NaN", "\r\nSet-Cookie: a=b", "٣", "１２３", "𝟙𝟚𝟛", "-1", "1e999",
]  # fmt: skip
HOSTILE_VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 10**400, float("inf"), float("nan"), [], {}, [[]], [None], {"": ""},
    {"\ud800": 1}, {"\x00": 1}, {"a" * 3000: 1}, {"__proto__": {}}, *HOSTILE_TEXTS,
]  # fmt: skip
HOSTILE_BODIES = [
    b"", b"\x00", b"\xff\xfe", b"{", b"}", b"null", b"true", b'""', b"[]", b"{}", b"1e999", b"-", b"NaN", b"Infinity",
    b"[" * 10_000, b'{"a":' * 3_000, b"[" * 8_000 + b"]" * 8_000, b'{"text":"\xed\xa0\x80","client_msg_id":"a"}',
    b'{"text":"\xc3\x28","client_msg_id":"a"}', b'{"text":"a","text":"b","client_msg_id":"a","client_msg_id":"b"}',
    b'{"text":"\\ud800","client_msg_id":"a"}', b'{"\\ud800":1}', b'{"text":1e999,"client_msg_id":1e999}',
    b'{"text":' + b"9" * 10_000 + b"}", b"\xef\xbb\xbf{}", "{}".encode("utf-16"), "{}".encode("utf-32"), b"a" * 17_000,
    b'{"text":"\\u0000","client_msg_id":"a"}', b"text=a&client_msg_id=b", b"--x\r\n\r\n--x--", b"\x1f\x8b\x08\x00",
]  # fmt: skip
#: JSON may come in UTF-16 or -32, and says nothing of a key that stands twice.
GOOD_AFTER_ALL = [
    body
    for body in HOSTILE_BODIES
    if b'"text":"a","text"' in body or body.strip(b"\xff\xfe\xef\xbb\xbf\x00") in (b"{}", b"{\x00}", b"{\x00\x00\x00}")
]
HOSTILE_TYPES = [
    b"", b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data", b"multipart/form-data; boundary=x",
    b"application/json; charset=utf-7", b"application/json; charset=nonsense", b"application/xml", b"\xff\xff", b"/", b";" * 300,
]  # fmt: skip
HOSTILE_TOKENS = [
    b"", b"Bearer", b"Bearer ", b"Bearer a.b.c", b"Basic YTpi", b"Bearer " + b"a" * 60_000, b"Bearer \xff\xfe", b"\x00", b"Bearer ....",
    b"Bearer eyJhbGciOiJub25lIn0.eyJjaWQiOiJ4In0.", b"Bearer e30.e30.e30", "Bearer 令牌".encode(), b"bearer" + b" " * 5000,
]  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """One request, as bytes; *form* is its JSON body, *body* its bytes if it is no JSON."""

    method: str
    path: str
    form: Any = None
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)
    query: bytes = b""
    body: bytes | None = None

    def bytes(self) -> bytes:
        if self.body is not None:
            return self.body
        return b"" if self.form is None else json.dumps(self.form).encode()


@dataclass(frozen=True)
class Told:
    """The answer: all of it, or of a stream the first piece."""

    status: int
    body: bytes
    kind: str


async def answer(app: Any, ask: Ask) -> Told:
    """*ask* through the whole application, as uvicorn would hand it on."""
    sent: list[dict[str, Any]] = []
    coming = [{"type": "http.request", "body": ask.bytes(), "more_body": False}]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": ask.method, "scheme": "http",
        "path": unquote(ask.path), "raw_path": ask.path.encode("ascii"), "query_string": ask.query, "root_path": "",
        "headers": [*ask.headers, (b"host", b"shop")], "client": ("1.2.3.4", 5), "server": ("shop", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return coming.pop() if coming else await asyncio.Event().wait()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if "stream" in ask.path and message.get("body"):
            enough.set()

    enough = asyncio.Event()
    hearing, whole = asyncio.ensure_future(enough.wait()), asyncio.ensure_future(app(scope, receive, send))
    await asyncio.wait([hearing, whole], timeout=20, return_when=asyncio.FIRST_COMPLETED)
    for task in (hearing, whole):
        task.cancel()
    await asyncio.gather(hearing, whole, return_exceptions=True)
    assert sent, f"{ask} was not answered"
    kinds = [value.decode() for name, value in sent[0]["headers"] if name == b"content-type"]
    return Told(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), "".join(kinds))


def of_a_file(ask: Ask, told: Told) -> bool:
    """Whether a part of a file was asked for that it does not have; only programs ask so, and read the status."""
    return told.kind.startswith("text/plain") and any(name == b"range" for name, _ in ask.headers)


def assert_in_our_form(ask: Ask, told: Told) -> None:
    """No fault of ours, nothing empty, every refusal with a code and a reason in Chinese."""
    assert told.status < 500 or told.status == 503, (ask, told)
    assert told.body or ask.method in ("HEAD", "OPTIONS"), (ask, told)
    if told.status >= 400 and told.body and not of_a_file(ask, told):
        assert told.body[:1] == b"{", (ask, told)
        refusal = json.loads(told.body)
        assert {"code", "reason"} == set(refusal), (ask, told)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in refusal["reason"]), (ask, told)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("malformed")


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[Any]:
    """The gateway with its demo, without limits of pace, content without a brain; its REST door waits for none."""
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    migrate(engine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rest, "ANSWER_WITHIN_S", 0.0)
        yield create_app(unhurried(folder), engine)


def unhurried(folder: Path) -> Settings:
    return Settings(
        var=folder, identity_secret=SECRET, session_secret="s" * 64, rest_token="r" * 64, lines_per_10_s=NEVER,
        lines_per_min=NEVER, requests_per_min=NEVER, conversations_per_12_h=NEVER, human_after_s=NEVER,
    )  # fmt: skip


@pytest.fixture(scope="module")
def chat(app: Any) -> dict[str, Any]:
    """An open conversation."""
    return TestClient(app).post("/api/conversations", json={}).json()


def valid_requests(chat: dict[str, Any]) -> list[Ask]:
    """One good request to every public route."""
    thread = f"/api/conversations/{chat['conversation_id']}"
    kind = (b"content-type", b"application/json")
    mine = (kind, (b"authorization", f"Bearer {chat['token']}".encode()))
    door = (kind, (b"authorization", b"Bearer " + b"r" * 64))
    identity = sign_identity(
        "u1001", SECRET, "demo", jti="malformed", now=datetime.now(UTC), name="林知夏", tier="金卡"
    )
    page = {"product_id": "10000001", "order_no": "202611220000000001"}
    return [
        Ask("POST", "/api/conversations", {"shop": "demo", "page": page}),
        Ask("POST", "/api/conversations", {"shop": "demo", "identity": identity, "page": page}),
        Ask("POST", f"{thread}/lines", {"client_msg_id": "m1", "text": "这个多少钱", "page": page}, mine),
        Ask("GET", f"{thread}/lines", headers=mine, query=b"after=0&limit=5"),
        Ask("GET", f"{thread}/stream", headers=(*mine, (b"last-event-id", b"0")), query=b"after=0"),
        Ask("POST", "/webhooks/rest/webhook",
            {"sender": "wang", "message": "在吗", "message_id": "m1", "metadata": {"a": [1]}}, door),
        Ask("GET", "/demo/api/products/10000001"),
        Ask("POST", "/demo/api/buyer", {"buyer_id": "u1001"}),
        Ask("GET", "/demo/identity", headers=((b"cookie", b"demo_buyer=u1001"),)),
        Ask("GET", "/demo/api/orders", headers=((b"cookie", b"demo_buyer=u1001"),)),
        Ask("GET", "/p/10000001"), Ask("GET", "/storefront/storefront.css"), Ask("GET", "/widget.js"),
        Ask("GET", "/healthz"), Ask("GET", "/readyz"), Ask("GET", "/metrics"), Ask("GET", "/openapi.json"),
    ]  # fmt: skip


def with_other_form(ask: Ask, chance: random.Random) -> Ask:
    """One value of the form, or a value within it, is another; or there is one more, or one less."""
    form = json.loads(json.dumps(ask.form)) if isinstance(ask.form, dict) else {}
    inner = chance.choice([form, *(value for value in form.values() if isinstance(value, dict))])
    key = chance.choice([*inner, chance.choice(["x", "", "\ud800", "\x00", "名" * 400, "__class__"])])
    if chance.random() < 0.2:
        inner.pop(key, None)
    else:
        inner[key] = chance.choice(HOSTILE_VALUES)
    return replace(ask, form=form)


def with_other_bytes(ask: Ask, chance: random.Random) -> Ask:
    if chance.random() < 0.5:
        return replace(ask, body=chance.choice(HOSTILE_BODIES))
    body = bytearray(ask.bytes() or b"{}")
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(body) + 1)
        body[place : place + chance.randint(0, 3)] = chance.choice(
            [b"", b"\x00", b"\xff", b'"', b"\\", b"{", b"\\ud800"]
        )
    return replace(ask, body=bytes(body))


def with_other_headers(ask: Ask, chance: random.Random) -> Ask:
    if not ask.headers or chance.random() < 0.3:
        extra = chance.choice([(b"x-" + b"h" * 500, b"v" * 30_000), (b"cookie", b"demo_buyer=\xff\xfe;;=;" * 50),
                               (b"range", b"bytes=9-1,,"), (b"if-none-match", b"*" * 999), (b"origin", b"null"),
                               (b"accept", b"\x00"), (b"content-length", b"-5"), (b"x-forwarded-for", b"' OR 1=1")])  # fmt: skip
        return replace(ask, headers=(*ask.headers, extra))
    place = chance.randrange(len(ask.headers))
    name = ask.headers[place][0]
    hostile = {b"content-type": HOSTILE_TYPES, b"authorization": HOSTILE_TOKENS}.get(
        name, [text.encode("utf-8", "surrogatepass") for text in HOSTILE_TEXTS] + [b"9" * 5000, b"-1", b"\xff" * 50]
    )
    changed = (name, chance.choice(hostile))
    return replace(ask, headers=(*ask.headers[:place], changed, *ask.headers[place + 1 :]))


def with_other_place(ask: Ask, chance: random.Random) -> Ask:
    """Another path, query or method."""
    kind = chance.randrange(3)
    if kind == 0:
        parts = ask.path.split("/")
        hostile = ["", "%00", "%ff%fe", "..", "%2e%2e%2f", "a" * 5000, "%E4%BA%BA", "%ED%A0%80", "*", "1;2", "%0d%0a"]
        parts[chance.randrange(1, len(parts))] = chance.choice(hostile)
        return replace(ask, path="/".join(parts))
    if kind == 1:
        hostile_query = [
            b"after=-1", b"after=1e9", b"after=" + b"9" * 5000, b"limit=0", b"limit=201", b"after=1&after=2", b"after[]=1",
            b"%00=%00", b"after=\xff", b"after=%ff", b"&" * 3000, b"after=NaN", b"limit=%EF%BC%91", b"after=2147483648",
        ]  # fmt: skip
        return replace(ask, query=chance.choice(hostile_query))
    return replace(
        ask, method=chance.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "爱", ""])
    )


def mutations(valid: list[Ask], seed: int) -> Iterator[Ask]:
    """Valid requests with one to three things wrong, the same ones for the same *seed*."""
    chance = random.Random(seed)
    ways: list[Callable[[Ask, random.Random], Ask]] = [
        with_other_form, with_other_form, with_other_bytes, with_other_headers, with_other_place
    ]  # fmt: skip
    while True:
        ask = chance.choice(valid)
        for _ in range(chance.choice([1, 1, 2, 3])):
            ask = chance.choice(ways)(ask, chance)
        yield ask


def test_every_good_request_is_answered_well(app, chat):
    """Otherwise the mutations of these requests would test nothing but the door's outermost step."""

    async def all_answers() -> list[Told]:
        return [await answer(app, ask) for ask in valid_requests(chat)]

    statuses = [told.status for told in asyncio.run(all_answers())]

    assert [201, 201, 202] == statuses[:3]
    assert [200] * 2 == statuses[3:5]
    assert all(status in (200, 404) for status in statuses[5:])


def test_two_thousand_spoilt_requests_meet_no_fault_of_ours(app, chat):
    seen: dict[int, int] = {}

    async def ask_all() -> None:
        for ask in itertools.islice(mutations(valid_requests(chat), seed=20261122), MUTATIONS):
            told = await answer(app, ask)
            assert_in_our_form(ask, told)
            seen[told.status] = seen.get(told.status, 0) + 1

    asyncio.run(ask_all())

    assert sum(seen.values()) == MUTATIONS
    assert {401, 404, 405, 413, 422} <= set(seen)
    assert 503 not in seen


@pytest.mark.parametrize("body", HOSTILE_BODIES, ids=lambda body: repr(body[:24]))
@pytest.mark.parametrize("path", ["/api/conversations", "/webhooks/rest/webhook", "lines"])
def test_no_body_makes_a_door_fall(app, chat, path, body):
    ask = valid_requests(chat)[{"/api/conversations": 0, "lines": 2, "/webhooks/rest/webhook": 5}[path]]
    spoilt = replace(ask, body=body)

    told = asyncio.run(answer(app, spoilt))

    assert_in_our_form(spoilt, told)
    assert 400 <= told.status < 500 or body in GOOD_AFTER_ALL


@pytest.mark.parametrize("name", ["sender", "message"])
@pytest.mark.parametrize("value", HOSTILE_TEXTS, ids=lambda text: ascii(text)[:24])
def test_postgres_is_given_nothing_it_cannot_keep(postgres_app, name, value):
    door = ((b"content-type", b"application/json"), (b"authorization", b"Bearer " + b"r" * 64))
    ask = Ask("POST", "/webhooks/rest/webhook", {"sender": "wang", "message": "在吗", name: value}, door)

    told = asyncio.run(answer(postgres_app, ask))

    assert_in_our_form(ask, told)
    assert told.status != 503


@pytest.fixture
def postgres_app(postgres: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(rest, "ANSWER_WITHIN_S", 0.0)
    return create_app(unhurried(folder), postgres)


once = hypothesis_settings(
    max_examples=150, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@given(text=st.text(st.characters(codec=None), max_size=60) | st.sampled_from(HOSTILE_TEXTS))
@once
def test_any_text_is_kept_letter_for_letter_or_refused(app, text):
    web = TestClient(app)
    chat = web.post("/api/conversations", json={}).json()
    head = {"Authorization": f"Bearer {chat['token']}", "Content-Type": "application/json"}
    path = f"/api/conversations/{chat['conversation_id']}/lines"

    said = web.post(path, content=json.dumps({"client_msg_id": "m1", "text": text}).encode(), headers=head)
    kept = [line["text"] for line in web.get(path, headers=head).json()["lines"] if line["author"] == "shopper"]

    assert said.status_code in (202, 413, 422)
    assert ([text] if said.status_code == 202 else []) == kept


def test_the_openapi_page_promises_nothing_that_falls(app):
    """Schemathesis makes requests of its own from the page: right ones and wrong ones."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    bounded = hypothesis_settings(
        max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    asked = []

    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @bounded
        def ask(case: Any) -> None:
            told = case.call()
            asked.append(case.path)
            case.validate_response(told, checks=[not_a_server_error])
            assert told.content

        ask()

    assert {"/api/conversations", "/webhooks/rest/webhook", "/healthz"} <= set(asked)
