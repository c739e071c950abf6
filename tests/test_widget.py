"""The chat widget in a real browser, against a small gateway that can be told to fail; then the demo storefront."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
import uvicorn
from fastapi import FastAPI, Header, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.errors import ProductNotFound, ShopUnavailable
from bot.gateway import demo
from bot.gateway.pictures import picture, shape_of
from bot.shop.facts import Order, OrderItem, OrderState, Product, Sku

pytestmark = pytest.mark.browser

WIDGET = Path(__file__).parents[1] / "bot" / "gateway" / "widget" / "widget.js"
AT = "2026-11-22T02:20:05Z"


class FakeGateway:
    """The shopper API from memory. What it was asked stays readable; what it shall refuse is queued."""

    def __init__(self) -> None:
        self.lines: dict[str, list[dict[str, Any]]] = {}
        self.tokens: dict[str, str] = {}
        self.created: list[dict[str, Any]] = []  #: bodies of POST /conversations, with the bearer they came with
        self.posts: list[dict[str, Any]] = []  #: bodies of POST /lines, refused ones too
        self.refusals: deque[tuple[int, dict[str, Any], dict[str, str]]] = deque()  #: for POST /lines
        self.creation_refusals: deque[tuple[int, dict[str, Any]]] = deque()
        self.identities: deque[str | None] = deque()  #: what GET /identity answers; the last one for ever
        self.identity_asked = 0
        self.owner, self.owner_name = "bot", ""
        self.streams_open = True
        self.stutters = False  #: sends every line of a stream twice
        self.loses_answers = 0  #: stores the line, then answers 502
        self.typing = 0

    def say(self, text: str, author: str = "bot", **payload: Any) -> None:
        self.append(self.newest, author, text, None, payload or None)

    def append(self, conversation_id: str, author: str, text: str, client_id: str | None, payload: Any) -> int:
        lines = self.lines[conversation_id]
        line = {"seq": len(lines) + 1, "author": author, "text": text, "at": AT, "client_msg_id": client_id}
        lines.append({**line, "payload": payload})
        return len(lines)

    @property
    def newest(self) -> str:
        return list(self.lines)[-1]

    def create(self, body: dict[str, Any], bearer: str | None) -> Response:
        self.created.append({**body, "bearer": bearer})
        if self.creation_refusals:
            status, reason = self.creation_refusals.popleft()
            return JSONResponse(reason, status)
        earlier = [name for name, token in self.tokens.items() if f"Bearer {token}" == bearer]
        conversation_id = earlier[0] if earlier else uuid.uuid4().hex
        if not earlier:
            self.lines[conversation_id] = []
            self.append(conversation_id, "bot", "您好，我是智能客服机器人。", None, None)
        self.tokens[conversation_id] = uuid.uuid4().hex
        answer = {"conversation_id": conversation_id, "token": self.tokens[conversation_id]}
        return JSONResponse({**answer, "signed_in": bool(body["identity"]), "name": None}, 201)

    def post(self, conversation_id: str, body: dict[str, Any]) -> Response:
        self.posts.append({**body, "conversation_id": conversation_id})
        if self.refusals:
            status, reason, headers = self.refusals.popleft()
            return JSONResponse(reason, status, headers)
        known = [line for line in self.lines[conversation_id] if line["client_msg_id"] == body["client_msg_id"]]
        seq = (
            known[0]["seq"]
            if known
            else self.append(conversation_id, "shopper", body["text"], body["client_msg_id"], None)
        )
        if self.loses_answers:
            self.loses_answers -= 1
            return Response(status_code=502)
        return JSONResponse({"seq": seq, "at": AT}, 202)

    async def stream(self, conversation_id: str, after: int) -> AsyncIterator[str]:
        owner, typing = None, self.typing
        while self.streams_open and conversation_id in self.lines:
            if owner != (self.owner, self.owner_name):
                owner = (self.owner, self.owner_name)
                yield f"event: owner\r\ndata: {json.dumps({'owner': self.owner, 'name': self.owner_name})}\r\n\r\n"
            for line in self.lines[conversation_id][after:]:
                after = line["seq"]
                event = f"event: line\r\nid: {after}\r\ndata: {json.dumps(line, ensure_ascii=False)}\r\n\r\n"
                yield event * (2 if self.stutters else 1)
            if typing != self.typing:
                typing = self.typing
                yield 'event: typing\ndata: {"on": true}\n\n'
            await asyncio.sleep(0.02)

    def said(self, text: str) -> list[dict[str, Any]]:
        return [post for post in self.posts if post["text"] == text]


def app_around(held: dict[str, FakeGateway]) -> FastAPI:
    """HTTP around `held["gateway"]`, which every test replaces by a fresh one."""
    app = FastAPI()

    def refused(conversation_id: str, bearer: str | None) -> Response | None:
        token = held["gateway"].tokens.get(conversation_id)
        if token is None:
            return JSONResponse({"code": "gone", "reason": "会话不存在"}, 404)
        return None if bearer == f"Bearer {token}" else JSONResponse({"code": "bad_token", "reason": "已过期"}, 401)

    @app.get("/widget.js")
    def widget() -> Response:
        return FileResponse(WIDGET, media_type="text/javascript")

    @app.get("/page")
    def page(attributes: str = "") -> Response:
        return HTMLResponse(
            '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>店铺</title>'
            '<button id="ask" onclick="Liuxin.open()">问客服</button>'
            f'<script src="/widget.js" data-shop="demo" {attributes} async></script></html>'
        )

    @app.get("/identity")
    def identity() -> dict[str, str | None]:
        gateway = held["gateway"]
        gateway.identity_asked += 1
        return {"identity": gateway.identities.popleft() if len(gateway.identities) > 1 else gateway.identities[0]}

    @app.post("/api/conversations")
    async def create(request: Request, authorization: str | None = Header(None)) -> Response:
        return held["gateway"].create(await request.json(), authorization)

    @app.post("/api/conversations/{conversation_id}/lines")
    async def post(conversation_id: str, request: Request, authorization: str | None = Header(None)) -> Response:
        return refused(conversation_id, authorization) or held["gateway"].post(conversation_id, await request.json())

    @app.get("/api/conversations/{conversation_id}/lines")
    def lines(conversation_id: str, after: int, limit: int, authorization: str | None = Header(None)) -> Response:
        gateway = held["gateway"]
        return refused(conversation_id, authorization) or JSONResponse(
            {"lines": gateway.lines[conversation_id][after : after + limit], "owner": gateway.owner}
        )

    @app.get("/api/conversations/{conversation_id}/stream")
    def stream(
        conversation_id: str, authorization: str | None = Header(None), last_event_id: int = Header(0)
    ) -> Response:
        gateway = held["gateway"]
        if not gateway.streams_open:
            return JSONResponse({"code": "busy", "reason": "稍后再来"}, 503)
        return refused(conversation_id, authorization) or StreamingResponse(
            gateway.stream(conversation_id, last_event_id), media_type="text/event-stream"
        )

    return app


def serve(app: FastAPI) -> tuple[uvicorn.Server, str]:
    """Runs `app` in a thread on a free port; returns the server and its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    until(lambda: server.started)
    return server, f"http://127.0.0.1:{listener.getsockname()[1]}"


