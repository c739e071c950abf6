"""Filling the store from files, for the demo shop and for a shop's first start.

A file is a list of entries: `id`, `title`, `ask` (other ways to ask), `answer`, and where needed `category`,
`product`, `valid: [first day, last day]` (days of the shop's clock, both included), `state`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import Engine

from bot.errors import BadEntry
from bot.knowledge.editing import Scopes, asks_of, faults, tidy
from bot.store import knowledge
from bot.store.database import begin
from bot.store.knowledge import APPROVED, Content

AUTHOR = "seed"
_SHOP_TIME = ZoneInfo("Asia/Shanghai")


def seed(database: Engine, folder: Path, now: datetime, *, known: Scopes) -> int:
    """Bring the entries of *folder* into the store; returns how many were written.

    An entry that is not there yet is written; one that only files have written is brought up to the file; one that
    somebody has edited is left alone. All or nothing.

    Raises
    ------
    BadEntry
        An entry of the files cannot be kept.
    """
    wanted = list(contents(folder))
    with begin(database) as session:
        knowledge.lock(session)
        there = {entry.content.id: entry for entry in knowledge.changed_since(session, 0)}
        taken = asks_of(entry.content for entry in there.values())
        written = 0
        for content in map(tidy, wanted):
            old = there.get(content.id)
            if old and (old.author != AUTHOR or old.content == content):
                continue
            reasons = faults(content, known, taken)
            if reasons:
                raise BadEntry(content.id, reasons)
            knowledge.put(session, content, AUTHOR, now=now)
            taken |= asks_of([content])
            written += 1
    return written


def contents(folder: Path) -> Iterator[Content]:
    """The entries of every file of *folder*."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(folder.glob("*.yml")):
        for row in yaml.load(path.read_text(encoding="utf-8"), Loader=loader):
            yield _content(row)


def _content(row: dict[str, Any]) -> Content:
    first, last = row.get("valid") or (None, None)
    return Content(
        id=row["id"],
        title=row["title"],
        questions=tuple(map(str, row["ask"])),
        answer=row.get("answer", ""),
        category=row.get("category"),
        product_id=row.get("product"),
        valid_from=first and _midnight(first),
        valid_until=last and _midnight(last + timedelta(days=1)),
        state=row.get("state", APPROVED),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), _SHOP_TIME).astimezone(UTC)
