"""Opening a conversation: a new one, the one a shopper had, or an anonymous one carried over at sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot import words
from bot.errors import UsedToken
from bot.store import audit, conversations, customers, lines, proofs
from bot.store.database import begin
from bot.store.models import Conversation
from bot.text.mask import name as masked_name


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whom the storefront's signed token names."""

    buyer_id: str
    jti: str
    expires_at: datetime  #: from then on it proves nothing, whatever clocks say
    name: str | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation a visitor may speak in."""

    conversation_id: str
    customer_id: str
    name: str | None  #: masked, of a signed-in shopper


def open_for_anyone(engine: Engine, channel: str, *, earlier: str | None, now: datetime) -> Opened:
    """The anonymous conversation *earlier* if it is still open, else a new one."""
    with begin(engine) as session:
        thread = conversations.named(session, earlier) if earlier else None
        if thread is None or thread.closed_at is not None or thread.buyer_id is not None:
            customer = customers.anonymous(session, now=now)
            thread = _started(session, customer.id, channel, None, now)
        return Opened(thread.id, thread.customer_id, None)


def open_for_buyer(engine: Engine, channel: str, who: SignedIn, *, earlier: str | None, now: datetime) -> Opened:
    """The open conversation of a signed-in shopper, else the anonymous one they had, else a new one.

    Raises
    ------
    UsedToken
        The identity was shown before.
    """
    with begin(engine) as session:
        if not proofs.use_token(session, who.jti, expires_at=who.expires_at, now=now):
            raise UsedToken(f"jti of {who.buyer_id} was used")
        customer = customers.known_as(session, channel, who.buyer_id, now=now, name=who.name, tier=who.tier)
        thread = conversations.open_thread(session, customer.id, channel)
        if thread is None:
            thread = _carried_over(session, earlier, customer.id, who.buyer_id, now)
        if thread is None:
            thread = _started(session, customer.id, channel, who.buyer_id, now)
        return Opened(thread.id, customer.id, masked_name(customer.name) if customer.name else None)


def _started(session: Session, customer_id: str, channel: str, buyer_id: str | None, now: datetime) -> Conversation:
    thread = conversations.start(session, customer_id, channel, buyer_id=buyer_id, now=now)
    welcome = lines.Reply(
        words.say("utter_welcome"), {"said": "utter_welcome", "quick_replies": words.buttons("utter_welcome")}
    )
    lines.add_replies(session, thread, [welcome], reply_to=None, now=now)
    return thread


def _carried_over(
    session: Session, earlier: str | None, customer_id: str, buyer_id: str, now: datetime
) -> Conversation | None:
    """The anonymous conversation becomes the shopper's own; its token proved that it is theirs."""
    thread = conversations.locked(session, earlier) if earlier else None
    if thread is None or thread.closed_at is not None or thread.buyer_id is not None:
        return None
    before = thread.customer_id
    thread.customer_id, thread.buyer_id = customer_id, buyer_id
    session.flush()
    audit.write(
        session, "gateway", "link_identity", f"conversation:{thread.id}", now=now, before=before, after=customer_id
    )
    return thread