def until(holds: Callable[[], Any], page: Page | None = None, within_s: float = 10) -> None:
    """Waits for something outside of the page; fails when it does not come."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        page.wait_for_timeout(20) if page else time.sleep(0.02)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[dict[str, FakeGateway], str]]:
    held = {"gateway": FakeGateway()}
    server, base = serve(app_around(held))
    yield held, base
    server.should_exit = True


@pytest.fixture
def gateway(served: tuple[dict[str, FakeGateway], str]) -> Iterator[FakeGateway]:
    held, _ = served
    held["gateway"] = FakeGateway()
    yield held["gateway"]
    held["gateway"].streams_open = False


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", reduced_motion="reduce")
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def visit(
    context: BrowserContext, gateway: FakeGateway, served: tuple[dict[str, FakeGateway], str]
) -> Callable[..., Page]:
    """Opens the shop's page in a tab; `visit("data-open")` with more attributes on the script tag."""

    def open_tab(attributes: str = "") -> Page:
        page = context.new_page()
        page.goto(f"{served[1]}/page?attributes={attributes}")
        page.wait_for_function("window.Liuxin")
        return page

    return open_tab


def opened(page: Page) -> Page:
    page.evaluate("Liuxin.open()")
    expect(bubbles(page).first).to_contain_text("智能客服机器人")
    return page


