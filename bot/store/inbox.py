"""Claiming a thread with unhandled lines, and letting go of it: lease and fence (reliability R6, R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from bot.store import conversations, lines
from bot.store.lines import Said
from bot.store.models import Conversation, table_of

# Made once, on the table itself: every turn passes them.
_THREADS = table_of(Conversation)
_FREE = or_(_THREADS.c.lease_until.is_(None), _THREADS.c.lease_until < bindparam("now"))
_NEXT = (
    select(_THREADS)
    .where(_THREADS.c.waiting_since.is_not(None), _FREE)
    .order_by(_THREADS.c.waiting_since)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_CHANGE = update(_THREADS).where(_THREADS.c.id == bindparam("thread"))


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
    thread = session.execute(_NEXT, {"now": now}).first()
    if thread is None:
        return None
    waiting = lines.unhandled(session, thread.id)
    if not waiting:
        session.execute(_CHANGE, {"thread": thread.id, "waiting_since": None})
        return None
    fence, attempts, until = thread.fence + 1, thread.attempts + 1, now + timedelta(seconds=lease_s)
    session.execute(
        _CHANGE,
        {"thread": thread.id, "lease_by": brain, "lease_until": until, "fence": fence, "attempts": attempts},
    )
    return Claim(
        thread.id, thread.customer_id, thread.channel, thread.buyer_id, thread.owner, thread.epoch, fence, attempts,
        thread.state, tuple(waiting), tuple(lines.before(session, thread.id, waiting[0].seq, context_lines)),
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
