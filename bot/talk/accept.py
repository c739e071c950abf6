"""Taking a shopper's line: stored and committed before it is acknowledged (DESIGN D4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot import words
from bot.errors import ClientIdReused, ConversationNotFound, LineTooLong
from bot.handoff.alarm import Alarm, alarm_for, words_for
from bot.handoff.queue import call_human
from bot.risk.assess import Talk, assess
from bot.store import assessments, conversations, lines
from bot.store.database import begin
from bot.store.models import Conversation
from bot.text.danger import Danger, danger_of
from bot.text.human import asks_for_human

#: So many lines back the words about a danger are not said again.
_RECENT = 12


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
    the shopper are one commit. So is a line that tells of danger to somebody. One that threatens with law or press or
    tells of fraud is queued here and answered by the brain. The first such line is taken at any pace.

    Raises
    ------
    ConversationNotFound, ClientIdReused, LineTooLong
        Nothing was stored.
    """
    if len(text) > limit_chars:
        raise LineTooLong(len(text), limit_chars)
    wants_human, danger = asks_for_human(text), danger_of(text)
    with begin(engine) as session:
        thread = conversations.locked(session, conversation_id)
        if thread is None or thread.closed_at is not None:
            raise ConversationNotFound(conversation_id)
        known = lines.with_client_id(session, conversation_id, client_msg_id)
        if known is not None:
            return _again(known, text, payload, client_msg_id)
        urgent = (wants_human or danger is not None) and thread.owner == "bot"
        wait_s = 0 if urgent else _seconds_to_wait(session, thread, pace, now)
        if wait_s:
            return TooFast(wait_s)
        seq = lines.add_from_shopper(session, thread, text, client_msg_id=client_msg_id, payload=payload, now=now)
        if thread.owner != "agent":
            _meet_at_once(session, thread, seq, text, wants_human, danger, now)
        return Accepted(seq, now, again=False)


def _meet_at_once(
    session: Session, thread: Conversation, seq: int, text: str, wants_human: bool, danger: Danger | None, now: datetime
) -> None:
    """What cannot wait for a brain; a danger to somebody goes before everything else in the line."""
    if wants_human and not (danger and danger.to_people):
        honour_human_wish(session, thread, seq, now=now)
    if danger:
        raise_alarm(session, thread, seq, text, danger, now=now)


def raise_alarm(session: Session, thread: Conversation, seq: int, text: str, danger: Danger, *, now: datetime) -> None:
    """Put a locked thread into the queue for *danger*. Where people are concerned, line *seq* is answered here, with
    fixed words; where not, it stays in the inbox: the brain says the words and answers what else is in it."""
    alarm = alarm_for(danger)
    call_human(session, thread, [alarm.reason], skill=alarm.skill, priority=alarm.priority, now=now)
    if not danger.to_people:
        return
    lines.handle(session, thread.id, seq, "escalated", now=now)
    found = assess(Talk((text,)))
    assessments.record(
        session, thread.id, seq, p_dissatisfied=found.p_dissatisfied, hard_trigger=found.hard_trigger,
        reasons=found.reasons, model_version=found.model_version, now=now,
    )  # fmt: skip
    lines.add_replies(session, thread, [_careful_words(session, thread, seq, alarm)], reply_to=seq, now=now)
    settle_inbox(session, thread)


def _careful_words(session: Session, thread: Conversation, seq: int, alarm: Alarm) -> lines.Reply:
    recent = lines.before(session, thread.id, seq, _RECENT)
    utter = words_for(alarm, [(line.payload or {}).get("said") for line in recent if line.author == "bot"])
    return lines.Reply(words.say(utter), {"said": utter})


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