def type_line(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")


def bubbles(page: Page) -> Any:
    return page.locator("liuxin-chat .bubble")


def texts(page: Page) -> list[str]:
    """What the bubbles say, without who says it."""
    return [text.split("：", 1)[1] for text in bubbles(page).all_text_contents()]


def kept(page: Page) -> dict[str, Any]:
    """What the widget keeps in localStorage, by name."""
    stored = page.evaluate("Object.fromEntries(Object.entries(localStorage))")
    return {name.removeprefix("liuxin:demo:"): json.loads(value) for name, value in stored.items()}


def unsent(page: Page) -> list[dict[str, Any]]:
    return [entry for name, entry in kept(page).items() if ":line:" in name]


def jwt_of(subject: str) -> str:
    middle = base64.urlsafe_b64encode(json.dumps({"sub": subject}).encode()).decode().rstrip("=")
    return f"e30.{middle}.{uuid.uuid4().hex}"


def test_nothing_is_asked_of_the_gateway_before_the_shopper_opens_the_chat(visit, gateway):
    page = visit()

    expect(page.get_by_role("button", name="打开在线客服")).to_be_visible()

    assert [] == gateway.created


def test_a_line_is_shown_at_once_and_never_doubled_by_its_echo(visit, gateway):
    page = opened(visit("data-product-id=10000001"))

    type_line(page, "有货吗")
    until(lambda: gateway.posts, page)
    gateway.say("有的")
    expect(bubbles(page)).to_have_count(3)

    assert ["有货吗", "有的"] == texts(page)[1:]
    assert [{"product_id": "10000001"}] == [post["page"] for post in gateway.said("有货吗")]
    assert [] == unsent(page)


def test_a_reconnect_replays_what_was_missed_without_loss_or_doubles(visit, gateway):
    page = opened(visit())
    gateway.stutters = True

    gateway.streams_open = False
    for number in range(5):
        gateway.say(f"断线时第{number}句")
    gateway.streams_open = True
    expect(bubbles(page)).to_have_count(6)
    gateway.say("重连后一句")
    expect(bubbles(page)).to_have_count(7)

    assert [f"断线时第{number}句" for number in range(5)] + ["重连后一句"] == texts(page)[1:]


def test_a_line_typed_offline_is_kept_and_sent_with_the_same_id(visit, gateway, context):
    page = opened(visit())

    context.set_offline(True)
    type_line(page, "第一句")
    type_line(page, "第二句")
    expect(page.get_by_text("等待网络恢复后发送")).to_have_count(2)
    waiting = sorted(unsent(page), key=lambda entry: entry["written_at"])
    context.set_offline(False)
    until(lambda: gateway.said("第二句"), page)
    expect(page.get_by_text("已发送")).to_be_visible()

    assert ["第一句", "第二句"] == [line["text"] for line in gateway.lines[gateway.newest][1:]]
    assert [entry["client_msg_id"] for entry in waiting] == [post["client_msg_id"] for post in gateway.posts]


def test_a_line_left_unsent_goes_out_after_a_reload(visit, gateway):
    page = opened(visit())
    gateway.refusals.extend([(503, {"code": "busy", "reason": "系统繁忙"}, {"Retry-After": "60"})] * 1)

    type_line(page, "别丢了我")
    expect(page.get_by_text("系统繁忙")).to_be_visible()
    page.reload()
    until(lambda: len(gateway.said("别丢了我")) == 2, page)

    assert 1 == len({post["client_msg_id"] for post in gateway.posts})


def test_a_lost_answer_means_the_same_line_again_and_one_bubble(visit, gateway):
    page = opened(visit())
    gateway.loses_answers = 1

    type_line(page, "在吗")
    expect(page.get_by_text("已发送")).to_be_visible()
    until(lambda: not unsent(page), page)

    assert ["在吗"] == texts(page)[1:]
    assert 1 == len(gateway.lines[gateway.newest]) - 1


def test_history_is_there_after_a_reload(visit, gateway):
    page = opened(visit())
    type_line(page, "我的快递呢")
    until(lambda: gateway.posts, page)
    gateway.say("在路上")
    expect(bubbles(page)).to_have_count(3)
    before = texts(page)

    page.reload()
    page.wait_for_function("window.Liuxin")
    opened(page)
    expect(bubbles(page)).to_have_count(3)

    assert before == texts(page)
    assert 1 == len(gateway.created)


def test_a_long_history_is_read_in_full(visit, gateway):
    page = opened(visit())
    page.evaluate("Liuxin.close()")
    gateway.streams_open = False
    for number in range(450):
        gateway.say(f"旧消息{number}")

    page.reload()
    page.wait_for_function("window.Liuxin")
    opened(page)

    expect(bubbles(page)).to_have_count(451)


def test_html_in_a_line_is_shown_as_text(visit, gateway):
    page = opened(visit())
    markup = '<img src=x onerror="window.hacked=1"><b>粗</b>'

    type_line(page, markup)
    until(lambda: gateway.posts, page)
    gateway.say(markup, quick_replies=[markup], cards=[{"kind": "product", "id": "1", "title": markup, "say": markup}])
    gateway.say(markup, author="system")
    expect(page.locator("liuxin-chat .notice")).to_have_text(markup)

    assert [markup, markup] == texts(page)[1:]
    assert 0 == page.locator("liuxin-chat b, liuxin-chat img").count()
    assert page.evaluate("window.hacked") is None


def test_only_http_links_are_links_and_they_open_apart(visit, gateway):
    page = opened(visit())
    evil = {"kind": "product", "id": "1", "title": "坏", "url": "javascript:alert(1)", "image": "data:text/html,x"}

    gateway.say("看https://shop.example/p/1，或者 javascript:alert(1) 。", cards=[evil])
    link = page.locator("liuxin-chat a")

    expect(link).to_have_count(1)
    expect(link).to_have_attribute("href", "https://shop.example/p/1")
    expect(link).to_have_attribute("rel", "noopener")
    expect(link).to_have_attribute("target", "_blank")
    expect(page.locator("liuxin-chat .card img")).to_have_count(0)


def test_a_quick_reply_sends_its_text(visit, gateway):
    page = opened(visit())
    gateway.say("还需要什么？", quick_replies=["查物流", "转人工"])

    page.get_by_role("group", name="快捷回复").get_by_role("button", name="查物流").click()
    until(lambda: gateway.said("查物流"), page)

    expect(page.get_by_role("group", name="快捷回复")).to_have_count(0)


def test_quick_replies_stand_only_under_the_newest_answer(visit, gateway):
    page = opened(visit())

    gateway.say("一", quick_replies=["旧的"])
    gateway.say("二", quick_replies=["新的"])

    expect(page.get_by_role("button", name="新的")).to_be_visible()
    expect(page.get_by_role("button", name="旧的")).to_have_count(0)


def test_a_cards_button_says_its_line_and_unknown_cards_are_passed_over(visit, gateway):
    page = opened(visit())
    order = {
        "kind": "order",
        "order_no": "202611220000000001",
        "title": "云感羽绒服",
        "state": "已发货",
        "placed_at": AT,
        "total_fen": 12900,
        "facts": [["快递", "顺丰 ****1234"]],
        "say": "订单到哪了",
    }

    gateway.say("您的订单：", cards=[{"kind": "hologram"}, order])
    page.get_by_role("button", name="选这个：云感羽绒服").click()
    until(lambda: gateway.said("订单到哪了"), page)

    expect(page.locator("liuxin-chat .card")).to_have_count(1)
    expect(page.locator("liuxin-chat .card")).to_contain_text("¥129")


def test_everything_works_with_the_keyboard_alone(visit, gateway):
    page = visit()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("第一行")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("第二行")
    page.keyboard.press("Enter")
    until(lambda: gateway.posts, page)
    page.keyboard.press("Escape")

    assert "第一行\n第二行" == gateway.posts[0]["text"]
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#ask")).to_be_focused()


def test_focus_returns_to_the_round_button_that_opened_the_chat(visit):
    page = visit()
    launcher = page.get_by_role("button", name="打开在线客服")

    launcher.press("Enter")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Escape")

    expect(launcher).to_be_focused()


def test_enter_that_ends_a_composition_does_not_send(visit, gateway):
    page = opened(visit())
    box = page.get_by_role("textbox")
    box.fill("nihao")

    box.evaluate(
        """(box) => {
          const enter = { key: "Enter", bubbles: true, cancelable: true };
          box.dispatchEvent(new KeyboardEvent("keydown", { ...enter, isComposing: true }));
          box.dispatchEvent(new KeyboardEvent("keydown", { ...enter, keyCode: 229 }));
        }"""
    )

    expect(box).to_have_value("nihao")
    assert [] == gateway.posts


def test_a_screen_reader_hears_new_lines_and_who_speaks(visit, gateway):
    page = opened(visit())
    log = page.get_by_role("log")

    gateway.say("亲，我是小林", author="agent", agent="小林")

    expect(log).to_have_attribute("aria-live", "polite")
    expect(log).to_have_attribute("aria-busy", "false")
    expect(log).to_have_accessible_name("对话内容")
    expect(bubbles(page).last).to_have_text("人工客服小林：亲，我是小林")
    expect(page.get_by_role("dialog")).to_have_accessible_name("在线客服")


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_shows_the_chat_in_full_without_horizontal_scroll(visit, gateway, width):
    page = visit("data-title=一个名字特别特别特别特别长的旗舰店官方客服")
    page.set_viewport_size({"width": width, "height": 568})
    opened(page)
    card = {
        "kind": "order",
        "order_no": "202611220000000001",
        "title": "长" * 60,
        "state": "已发货",
        "total_fen": 1,
        "image": "/none.svg",
        "facts": [["快递", "x" * 60]],
        "say": "问",
    }

    gateway.say("W" * 300 + " https://shop.example/" + "y" * 90, cards=[card], quick_replies=["好" * 40])
    expect(page.locator("liuxin-chat .card")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    log = page.get_by_role("log")
    assert log.evaluate("(log) => log.scrollWidth <= log.clientWidth")
    assert {"x": 0, "y": 0, "width": width, "height": 568} == page.get_by_role("dialog").bounding_box()


def test_every_target_is_large_enough_for_a_thumb(visit, gateway):
    page = opened(visit())
    gateway.refusals.append((422, {"code": "x", "reason": "不行"}, {}))
    type_line(page, "被拒绝")
    gateway.say("看", quick_replies=["一"], cards=[{"kind": "product", "id": "1", "title": "物", "say": "问"}])
    expect(page.get_by_role("button", name="重发这条消息")).to_be_visible()
    expect(page.locator("liuxin-chat .card")).to_be_visible()

    sizes = page.locator("liuxin-chat button:visible, liuxin-chat textarea").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect()).map(({ width, height }) => [width, height])"
    )

    assert [] == [size for size in sizes if min(size) < 44]


