"""Never silence: a line whose brain does not come gets words after ten seconds and a human after thirty."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot import words
from bot.handoff.queue import call_human
from bot.store import conversations, lines
from bot.store.database import begin, reading
from bot.store.models import Conversation

_PART_WAIT, _PART_HUMAN = lines.WAITING_PARTS, lines.WAITING_PARTS + 1


def reassure(engine: Engine, *, unanswered_s: float, human_after_s: float, now: datetime) -> int:
    """Say what is due to whoever waits for a brain; returns how many were told. Said once for each waiting line."""
    with reading(engine) as session:
        waiting = conversations.waiting_since_before(session, now - timedelta(seconds=unanswered_s))
    told = 0
    for conversation_id in waiting:
        with begin(engine) as session:
            told += _tell(session, conversation_id, timedelta(seconds=human_after_s), now)
    return told


def _tell(session: Session, conversation_id: str, human_after: timedelta, now: datetime) -> int:
    thread = conversations.locked(session, conversation_id)
    inbox = lines.unhandled(session, conversation_id) if thread else []
    if thread is None or not inbox or thread.owner == "agent":
        return 0
    oldest = inbox[0]
    if now - oldest.at >= human_after:
        return _call(session, thread, oldest.seq, now)
    return _say_once(session, thread, oldest.seq, _PART_WAIT, "utter_please_wait", now)


def _call(session: Session, thread: Conversation, seq: int, now: datetime) -> int:
    if lines.is_said(session, thread.id, seq, _PART_HUMAN):
        return 0
    place = call_human(session, thread, ["机器人没有应答，客户在等"], priority=1, now=now)
    return _say_once(session, thread, seq, _PART_HUMAN, "utter_brain_absent", now, place=place.number)


def _say_once(
    session: Session, thread: Conversation, seq: int, part: int, utter: str, now: datetime, **values: object
) -> int:
    if lines.is_said(session, thread.id, seq, part):
        return 0
    reply = lines.Reply(words.say(utter, **values), {"said": utter}, author="system")
    lines.add_replies(session, thread, [reply], reply_to=seq, now=now, first_part=part)
    return 1
