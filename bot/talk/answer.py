"""Writing an answer: everything of a turn in one commit, and only if the conversation is still ours (DESIGN D3, D5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot import words
from bot.errors import StaleTurn
from bot.handoff.queue import call_human
from bot.risk.assess import Assessment
from bot.store import assessments, inbox, lines
from bot.store.database import begin, commit
from bot.store.models import Conversation
from bot.talk.turn import Turn


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line of the inbox was found to mean; goes into its row."""

    seq: int
    intent: str
    confidence: float
    entities: list[dict[str, Any]]
    assessment: Assessment


def write_answer(
    engine: Engine, turn: Turn, readings: Sequence[Reading], replies: Sequence[lines.Reply], state: str | None
) -> None:
    """Commit a turn: lines handled, replies, risk, escalation, dialogue state.

    Raises
    ------
    StaleTurn
        Fence or epoch moved since the claim; nothing was written.
    """
    session = turn.commit_session
    thread = _still_ours(session, turn.claim)
    newest = readings[-1].seq
    if thread.owner == "agent":
        _handle_all(session, thread, readings, "passed", turn.now)
        inbox.settle(session, thread, state)
    else:
        said = [*replies, *_called(session, thread, turn)]
        lines.add_replies(session, thread, said, reply_to=newest, now=turn.now)
        _handle_all(session, thread, readings, "escalated" if turn.wish else "answered", turn.now)
        inbox.settle(session, thread, state)
    commit(session, engine)


def write_dead_letter(engine: Engine, claim: inbox.Claim, fault: str, *, now: datetime) -> None:
    """Give up on the inbox of a claimed thread: mark it dead, tell the shopper, call a human. One commit."""
    with begin(engine) as session:
        thread = _still_ours(session, claim)
        newest = claim.lines[-1].seq
        for line in claim.lines:
            lines.handle(session, thread.id, line.seq, "dead", now=now)
        if thread.owner != "agent":
            place = call_human(session, thread, [f"机器人多次没能处理这条消息（{fault}）"], priority=1, now=now)
            reply = lines.Reply(words.say("utter_dead_letter", place=place.number), {"said": "utter_dead_letter"})
            lines.add_replies(session, thread, [reply], reply_to=newest, now=now)
        inbox.settle(session, thread, claim.state)


def retry_later(engine: Engine, claim: inbox.Claim, *, now: datetime) -> None:
    """Give a claimed thread back after a failure, to be tried again after a pause that doubles."""
    with begin(engine) as session:
        inbox.let_go(session, claim, retry_at=now + timedelta(seconds=0.25 * 2**claim.attempts))


def _still_ours(session: Session, claim: inbox.Claim) -> Conversation:
    thread = inbox.held(session, claim)
    if thread is None:
        raise StaleTurn(claim.conversation_id, claim.fence)
    return thread


def _handle_all(
    session: Session, thread: Conversation, readings: Sequence[Reading], outcome: str, now: datetime
) -> None:
    for reading in readings:
        lines.handle(
            session, thread.id, reading.seq, outcome, now=now, intent=reading.intent,
            confidence=reading.confidence, entities=reading.entities,
        )  # fmt: skip
        found = reading.assessment
        assessments.record(
            session, thread.id, reading.seq, p_dissatisfied=found.p_dissatisfied, hard_trigger=found.hard_trigger,
            reasons=found.reasons, model_version=found.model_version, now=now,
        )  # fmt: skip


def _called(session: Session, thread: Conversation, turn: Turn) -> list[lines.Reply]:
    """Call the human the turn wished for; returns the words about it."""
    if turn.wish is None:
        return []
    wish = turn.wish
    place = call_human(session, thread, wish.reasons, skill=wish.skill, priority=wish.priority, now=turn.now)
    utter = "utter_queued" if place.new else "utter_still_queued"
    return [lines.Reply(words.say(utter, place=place.number), {"said": utter})]


def page_of(said: Sequence[lines.Said]) -> Mapping[str, Any]:
    """The page the shopper was last on, from the newest line that names one."""
    for line in reversed(said):
        page = (line.payload or {}).get("page")
        if page:
            return dict(page)
    return {}