@pytest.mark.parametrize(
    ("status", "reason"), [(413, "这条消息太长了"), (429, "您发得太快了，请稍等"), (422, "这条消息里有发不出去的字符")]
)
def test_a_refusal_is_shown_beside_the_line_and_can_be_sent_again(visit, gateway, status, reason):
    page = opened(visit())
    gateway.refusals.append((status, {"code": "no", "reason": reason}, {"Retry-After": "30"}))

    type_line(page, "试试")
    failed = page.locator('liuxin-chat .line[data-status="failed"]')
    expect(failed).to_contain_text(reason)
    failed.get_by_role("button", name="重发").click()
    expect(page.get_by_text("已发送")).to_be_visible()

    assert 2 == len(gateway.said("试试"))
    assert 1 == len({post["client_msg_id"] for post in gateway.posts})
    assert ["试试"] == texts(page)[1:]


def test_a_busy_gateway_gets_the_line_again_by_itself(visit, gateway):
    page = opened(visit())
    gateway.refusals.append((503, {"code": "busy", "reason": "系统繁忙"}, {"Retry-After": "1"}))

    type_line(page, "请稍后")
    expect(page.get_by_text("已发送")).to_be_visible()

    assert 2 == len(gateway.said("请稍后"))


def test_a_refused_line_does_not_hold_up_the_next(visit, gateway):
    page = opened(visit())
    gateway.refusals.append((422, {"code": "no", "reason": "不行"}, {}))

    type_line(page, "坏的")
    type_line(page, "好的")
    expect(page.get_by_text("已发送")).to_be_visible()

    assert ["坏的", "好的"] == texts(page)[1:]


