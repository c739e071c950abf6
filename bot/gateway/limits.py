"""Limits at the door: size and patience for a body, requests of one address."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BODY_WAIT_S = 10.0
_ADDRESSES_KEPT = 50_000


class AddressLimit:
    """At most *most* events of one address within *span_s* seconds; of this process only, and lost with it."""

    def __init__(self, most: int, span_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.span_s = span_s
        self.clock = clock
        self.seen: dict[str, deque[float]] = defaultdict(deque)

    def wait_s(self, address: str) -> int:
        """Count one event; 0 if it may pass, else whole seconds until the next may."""
        now, seen = self.clock(), self.seen[address]
        while seen and seen[0] <= now - self.span_s:
            seen.popleft()
        if len(seen) >= self.most:
            return int(seen[0] + self.span_s - now) + 1
        seen.append(now)
        if len(self.seen) > _ADDRESSES_KEPT:
            self._forget(now)
        return 0

    def _forget(self, now: float) -> None:
        for address in [address for address, seen in self.seen.items() if not seen or seen[-1] <= now - self.span_s]:
            del self.seen[address]


class Doorman:
    """ASGI: refuses bodies that are too long or too slow, and addresses that ask too often, before anything is read."""

    def __init__(self, app: ASGIApp, *, body_limit_bytes: int, requests: AddressLimit) -> None:
        self.app = app
        self.limit = body_limit_bytes
        self.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wait_s = self.requests.wait_s((scope.get("client") or ("?", 0))[0])
        if wait_s:
            await refuse(send, 429, "too_many_requests", "访问太频繁了，请稍等一会儿再试。", wait_s)
            return
        if scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        body = await self._body(receive)
        if body is None:
            await refuse(send, 413, "body_too_long", "内容太长或发送太慢，请分几条发送（每条最多2000字）。")
            return
        await self.app(scope, _replay(body, receive), send)

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None if it is too long or does not come in time."""
        pieces, size = [], 0
        deadline = asyncio.get_running_loop().time() + _BODY_WAIT_S
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    message = await receive()
                    pieces.append(message.get("body", b""))
                    size += len(pieces[-1])
                    if size > self.limit:
                        return None
                    if not message.get("more_body", False):
                        return b"".join(pieces)
        except TimeoutError:
            return None


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives *body* once, then what really comes (a disconnect)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def refuse(send: Send, status: int, code: str, reason: str, retry_after_s: int | None = None) -> None:
    """Answer with an error in our form."""
    headers = [(b"content-type", b"application/json; charset=utf-8")]
    if retry_after_s:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    body = json.dumps({"code": code, "reason": reason}, ensure_ascii=False).encode()
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
