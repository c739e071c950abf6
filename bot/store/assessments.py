"""What each line says about the risk of losing the customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot.store.models import Assessment, table_of

_ADD = insert(table_of(Assessment))


def record(
    session: Session,
    conversation_id: str,
    seq: int,
    *,
    p_dissatisfied: float,
    hard_trigger: str | None,
    reasons: Sequence[str],
    model_version: str,
    now: datetime,
) -> None:
    """Keep the assessment made at line *seq*."""
    session.execute(
        _ADD,
        {
            "conversation_id": conversation_id, "seq": seq, "at": now, "p_dissatisfied": p_dissatisfied,
            "hard_trigger": hard_trigger, "reasons": list(reasons), "model_version": model_version,
        },
    )  # fmt: skip