def test_a_refused_identity_is_fetched_anew_once(visit, gateway):
    first, second = jwt_of("u1001"), jwt_of("u1001")
    gateway.identities.extend([first, second])
    gateway.creation_refusals.append((401, {"code": "used_token", "reason": "请重新登录"}))

    page = opened(visit("data-identity-url=/identity"))

    assert [first, second] == [made["identity"] for made in gateway.created]
    assert 2 == gateway.identity_asked
    assert 0 == page.get_by_text("请重新登录").count()


def test_an_identity_refused_twice_leaves_an_anonymous_shopper(visit, gateway):
    gateway.identities.append(jwt_of("u1001"))
    gateway.creation_refusals.extend([(401, {"code": "bad_token", "reason": "无效"})] * 2)

    opened(visit("data-identity-url=/identity"))

    assert 3 == len(gateway.created)
    assert gateway.created[-1]["identity"] is None


def test_signing_in_carries_the_anonymous_talk_over(visit, gateway):
    page = opened(visit())
    type_line(page, "登录前说的")
    expect(page.get_by_text("已发送")).to_be_visible()
    token = kept(page)["anon:conversation"]["token"]

    page.evaluate("(jwt) => Liuxin.identify(jwt)", jwt_of("u1001"))
    until(lambda: "anon:conversation" not in kept(page), page)
    expect(bubbles(page)).to_have_count(2)

    assert f"Bearer {token}" == gateway.created[1]["bearer"]
    assert ["登录前说的"] == texts(page)[1:]


def test_signing_out_leaves_no_token_and_no_line_behind(visit, gateway):
    page = visit()
    page.evaluate("(jwt) => Liuxin.identify(jwt)", jwt_of("u1001"))
    opened(page)
    type_line(page, "我的隐私")
    expect(page.get_by_text("已发送")).to_be_visible()

    page.evaluate("Liuxin.identify(null)")
    until(lambda: len(gateway.created) == 2, page)
    expect(page.get_by_text("我的隐私")).to_have_count(0)

    assert (None, None) == (gateway.created[1]["identity"], gateway.created[1]["bearer"])
    assert ["anon:conversation"] == [name for name in kept(page) if name.endswith(":conversation")]


def test_one_shopper_never_brings_their_token_into_anothers_talk(visit, gateway):
    page = visit()
    page.evaluate("(jwt) => Liuxin.identify(jwt)", jwt_of("u1001"))
    opened(page)

    page.evaluate("(jwt) => Liuxin.identify(jwt)", jwt_of("u1002"))
    until(lambda: len(gateway.created) == 2, page)

    assert [None, None] == [made["bearer"] for made in gateway.created]


def test_a_lost_conversation_is_replaced_silently_and_the_line_goes_there(visit, gateway):
    page = opened(visit())
    type_line(page, "之前说的")
    expect(page.get_by_text("已发送")).to_be_visible()
    lost = gateway.newest
    del gateway.tokens[lost], gateway.lines[lost]

    type_line(page, "还在吗")
    until(lambda: gateway.said("还在吗")[-1:] and gateway.lines, page)
    until(lambda: any(line["text"] == "还在吗" for line in gateway.lines[gateway.newest]), page)

    expect(page.get_by_text("以上是之前的对话")).to_be_visible()
    expect(page.get_by_text("还在吗")).to_have_count(1)
    assert lost not in gateway.lines


