"""Who did what to whom, in a chain of hashes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from bot.store.models import Audit

_FIRST = "0" * 64


def write(session: Session, actor: str, action: str, subject: str, *, now: datetime, **detail: Any) -> None:
    """Add a row; *detail* holds facts, never a shopper's words, phone or address."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(7110584)"))
    last = session.scalar(select(Audit.hash).order_by(Audit.id.desc()).limit(1)) or _FIRST
    row = {"at": now, "actor": actor, "action": action, "subject": subject, "detail": detail}
    session.execute(insert(Audit), {**row, "hash": _hash(last, row)})


def first_broken(session: Session) -> int | None:
    """The number of the first row that was changed or whose predecessor was removed; None if the chain holds."""
    last = _FIRST
    for entry in session.scalars(select(Audit).order_by(Audit.id)):
        row = {name: getattr(entry, name) for name in ("at", "actor", "action", "subject", "detail")}
        if entry.hash != _hash(last, row):
            return entry.id
        last = entry.hash
    return None


def _hash(last: str, row: dict[str, Any]) -> str:
    words = json.dumps({**row, "at": row["at"].isoformat()}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256((last + words).encode()).hexdigest()
