"""Never silence: whoever waits for a brain that does not come gets words, and after a while a human."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from bot.store import conversations, inbox, lines
from bot.store.database import begin, reading
from bot.store.models import Escalation
from bot.talk.accept import Pace, accept
from bot.talk.opening import open_for_anyone
from bot.talk.reassure import reassure


def asked(store: Engine, now: datetime, text: str = "查物流") -> str:
    thread = open_for_anyone(store, "web", earlier=None, now=now).conversation_id
    ask(store, thread, text, now)
    return thread


def ask(store: Engine, thread: str, text: str, now: datetime) -> None:
    accept(store, thread, text, client_msg_id=text, payload=None, pace=Pace(99, 99), limit_chars=2000, now=now)


def look_after(store: Engine, now: datetime, after_s: float) -> int:
    return reassure(store, unanswered_s=10, human_after_s=30, now=now + timedelta(seconds=after_s))


def told(store: Engine, thread: str) -> list[str]:
    """What the shopper was told since the welcome."""
    with reading(store) as session:
        said = lines.after(session, thread, 1)
    return [(line.payload or {})["said"] for line in said if line.author != "shopper"]


def escalated(store: Engine) -> list[Escalation]:
    with reading(store) as session:
        return list(session.scalars(select(Escalation)))


def test_a_line_that_has_not_waited_long_is_left_alone(store: Engine, now: datetime) -> None:
    thread = asked(store, now)

    assert 0 == look_after(store, now, 9.9)
    assert [] == told(store, thread)


def test_after_ten_seconds_the_shopper_is_told_once(store: Engine, now: datetime) -> None:
    thread = asked(store, now)

    counted = [look_after(store, now, after_s) for after_s in (10.5, 12, 20, 29.9)]

    assert [1, 0, 0, 0] == counted
    assert ["utter_please_wait"] == told(store, thread)
    assert [] == escalated(store)


def test_after_thirty_seconds_a_human_is_called_once_and_the_shopper_told(store: Engine, now: datetime) -> None:
    thread = asked(store, now)

    counted = [look_after(store, now, after_s) for after_s in (10.5, 30, 32, 3600)]

    assert [1, 1, 0, 0] == counted
    assert ["utter_please_wait", "utter_brain_absent"] == told(store, thread)
    assert [thread] == [waiting.conversation_id for waiting in escalated(store)]
    with reading(store) as session:
        assert conversations.Ownership("queue", 1, None) == conversations.ownership(session, thread)


def test_whoever_was_not_looked_after_for_long_gets_a_human_at_once(store: Engine, now: datetime) -> None:
    thread = asked(store, now)

    look_after(store, now, 600)

    assert ["utter_brain_absent"] == told(store, thread)


def test_whoever_asked_for_a_human_before_keeps_that_place(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    ask(store, thread, "转人工", now)

    look_after(store, now, 31)

    assert 1 == len(escalated(store))
    assert ["utter_queued", "utter_brain_absent"] == told(store, thread)


def test_an_agent_who_owns_the_conversation_is_not_spoken_over(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    with begin(store) as session:
        conversations.hand_to(session, thread, "agent", agent="李")

    assert 0 == look_after(store, now, 60)
    assert [] == told(store, thread)


def test_the_line_is_still_to_be_answered_after_the_words(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    look_after(store, now, 31)

    with begin(store) as session:
        claim = inbox.claim(session, "brain", now=now + timedelta(seconds=40), lease_s=20, context_lines=6)

    assert claim is not None
    assert (thread, ["查物流"]) == (claim.conversation_id, [line.text for line in claim.lines])


def test_a_second_wait_in_the_same_conversation_gets_its_own_words(store: Engine, now: datetime) -> None:
    thread = asked(store, now)
    look_after(store, now, 11)
    with begin(store) as session:
        claim = inbox.claim(session, "brain", now=now, lease_s=20, context_lines=6)
        held = claim and inbox.held(session, claim)
        assert held is not None
        lines.handle(session, thread, 2, "answered", now=now)
        inbox.settle(session, held, None)
    ask(store, thread, "人呢", now + timedelta(seconds=60))

    counted = look_after(store, now, 71)

    assert 1 == counted
    assert ["utter_please_wait"] * 2 == told(store, thread)


@pytest.mark.parametrize("after_s", [11, 31])
def test_everybody_who_waits_is_told(store: Engine, now: datetime, after_s: float) -> None:
    for _ in range(5):
        asked(store, now)

    assert 5 == look_after(store, now, after_s)