def test_an_expired_token_is_noticed_by_a_line_even_while_the_stream_lives(visit, gateway):
    page = opened(visit())
    until(lambda: page.locator("liuxin-chat header p").text_content(), page)
    del gateway.tokens[gateway.newest]

    type_line(page, "还在吗")
    until(lambda: len(gateway.created) == 2, page)
    expect(page.get_by_text("已发送")).to_be_visible()
    gateway.say("一直都在")

    expect(bubbles(page).last).to_contain_text("一直都在")


def test_a_line_that_waited_anonymously_goes_into_the_signed_in_talk(visit, gateway):
    page = visit()
    gateway.creation_refusals.append((429, {"code": "busy", "reason": "人太多了，请稍等"}))
    page.evaluate("Liuxin.say('登录前没发出去的')")
    until(lambda: gateway.created, page)

    page.evaluate("(jwt) => Liuxin.identify(jwt)", jwt_of("u1001"))
    until(lambda: gateway.said("登录前没发出去的"), page)

    assert gateway.created[-1]["identity"] is not None
    until(lambda: not unsent(page), page)


def test_a_second_tab_forgets_too_when_the_shopper_signs_out(visit, gateway):
    gateway.identities.append(jwt_of("u1001"))
    first, second = visit("data-identity-url=/identity"), visit("data-identity-url=/identity")
    opened(first)
    opened(second)
    type_line(first, "我的隐私")
    expect(second.get_by_text("我的隐私")).to_be_visible()

    gateway.identities = deque([None])
    first.evaluate("Liuxin.identify(null)")

    expect(first.get_by_text("我的隐私")).to_have_count(0)
    expect(second.get_by_text("我的隐私")).to_have_count(0)


def test_the_head_says_who_is_serving(visit, gateway):
    page = opened(visit())
    served_by = page.locator("liuxin-chat header p")

    expect(served_by).to_have_text("智能客服（机器人）")
    gateway.owner = "queue"
    expect(served_by).to_have_text("排队中 · 人工即将接入")
    gateway.owner, gateway.owner_name = "agent", "小林"
    expect(served_by).to_have_text("人工客服 小林")
    expect(page.get_by_role("button", name="转人工")).to_be_visible()


def test_asking_for_a_human_is_one_press(visit, gateway):
    page = opened(visit())

    page.get_by_role("button", name="转人工").click()
    until(lambda: gateway.posts, page)

    assert ["转人工"] == [post["text"] for post in gateway.posts]


def test_two_tabs_of_one_shopper_stay_in_step(visit, gateway):
    first, second = visit(), visit()
    opened(first)
    opened(second)

    type_line(first, "左边说")
    type_line(second, "右边说")
    gateway.say("都听到了")
    expect(bubbles(first)).to_have_count(4)
    expect(bubbles(second)).to_have_count(4)

    assert texts(first) == texts(second)
    assert 1 == len(gateway.created)


def test_a_second_tab_follows_when_the_shopper_signs_in(visit, gateway):
    gateway.identities.extend([None, None, jwt_of("u1001")])
    first, second = visit("data-identity-url=/identity"), visit("data-identity-url=/identity")
    opened(first)
    opened(second)

    first.evaluate("(jwt) => Liuxin.identify(jwt)", gateway.identities[-1])
    until(lambda: len(gateway.created) == 2, first)
    gateway.say("欢迎登录")

    expect(bubbles(first).last).to_contain_text("欢迎登录")
    expect(bubbles(second).last).to_contain_text("欢迎登录")
    assert 2 == len(gateway.created)


def test_a_closed_chat_counts_what_was_not_read(visit, gateway):
    page = opened(visit())
    page.evaluate("Liuxin.close()")

    gateway.say("一")
    gateway.say("二")
    expect(page.get_by_role("button", name="打开在线客服，2 条未读消息")).to_be_visible()
    page.evaluate("Liuxin.open()")
    page.evaluate("Liuxin.close()")

    expect(page.get_by_role("button", name="打开在线客服", exact=True)).to_be_visible()


def test_the_bot_is_seen_typing_until_it_answers_or_twelve_seconds_have_passed(visit, gateway):
    page = visit()
    page.clock.install()
    opened(page)
    dots = page.locator("liuxin-chat .dots")

    type_line(page, "在吗")
    expect(dots).to_be_visible()
    gateway.say("在的")
    expect(dots).to_be_hidden()
    type_line(page, "你好")
    expect(dots).to_be_visible()
    page.clock.fast_forward(12_500)

    expect(dots).to_be_hidden()


def test_nobody_is_shown_typing_after_a_line_to_a_person(visit, gateway):
    gateway.owner, gateway.owner_name = "agent", "小林"
    page = opened(visit())
    expect(page.locator("liuxin-chat header p")).to_have_text("人工客服 小林")

    type_line(page, "你好")
    expect(page.get_by_text("已发送")).to_be_visible()

    expect(page.locator("liuxin-chat .dots")).to_be_hidden()


