"""The shopper API: open a conversation, say a line, read the thread, listen to it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Engine
from sse_starlette import EventSourceResponse, ServerSentEvent

from bot.errors import BadToken, ConversationNotFound
from bot.gateway.forms import LineAccepted, LineIn, LinesOut, OpenIn, OpenOut, Refusal, line_out
from bot.gateway.hub import Hub, woken
from bot.gateway.limits import AddressLimit
from bot.gateway.tokens import Speaker, give_token, read_identity, read_token
from bot.settings import Settings
from bot.store import conversations, lines
from bot.store.database import reading
from bot.talk.accept import Pace, TooFast, accept
from bot.talk.opening import open_for_anyone, open_for_buyer

HEARTBEAT_S = 15
_PAGE = 200
_NUMBER = re.compile("[0-9]{1,18}")
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the routes of this process share."""

    engine: Engine
    settings: Settings
    hub: Hub
    session_secret: str
    identity_secret: str
    new_anonymous: AddressLimit
    clock: Clock = lambda: datetime.now(UTC)


def gateway_of(request: Request) -> Gateway:
    """The gateway of this application."""
    gateway: Gateway = request.app.state.gateway
    return gateway


Here = Annotated[Gateway, Depends(gateway_of)]
Bearer = Annotated[str | None, Header(alias="authorization", description="Bearer <token>")]

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal} for status in (400, 401, 404, 409, 413, 422, 429, 503)
}
routes = APIRouter(prefix="/api", tags=["shoppers"])


def speaker_of(conversation_id: str, here: Here, authorization: Bearer = None) -> Speaker:
    """Whoever holds the token of this conversation; anybody else learns that there is none."""
    speaker = _speaker(authorization, here)
    if speaker is None or speaker.conversation_id != conversation_id:
        raise ConversationNotFound(conversation_id)
    with reading(here.engine) as session:
        if conversations.customer_of(session, conversation_id) != speaker.customer_id:
            raise ConversationNotFound(conversation_id)  # it was carried over to whoever signed in since
    return speaker


Speaking = Annotated[Speaker, Depends(speaker_of)]


@routes.post("/conversations", status_code=201, response_model=OpenOut, responses=REFUSALS)
def open_conversation(form: OpenIn, request: Request, here: Here, authorization: Bearer = None) -> OpenOut | Response:
    """Open a conversation, or come back to the one the shopper has."""
    now = here.clock()
    earlier = _earlier(authorization, here)
    if form.identity:
        who = read_identity(form.identity, here.identity_secret, here.settings.shop_id, now=now)
        opened = open_for_buyer(here.engine, "web", who, earlier=earlier, now=now)
    else:
        address = request.client.host if request.client else "?"
        wait_s = 0 if earlier else here.new_anonymous.wait_s(address)
        if wait_s:
            return too_fast(wait_s, "打开的会话太多了，请稍后再试。")
        opened = open_for_anyone(here.engine, "web", earlier=earlier, now=now)
    speaker = Speaker(opened.conversation_id, opened.customer_id, bool(form.identity))
    token = give_token(speaker, here.session_secret, now=now)
    return OpenOut(conversation_id=opened.conversation_id, token=token, signed_in=speaker.signed_in, name=opened.name)


@routes.post("/conversations/{conversation_id}/lines", status_code=202, response_model=LineAccepted, responses=REFUSALS)
def say_line(form: LineIn, speaker: Speaking, here: Here) -> LineAccepted | Response:
    """Store a line. 202 means stored: it will be answered once, whatever fails."""
    page = form.page.model_dump(exclude_none=True) if form.page else None
    pace = Pace(here.settings.lines_per_10_s, here.settings.lines_per_min)
    result = accept(
        here.engine, speaker.conversation_id, form.text, client_msg_id=form.client_msg_id,
        payload={"page": page} if page else None, pace=pace, limit_chars=here.settings.line_limit_chars, now=here.clock(),
    )  # fmt: skip
    if isinstance(result, TooFast):
        return too_fast(result.retry_after_s, "您发得太快了，请稍等几秒再发。")
    return LineAccepted(seq=result.seq, at=result.at)


@routes.get("/conversations/{conversation_id}/lines", responses=REFUSALS)
def read_lines(
    speaker: Speaking,
    here: Here,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> LinesOut:
    """What was said after line *after*, oldest first."""
    with reading(here.engine) as session:
        said = lines.after(session, speaker.conversation_id, after, limit)
        owner = conversations.ownership(session, speaker.conversation_id)
    if owner is None:
        raise ConversationNotFound(speaker.conversation_id)
    return LinesOut(lines=[line_out(line) for line in said], owner=owner.owner, agent=owner.agent)


@routes.get("/conversations/{conversation_id}/stream", responses=REFUSALS)
async def stream(
    speaker: Speaking,
    here: Here,
    last_event_id: Annotated[str | None, Header(alias="last-event-id")] = None,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> EventSourceResponse:
    """Every line after `Last-Event-ID`, then every new one as it is written (server-sent events)."""
    seen = int(last_event_id) if last_event_id and _NUMBER.fullmatch(last_event_id) else after
    return EventSourceResponse(
        _events(here, speaker.conversation_id, min(seen, 2**31 - 1)), ping=HEARTBEAT_S, send_timeout=30
    )


async def _events(here: Gateway, conversation_id: str, seen: int) -> AsyncIterator[ServerSentEvent]:
    epoch: int | None = None
    with here.hub.listening(conversation_id) as rung:
        while not here.hub.closing.is_set():
            news, owner = await anyio.to_thread.run_sync(_news, here, conversation_id, seen)
            if owner is None:
                return
            if owner.epoch != epoch:
                epoch = owner.epoch
                yield ServerSentEvent(event="owner", data=_json({"owner": owner.owner, "name": owner.agent}))
            for said in news:
                seen = said.seq
                yield ServerSentEvent(event="line", id=str(seen), data=line_out(said).model_dump_json())
            if not news:
                await woken(rung, HEARTBEAT_S)


def _news(here: Gateway, conversation_id: str, seen: int) -> tuple[list[lines.Said], conversations.Ownership | None]:
    with reading(here.engine) as session:
        owner = conversations.ownership(session, conversation_id)
        return lines.after(session, conversation_id, seen, _PAGE), owner


def too_fast(wait_s: int, reason: str) -> Response:
    """429 with the time to wait."""
    return JSONResponse({"code": "too_fast", "reason": reason}, 429, {"Retry-After": str(wait_s)})


def _speaker(authorization: str | None, here: Gateway) -> Speaker | None:
    kind, _, token = (authorization or "").partition(" ")
    return read_token(token, here.session_secret, now=here.clock()) if kind.lower() == "bearer" and token else None


def _earlier(authorization: str | None, here: Gateway) -> str | None:
    """The conversation of an earlier token, if it still proves anything."""
    try:
        speaker = _speaker(authorization, here)
    except BadToken:
        return None
    return speaker.conversation_id if speaker and not speaker.signed_in else None


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
