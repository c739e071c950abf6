"""Taking a shopper's line: stored and committed before it is acknowledged (DESIGN D4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot import words
from bot.errors import ClientIdReused, ConversationNotFound, LineTooLong
from bot.handoff.queue import call_human
from bot.store import conversations, lines
from bot.store.database import begin
from bot.store.models import Conversation
from bot.text.human import asks_for_human


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored line's number and time."""

    seq: int
    at: datetime
    again: bool  #: True: it was stored before, nothing was done now


@dataclass(frozen=True, slots=True)
class TooFast:
    """The line was not taken; asking again after `retry_after_s` will do."""

    retry_after_s: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How many lines one conversation may send."""

    per_10_s: int
    per_min: int


def accept(
    engine: Engine,
    conversation_id: str,
    text: str,
    *,
    client_msg_id: str,
    payload: dict[str, Any] | None,
    pace: Pace,
    limit_chars: int,
    now: datetime,
) -> Accepted | TooFast:
    """Store one line in one commit. The same `client_msg_id` with the same line is answered as the first time.

    A clear wish for a human is honoured here and now, brain or no brain: the line, the escalation and the words to
    the shopper are one commit. The first such wish is taken at any pace.

    Raises
    ------
    ConversationNotFound, ClientIdReused, LineTooLong
        Nothing was stored.
    """
    if len(text) > limit_chars:
        raise LineTooLong(len(text), limit_chars)
    with begin(engine) as session:
        thread = conversations.locked(session, conversation_id)
        if thread is None or thread.closed_at is not None:
            raise ConversationNotFound(conversation_id)
        known = lines.with_client_id(session, conversation_id, client_msg_id)
        if known is not None:
            return _again(known, text, payload, client_msg_id)
        wants_human = thread.owner != "agent" and asks_for_human(text)
        wait_s = 0 if wants_human and thread.owner == "bot" else _seconds_to_wait(session, thread, pace, now)
        if wait_s:
            return TooFast(wait_s)
        seq = lines.add_from_shopper(session, thread, text, client_msg_id=client_msg_id, payload=payload, now=now)
        if wants_human:
            honour_human_wish(session, thread, seq, now=now)
        return Accepted(seq, now, again=False)


def honour_human_wish(session: Session, thread: Conversation, seq: int, *, now: datetime) -> None:
    """Answer line *seq* of a locked thread by putting it into the queue, and say so."""
    place = call_human(session, thread, ["客户要求人工服务"], priority=0, now=now)
    lines.handle(session, thread.id, seq, "escalated", now=now, intent="call_human", confidence=1.0)
    utter = "utter_queued" if place.new else "utter_still_queued"
    reply = lines.Reply(words.say(utter, place=place.number), {"said": utter})
    lines.add_replies(session, thread, [reply], reply_to=seq, now=now)
    settle_inbox(session, thread)


def settle_inbox(session: Session, thread: Conversation) -> None:
    """Look again what is still waiting in a locked thread; dialogue state and lease are left alone."""
    thread.waiting_since = lines.oldest_unhandled_at(session, thread.id)
    session.flush()


def _again(known: lines.Said, text: str, payload: dict[str, Any] | None, client_msg_id: str) -> Accepted:
    if known.author != "shopper" or known.text != text or known.payload != payload:
        raise ClientIdReused(client_msg_id)
    return Accepted(known.seq, known.at, again=True)


def _seconds_to_wait(session: Session, thread: Conversation, pace: Pace, now: datetime) -> int:
    """Whole seconds until the thread may send again; 0 if it may now."""
    minute = lines.shopper_lines_since(session, thread, now - timedelta(seconds=60))
    recent = [at for at in minute if at > now - timedelta(seconds=10)]
    if len(recent) >= pace.per_10_s:
        return _until(sorted(recent)[-pace.per_10_s], now, 10)
    if len(minute) >= pace.per_min:
        return _until(sorted(minute)[-pace.per_min], now, 60)
    return 0


def _until(at: datetime, now: datetime, span_s: int) -> int:
    return max(1, int((at + timedelta(seconds=span_s) - now).total_seconds()) + 1)
