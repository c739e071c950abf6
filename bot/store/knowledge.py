"""What the shop knows: entries, their versions, their vectors, and the questions nobody could answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.models import KnowledgeEntry, KnowledgeVector, KnowledgeVersion, Unanswered, table_of

DRAFT, APPROVED, REFUSED, RETIRED = "draft", "approved", "refused", "retired"
STATES = (DRAFT, APPROVED, REFUSED, RETIRED)
_LOCK = 7110585  # advisory lock of PostgreSQL: saves are numbered in the order in which they are committed
_LONG_NUMBER = re.compile(r"\d{5,}")
_CHUNK = 400  # keys in one question to the store: SQLite takes a thousand places at most in old builds


@dataclass(frozen=True, slots=True)
class Content:
    """The fields of an entry that staff write."""

    id: str
    title: str
    questions: tuple[str, ...]
    answer: str
    category: str | None = None
    product_id: str | None = None
    valid_from: datetime | None = None  #: UTC, aware; None: always
    valid_until: datetime | None = None  #: first moment it no longer holds
    state: str = APPROVED


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands, or stood in an older version."""

    content: Content
    version: int
    author: str
    changed_at: datetime
    change: int = 0  #: number of the save; 0 if it is an older version


@dataclass(frozen=True, slots=True)
class Question:
    """An open question without an answer."""

    id: int
    text: str
    at: datetime


_ENTRIES = table_of(KnowledgeEntry)
_NEWEST_CHANGE = select(func.max(_ENTRIES.c.change))
_CHANGED = select(_ENTRIES).where(_ENTRIES.c.change > bindparam("change")).order_by(_ENTRIES.c.change)


def newest_change(session: Session) -> int:
    """The number of the last save, 0 if there was none: cheap to ask again and again."""
    return session.scalar(_NEWEST_CHANGE) or 0


def changed_since(session: Session, change: int) -> list[Entry]:
    """Entries saved after the save of number *change*, whatever their state, oldest save first."""
    return [_entry(row) for row in session.execute(_CHANGED, {"change": change}).mappings()]


def current(session: Session, entry_id: str) -> Entry | None:
    """An entry as it stands."""
    row = session.execute(select(_ENTRIES).where(_ENTRIES.c.id == entry_id)).mappings().first()
    return _entry(row) if row else None


def versions(session: Session, entry_id: str) -> list[Entry]:
    """All versions of an entry, newest first."""
    rows = session.scalars(
        select(KnowledgeVersion).where(KnowledgeVersion.entry_id == entry_id).order_by(KnowledgeVersion.version.desc())
    )
    return [Entry(_content(row.content), row.version, row.author, row.changed_at) for row in rows]


def lock(session: Session) -> None:
    """Let nobody else save until this transaction ends. On SQLite it holds the only write lock already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def put(session: Session, content: Content, author: str, *, now: datetime) -> Entry:
    """Keep *content* as the next version of its entry; the caller has called `lock` and has looked it over."""
    number = session.scalar(select(_ENTRIES.c.version).where(_ENTRIES.c.id == content.id)) or 0
    entry = Entry(content, number + 1, author, now, newest_change(session) + 1)
    row = {
        **asdict(content), "questions": list(content.questions), "version": entry.version, "author": author,
        "changed_at": now, "change": entry.change,
    }  # fmt: skip
    if number:
        session.execute(update(_ENTRIES).where(_ENTRIES.c.id == content.id).values(row))
    else:
        session.execute(insert(_ENTRIES), row)
    session.execute(
        insert(KnowledgeVersion),
        {
            "entry_id": content.id, "version": entry.version, "content": _plain(content), "author": author,
            "changed_at": now,
        },
    )  # fmt: skip
    return entry


def vector_key(text_: str) -> str:
    """Under which the vector of a text is kept."""
    return hashlib.sha256(text_.encode("utf-8", "replace")).hexdigest()[:32]


def vectors_of(session: Session, keys: Sequence[str]) -> dict[str, bytes]:
    """The vectors that are kept, by key."""
    found: dict[str, bytes] = {}
    for start in range(0, len(keys), _CHUNK):
        rows = session.execute(
            select(KnowledgeVector.key, KnowledgeVector.vector).where(
                KnowledgeVector.key.in_(keys[start : start + _CHUNK])
            )
        )
        found.update((key, vector) for key, vector in rows)
    return found


def keep_vectors(session: Session, vectors: Mapping[str, bytes]) -> None:
    """Keep vectors by key; one that another brain has kept meanwhile stays as it is."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [{"key": key, "vector": vector} for key, vector in vectors.items()]
    if rows:
        session.execute(dialect.insert(KnowledgeVector).on_conflict_do_nothing(), rows)


def record_unanswered(session: Session, line_ref: tuple[str, int], question: str, now: datetime) -> None:
    """Keep a question without an answer; *line_ref* is (conversation id, seq), and a line is kept once.

    Numbers of five digits and more (phones, orders) are made unreadable: staff read these rows in lists.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    conversation_id, seq = line_ref
    session.execute(
        dialect.insert(Unanswered).on_conflict_do_nothing(),
        {
            "conversation_id": conversation_id, "seq": seq, "at": now,
            "question": _LONG_NUMBER.sub("***", question.strip()),
        },
    )  # fmt: skip


def open_questions(session: Session, limit: int = 2000) -> list[Question]:
    """Questions staff have not dealt with, newest first."""
    rows = session.execute(
        select(Unanswered.id, Unanswered.question, Unanswered.at)
        .where(Unanswered.settled_at.is_(None))
        .order_by(Unanswered.id.desc())
        .limit(limit)
    )
    return [Question(*row) for row in rows]


def settle(session: Session, ids: Iterable[int], entry_id: str | None, *, now: datetime) -> int:
    """Mark questions as dealt with, by the entry that answers them or, without one, as dismissed; returns how many."""
    settled = session.execute(
        update(Unanswered)
        .where(Unanswered.id.in_(list(ids)), Unanswered.settled_at.is_(None))
        .values(settled_at=now, entry_id=entry_id)
        .returning(Unanswered.id)
    )
    return len(settled.all())


def _entry(row: Mapping[Any, Any]) -> Entry:
    fields = {name: row[name] for name in Content.__slots__}
    content = Content(**{**fields, "questions": tuple(fields["questions"])})
    return Entry(content, row["version"], row["author"], row["changed_at"], row["change"])


def _plain(content: Content) -> dict[str, Any]:
    """For JSON."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(content).items()
    }


def _content(plain: Mapping[str, Any]) -> Content:
    """What `_plain` made, read back."""
    times = {name: plain[name] and datetime.fromisoformat(plain[name]) for name in ("valid_from", "valid_until")}
    return Content(**{**plain, "questions": tuple(plain["questions"]), **times})
