"""Who writes to us, and the names channels know them by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.store.models import Customer, Identity


def anonymous(session: Session, *, now: datetime) -> Customer:
    """A new customer of whom nothing is known."""
    customer = Customer(created_at=now, seen_at=now)
    session.add(customer)
    session.flush()
    return customer


def known_as(
    session: Session,
    channel: str,
    external_id: str,
    *,
    now: datetime,
    name: str | None = None,
    tier: str | None = None,
) -> Customer:
    """The customer a channel knows by *external_id*, made on the first visit; name and tier are brought up to date."""
    customer = _known(session, channel, external_id)
    if customer is None:
        try:
            with session.begin_nested():
                customer = anonymous(session, now=now)
                session.add(Identity(customer_id=customer.id, channel=channel, external_id=external_id, created_at=now))
        except IntegrityError:  # their other tab was first by an instant
            customer = _known(session, channel, external_id)
            assert customer is not None
    customer.seen_at = now
    customer.name = name or customer.name
    customer.tier = tier or customer.tier
    session.flush()
    return customer


def _known(session: Session, channel: str, external_id: str) -> Customer | None:
    """The customer of this name, kept from every other writer until this transaction ends."""
    return session.scalar(
        select(Customer)
        .join(Identity)
        .where(Identity.channel == channel, Identity.external_id == external_id)
        .with_for_update(of=Customer)
    )
