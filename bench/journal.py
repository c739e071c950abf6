"""A client's own journal of what it sent and what was acknowledged, and the check of a store against it."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine, select

from bot.store.database import reading
from bot.store.lines import WAITING_PARTS
from bot.store.models import Assessment, Case, Conversation, Escalation, Line


class Journal:
    """A file of the client: a line stands in it, on the disk, before it is sent."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("a", encoding="utf-8")

    def will_send(self, thread: str, client_msg_id: str, text: str) -> None:
        """The line is sent after this returns."""
        self._write({"thread": thread, "id": client_msg_id, "text": text})

    def acknowledged(self, thread: str, client_msg_id: str, seq: int) -> None:
        """The gateway said that it is stored under this number."""
        self._write({"thread": thread, "id": client_msg_id, "seq": seq})

    def _write(self, entry: Mapping[str, object]) -> None:
        self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())


@dataclass(slots=True)
class Sent:
    """One line as the client knows it."""

    text: str
    seq: int | None = None  #: None: not acknowledged


def read_journal(path: Path) -> dict[str, dict[str, Sent]]:
    """What was sent in each conversation, by client_msg_id, in the order of sending."""
    threads: dict[str, dict[str, Sent]] = defaultdict(dict)
    for row in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(row)
        if "text" in entry:
            threads[entry["thread"]][entry["id"]] = Sent(entry["text"])
        else:
            threads[entry["thread"]][entry["id"]].seq = entry["seq"]
    return dict(threads)


@dataclass(frozen=True, slots=True)
class Row:
    """One stored line, as far as the check looks at it."""

    seq: int
    at: datetime
    author: str
    text: str
    client_msg_id: str | None
    handled_at: datetime | None
    outcome: str | None
    reply_to: int | None
    part: int | None


@dataclass(frozen=True, slots=True)
class Thread:
    """One stored conversation."""

    id: str
    last_seq: int
    rows: Sequence[Row]
    assessed_at: Mapping[int, datetime]  #: by the line's number
    cases: Sequence[tuple[str, datetime]]  #: key and when opened
    open_escalations: int

    @property
    def shoppers(self) -> list[Row]:
        """The lines of the shopper."""
        return [row for row in self.rows if row.author == "shopper"]


@dataclass(slots=True)
class Faults:
    """What is wrong in a store; each entry names its conversation and line."""

    found: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: str, thread: Thread, seq: int | str) -> None:
        """One more fault of this kind."""
        self.found[kind].append(f"{thread.id}:{seq}")


def stored(engine: Engine, thread_id: str) -> Thread:
    """The conversation as the store has it."""
    with reading(engine) as session:
        columns = [getattr(Line, name) for name in Row.__dataclass_fields__]
        rows = session.execute(select(*columns).where(Line.conversation_id == thread_id).order_by(Line.seq))
        assessed = session.execute(
            select(Assessment.seq, Assessment.at).where(Assessment.conversation_id == thread_id)
        ).tuples()
        opened = session.execute(
            select(Case.idem_key, Case.opened_at).where(Case.conversation_id == thread_id)
        ).tuples()
        waiting = session.scalars(
            select(Escalation.id).where(Escalation.conversation_id == thread_id, Escalation.closed_at.is_(None))
        )
        last_seq = session.scalars(select(Conversation.last_seq).where(Conversation.id == thread_id)).one()
        return Thread(
            thread_id, last_seq, [Row(*row) for row in rows], dict(list(assessed)), list(opened), len(list(waiting))
        )


def check(journal: Mapping[str, Mapping[str, Sent]], engine: Engine) -> tuple[dict[str, list[str]], Counter[str]]:
    """Faults by kind, and how many of the shoppers' lines came to which outcome."""
    faults, outcomes = Faults(), Counter[str]()
    for thread_id, sent in journal.items():
        thread = stored(engine, thread_id)
        outcomes.update(row.outcome or "unhandled" for row in thread.shoppers)
        _kept_once_in_order(thread, sent, faults)
        _numbered_without_gaps(thread, faults)
        _answered_once(thread, faults)
        _whole_turns(thread, faults)
    return faults.found, outcomes


def _kept_once_in_order(thread: Thread, sent: Mapping[str, Sent], faults: Faults) -> None:
    """Acknowledged is stored, under the number that was told, with its words; nothing is stored that was not sent."""
    by_id = {row.client_msg_id: row for row in thread.shoppers}
    for client_msg_id, line in sent.items():
        row = by_id.get(client_msg_id)
        if row is None or (row.text, row.seq) != (line.text, line.seq):
            faults.note("lost", thread, client_msg_id)
    times = Counter(row.client_msg_id for row in thread.shoppers)
    for row in thread.shoppers:
        if times[row.client_msg_id] > 1 or row.client_msg_id not in sent:
            faults.note("doubled", thread, row.seq)
    place = {client_msg_id: number for number, client_msg_id in enumerate(sent)}
    order = [place.get(row.client_msg_id or "", -1) for row in thread.shoppers]
    for earlier, later in pairwise(order):
        if earlier >= later:
            faults.note("order broken", thread, later)


def _numbered_without_gaps(thread: Thread, faults: Faults) -> None:
    if [row.seq for row in thread.rows] != list(range(1, thread.last_seq + 1)):
        faults.note("gaps", thread, thread.last_seq)


def _answered_once(thread: Thread, faults: Faults) -> None:
    """Lines handled by one turn have one answer: parts 0 … n to the newest of them, written at that turn's time."""
    batches: dict[tuple[datetime, str | None], list[int]] = defaultdict(list)
    for row in thread.shoppers:
        if row.handled_at is None:
            faults.note("unanswered", thread, row.seq)
        else:
            batches[row.handled_at, row.outcome].append(row.seq)
    answers: dict[int, list[Row]] = defaultdict(list)
    for row in thread.rows:
        if row.reply_to is not None and row.part is not None and row.part < WAITING_PARTS:
            answers[row.reply_to].append(row)
    for (handled_at, _), seqs in batches.items():
        answer = answers.pop(max(seqs), [])
        if not answer:
            for seq in seqs:
                faults.note("unanswered", thread, seq)
        elif [row.part for row in answer] != list(range(len(answer))) or {row.at for row in answer} != {handled_at}:
            faults.note("answered twice", thread, max(seqs))
    for seq in answers:  # an answer to a line that another answer covers
        faults.note("answered twice", thread, seq)
    waits = Counter((row.reply_to, row.part) for row in thread.rows if row.part is not None)
    for (seq, _), times in waits.items():
        if times > 1:
            faults.note("answered twice", thread, seq or 0)


def _whole_turns(thread: Thread, faults: Faults) -> None:
    """What belongs to a turn came with it: the risk of each line, the cases, at most one open escalation."""
    handled_at = {row.seq: row.handled_at for row in thread.shoppers}
    for row in thread.shoppers:
        if row.outcome == "answered" and thread.assessed_at.get(row.seq) != row.handled_at:
            faults.note("torn", thread, row.seq)
    for seq, at in thread.assessed_at.items():
        if handled_at.get(seq) != at:
            faults.note("torn", thread, seq)
    opened = Counter(key for key, _ in thread.cases)
    for key, at in thread.cases:
        if opened[key] > 1 or handled_at.get(int(key.split(":")[1])) != at:
            faults.note("cases doubled or torn", thread, key)
    if thread.open_escalations > 1:
        faults.note("escalations doubled", thread, thread.open_escalations)
