"""Threads: opening, finding, and who owns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from bot.store.bells import ring
from bot.store.models import Conversation

Owner = Literal["bot", "queue", "agent"]

# Made once: every line passes them.
_THREAD = Conversation.id == bindparam("thread")
_LOCKED = select(Conversation).where(_THREAD).with_for_update().execution_options(populate_existing=True)
_CUSTOMER_OF = select(Conversation.customer_id).where(_THREAD)
_OWNERSHIP = select(Conversation.owner, Conversation.epoch, Conversation.agent).where(_THREAD)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who answers a conversation now."""

    owner: str
    epoch: int
    agent: str | None


def start(session: Session, customer_id: str, channel: str, *, buyer_id: str | None, now: datetime) -> Conversation:
    """A new, empty thread."""
    conversation = Conversation(
        customer_id=customer_id, channel=channel, buyer_id=buyer_id, opened_at=now,
        owner="bot", epoch=0, last_seq=0, fence=0, attempts=0,
    )  # fmt: skip
    session.add(conversation)
    session.flush()
    return conversation


def named(session: Session, conversation_id: str) -> Conversation | None:
    """The thread with this id."""
    return session.get(Conversation, conversation_id)


def locked(session: Session, conversation_id: str) -> Conversation | None:
    """The thread with this id, kept from every other writer until this transaction ends."""
    return session.scalar(_LOCKED, {"thread": conversation_id})


def open_thread(session: Session, customer_id: str, channel: str) -> Conversation | None:
    """The customer's newest open thread on this channel."""
    return session.scalar(
        select(Conversation)
        .where(
            Conversation.customer_id == customer_id, Conversation.channel == channel, Conversation.closed_at.is_(None)
        )
        .order_by(Conversation.opened_at.desc())
        .limit(1)
    )


def customer_of(session: Session, conversation_id: str) -> str | None:
    """Whose thread this is; None if there is no such thread."""
    return session.scalar(_CUSTOMER_OF, {"thread": conversation_id})


def ownership(session: Session, conversation_id: str) -> Ownership | None:
    """Who answers this thread."""
    row = session.execute(_OWNERSHIP, {"thread": conversation_id}).first()
    return Ownership(*row) if row else None


def hand_to(session: Session, conversation_id: str, owner: Owner, *, agent: str | None = None) -> int:
    """Give the thread to *owner*; returns the new epoch. A reply written under an older epoch is refused from now on."""
    epoch = session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(owner=owner, agent=agent, epoch=Conversation.epoch + 1)
        .returning(Conversation.epoch)
    ).scalar_one()
    ring(session, "gateway", conversation_id)
    return epoch


def waiting_count(session: Session) -> int:
    """Threads with a line nobody has handled yet."""
    return session.scalar(select(func.count()).where(Conversation.waiting_since.is_not(None))) or 0


def waiting_since_before(session: Session, at: datetime, limit: int = 100) -> list[str]:
    """Threads whose oldest unhandled line was stored before *at*, longest waiting first."""
    return list(
        session.scalars(
            select(Conversation.id)
            .where(Conversation.waiting_since.is_not(None), Conversation.waiting_since < at)
            .order_by(Conversation.waiting_since)
            .limit(limit)
        )
    )
