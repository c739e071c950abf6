"""Lines: the journal of everything said, the inbox of what is not handled, the outbox of what a reader has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from bot.store.bells import ring
from bot.store.models import Conversation, Line


@dataclass(frozen=True, slots=True)
class Said:
    """One line as the rest of the program sees it."""

    seq: int
    author: str
    text: str
    at: datetime
    payload: dict[str, Any] | None = None
    client_msg_id: str | None = None
    intent: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One line to be written by the bot or the system."""

    text: str
    payload: dict[str, Any] | None = None
    author: str = "bot"


#: Parts of an answer are numbered from 0; words said while it is awaited are numbered from here.
WAITING_PARTS = 1000

_SAID = (Line.seq, Line.author, Line.text, Line.at, Line.payload, Line.client_msg_id, Line.intent)


def with_client_id(session: Session, conversation_id: str, client_msg_id: str) -> Said | None:
    """The line the sender gave this id, if it is stored."""
    row = session.execute(
        select(*_SAID).where(Line.conversation_id == conversation_id, Line.client_msg_id == client_msg_id)
    ).first()
    return Said(*row) if row else None


def add_from_shopper(
    session: Session,
    conversation: Conversation,
    text: str,
    *,
    client_msg_id: str,
    payload: dict[str, Any] | None,
    now: datetime,
) -> int:
    """Store a shopper's line in the inbox of a locked thread; returns its number."""
    conversation.last_seq += 1
    conversation.waiting_since = conversation.waiting_since or now
    session.flush()
    session.execute(
        insert(Line),
        {
            "conversation_id": conversation.id, "seq": conversation.last_seq, "at": now, "author": "shopper",
            "text": text, "payload": payload, "client_msg_id": client_msg_id,
        },
    )  # fmt: skip
    ring(session, "brain", conversation.id)
    ring(session, "gateway", conversation.id)
    return conversation.last_seq


def add_replies(
    session: Session,
    conversation: Conversation,
    replies: Sequence[Reply],
    *,
    reply_to: int | None,
    now: datetime,
    first_part: int = 0,
) -> list[int]:
    """Write replies into a locked thread, in order; returns their numbers.

    (`reply_to`, part) is unique in a thread: the same answer cannot be written twice, whatever fails.
    """
    rows: list[dict[str, Any]] = []
    for part, reply in enumerate(replies, first_part):
        conversation.last_seq += 1
        rows.append(
            {
                "conversation_id": conversation.id, "seq": conversation.last_seq, "at": now, "author": reply.author,
                "text": reply.text, "payload": reply.payload, "handled_at": now,
                "reply_to": reply_to, "part": None if reply_to is None else part,
            }
        )  # fmt: skip
    session.flush()
    if rows:
        session.execute(insert(Line), rows)
        ring(session, "gateway", conversation.id)
    return [row["seq"] for row in rows]


def is_said(session: Session, conversation_id: str, reply_to: int, part: int) -> bool:
    """Whether this part of the reply to line *reply_to* is written."""
    found = select(Line.seq).where(
        Line.conversation_id == conversation_id, Line.reply_to == reply_to, Line.part == part
    )
    return session.scalar(found) is not None


def unhandled(session: Session, conversation_id: str) -> list[Said]:
    """The inbox of a thread, oldest first."""
    rows = session.execute(
        select(*_SAID).where(Line.conversation_id == conversation_id, Line.handled_at.is_(None)).order_by(Line.seq)
    )
    return [Said(*row) for row in rows]


def handle(session: Session, conversation_id: str, seq: int, outcome: str, *, now: datetime, **found: Any) -> None:
    """Take a shopper's line out of the inbox; *found* holds intent, confidence, entities where they are known."""
    session.execute(
        update(Line)
        .where(Line.conversation_id == conversation_id, Line.seq == seq)
        .values(handled_at=now, outcome=outcome, **found)
    )


def oldest_unhandled_at(session: Session, conversation_id: str) -> datetime | None:
    """When the oldest line of the inbox was stored; None if the inbox is empty."""
    return session.scalar(
        select(func.min(Line.at)).where(Line.conversation_id == conversation_id, Line.handled_at.is_(None))
    )


def after(session: Session, conversation_id: str, seq: int, limit: int = 200) -> list[Said]:
    """What was said after line *seq*, oldest first."""
    rows = session.execute(
        select(*_SAID).where(Line.conversation_id == conversation_id, Line.seq > seq).order_by(Line.seq).limit(limit)
    )
    return [Said(*row) for row in rows]


def before(session: Session, conversation_id: str, seq: int, limit: int) -> list[Said]:
    """The last *limit* lines before line *seq*, oldest first."""
    rows = session.execute(
        select(*_SAID)
        .where(Line.conversation_id == conversation_id, Line.seq < seq)
        .order_by(Line.seq.desc())
        .limit(limit)
    )
    return [Said(*row) for row in rows][::-1]


def replies_to(session: Session, conversation_id: str, seq: int) -> list[Said]:
    """The replies that answer line *seq*, whether it was the newest of its batch or not."""
    answered = (
        select(func.min(Line.reply_to))
        .where(Line.conversation_id == conversation_id, Line.reply_to >= seq, Line.part < WAITING_PARTS)
        .scalar_subquery()
    )
    rows = session.execute(
        select(*_SAID)
        .where(Line.conversation_id == conversation_id, Line.reply_to == answered, Line.part < WAITING_PARTS)
        .order_by(Line.part)
    )
    return [Said(*row) for row in rows]


def shopper_lines_since(session: Session, conversation: Conversation, at: datetime) -> list[datetime]:
    """Times of the shopper's lines stored after *at*; looks at the newest sixty lines."""
    rows = session.scalars(
        select(Line.at).where(
            Line.conversation_id == conversation.id,
            Line.seq > conversation.last_seq - 60,
            Line.author == "shopper",
            Line.at > at,
        )
    )
    return list(rows)
