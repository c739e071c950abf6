"""Customers waiting for, or with, a human."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.store.models import Escalation


def open_one(session: Session, conversation_id: str) -> Escalation | None:
    """The open escalation of a thread."""
    return session.scalar(
        select(Escalation).where(Escalation.conversation_id == conversation_id, Escalation.closed_at.is_(None))
    )


def add(
    session: Session,
    conversation_id: str,
    customer_id: str,
    reasons: Sequence[str],
    *,
    skill: str,
    priority: int,
    now: datetime,
) -> Escalation:
    """Put a thread of which none is open into the queue; *reasons* are sentences an agent reads, at least one."""
    escalation = Escalation(
        conversation_id=conversation_id, customer_id=customer_id, reasons=list(reasons), skill=skill,
        priority=priority, queued_at=now,
    )  # fmt: skip
    session.add(escalation)
    session.flush()
    return escalation


def add_reasons(session: Session, escalation: Escalation, reasons: Sequence[str], *, skill: str, priority: int) -> None:
    """What became known while somebody waits: new reasons; a graver matter goes first and takes its skill."""
    new = [reason for reason in reasons if reason not in escalation.reasons]
    graver = priority < escalation.priority or (priority == escalation.priority and escalation.skill == "general")
    if graver:
        escalation.skill, escalation.priority = skill, priority
    if new:
        escalation.reasons = [*new, *escalation.reasons] if graver else [*escalation.reasons, *new]
    session.flush()


def place(session: Session, escalation: Escalation) -> int:
    """How many unclaimed escalations are served before this one, plus one: 1 is next."""
    ahead = or_(
        Escalation.priority < escalation.priority,
        (Escalation.priority == escalation.priority) & (Escalation.queued_at < escalation.queued_at),
    )
    waiting = select(func.count()).where(Escalation.closed_at.is_(None), Escalation.claimed_at.is_(None), ahead)
    return (session.scalar(waiting) or 0) + 1