def test_a_line_over_the_limit_is_counted_and_not_sent(visit, gateway):
    page = opened(visit())

    page.get_by_role("textbox").fill("好" * 1900)
    expect(page.get_by_text("1900 / 2000")).to_be_visible()
    type_line(page, "好" * 2003)

    expect(page.get_by_text("超出 3 字")).to_be_visible()
    assert [] == gateway.posts


def test_the_page_can_say_where_the_shopper_is_and_speak_for_them(visit, gateway):
    page = visit()

    page.evaluate("Liuxin.page({order_no: '202611220000000001'}); Liuxin.say('这单到哪了')")
    until(lambda: gateway.posts, page)

    assert {"order_no": "202611220000000001"} == gateway.posts[0]["page"]


@pytest.mark.parametrize("colour", ["1f6f5c", "ffd400", "ff5000", "808080", "ffffff"])
def test_any_shop_colour_can_be_read(visit, colour):
    page = opened(visit(f"data-colour=%23{colour}"))

    style = page.locator("liuxin-chat").evaluate(
        "(chat) => ['--brand', '--on-brand', '--ink'].map((name) => chat.style.getPropertyValue(name))"
    )

    assert contrast(style[0], style[1]) >= 4.5
    assert contrast(style[2], "#ffffff") >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast of two #rrggbb."""
    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_widget_is_one_small_file_that_asks_nobody_else():
    source = WIDGET.read_text(encoding="utf-8")

    assert len(source.encode()) < 60_000
    assert "innerHTML" not in source
    assert {"http://www.w3.org/2000/svg"} == {word.strip('";') for word in source.split() if "://www" in word}


# The demo storefront

MARKUP = '<img src=x onerror="window.hacked=1">'
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


def a_product(product_id: str = "61010012", name: str = "云感羽绒服", category: str = "服装") -> Product:
    """A product in black, in stock, and in white, sold out."""
    skus = tuple(
        Sku(f"{product_id}-{colour}", product_id, {"颜色": colour}, price_fen, stock)
        for colour, price_fen, stock in (("黑色", 39900, 9), ("白色", 45900, 0))
    )
    return Product(
        id=product_id, name=name, short_name=name, aliases=(), category=category, brand="云栖里", model=None,
        attributes={"材质": name}, in_the_box=(), skus=skus, list_price_fen=59900, warranty=None,
        returnable_7_days=True, drawback="只有员工知道的缺点",
    )  # fmt: skip


def an_order(buyer_id: str) -> Order:
    item = OrderItem("61010012-黑色", "61010012", "云感羽绒服", "黑色", 1, 39900)
    return Order(
        order_no="202611200000000001", buyer_id=buyer_id, state=OrderState.SHIPPED, placed_at=NOON, paid_at=NOON,
        dispatch_by=None, items=(item,), goods_fen=39900, freight_fen=0, discount_fen=0, total_fen=39900,
        receiver="林知夏", phone="13800000000", address="杭州",
    )  # fmt: skip


class FakeShop:
    """Two products, one of them with a hostile name, and one order."""

    def __init__(self) -> None:
        self.goods = {"61010012": a_product(), "61010029": a_product("61010029", MARKUP)}

    def terms(self) -> Any:
        return SimpleNamespace(name="小店", service_hours="每天9:00到22:00", free_freight_from_fen=9900)

    def products(self) -> list[Product]:
        return list(self.goods.values())

    def product(self, product_id: str) -> Product:
        if product_id not in self.goods:
            raise ProductNotFound(product_id)
        return self.goods[product_id]

    def orders_of(self, buyer_id: str, limit: int = 20) -> list[Order]:
        return [an_order(buyer_id)] if buyer_id == "u1001" else []


def storefront_of(shop: Any) -> FastAPI:
    app = app_around({"gateway": FakeGateway()})
    app.include_router(demo.router(shop, [("u1001", "有一单"), ("u1005", "没有订单")], lambda buyer: f"jwt of {buyer}"))
    return app


@pytest.fixture
def client() -> TestClient:
    return TestClient(storefront_of(FakeShop()))


@pytest.fixture(scope="module")
def storefront() -> Iterator[str]:
    server, base = serve(storefront_of(FakeShop()))
    yield base
    server.should_exit = True


def test_nobody_is_signed_in_until_somebody_is_chosen(client):
    before = client.get("/demo/identity").json(), client.get("/demo/api/orders").json()

    chosen = client.post("/demo/api/buyer", json={"buyer_id": "u1001"})

    assert ({"identity": None}, []) == before
    assert "HttpOnly" in chosen.headers["set-cookie"]
    assert {"identity": "jwt of u1001"} == client.get("/demo/identity").json()
    assert ["202611200000000001"] == [order["order_no"] for order in client.get("/demo/api/orders").json()]


