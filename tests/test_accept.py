"""Taking a shopper's line: stored once, numbered without gaps, a wish for a human honoured on the spot."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from bot.errors import ClientIdReused, ConversationNotFound, LineTooLong
from bot.store import conversations, escalations, lines
from bot.store.database import begin, reading
from bot.store.lines import Said
from bot.store.models import Conversation, Escalation
from bot.talk.accept import Accepted, Pace, TooFast, accept
from bot.talk.opening import open_for_anyone

NO_HURRY = Pace(per_10_s=1000, per_min=1000)


def opened(store: Engine, now: datetime) -> str:
    return open_for_anyone(store, "web", earlier=None, now=now).conversation_id


def say(store: Engine, thread: str, text: str, now: datetime, **differently: Any) -> Accepted | TooFast:
    given = {"client_msg_id": text, "payload": None, "pace": NO_HURRY, "limit_chars": 2000, "now": now}
    return accept(store, thread, text, **(given | differently))


def said(store: Engine, thread: str) -> list[Said]:
    """All lines of the thread but the welcome."""
    with reading(store) as session:
        return lines.after(session, thread, 1, 1000)


def at_once(times: int, call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(call, range(times)))


def test_a_line_is_kept_as_it_was_said_and_waits_for_its_answer(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    accepted = say(store, thread, " 在吗？？😀\n有货没 ", now, payload={"page": {"product_id": "10000001"}})

    assert Accepted(2, now, again=False) == accepted
    with reading(store) as session:
        (line,) = lines.unhandled(session, thread)
    assert " 在吗？？😀\n有货没 " == line.text
    assert {"page": {"product_id": "10000001"}} == line.payload


def test_a_line_sent_again_is_answered_as_the_first_time_and_stored_once(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    say(store, thread, "查物流", now)

    again = say(store, thread, "查物流", now + timedelta(hours=1))

    assert Accepted(2, now, again=True) == again
    assert ["查物流"] == [line.text for line in said(store, thread)]


def test_a_line_sent_again_is_known_although_others_followed_and_its_sender_is_too_fast(
    store: Engine, now: datetime
) -> None:
    thread = opened(store, now)
    say(store, thread, "查物流", now)
    say(store, thread, "快点", now)

    again = say(store, thread, "查物流", now, pace=Pace(1, 1))

    assert Accepted(2, now, again=True) == again


@pytest.mark.parametrize(("text", "page"), [("退货", None), ("查物流", {"page": {"order_no": "20260304001"}})])
def test_another_line_under_a_used_id_is_refused(
    store: Engine, now: datetime, text: str, page: dict[str, Any] | None
) -> None:
    thread = opened(store, now)
    say(store, thread, "查物流", now)

    with pytest.raises(ClientIdReused):
        say(store, thread, text, now, client_msg_id="查物流", payload=page)

    assert ["查物流"] == [line.text for line in said(store, thread)]


def test_two_conversations_may_use_the_same_id(store: Engine, now: datetime) -> None:
    one, other = opened(store, now), opened(store, now)

    accepted = [say(store, one, "在吗", now, client_msg_id="1"), say(store, other, "退货", now, client_msg_id="1")]

    assert [Accepted(2, now, again=False)] * 2 == accepted


def test_nobody_speaks_in_a_conversation_that_does_not_exist(store: Engine, now: datetime) -> None:
    with pytest.raises(ConversationNotFound):
        say(store, "0" * 32, "在吗", now)


def test_nobody_speaks_in_a_closed_conversation(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    with begin(store) as session:
        session.execute(update(Conversation).values(closed_at=now))

    with pytest.raises(ConversationNotFound):
        say(store, thread, "在吗", now)


def test_a_line_of_the_longest_length_is_taken_and_one_longer_is_not(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    longest = say(store, thread, "长" * 2000, now, client_msg_id="1")
    with pytest.raises(LineTooLong):
        say(store, thread, "长" * 2001, now, client_msg_id="2")

    assert Accepted(2, now, again=False) == longest
    assert 1 == len(said(store, thread))


@pytest.mark.parametrize(("pace", "span_s"), [(Pace(3, 1000), 10), (Pace(1000, 3), 60)])
def test_whoever_sends_too_fast_is_told_when_to_go_on_and_may_then(
    store: Engine, now: datetime, pace: Pace, span_s: int
) -> None:
    thread = opened(store, now)
    for number in range(3):
        say(store, thread, str(number), now + timedelta(seconds=number), pace=pace)

    refused = say(store, thread, "3", now + timedelta(seconds=3), pace=pace)
    assert isinstance(refused, TooFast)
    waited = now + timedelta(seconds=3 + refused.retry_after_s)
    taken = say(store, thread, "3", waited, pace=pace)

    assert span_s - 3 <= refused.retry_after_s <= span_s - 2
    assert Accepted(5, waited, again=False) == taken
    assert ["0", "1", "2", "3"] == [line.text for line in said(store, thread)]


def test_the_pace_of_one_shopper_does_not_slow_another(store: Engine, now: datetime) -> None:
    hasty, calm = opened(store, now), opened(store, now)
    say(store, hasty, "在吗", now, pace=Pace(1, 1))

    assert isinstance(say(store, hasty, "人呢", now, pace=Pace(1, 1)), TooFast)
    assert isinstance(say(store, calm, "在吗", now, pace=Pace(1, 1)), Accepted)


def test_lines_sent_at_once_are_numbered_without_gaps(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    accepted = at_once(8, lambda tab: [say(store, thread, f"{tab}-{number}", now) for number in range(10)])

    numbered = {result.seq: f"{tab}-{number}" for tab, row in enumerate(accepted) for number, result in enumerate(row)}
    assert list(range(2, 82)) == sorted(numbered)
    assert numbered == {line.seq: line.text for line in said(store, thread)}


def test_a_line_sent_twenty_times_at_once_is_stored_once(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    accepted = at_once(20, lambda _: say(store, thread, "查物流", now))

    assert {2} == {result.seq for result in accepted}
    assert 1 == [result.again for result in accepted].count(False)
    assert ["查物流"] == [line.text for line in said(store, thread)]


def escalated(store: Engine) -> list[Escalation]:
    with reading(store) as session:
        return list(session.scalars(select(Escalation)))


def owner(store: Engine, thread: str) -> conversations.Ownership | None:
    with reading(store) as session:
        return conversations.ownership(session, thread)


def test_a_wish_for_a_human_is_honoured_with_every_brain_dead(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    say(store, thread, "转人工", now)

    wish, words = said(store, thread)
    assert ("shopper", "call_human") == (wish.author, wish.intent)
    assert ("bot", "utter_queued") == (words.author, (words.payload or {}).get("said"))
    assert "第1位" in words.text
    assert ["客户要求人工服务"] == escalated(store)[0].reasons
    assert conversations.Ownership("queue", 1, None) == owner(store, thread)
    with reading(store) as session:
        assert 0 == conversations.waiting_count(session)


def test_a_shopper_who_asks_again_waits_in_one_place(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    for number in range(5):
        say(store, thread, "转人工", now + timedelta(seconds=number), client_msg_id=str(number))

    assert 1 == len(escalated(store))
    answers = [(line.payload or {})["said"] for line in said(store, thread) if line.author == "bot"]
    assert ["utter_queued"] + ["utter_still_queued"] * 4 == answers


def test_a_shopper_who_asks_in_many_tabs_at_once_waits_in_one_place(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    at_once(8, lambda tab: say(store, thread, "人工", now, client_msg_id=str(tab)))

    assert 1 == len(escalated(store))
    assert 16 == len(said(store, thread))


def test_the_same_wish_sent_again_by_a_bad_line_is_answered_once(store: Engine, now: datetime) -> None:
    thread = opened(store, now)

    at_once(8, lambda _: say(store, thread, "人工", now))

    assert ["shopper", "bot"] == [line.author for line in said(store, thread)]


def test_the_second_in_the_queue_is_told_so(store: Engine, now: datetime) -> None:
    say(store, opened(store, now), "转人工", now)
    second = opened(store, now)

    say(store, second, "转人工", now + timedelta(seconds=1))

    assert "第2位" in said(store, second)[-1].text


def test_a_question_asked_before_the_wish_still_waits_for_its_answer(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    say(store, thread, "查物流", now)

    say(store, thread, "转人工", now + timedelta(seconds=1))

    with reading(store) as session:
        assert ["查物流"] == [line.text for line in lines.unhandled(session, thread)]
        assert 1 == conversations.waiting_count(session)


def test_a_wish_said_to_an_agent_is_left_to_the_agent(store: Engine, now: datetime) -> None:
    thread = opened(store, now)
    with begin(store) as session:
        conversations.hand_to(session, thread, "agent", agent="李")

    say(store, thread, "转人工", now)

    assert ["转人工"] == [line.text for line in said(store, thread)]
    assert [] == escalated(store)


def test_nothing_of_a_wish_is_kept_if_its_commit_fails(
    store: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = opened(store, now)

    def no_queue(*_: object, **__: object) -> None:
        raise RuntimeError("the store went away")

    with monkeypatch.context() as broken:
        broken.setattr(escalations, "add", no_queue)
        with pytest.raises(RuntimeError):
            say(store, thread, "转人工", now)
    before = said(store, thread)
    say(store, thread, "转人工", now)

    assert [] == before
    with reading(store) as session:
        assert 1 == session.scalar(select(func.count()).select_from(Escalation))
    assert [2, 3] == [line.seq for line in said(store, thread)]
