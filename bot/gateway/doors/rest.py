"""The first door: Rasa's REST form, for clients that speak to a Rasa server today.

POST /webhooks/rest/webhook {"sender": …, "message": …} answers with Rasa's list of messages, within ten seconds. Unlike
Rasa's own channel it wants a bearer token, keeps senders apart, stores before it answers, and is never an empty 200.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter
from pydantic import Field, field_validator

from bot import words
from bot.errors import BadSetting, BadToken
from bot.gateway.forms import Id, LineIn, Strict
from bot.gateway.hub import woken
from bot.gateway.shoppers import REFUSALS, Bearer, Gateway, Here, too_fast
from bot.store import conversations, customers, lines
from bot.store.database import begin, reading
from bot.talk.accept import Pace, TooFast, accept

CHANNEL = "rest"
ANSWER_WITHIN_S = 10.0
routes = APIRouter(tags=["doors"])


class RasaMessage(Strict):
    """What a client of Rasa's REST channel sends."""

    sender: Annotated[str, Field(min_length=1, max_length=128)]
    message: str
    message_id: Id | None = Field(None, description="ours: makes a retry harmless")
    metadata: dict[str, Any] | None = Field(None, description="taken, and not trusted")
    input_channel: str | None = Field(None, description="Rasa's; taken, and not used")

    _readable = field_validator("sender", "message")(LineIn._readable.__func__)  # type: ignore[attr-defined]


@routes.post("/webhooks/rest/webhook", responses=REFUSALS)
async def rasa_rest(form: RasaMessage, here: Here, authorization: Bearer = None) -> Any:
    """Say a line and wait for its answer."""
    _check(authorization, here)
    conversation_id = await anyio.to_thread.run_sync(_thread_of, here, form.sender)
    with here.hub.listening(conversation_id) as rung:
        result = await anyio.to_thread.run_sync(_say, here, conversation_id, form)
        if isinstance(result, TooFast):
            return too_fast(result.retry_after_s, "您发得太快了，请稍等几秒再发。")
        deadline = here.clock() + timedelta(seconds=ANSWER_WITHIN_S)
        while True:
            replies = await anyio.to_thread.run_sync(_replies, here, conversation_id, result.seq)
            left_s = (deadline - here.clock()).total_seconds()
            if replies or left_s <= 0:
                break
            await woken(rung, left_s)
    if not replies:
        return [{"recipient_id": form.sender, "text": words.say("utter_please_wait")}]
    return [message for reply in replies for message in _rasa_form(form.sender, reply)]


def _check(authorization: str | None, here: Gateway) -> None:
    try:
        token = here.settings.secret("rest_token")
    except BadSetting as closed:
        raise BadToken("rest door: closed") from closed
    if not hmac.compare_digest((authorization or "").encode(), f"Bearer {token}".encode()):
        raise BadToken("rest door: wrong bearer token")


def _thread_of(here: Gateway, sender: str) -> str:
    """The sender's open conversation, begun on the first line."""
    now: datetime = here.clock()
    with begin(here.engine) as session:
        customer = customers.known_as(session, CHANNEL, sender, now=now)
        thread = conversations.open_thread(session, customer.id, CHANNEL)
        thread = thread or conversations.start(session, customer.id, CHANNEL, buyer_id=None, now=now)
        return thread.id


def _say(here: Gateway, conversation_id: str, form: RasaMessage) -> Any:
    return accept(
        here.engine, conversation_id, form.message, client_msg_id=form.message_id or secrets.token_hex(16), payload=None,
        pace=Pace(here.settings.lines_per_10_s, here.settings.lines_per_min),
        limit_chars=here.settings.line_limit_chars, now=here.clock(),
    )  # fmt: skip


def _replies(here: Gateway, conversation_id: str, seq: int) -> list[lines.Said]:
    with reading(here.engine) as session:
        return lines.replies_to(session, conversation_id, seq)


def _rasa_form(sender: str, reply: lines.Said) -> Iterator[dict[str, Any]]:
    """A reply as Rasa's channel cuts it: words with their buttons, then what is custom by itself."""
    payload = reply.payload or {}
    message: dict[str, Any] = {"recipient_id": sender, "text": reply.text}
    if payload.get("quick_replies"):
        message["buttons"] = [{"title": title, "payload": title} for title in payload["quick_replies"]]
    yield message
    if payload.get("cards"):
        yield {"recipient_id": sender, "custom": {"cards": payload["cards"]}}
