"""Lines: the journal of everything said, the inbox of what is not handled, the outbox of what a reader has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from bot.store.bells import ring
from bot.store.models import Conversation, Line, table_of


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

# Every turn passes here: the statements are made once, on the table itself, which costs a fifth of making them anew.
_LINES = table_of(Line)
_LINE = _LINES.c
_THREAD = _LINE.conversation_id == bindparam("thread")
_SAID = select(*(_LINE[name] for name in Said.__slots__))
_WITH_CLIENT_ID = _SAID.where(_THREAD, _LINE.client_msg_id == bindparam("client_msg_id"))
_UNHANDLED = _SAID.where(_THREAD, _LINE.handled_at.is_(None)).order_by(_LINE.seq)
_AFTER = _SAID.where(_THREAD, _LINE.seq > bindparam("seq")).order_by(_LINE.seq).limit(bindparam("limit"))
_BEFORE = _SAID.where(_THREAD, _LINE.seq < bindparam("seq")).order_by(_LINE.seq.desc()).limit(bindparam("limit"))
_OLDEST_UNHANDLED = select(func.min(_LINE.at)).where(_THREAD, _LINE.handled_at.is_(None))
_SHOPPERS_SINCE = select(_LINE.at).where(
    _THREAD, _LINE.seq > bindparam("seq"), _LINE.author == "shopper", _LINE.at > bindparam("since")
)
_ADD = insert(_LINES)
_HANDLE = update(_LINES).where(_THREAD, _LINE.seq == bindparam("number"))


def with_client_id(session: Session, conversation_id: str, client_msg_id: str) -> Said | None:
    """The line the sender gave this id, if it is stored."""
    row = session.execute(_WITH_CLIENT_ID, {"thread": conversation_id, "client_msg_id": client_msg_id}).first()
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
        _ADD,
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
    """Write replies into a locked thread, in order; returns their numbers. The thread itself is written at the commit.

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
    if rows:
        session.execute(_ADD, rows)
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
    rows = session.execute(_UNHANDLED, {"thread": conversation_id})
    return [Said(*row) for row in rows]


def handle(session: Session, conversation_id: str, seq: int, outcome: str, *, now: datetime, **found: Any) -> None:
    """Take a shopper's line out of the inbox; *found* holds intent, confidence, entities where they are known."""
    found |= {"handled_at": now, "outcome": outcome}
    session.execute(_HANDLE, {"thread": conversation_id, "number": seq, **found})


def oldest_unhandled_at(session: Session, conversation_id: str) -> datetime | None:
    """When the oldest line of the inbox was stored; None if the inbox is empty."""
    oldest: datetime | None = session.scalar(_OLDEST_UNHANDLED, {"thread": conversation_id})
    return oldest


def after(session: Session, conversation_id: str, seq: int, limit: int = 200) -> list[Said]:
    """What was said after line *seq*, oldest first."""
    rows = session.execute(_AFTER, {"thread": conversation_id, "seq": seq, "limit": limit})
    return [Said(*row) for row in rows]


def before(session: Session, conversation_id: str, seq: int, limit: int) -> list[Said]:
    """The last *limit* lines before line *seq*, oldest first."""
    rows = session.execute(_BEFORE, {"thread": conversation_id, "seq": seq, "limit": limit})
    return [Said(*row) for row in rows][::-1]


def replies_to(session: Session, conversation_id: str, seq: int) -> list[Said]:
    """The replies that answer line *seq*, whether it was the newest of its batch or not."""
    answered = (
        select(func.min(Line.reply_to))
        .where(Line.conversation_id == conversation_id, Line.reply_to >= seq, Line.part < WAITING_PARTS)
        .scalar_subquery()
    )
    rows = session.execute(
        _SAID.where(
            _LINE.conversation_id == conversation_id, _LINE.reply_to == answered, _LINE.part < WAITING_PARTS
        ).order_by(_LINE.part)
    )
    return [Said(*row) for row in rows]


def shopper_lines_since(session: Session, conversation: Conversation, at: datetime) -> list[datetime]:
    """Times of the shopper's lines stored after *at*; looks at the newest sixty lines."""
    newest_sixty = {"thread": conversation.id, "seq": conversation.last_seq - 60, "since": at}
    return list(session.scalars(_SHOPPERS_SINCE, newest_sixty))
