"""Tries to prove an order, and identities shown: what must not be tried too often or used twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.store.models import ProofTry, UsedToken


def tries_since(session: Session, key: str, at: datetime) -> int:
    """Tries under *key* since *at*."""
    return session.scalar(select(func.count()).where(ProofTry.key == key, ProofTry.at > at)) or 0


def add_try(session: Session, key: str, *, now: datetime) -> None:
    """Count one try under *key*."""
    session.execute(insert(ProofTry), {"key": key, "at": now})


def use_token(session: Session, jti: str, *, expires_at: datetime, now: datetime) -> bool:
    """Mark a signed identity as shown; False if it was shown before. Marks that have expired are removed."""
    session.execute(delete(UsedToken).where(UsedToken.expires_at < now))
    try:
        with session.begin_nested():
            session.execute(insert(UsedToken), {"jti": jti, "expires_at": expires_at})
    except IntegrityError:  # shown before, or by somebody else at this instant
        return False
    return True
