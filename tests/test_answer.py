"""Answering: each line exactly once, by one brain, whatever dies on the way and wherever."""

from __future__ import annotations

import contextlib
import gc
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from bot.engine.prepare import prepare

prepare()

from bot.brain import Brain, only_brain  # noqa: E402
from bot.errors import BadSetting, StaleTurn  # noqa: E402
from bot.nlu.needs import Understood  # noqa: E402
from bot.risk.assess import Assessment as Risk  # noqa: E402
from bot.settings import Settings  # noqa: E402
from bot.store import audit, cases, conversations, inbox, lines  # noqa: E402
from bot.store.cases import CaseFacts  # noqa: E402
from bot.store.database import begin, open_store, reading  # noqa: E402
from bot.store.inbox import Claim  # noqa: E402
from bot.store.lines import Reply, Said  # noqa: E402
from bot.store.models import Assessment, Case, Conversation, Escalation, Line  # noqa: E402
from bot.talk.accept import Pace, accept  # noqa: E402
from bot.talk.answer import Reading, retry_later, write_answer, write_dead_letter  # noqa: E402
from bot.talk.opening import open_for_anyone  # noqa: E402
from bot.talk.turn import Turn  # noqa: E402

SETTINGS = Settings()


def opened(store: Engine, now: datetime) -> str:
    return open_for_anyone(store, "web", earlier=None, now=now).conversation_id


def ask(store: Engine, thread: str, text: str, now: datetime) -> None:
    accept(store, thread, text, client_msg_id=text, payload=None, pace=Pace(999, 999), limit_chars=2000, now=now)


def asked(store: Engine, now: datetime, *texts: str) -> str:
    thread = opened(store, now)
    for text in texts or ("查物流",):
        ask(store, thread, text, now)
    return thread


def claim(store: Engine, now: datetime, brain: str = "brain") -> Claim | None:
    with begin(store) as session:
        return inbox.claim(session, brain, now=now, lease_s=20, context_lines=6)


def claimed(store: Engine, now: datetime, brain: str = "brain") -> Claim:
    found = claim(store, now, brain)
    assert found is not None
    return found


def answer(store: Engine, claim: Claim, now: datetime, *replies: str, state: str = "[]") -> None:
    turn = Turn(claim, None, now, lambda: Session(store, expire_on_commit=False, autoflush=False))  # type: ignore[arg-type]
    found = [Reading(line.seq, "track_order", 0.9, [], Risk(0.2, None, ())) for line in claim.lines]
    try:
        write_answer(store, turn, found, [Reply(text) for text in replies], state)
    finally:
        turn.close()


def said(store: Engine, thread: str) -> list[Said]:
    """All lines of the thread but the welcome."""
    with reading(store) as session:
        return lines.after(session, thread, 1, 1000)


def texts(store: Engine, thread: str) -> list[str]:
    return [line.text for line in said(store, thread)]


def told(store: Engine, thread: str) -> list[str | None]:
    """The responses the shopper was given."""
    return [(line.payload or {}).get("said") for line in said(store, thread) if line.author != "shopper"]


def outcomes(store: Engine, thread: str) -> list[str | None]:
    mine = select(Line.outcome).where(Line.conversation_id == thread, Line.author == "shopper").order_by(Line.seq)
    with reading(store) as session:
        return list(session.scalars(mine))


def waiting(store: Engine) -> int:
    with reading(store) as session:
        return conversations.waiting_count(session)


# ---- claiming


def test_whoever_waited_longest_is_answered_first(store: Engine, now: datetime) -> None:
    late = asked(store, now + timedelta(seconds=2))
    early = asked(store, now)
    middle = asked(store, now + timedelta(seconds=1))

    order = [claimed(store, now).conversation_id for _ in range(3)]

    assert [early, middle, late] == order


def test_a_conversation_is_in_the_hands_of_one_brain(store: Engine, now: datetime) -> None:
    asked(store, now)

    with ThreadPoolExecutor(8) as brains:
        claims = list(brains.map(lambda number: claim(store, now, f"brain{number}"), range(8)))

    assert 1 == len([found for found in claims if found])


def test_brains_at_work_together_take_different_conversations(store: Engine, now: datetime) -> None:
    threads = {asked(store, now + timedelta(seconds=number)) for number in range(8)}

    with ThreadPoolExecutor(8) as brains:
        claims = list(brains.map(lambda number: claim(store, now, f"brain{number}"), range(8)))

    assert threads == {found.conversation_id for found in claims if found}


