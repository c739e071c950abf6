"""Calling a human: one escalation per conversation, the owner changed in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.store import audit, conversations, escalations
from bot.store.models import Conversation


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands in the queue."""

    number: int  #: 1 is next
    new: bool  #: False: they were waiting already


def call_human(
    session: Session,
    thread: Conversation,
    reasons: Sequence[str],
    *,
    skill: str = "general",
    priority: int = 1,
    now: datetime,
) -> Place:
    """Put a locked thread into the queue; if it is there or with an agent already, add what is new and tell its place.

    *reasons* are sentences an agent reads, most serious first, at least one.
    """
    waiting = escalations.open_one(session, thread.id)
    if waiting:
        escalations.add_reasons(session, waiting, reasons, skill=skill, priority=priority)
        return Place(escalations.place(session, waiting), new=False)
    escalation = escalations.add(
        session, thread.id, thread.customer_id, reasons, skill=skill, priority=priority, now=now
    )
    conversations.hand_to(session, thread.id, "queue")
    session.refresh(thread, ["owner", "epoch", "agent"])
    audit.write(session, "bot", "call_human", f"conversation:{thread.id}", now=now, skill=skill, priority=priority)
    return Place(escalations.place(session, escalation), new=True)


def take(session: Session, thread: Conversation, agent: str, *, now: datetime) -> bool:
    """Give a locked, queued thread to *agent*; False if another agent has it."""
    waiting = escalations.open_one(session, thread.id)
    if thread.owner == "agent" or waiting is None:
        return False
    waiting.claimed_by, waiting.claimed_at = agent, now
    session.flush()
    conversations.hand_to(session, thread.id, "agent", agent=agent)
    session.refresh(thread, ["owner", "epoch", "agent"])
    audit.write(session, f"agent:{agent}", "take", f"conversation:{thread.id}", now=now)
    return True


def give_back(session: Session, thread: Conversation, outcome: str, *, now: datetime) -> None:
    """Return a locked thread to the bot and close its escalation with *outcome*."""
    waiting = escalations.open_one(session, thread.id)
    if waiting is not None:
        waiting.closed_at, waiting.outcome = now, outcome
        session.flush()
    agent = thread.agent or "nobody"
    conversations.hand_to(session, thread.id, "bot")
    session.refresh(thread, ["owner", "epoch", "agent"])
    audit.write(session, f"agent:{agent}", "give_back", f"conversation:{thread.id}", now=now, outcome=outcome)
