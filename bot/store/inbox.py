"""Claiming a thread with unhandled lines, and letting go of it: lease and fence (reliability R6, R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, undefer

from bot.store import conversations, lines
from bot.store.lines import Said
from bot.store.models import Conversation


@dataclass(frozen=True, slots=True)
class Claim:
    """A thread in a brain's hands, as it was when it was claimed."""

    conversation_id: str
    customer_id: str
    channel: str
    buyer_id: str | None
    owner: str
    epoch: int
    fence: int
    attempts: int
    state: str | None
    lines: tuple[Said, ...]  #: the inbox, oldest first; at least one
    earlier: tuple[Said, ...]  #: the lines before, oldest first


def claim(session: Session, brain: str, *, now: datetime, lease_s: float, context_lines: int) -> Claim | None:
    """Lease the thread that has waited longest and that no living brain holds; None if there is none."""
    free = or_(Conversation.lease_until.is_(None), Conversation.lease_until < now)
    thread = session.scalar(
        select(Conversation)
        .where(Conversation.waiting_since.is_not(None), free)
        .order_by(Conversation.waiting_since)
        .limit(1)
        .with_for_update(skip_locked=True)
        .options(undefer(Conversation.state))
    )
    if thread is None:
        return None
    waiting = lines.unhandled(session, thread.id)
    if not waiting:
        thread.waiting_since = None
        session.flush()
        return None
    thread.lease_by = brain
    thread.lease_until = now + timedelta(seconds=lease_s)
    thread.fence += 1
    thread.attempts += 1
    session.flush()
    return Claim(
        thread.id, thread.customer_id, thread.channel, thread.buyer_id, thread.owner, thread.epoch, thread.fence,
        thread.attempts, thread.state, tuple(waiting), tuple(lines.before(session, thread.id, waiting[0].seq, context_lines)),
    )  # fmt: skip


def held(session: Session, claim: Claim) -> Conversation | None:
    """The claimed thread, locked, if neither fence nor epoch has moved since the claim."""
    thread = conversations.locked(session, claim.conversation_id)
    if thread is None or thread.fence != claim.fence or thread.epoch != claim.epoch:
        return None
    return thread


def settle(session: Session, thread: Conversation, state: str | None) -> None:
    """End a turn on a locked thread: keep the dialogue state, give the lease back, look what is still waiting."""
    thread.state = state
    thread.lease_by = thread.lease_until = None
    thread.attempts = 0
    thread.waiting_since = lines.oldest_unhandled_at(session, thread.id)
    session.flush()


def let_go(session: Session, claim: Claim, *, retry_at: datetime | None) -> None:
    """Give a claimed thread back unanswered; nobody takes it before *retry_at* (None: at once)."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == claim.conversation_id, Conversation.fence == claim.fence)
        .values(lease_by=None, lease_until=retry_at)
    )


def forget_leases(session: Session) -> None:
    """A store with one brain, which starts now: leases are a dead predecessor's."""
    session.execute(
        update(Conversation).where(Conversation.lease_until.is_not(None)).values(lease_by=None, lease_until=None)
    )
