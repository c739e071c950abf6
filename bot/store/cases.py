"""Matters that outlive their conversation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.store.models import Case

SHOP_TIME = ZoneInfo("Asia/Shanghai")
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: numbers are read out on the phone

# Made once: every request passes them.
_OF_KEY = select(Case).where(Case.idem_key == bindparam("key"))
_OF_NUMBER = select(Case.id).where(Case.number == bindparam("number"))
_OPEN = select(Case).where(Case.customer_id == bindparam("customer"), Case.closed_at.is_(None))
_OPEN_OF_NUMBER = _OPEN.where(Case.number == bindparam("number"))
_NEWEST_OPEN = _OPEN.order_by(Case.opened_at.desc()).limit(bindparam("limit"))


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known when a case is opened."""

    type: str
    severity: int
    summary: str
    promised_at: datetime
    order_no: str | None = None
    product_id: str | None = None


def open_once(
    session: Session, conversation_id: str, customer_id: str, seq: int, facts: CaseFacts, *, now: datetime
) -> Case:
    """The case that line *seq* opens; the same line opens it once, however often its turn is tried."""
    key = f"{conversation_id}:{seq}:{facts.type}"
    opened = session.scalar(_OF_KEY, {"key": key})
    if opened:
        return opened
    case = Case(
        number=_free_number(session, key, now), idem_key=key, customer_id=customer_id,
        conversation_id=conversation_id, type=facts.type, severity=facts.severity, order_no=facts.order_no,
        product_id=facts.product_id, summary=facts.summary, opened_at=now, promised_at=facts.promised_at,
    )  # fmt: skip
    session.add(case)
    session.flush()
    return case


def add_words(session: Session, number: str, customer_id: str, words: str) -> Case | None:
    """Put the shopper's further words to their open case; None if there is no such open case of theirs."""
    case = session.scalar(_OPEN_OF_NUMBER, {"number": number, "customer": customer_id})
    if case is not None:
        case.summary = f"{case.summary}\n{words}"
        session.flush()
    return case


def open_of(session: Session, customer_id: str, limit: int = 5) -> list[Case]:
    """A customer's open cases, newest first."""
    return list(session.scalars(_NEWEST_OPEN, {"customer": customer_id, "limit": limit}))


def _free_number(session: Session, key: str, now: datetime) -> str:
    """TS, the day, five letters drawn from *key*; drawn again in the rare case that the number is taken."""
    for draw in range(100):
        digest = hashlib.sha256(f"{key}:{draw}".encode()).digest()
        letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:5])
        number = f"TS{now.astimezone(SHOP_TIME):%y%m%d}-{letters}"
        if session.scalar(_OF_NUMBER, {"number": number}) is None:
            return number
    raise RuntimeError("a hundred case numbers of one day were taken")
