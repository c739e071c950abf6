"""kill -9 at random under load: nothing acknowledged is lost, nothing is answered twice, order is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.journal import Journal, Sent, check, read_journal
from bench.kill import Figures, Plan, trial
from bench.stack import new_database
from bot.risk.assess import Assessment
from bot.store import cases, inbox
from bot.store.cases import CaseFacts
from bot.store.database import begin
from bot.store.lines import Reply
from bot.talk.accept import Accepted, Pace, accept
from bot.talk.answer import Reading, write_answer
from bot.talk.opening import open_for_anyone
from bot.talk.turn import Turn


def assert_nothing_lost(figures: Figures, plan: Plan) -> None:
    told = "\n".join(f"{name:36}{value}" for name, value in figures.rows())
    print(told)
    assert {} == {kind: where for kind, where in figures.faults.items() if where}, told
    assert plan.kills == sum(figures.kills.values()), told
    assert plan.lines <= figures.acknowledged == sum(figures.outcomes.values()), told
    assert 0.9 * figures.acknowledged <= figures.outcomes["answered"], (
        told
    )  # the brain was at work, not the dead letters


@pytest.mark.kill
def test_kills_on_sqlite_lose_and_double_nothing(model: Path, tmp_path: Path) -> None:
    plan = Plan(kills=20, lines=2000)

    figures = trial(plan, tmp_path, model.parent)

    assert_nothing_lost(figures, plan)


@pytest.mark.kill
@pytest.mark.postgres
def test_kills_on_postgres_with_two_brains_lose_and_double_nothing(
    model: Path, tmp_path: Path, postgres_url: str
) -> None:
    plan = Plan(kills=8, lines=600, brains=2)

    with new_database(postgres_url) as store_url:
        figures = trial(plan, tmp_path, model.parent, store_url)

    assert_nothing_lost(figures, plan)


def talked(store: Engine, now: datetime) -> dict[str, dict[str, Sent]]:
    """A conversation of three lines, answered by one turn that opened a case; what its client knows of it."""
    thread = open_for_anyone(store, "web", earlier=None, now=now).conversation_id
    sent = {}
    for words in ("在吗", "碎了", "怎么办"):
        line = accept(
            store, thread, words, client_msg_id=words, payload=None, pace=Pace(99, 99), limit_chars=99, now=now
        )
        assert isinstance(line, Accepted)
        sent[words] = Sent(words, line.seq)
    with begin(store) as session:
        claim = inbox.claim(session, "brain", now=now, lease_s=20, context_lines=6)
    assert claim is not None
    turn = Turn(claim, None, now, lambda: Session(store, expire_on_commit=False, autoflush=False))  # type: ignore[arg-type]
    facts = CaseFacts("complain", 1, "碎了", now + timedelta(hours=24))
    cases.open_once(turn.session, thread, claim.customer_id, 3, facts, now=now)
    found = [Reading(line.seq, "complain", 0.9, [], Assessment(0.2, None, ())) for line in claim.lines]
    write_answer(store, turn, found, [Reply("抱歉"), Reply("已登记")], None)
    turn.close()
    return {thread: sent}


def test_the_check_finds_nothing_where_nothing_is_wrong(store: Engine, now: datetime) -> None:
    faults, outcomes = check(talked(store, now), store)

    assert {} == faults
    assert {"answered": 3} == outcomes


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        ("DELETE FROM lines WHERE seq = 3", "lost"),
        ("DELETE FROM lines WHERE seq = 3", "gaps"),
        ("UPDATE lines SET text = '碎' WHERE seq = 3", "lost"),
        ("UPDATE lines SET client_msg_id = 'never sent' WHERE seq = 3", "doubled"),
        ("UPDATE lines SET seq = 9 WHERE seq = 2", "order broken"),
        ("UPDATE lines SET handled_at = NULL WHERE seq = 2", "unanswered"),
        ("DELETE FROM lines WHERE author = 'bot' AND reply_to IS NOT NULL", "unanswered"),
        ("UPDATE lines SET part = 2 WHERE part = 1", "answered twice"),
        ("UPDATE lines SET reply_to = 2, part = 0 WHERE part = 1", "answered twice"),
        ("UPDATE lines SET at = '2026-03-04 11:00:00+00:00' WHERE part = 1", "answered twice"),
        ("DELETE FROM assessments WHERE seq = 2", "torn"),
        ("UPDATE assessments SET at = '2026-03-04 11:00:00+00:00' WHERE seq = 2", "torn"),
        ("UPDATE cases SET opened_at = '2026-03-04 11:00:00+00:00'", "cases doubled or torn"),
    ],
)
def test_the_check_finds_what_is_wrong(sqlite: Engine, now: datetime, harm: str, kind: str) -> None:
    sent = talked(sqlite, now)

    with begin(sqlite) as session:
        session.execute(text(harm))

    assert kind in check(sent, sqlite)[0]


def test_a_journal_tells_what_was_sent_and_what_was_acknowledged(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.will_send("c1", "1", "在吗")
    journal.acknowledged("c1", "1", 2)
    journal.will_send("c1", "2", "人呢")

    assert {"c1": {"1": Sent("在吗", 2), "2": Sent("人呢", None)}} == read_journal(tmp_path / "journal.jsonl")