def test_only_the_listed_shoppers_can_be_chosen(client):
    client.cookies.set("demo_buyer", "u9999")

    refused = client.post("/demo/api/buyer", json={"buyer_id": "u9999"}).json()

    assert {"chosen": None} == refused
    assert {"identity": None} == client.get("/demo/identity").json()


def test_signing_out_forgets_the_choice(client):
    client.post("/demo/api/buyer", json={"buyer_id": "u1001"})

    client.post("/demo/api/buyer", json={"buyer_id": None})

    assert {"identity": None} == client.get("/demo/identity").json()


@pytest.mark.parametrize("product_id", ["1", "61010012x", "..%2F..%2Fetc", "6101001２"])
def test_what_is_no_product_id_is_refused(client, product_id):
    paths = (f"/p/{product_id}", f"/demo/api/products/{product_id}", f"/demo/img/{product_id}.svg")

    assert all(client.get(path).status_code in (404, 422) for path in paths)


def test_only_the_storefronts_own_files_are_served(client):
    assert 200 == client.get("/storefront/storefront.css").status_code
    assert 404 == client.get("/storefront/shapes.txt").status_code
    assert 404 == client.get("/storefront/..%2Fdemo.py").status_code


def test_an_unknown_product_and_a_silent_shop_are_said_in_chinese():
    class SilentShop(FakeShop):
        def products(self) -> list[Product]:
            raise ShopUnavailable("products", 2.0)

    client = TestClient(storefront_of(SilentShop()))

    unknown, silent = client.get("/demo/api/products/99999999"), client.get("/demo/api/products")

    assert (404, "没有这件商品") == (unknown.status_code, unknown.json()["reason"])
    assert (503, "shop_unavailable") == (silent.status_code, silent.json()["code"])


def test_the_staffs_note_on_a_drawback_is_not_on_the_page(client):
    assert "缺点" not in client.get("/demo/api/products/61010012").text


def test_a_picture_is_the_same_every_time_and_holds_no_markup_of_the_shop():
    hostile = a_product(name=MARKUP)

    drawn = picture(hostile)

    assert drawn == picture(hostile)
    assert [] == [node.tag for node in ElementTree.fromstring(drawn).iter() if node.tag.endswith(("img", "script"))]


def test_every_drawing_that_a_name_can_call_for_is_there():
    names = ("婴儿推车", "手口湿巾", "5L空气炸锅", "头戴式耳机", "雪地靴", "什么也不像的东西")
    products = [a_product(name=name, category=category) for name in names for category in ("食品", "没见过的分类")]

    for product in products:
        ElementTree.fromstring(picture(product))

    assert ["stroller", "packet", "airfryer", "headphones", "boot", "bag"] == [shape_of(one) for one in products[::2]]


def test_the_storefront_asks_nobody_outside(context, storefront):
    page, asked, problems = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda problem: problems.append(str(problem)))

    for path, ready in (("/", "#grid li"), ("/p/61010012", ".product"), ("/orders", "#found:not(:text('正在加载'))")):
        page.goto(storefront + path)
        page.wait_for_selector(ready)
        page.wait_for_function("window.Liuxin")

    assert [] == [url for url in asked if not url.startswith(storefront)]
    assert [] == problems


def test_a_hostile_product_name_is_shown_as_text(context, storefront):
    page = context.new_page()

    page.goto(f"{storefront}/")
    expect(page.locator("#grid .name").last).to_have_text(MARKUP)
    page.goto(f"{storefront}/p/61010029")

    expect(page.get_by_role("heading", level=1)).to_have_text(MARKUP)
    assert page.evaluate("window.hacked") is None


def test_the_shopper_finds_chooses_and_asks(context, storefront):
    page = context.new_page()
    page.goto(f"{storefront}/")

    page.get_by_role("searchbox").fill("羽绒服")
    page.get_by_role("link", name="云感羽绒服").click()
    page.get_by_role("button", name="白色").click()
    expect(page.locator(".cost")).to_contain_text("¥459")
    expect(page.locator(".stock")).to_have_text("缺货")
    page.get_by_role("button", name="问客服").click()

    expect(page.get_by_role("dialog", name="在线客服")).to_be_visible()


def test_the_switcher_shows_the_orders_of_who_was_chosen(context, storefront):
    page = context.new_page()
    page.goto(f"{storefront}/orders")
    expect(page.get_by_text("还没有登录")).to_be_visible()

    page.get_by_label("演示身份").select_option("u1001")
    expect(page.locator(".order")).to_contain_text("202611200000000001")
    page.get_by_label("演示身份").select_option("u1005")

    expect(page.get_by_text("还没有订单")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/p/61010029", "/orders"])
def test_the_storefront_fits_a_small_phone(context, storefront, path):
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 568})

    page.goto(storefront + path)
    expect(page.locator("#found")).not_to_contain_text("正在加载")

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
