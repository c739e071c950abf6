"""The gateway: the only public door. Imports no Rasa, is up in a second, takes lines while every brain is dead."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.to_thread
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, JSONResponse
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from bot import words
from bot.errors import (
    BotError,
    ClientIdReused,
    ConversationNotFound,
    IdentityError,
    LineTooLong,
    ShopUnavailable,
    UsedToken,
)
from bot.gateway import operations, shoppers
from bot.gateway.doors import rest
from bot.gateway.hub import Hub
from bot.gateway.limits import AddressLimit, Doorman
from bot.gateway.shoppers import Gateway
from bot.gateway.tokens import sign_identity
from bot.settings import Settings
from bot.talk.reassure import reassure

log = structlog.get_logger()
_WIDGET = Path(__file__).parent / "widget" / "widget.js"
_LOOK_AFTER_S = 2.0
_RETRY_S = 3

#: Our errors as HTTP: status and code. The first that fits holds.
_ERRORS: tuple[tuple[type[BotError], int, str], ...] = (
    (ConversationNotFound, 404, "conversation_not_found"),
    (ClientIdReused, 409, "client_id_reused"),
    (LineTooLong, 413, "line_too_long"),
    (UsedToken, 401, "used_token"),
    (IdentityError, 401, "bad_token"),
    (ShopUnavailable, 503, "shop_unavailable"),
    (BotError, 500, "failed"),
)
_HTTP_REASONS = {
    400: "请求内容读不懂，请检查格式。",
    404: "没有这个地址。",
    405: "这个地址不支持这种请求方式。",
}


def create_app(settings: Settings, engine: Engine, *, clock: Callable[[], datetime] | None = None) -> FastAPI:
    """The gateway over a store whose tables exist."""
    app = FastAPI(title="留心 Liuxin", version="0.1.0", lifespan=_lifespan)
    gateway = Gateway(
        engine, settings, Hub(engine), settings.secret("session_secret"), settings.secret("identity_secret"),
        AddressLimit(settings.conversations_per_12_h, 12 * 3600), clock or (lambda: datetime.now(UTC)),
    )  # fmt: skip
    app.state.gateway = gateway
    for routes in (shoppers.routes, operations.routes, rest.routes):
        app.include_router(routes)
    app.add_api_route("/widget.js", _widget, include_in_schema=False)
    if settings.demo:
        _open_demo(app, settings, gateway)
    _tell_errors(app)
    app.middleware("http")(_count)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "last-event-id"],
            expose_headers=["retry-after"],
        )  # fmt: skip
    app.add_middleware(
        Doorman, body_limit_bytes=settings.body_limit_bytes, requests=AddressLimit(settings.requests_per_min, 60)
    )
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    gateway: Gateway = app.state.gateway
    gateway.hub.start()
    looking = asyncio.create_task(_look_after_waiting(gateway))
    yield
    looking.cancel()
    gateway.hub.stop()


async def _look_after_waiting(gateway: Gateway) -> None:
    """Every two seconds: whoever waits for a brain gets words, and after a while a human."""
    while True:
        await asyncio.sleep(_LOOK_AFTER_S)
        try:
            told = await anyio.to_thread.run_sync(_reassure, gateway)
            operations.REASSURED.inc(told)
        except SQLAlchemyError as fault:
            log.warning("could not look after waiting shoppers", fault=type(fault).__name__)


def _reassure(gateway: Gateway) -> int:
    return reassure(
        gateway.engine, unanswered_s=gateway.settings.unanswered_s, human_after_s=gateway.settings.human_after_s,
        now=gateway.clock(),
    )  # fmt: skip


def _widget() -> FileResponse:
    return FileResponse(_WIDGET, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def _open_demo(app: FastAPI, settings: Settings, gateway: Gateway) -> None:
    """The demo shop's pages, and its signature under the identity of its demo shoppers."""
    from bot.gateway.demo import router
    from bot.shop.demo import DEMO_BUYERS, DemoShop

    shop = DemoShop(settings.var / "shop.db", now=gateway.clock())

    def sign(buyer_id: str) -> str:
        buyer = shop.buyer(buyer_id)
        return sign_identity(
            buyer_id, gateway.identity_secret, settings.shop_id, jti=secrets.token_hex(16), now=gateway.clock(),
            name=buyer.name if buyer else None, tier=buyer.tier if buyer else None,
        )  # fmt: skip

    app.include_router(router(shop, DEMO_BUYERS, sign))


def _tell_errors(app: FastAPI) -> None:
    """Every error leaves as {"code", "reason"} with a reason in Chinese."""

    @app.exception_handler(BotError)
    def ours(_request: Request, error: BotError) -> Response:
        status, code = next((status, code) for kind, status, code in _ERRORS if isinstance(error, kind))
        return _refusal(status, code, words.say(error.utter))

    @app.exception_handler(RequestValidationError)
    def bad_form(_request: Request, error: RequestValidationError) -> Response:
        return _refusal(422, "bad_request", _what_is_wrong(error))

    @app.exception_handler(HTTPException)
    def http(_request: Request, error: HTTPException) -> Response:
        reason = _HTTP_REASONS.get(error.status_code, "请求没有成功，请稍后再试。")
        return _refusal(error.status_code, "http", reason)

    @app.exception_handler(SQLAlchemyError)
    def store(_request: Request, error: SQLAlchemyError) -> Response:
        log.error("the store failed", fault=type(error).__name__)
        return _refusal(503, "store_unavailable", "系统繁忙，消息还没有存下，请稍后重发。", _RETRY_S)

    @app.exception_handler(Exception)
    def fault(_request: Request, error: Exception) -> Response:
        log.error("a request failed", fault=type(error).__name__)
        return _refusal(500, "failed", words.say(BotError.utter))


def _refusal(status: int, code: str, reason: str, retry_after_s: int | None = None) -> Response:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    return JSONResponse({"code": code, "reason": reason}, status, headers)


def _what_is_wrong(error: RequestValidationError) -> str:
    """The first fault of a form in Chinese, without the words that were sent."""
    fault: dict[str, Any] = dict(error.errors()[0]) if error.errors() else {"type": "", "loc": ()}
    where = ".".join(str(part) for part in fault["loc"] if part not in ("body", "query", "header")) or "请求内容"
    kinds = {
        "missing": "缺少必填项", "extra_forbidden": "是不认识的字段", "json_invalid": "不是有效的JSON",
        "string_too_short": "不能为空", "string_too_long": "太长了", "string_type": "必须是文字",
        "string_pattern_mismatch": "格式不对", "value_error": "有不能识别的字符或是空的",
    }  # fmt: skip
    return f"{where}：{kinds.get(fault['type'], '填写不正确')}。"


async def _count(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    route = request.scope.get("route")
    operations.ANSWERS.labels(getattr(route, "path", "none"), response.status_code).inc()
    return response
