"""Who owns a conversation: the bot is silent from the instant a human does, races included."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot.errors import StaleTurn
from bot.handoff.queue import Place, call_human, give_back, take
from bot.risk.assess import Assessment
from bot.store import audit, conversations, inbox, lines
from bot.store.conversations import Ownership
from bot.store.database import begin, reading
from bot.store.inbox import Claim
from bot.store.lines import Reply, Said
from bot.store.models import Audit, Conversation, Escalation
from bot.talk.accept import Pace, accept
from bot.talk.answer import Reading, write_answer, write_dead_letter
from bot.talk.opening import open_for_anyone
from bot.talk.turn import Turn


def opened(store: Engine, now: datetime) -> str:
    return open_for_anyone(store, "web", earlier=None, now=now).conversation_id


def ask(store: Engine, thread: str, text: str, now: datetime) -> None:
    accept(store, thread, text, client_msg_id=text, payload=None, pace=Pace(99, 99), limit_chars=2000, now=now)


def claimed(store: Engine, now: datetime) -> Claim:
    with begin(store) as session:
        claim = inbox.claim(session, "brain", now=now, lease_s=20, context_lines=6)
    assert claim is not None
    return claim


def answer(store: Engine, claim: Claim, now: datetime, *replies: str) -> None:
    turn = Turn(claim, None, now, lambda: Session(store, expire_on_commit=False, autoflush=False))  # type: ignore[arg-type]
    found = [Reading(line.seq, "track_order", 0.9, [], Assessment(0.2, None, ())) for line in claim.lines]
    try:
        write_answer(store, turn, found, [Reply(text) for text in replies], "[]")
    finally:
        turn.close()


def locked(session: Session, thread: str) -> Conversation:
    found = conversations.locked(session, thread)
    assert found is not None
    return found


def called(store: Engine, thread: str, now: datetime, priority: int = 1) -> Place:
    with begin(store) as session:
        return call_human(session, locked(session, thread), ["投诉"], priority=priority, now=now)


def taken(store: Engine, thread: str, now: datetime, agent: str = "李") -> bool:
    with begin(store) as session:
        return take(session, locked(session, thread), agent, now=now)


def given_back(store: Engine, thread: str, now: datetime) -> None:
    with begin(store) as session:
        give_back(session, locked(session, thread), "已解决", now=now)


def said(store: Engine, thread: str) -> list[Said]:
    """All lines of the thread but the welcome."""
    with reading(store) as session:
        return lines.after(session, thread, 1)


def owner(store: Engine, thread: str) -> Ownership | None:
    with reading(store) as session:
        return conversations.ownership(session, thread)


def test_a_conversation_goes_from_the_bot_to_the_queue_to_an_agent_and_back(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    owners = [owner(store, thread)]
    called(store, thread, now)
    owners.append(owner(store, thread))
    taken(store, thread, now)
    owners.append(owner(store, thread))
    given_back(store, thread, now)
    owners.append(owner(store, thread))

    assert [
        Ownership("bot", 0, None),
        Ownership("queue", 1, None),
        Ownership("agent", 2, "李"),
        Ownership("bot", 3, None),
    ] == owners
    with reading(store) as session:
        assert ["call_human", "take", "give_back"] == list(session.scalars(select(Audit.action).order_by(Audit.id)))
        assert audit.first_broken(session) is None


def test_whoever_is_more_urgent_is_served_first_and_among_equals_who_came_first(store: Engine, now: datetime) -> None:
    first, second, urgent = (opened(store, now) for _ in range(3))

    places = [called(store, first, now), called(store, second, now + timedelta(seconds=1))]
    jumped = called(store, urgent, now + timedelta(seconds=2), priority=0)
    moved = called(store, second, now + timedelta(seconds=3))

    assert [Place(1, new=True), Place(2, new=True)] == places
    assert Place(1, new=True) == jumped
    assert Place(3, new=False) == moved


def test_whoever_is_with_an_agent_no_longer_stands_in_the_queue(store: Engine, now: datetime) -> None:
    first, second = opened(store, now), opened(store, now)
    called(store, first, now)
    called(store, second, now + timedelta(seconds=1))

    taken(store, first, now)

    assert Place(1, new=False) == called(store, second, now)


def test_two_agents_who_take_at_once_do_not_both_get_the_shopper(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    called(store, thread, now)

    with ThreadPoolExecutor(8) as agents:
        got = list(agents.map(lambda number: taken(store, thread, now, f"客服{number}"), range(8)))

    assert 1 == got.count(True)
    kept = owner(store, thread)
    assert kept is not None
    assert ("agent", f"客服{got.index(True)}") == (kept.owner, kept.agent)


def test_nobody_takes_a_shopper_who_is_not_in_the_queue(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    assert not taken(store, thread, now)
    assert Ownership("bot", 0, None) == owner(store, thread)


def test_a_shopper_given_back_may_call_a_human_again(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    called(store, thread, now)
    taken(store, thread, now)
    given_back(store, thread, now)

    again = called(store, thread, now)

    assert Place(1, new=True) == again
    with reading(store) as session:
        outcomes = list(session.scalars(select(Escalation.outcome).order_by(Escalation.id)))
    assert ["已解决", None] == outcomes


def test_a_shopper_called_for_by_many_at_once_stands_in_one_place(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    with ThreadPoolExecutor(8) as callers:
        places = list(callers.map(lambda _: called(store, thread, now), range(8)))

    assert 1 == [place.new for place in places].count(True)
    assert {1} == {place.number for place in places}


def test_the_bot_is_silent_when_an_agent_took_over_while_it_thought(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    ask(store, thread, "查物流", now)
    called(store, thread, now)
    claim = claimed(store, now)

    taken(store, thread, now)
    with pytest.raises(StaleTurn):
        answer(store, claim, now, "在派送中")

    assert ["查物流"] == [line.text for line in said(store, thread)]


def test_the_bot_gives_no_line_up_to_an_agent_who_took_over_while_it_thought(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    ask(store, thread, "查物流", now)
    called(store, thread, now)
    claim = claimed(store, now)

    taken(store, thread, now)
    with pytest.raises(StaleTurn):
        write_dead_letter(store, claim, "ValueError", now=now)

    with reading(store) as session:
        assert ["查物流"] == [line.text for line in lines.unhandled(session, thread)]


def test_what_is_said_to_an_agent_is_understood_and_not_answered(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    called(store, thread, now)
    taken(store, thread, now)
    ask(store, thread, "查物流", now)

    answer(store, claimed(store, now), now, "在派送中")

    (line,) = said(store, thread)
    assert ("查物流", "track_order") == (line.text, line.intent)
    with reading(store) as session:
        assert 0 == conversations.waiting_count(session)


def test_a_dead_letter_does_not_speak_over_an_agent(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    called(store, thread, now)
    taken(store, thread, now)
    ask(store, thread, "查物流", now)

    write_dead_letter(store, claimed(store, now), "ValueError", now=now)

    assert ["查物流"] == [line.text for line in said(store, thread)]


def test_the_bot_goes_on_answering_whoever_waits_in_the_queue(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    called(store, thread, now)
    ask(store, thread, "查物流", now)

    answer(store, claimed(store, now), now, "在派送中")

    assert ["查物流", "在派送中"] == [line.text for line in said(store, thread)]
    assert Ownership("queue", 1, None) == owner(store, thread)


def test_the_bot_answers_again_after_the_shopper_was_given_back(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    called(store, thread, now)
    taken(store, thread, now)
    given_back(store, thread, now)
    ask(store, thread, "查物流", now)

    answer(store, claimed(store, now), now, "在派送中")

    assert ["查物流", "在派送中"] == [line.text for line in said(store, thread)]


def test_no_reply_of_the_bot_ever_follows_the_agents_first_word(store: Engine, now: datetime) -> None:
    threads = [opened(store, now) for _ in range(20)]
    claims = {}
    for thread in threads:
        ask(store, thread, "查物流", now)
        called(store, thread, now)
        claims[thread] = claimed(store, now)
    assert set(threads) == {claim.conversation_id for claim in claims.values()}
    together = Barrier(2)

    def bot_answers(thread: str) -> None:
        together.wait()
        with contextlib.suppress(StaleTurn):
            answer(store, claims[thread], now, "在派送中")

    def agent_takes(thread: str) -> None:
        together.wait()
        with begin(store) as session:
            owned = locked(session, thread)
            take(session, owned, "李", now=now)
            lines.add_replies(session, owned, [Reply("我来看", author="agent")], reply_to=None, now=now)

    with ThreadPoolExecutor(2) as both:
        for thread in threads:
            for racing in [both.submit(bot_answers, thread), both.submit(agent_takes, thread)]:
                racing.result()

    assert {"我来看"} == {said(store, thread)[-1].text for thread in threads}


def test_who_waits_already_is_served_sooner_when_something_graver_comes_up(store, now):
    thread = opened(store, now)
    called(store, thread, now, priority=1)

    with begin(store) as session:
        call_human(session, locked(session, thread), ["安全问题：漏电"], skill="safety", priority=0, now=now)

    with reading(store) as session:
        waiting = session.scalars(select(Escalation)).one()
        assert (0, "safety") == (waiting.priority, waiting.skill)
        assert "安全问题：漏电" == waiting.reasons[0]