def test_a_brain_sees_all_that_was_not_answered_and_what_was_said_before(store: Engine, now: datetime) -> None:
    thread = asked(store, now, "在吗")
    answer(store, claimed(store, now), now, "在的", state='["state"]')
    ask(store, thread, "黑色的", now)
    ask(store, thread, "还有吗", now)

    found = claimed(store, now)

    assert ["黑色的", "还有吗"] == [line.text for line in found.lines]
    assert ["在吗", "在的"] == [line.text for line in found.earlier][-2:]
    assert '["state"]' == found.state


def test_a_brain_that_died_is_followed_by_another_when_its_lease_is_over(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    claimed(store, now, "dead")

    early = claim(store, now + timedelta(seconds=19), "living")
    late = claim(store, now + timedelta(seconds=21), "living")

    assert early is None
    assert late is not None
    assert (thread, 2) == (late.conversation_id, late.attempts)


def test_a_brain_that_was_given_up_writes_nothing_when_it_comes_back(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    slow = claimed(store, now, "slow")
    later = now + timedelta(seconds=21)
    quick = claimed(store, later, "quick")

    with pytest.raises(StaleTurn):
        answer(store, slow, later, "慢的回答")
    answer(store, quick, later, "快的回答")
    with pytest.raises(StaleTurn):
        answer(store, slow, later, "慢的回答")

    assert ["查物流", "快的回答"] == texts(store, thread)


def test_a_brain_that_was_given_up_does_not_give_the_lease_of_another_away(store: Engine, now: datetime) -> None:
    asked(store, now)
    slow = claimed(store, now, "slow")
    later = now + timedelta(seconds=21)
    claimed(store, later, "quick")

    retry_later(store, slow, now=later)

    assert claim(store, later + timedelta(seconds=5), "third") is None


def test_a_brain_that_was_given_up_does_not_bury_a_line(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    slow = claimed(store, now, "slow")
    later = now + timedelta(seconds=21)
    claimed(store, later, "quick")

    with pytest.raises(StaleTurn):
        write_dead_letter(store, slow, "ValueError", now=later)

    assert [None] == outcomes(store, thread)


def test_a_line_that_failed_is_tried_again_after_pauses_that_double(store: Engine, now: datetime) -> None:
    asked(store, now)
    pauses = []
    for _ in range(3):
        retry_later(store, claimed(store, now), now=now)
        started = now
        while claim_again_at(store, now) is None:
            now += timedelta(seconds=0.25)
        pauses.append((now - started).total_seconds())

    assert [0.75, 1.25, 2.25] == pauses  # 0.5, 1, 2 and the step after


def claim_again_at(store: Engine, now: datetime) -> datetime | None:
    """*now* if the conversation may be claimed then; nothing is changed."""
    with Session(store) as session:
        found = inbox.claim(session, "looks only", now=now, lease_s=20, context_lines=0)
        session.rollback()
    return now if found else None


# ---- answering


def test_an_answer_is_written_in_order_behind_the_lines_it_answers(store: Engine, now: datetime) -> None:
    thread = asked(store, now, "在吗", "查物流")

    answer(store, claimed(store, now), now, "在的", "在派送中", "今天到")

    with reading(store) as session:
        rows = session.execute(select(Line.seq, Line.text, Line.reply_to, Line.part).where(Line.part.is_not(None)))
        assert [(4, "在的", 3, 0), (5, "在派送中", 3, 1), (6, "今天到", 3, 2)] == [tuple(row) for row in rows]
        assert ["在的", "在派送中", "今天到"] == [line.text for line in lines.replies_to(session, thread, 2)]
    assert ["answered", "answered"] == outcomes(store, thread)
    assert 0 == waiting(store)


def test_a_line_that_comes_while_another_is_answered_is_answered_next(store: Engine, now: datetime) -> None:
    thread = asked(store, now, "在吗")
    first = claimed(store, now)

    ask(store, thread, "查物流", now)
    answer(store, first, now, "在的")
    second = claimed(store, now)

    assert ["查物流"] == [line.text for line in second.lines]


# ---- the brain


class Parrot:
    """An engine that says what it was asked, opens a case and calls a human on the way."""

    async def understand(self, line: Said, earlier: Sequence[Said], page: Any) -> Understood:
        return Understood(line, "complain", 0.9, None, (), (), {})

    async def answer(self, turn: Turn, needs: Any, state: str | None) -> tuple[list[Reply], str | None]:
        turn.seq = turn.claim.lines[-1].seq
        facts = CaseFacts("complain", 1, "碎了", turn.now + timedelta(hours=24))
        number = cases.open_once(
            turn.session, turn.conversation_id, turn.claim.customer_id, turn.seq, facts, now=turn.now
        ).number
        turn.call_human("客户要投诉", skill="complaints")
        return [Reply("答：" + "、".join(line.text for line in turn.claim.lines)), Reply(number)], (state or "") + "+"


class Plain(Parrot):
    """An engine that answers each line in one sentence; *meanwhile* happens while it thinks."""

    def __init__(self, meanwhile: Callable[[], Any] = lambda: None) -> None:
        self.meanwhile = meanwhile

    async def answer(self, turn: Turn, needs: Any, state: str | None) -> tuple[list[Reply], str | None]:
        self.meanwhile()
        return [Reply("答：" + "、".join(line.text for line in turn.claim.lines))], state


class NoShop:
    """A shop nobody asks."""

    def one_turn(self) -> AbstractContextManager[None]:
        return nullcontext()


def brain(store: Engine, engine: Any) -> Brain:
    return Brain(store, engine, NoShop(), SETTINGS)  # type: ignore[arg-type]


def fails() -> None:
    raise ValueError("a fault in an action")


def test_a_line_that_comes_while_the_brain_thinks_is_not_forgotten(store: Engine, now: datetime) -> None:
    thread = asked(store, now, "在吗")
    coming = iter(["查物流"])
    at_work = brain(store, Plain(lambda: [ask(store, thread, text, now) for text in coming]))

    worked = [at_work.one(now) for _ in range(3)]

    assert [True, True, False] == worked
    assert ["在吗", "查物流", "答：在吗", "答：查物流"] == texts(store, thread)


def test_a_wish_for_a_human_while_the_brain_thinks_does_not_cost_the_first_line_its_answer(
    store: Engine, now: datetime
) -> None:
    thread = asked(store, now, "查物流")
    coming = iter(["转人工"])
    at_work = brain(store, Plain(lambda: [ask(store, thread, text, now) for text in coming]))

    while at_work.one(now):
        pass

    assert 1 == texts(store, thread).count("答：查物流")
    assert ["utter_queued", None] == told(store, thread)
    assert ["answered", "escalated"] == outcomes(store, thread)


def test_a_line_that_fails_again_and_again_ends_with_words_and_a_human(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    at_work = brain(store, Plain(fails))

    tries = [at_work.one(now + timedelta(seconds=10 * number)) for number in range(6)]

    assert [True] * SETTINGS.turn_tries + [False] * (6 - SETTINGS.turn_tries) == tries
    assert ["dead"] == outcomes(store, thread)
    assert ["utter_dead_letter"] == told(store, thread)
    with reading(store) as session:
        (reasons,) = session.scalars(select(Escalation.reasons))
    assert ["机器人多次没能处理这条消息（ValueError）"] == reasons


def test_after_a_dead_letter_the_next_line_is_answered(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    for number in range(SETTINGS.turn_tries):
        brain(store, Plain(fails)).one(now + timedelta(seconds=10 * number))

    ask(store, thread, "那退货呢", now)
    brain(store, Plain()).one(now + timedelta(seconds=60))

    assert "答：那退货呢" == texts(store, thread)[-1]


def test_one_failure_costs_a_pause_and_no_word(store: Engine, now: datetime) -> None:
    thread = asked(store, now)

    brain(store, Plain(fails)).one(now)
    brain(store, Plain()).one(now + timedelta(seconds=1))

    assert ["查物流", "答：查物流"] == texts(store, thread)


def test_an_engine_with_nothing_to_say_is_not_silence(store: Engine, now: datetime) -> None:
    class Mute(Plain):
        async def answer(self, turn: Turn, needs: Any, state: str | None) -> tuple[list[Reply], str | None]:
            return [], state

    thread = asked(store, now, "查物流")
    brain(store, Mute()).one(now)
    ask(store, thread, "说话啊", now)
    brain(store, Mute()).one(now)

    assert ["utter_something_failed", "utter_something_failed", "utter_queued"] == told(store, thread)


def test_a_line_that_kills_every_brain_is_given_up_in_the_end(store: Engine, now: datetime) -> None:
    def dies() -> None:
        raise Killed

    thread = asked(store, now)
    for number in range(SETTINGS.turn_tries):
        with pytest.raises(Killed):
            brain(store, Plain(dies)).one(now + timedelta(seconds=30 * number))

    brain(store, Plain(dies)).one(now + timedelta(seconds=30 * SETTINGS.turn_tries))

    assert ["utter_dead_letter"] == told(store, thread)


def test_a_second_brain_on_one_sqlite_file_is_refused_until_the_first_is_gone(sqlite: Engine) -> None:
    first = only_brain(sqlite)
    assert first is not None

    with pytest.raises(BadSetting):
        only_brain(sqlite)
    first.close()

    assert only_brain(sqlite) is not None


def test_a_new_brain_on_sqlite_takes_over_at_once_what_the_dead_one_held(sqlite: Engine, now: datetime) -> None:
    thread = asked(sqlite, now)
    claimed(sqlite, now, "dead")

    lock = only_brain(sqlite)
    brain(sqlite, Plain()).one(now)

    assert ["查物流", "答：查物流"] == texts(sqlite, thread)
    assert lock is not None


# ---- many at once


@pytest.mark.parametrize("brains", [1, pytest.param(3, id="three brains")])
def test_no_line_is_overlooked_while_shoppers_and_brains_are_busy(store: Engine, brains: int) -> None:
    threads = [opened(store, datetime.now(UTC)) for _ in range(4)]
    all_said = Event()
    deadline = time.monotonic() + 60

    def talk(thread: str) -> None:
        for number in range(15):
            ask(store, thread, str(number), datetime.now(UTC))

    def work(_: int) -> None:
        at_work = brain(store, Plain())
        while time.monotonic() < deadline and (at_work.one() or not all_said.is_set() or waiting(store)):
            pass

    with ThreadPoolExecutor(8) as pool:
        working = [pool.submit(work, number) for number in range(brains)]
        for talking in [pool.submit(talk, thread) for thread in threads]:
            talking.result()
        all_said.set()
        for done in working:
            done.result()

    for thread in threads:
        answers = [line.text.removeprefix("答：") for line in said(store, thread) if line.author == "bot"]
        assert [str(number) for number in range(15)] == "、".join(answers).split("、")
        assert list(range(2, 17 + len(answers))) == [line.seq for line in said(store, thread)]


# ---- dying at every step


class Killed(BaseException):
    """kill -9, as far as one process can do it to itself."""


@contextmanager
def dying_brain(store: Engine, moment: str, step: int, *, after: bool) -> Iterator[Brain]:
    """A brain that dies before (or after) statement or commit number *step*; its connections die with it."""
    own = open_store(store.url.render_as_string(hide_password=False))
    connections: list[Any] = []
    steps = itertools.count()

    def live_on(*_: Any) -> None:
        if next(steps) == step:
            raise Killed

    def commit(connection: Any, really: Callable[[Any], None] = own.dialect.do_commit) -> None:
        if not after:
            live_on()
        really(connection)
        if after:
            live_on()

    event.listen(own, "connect", lambda connection, _: connections.append(connection))
    if moment == "statement":
        event.listen(own, "after_cursor_execute" if after else "before_cursor_execute", live_on)
    else:
        own.dialect.do_commit = commit  # type: ignore[method-assign]
    try:
        yield brain(own, Parrot())
    finally:
        for connection in connections:
            connection.close()


def assert_answered_once(store: Engine, thread: str, when: str) -> None:
    """Both lines under one answer, and all that belongs to its turn once."""
    with reading(store) as session:
        rows = [
            session.scalar(select(func.count()).select_from(table).where(table.conversation_id == thread))
            for table in (Assessment, Case, Escalation)
        ]
        numbers = list(session.scalars(select(Case.number).where(Case.conversation_id == thread)))
        kept = session.get(Conversation, thread)
        assert kept is not None
        settled = (kept.owner, kept.epoch, kept.lease_until, kept.waiting_since, kept.attempts, kept.state)

    assert [2, 1, 1] == rows, when
    assert ("queue", 1, None, None, 0, "+") == settled, when
    assert ["碎了", "退货", "答：碎了、退货", *numbers] == texts(store, thread)[:-1], when
    assert "utter_queued" == told(store, thread)[-1], when
    assert ["escalated", "escalated"] == outcomes(store, thread), when


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("moment", "least"), [("statement", 15), ("commit", 2)])
def test_a_brain_that_dies_at_any_step_leaves_the_lines_to_be_answered_exactly_once(
    store: Engine, now: datetime, moment: str, least: int, after: bool
) -> None:
    gc.freeze()  # what is collected below is only what died
    step, completed = 0, False
    while not completed:
        thread = asked(store, now, "碎了", "退货")
        with contextlib.suppress(Killed), dying_brain(store, moment, step, after=after) as dying:
            dying.one(now)
            completed = True
        gc.collect()  # a cursor of the dead that is not swept away keeps SQLite's lock
        deadline = time.monotonic() + 5  # PostgreSQL takes a moment to see that a connection is gone
        while waiting(store) and time.monotonic() < deadline:
            brain(store, Parrot()).one(now + timedelta(seconds=30))
        assert_answered_once(store, thread, f"died at {moment} {step}")
        step += 1

    assert step > least  # at least: the claim, its lines; the case, replies, lines, risk, escalation, audit, state
    with reading(store) as session:
        assert audit.first_broken(session) is None
