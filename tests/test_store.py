"""The customer profile store: its tables come up by themselves, and its rows cannot be doubled or forged."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, func, inspect, select, text, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from bot.errors import UsedToken
from bot.settings import ROOT
from bot.store import audit, cases, conversations, customers, proofs
from bot.store.cases import CaseFacts
from bot.store.database import begin, migrate, reading
from bot.store.models import Audit, Base, Case, Conversation, Customer
from bot.talk.opening import SignedIn, open_for_anyone, open_for_buyer


def at_once(times: int, call: Callable[[int], Any]) -> list[Any]:
    """*call* in as many threads as *times*; what each returned."""
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(call, range(times)))


def emptied(store: Engine) -> Engine:
    """The store with all tables taken away."""
    Base.metadata.drop_all(store)
    with store.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    return store


def promised(now: datetime) -> CaseFacts:
    return CaseFacts("complain", 1, "杯子碎了", now + timedelta(hours=24))


def test_a_new_store_gets_every_table_and_starting_again_changes_nothing(store: Engine) -> None:
    emptied(store)

    migrate(store)
    migrate(store)

    assert {*Base.metadata.tables, "alembic_version"} == set(inspect(store).get_table_names())


def test_the_migrations_make_the_tables_the_code_speaks_of(store: Engine) -> None:
    with store.connect() as connection:
        there = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

        differences = compare_metadata(there, Base.metadata)

    def is_comment(difference: Any) -> bool:
        kinds = [step[0] for step in difference] if isinstance(difference, list) else [difference[0]]
        return kinds == ["modify_comment"]

    assert [] == [difference for difference in differences if not is_comment(difference)]


def test_processes_that_start_together_bring_the_tables_up_once(store: Engine, tmp_path: Path) -> None:
    emptied(store)
    url = store.url.render_as_string(hide_password=False)
    if store.dialect.name == "sqlite":
        url = f"sqlite:///{tmp_path / 'new.db'}"
    environment = {**os.environ, "STORE_URL": url, "LIUXIN_VAR": str(tmp_path)}
    migrating = [sys.executable, "-m", "bot", "migrate"]

    started = [
        subprocess.Popen(migrating, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    ended = [(process.communicate(timeout=60)[1][-1000:], process.returncode) for process in started]

    assert [("", 0)] * 4 == ended


def test_every_column_says_what_it_holds() -> None:
    silent = [str(column) for table in Base.metadata.tables.values() for column in table.columns if not column.comment]

    assert [] == silent


def test_a_time_without_a_zone_is_refused(store: Engine, now: datetime) -> None:
    with pytest.raises(StatementError, match="naive"), begin(store) as session:
        customers.anonymous(session, now=now.replace(tzinfo=None))

    with reading(store) as session:
        assert 0 == session.scalar(select(func.count()).select_from(Customer))


def test_a_time_comes_back_as_the_same_instant_in_utc(store: Engine, now: datetime) -> None:
    in_the_shop = now.astimezone(timezone(timedelta(hours=8)))

    with begin(store) as session:
        customers.anonymous(session, now=in_the_shop)

    with reading(store) as session:
        kept = session.scalars(select(Customer.created_at)).one()
        assert (now, timedelta(0)) == (kept, kept.utcoffset())


def test_what_fails_half_way_leaves_nothing(store: Engine, now: datetime) -> None:
    def fail_half_way() -> None:
        with begin(store) as session:
            customers.anonymous(session, now=now)
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        fail_half_way()

    with reading(store) as session:
        assert 0 == session.scalar(select(func.count()).select_from(Customer))


def written(store: Engine, now: datetime, rows: int) -> None:
    with begin(store) as session:
        for number in range(rows):
            audit.write(session, "agent:李", "take", f"conversation:{number}", now=now, reason="投诉")


def broken_at(store: Engine) -> int | None:
    with reading(store) as session:
        return audit.first_broken(session)


def test_the_audit_holds_when_nobody_touched_it(store: Engine, now: datetime) -> None:
    written(store, now, 5)

    assert broken_at(store) is None


@pytest.mark.parametrize(
    "forged", [{"actor": "agent:王"}, {"detail": {"reason": "无"}}, {"subject": "conversation:9"}, {"action": "x"}]
)
def test_a_changed_audit_row_is_found(store: Engine, now: datetime, forged: dict[str, Any]) -> None:
    written(store, now, 5)

    with begin(store) as session:
        session.execute(update(Audit).where(Audit.id == 3).values(forged))

    assert 3 == broken_at(store)


def test_an_audit_row_put_earlier_in_time_is_found(store: Engine, now: datetime) -> None:
    written(store, now, 5)

    with begin(store) as session:
        session.execute(update(Audit).where(Audit.id == 2).values(at=now - timedelta(days=1)))

    assert 2 == broken_at(store)


def test_a_removed_audit_row_is_found(store: Engine, now: datetime) -> None:
    written(store, now, 5)

    with begin(store) as session:
        session.execute(text("DELETE FROM audit WHERE id = 3"))

    assert 4 == broken_at(store)


def test_the_audit_chain_holds_when_many_write_at_once(store: Engine, now: datetime) -> None:
    at_once(8, lambda _: [written(store, now, 1) for _ in range(5)])

    with reading(store) as session:
        assert 40 == session.scalar(select(func.count()).select_from(Audit))
    assert broken_at(store) is None


def conversation(store: Engine, now: datetime) -> tuple[str, str]:
    opened = open_for_anyone(store, "web", earlier=None, now=now)
    return opened.conversation_id, opened.customer_id


def test_a_line_opens_its_case_once_however_often_its_turn_is_tried(store: Engine, now: datetime) -> None:
    thread, customer = conversation(store, now)

    numbers = set()
    for later_s in (0, 1, 90_000):
        with begin(store) as session:
            again = now + timedelta(seconds=later_s)
            numbers.add(cases.open_once(session, thread, customer, 2, promised(now), now=again).number)

    with reading(store) as session:
        assert numbers == set(session.scalars(select(Case.number)))
    assert 1 == len(numbers)


def test_another_line_opens_another_case_with_another_number(store: Engine, now: datetime) -> None:
    thread, customer = conversation(store, now)

    with begin(store) as session:
        numbers = {cases.open_once(session, thread, customer, seq, promised(now), now=now).number for seq in (2, 4, 6)}

    assert 3 == len(numbers)
    assert all(number.startswith("TS260304-") for number in numbers)


def test_words_are_added_to_an_own_open_case_only(store: Engine, now: datetime) -> None:
    thread, customer = conversation(store, now)
    _, stranger = conversation(store, now)
    with begin(store) as session:
        number = cases.open_once(session, thread, customer, 2, promised(now), now=now).number

    with begin(store) as session:
        strangers = cases.add_words(session, number, stranger, "我也要")
        own = cases.add_words(session, number, customer, "一共碎了两个")
        assert strangers is None
        assert own is not None
        assert "杯子碎了\n一共碎了两个" == own.summary


def signed_in(now: datetime, jti: str, buyer: str = "u1001") -> SignedIn:
    return SignedIn(buyer, jti, now + timedelta(minutes=5), "林知夏", "金卡")


def test_an_identity_is_good_for_one_sign_in(store: Engine, now: datetime) -> None:
    open_for_buyer(store, "web", signed_in(now, "a"), earlier=None, now=now)

    with pytest.raises(UsedToken):
        open_for_buyer(store, "web", signed_in(now, "a"), earlier=None, now=now)


def test_an_identity_shown_twice_in_the_same_instant_is_good_for_one(store: Engine, now: datetime) -> None:
    def show() -> bool:
        with begin(store) as session:
            return proofs.use_token(session, "a", expires_at=now + timedelta(minutes=5), now=now)

    with ThreadPoolExecutor(1) as other_tab:
        with begin(store) as session:
            first = proofs.use_token(session, "a", expires_at=now + timedelta(minutes=5), now=now)
            second = other_tab.submit(show)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)  # it waits until the first is decided

        assert (True, False) == (first, second.result(timeout=5))


def test_marks_of_expired_identities_are_removed(store: Engine, now: datetime) -> None:
    def mark(session: Session, jti: str, at: datetime) -> bool:
        return proofs.use_token(session, jti, expires_at=at + timedelta(minutes=5), now=at)

    with begin(store) as session:
        mark(session, "old", now - timedelta(days=1))
        mark(session, "new", now)

    with reading(store) as session:
        assert ["new"] == list(session.scalars(text("SELECT jti FROM used_tokens")))


def test_two_tabs_that_sign_in_together_share_one_customer_and_one_conversation(store: Engine, now: datetime) -> None:
    opened = at_once(6, lambda tab: open_for_buyer(store, "web", signed_in(now, f"tab{tab}"), earlier=None, now=now))

    assert 1 == len({tab.customer_id for tab in opened})
    assert 1 == len({tab.conversation_id for tab in opened})


def test_signing_in_carries_the_anonymous_conversation_over_and_keeps_a_record_of_it(
    store: Engine, now: datetime
) -> None:
    thread, before = conversation(store, now)

    opened = open_for_buyer(store, "web", signed_in(now, "a"), earlier=thread, now=now)

    assert thread == opened.conversation_id
    with reading(store) as session:
        kept = session.scalars(select(Audit)).one()
        assert ("link_identity", {"before": before, "after": opened.customer_id}) == (kept.action, kept.detail)


def test_nobody_carries_over_a_conversation_that_is_somebody_elses(store: Engine, now: datetime) -> None:
    hers = open_for_buyer(store, "web", signed_in(now, "a"), earlier=None, now=now)

    his = open_for_buyer(store, "web", signed_in(now, "b", "u1002"), earlier=hers.conversation_id, now=now)

    assert hers.conversation_id != his.conversation_id
    with reading(store) as session:
        assert hers.customer_id == conversations.customer_of(session, hers.conversation_id)
        assert (
            "u1001"
            == session.scalars(select(Conversation.buyer_id).where(Conversation.id == hers.conversation_id)).one()
        )


def test_tries_to_prove_an_order_are_counted_within_their_hour(store: Engine, now: datetime) -> None:
    with begin(store) as session:
        for minutes_ago in (90, 59, 1):
            proofs.add_try(session, "conversation:1", now=now - timedelta(minutes=minutes_ago))
        proofs.add_try(session, "conversation:2", now=now)

        assert 2 == proofs.tries_since(session, "conversation:1", now - timedelta(hours=1))
