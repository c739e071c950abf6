"""By when we promise an answer, and how that is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.handoff.promise import complaint_by, in_words, request_by

CHINA = ZoneInfo("Asia/Shanghai")


def china(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of November 2026 on the shop's clock, as the store has it."""
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA).astimezone(UTC)


def test_a_complaint_is_answered_within_a_day(now):
    assert timedelta(hours=24) == complaint_by(now) - now


@pytest.mark.parametrize(
    ("asked", "promised"),
    [
        (china(22, 0, 1), china(22, 21)),
        (china(22, 9), china(22, 21)),
        (china(22, 17, 59), china(22, 21)),
        (china(22, 18), china(23, 12)),
        (china(22, 23, 59), china(23, 12)),
        (china(30, 20), datetime(2026, 12, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_request_before_six_is_answered_the_same_evening_else_by_noon(asked, promised):
    assert promised == request_by(asked)


@pytest.mark.parametrize("hour", range(24))
def test_a_promise_always_leaves_three_hours(hour):
    asked = china(22, hour, 59)

    assert request_by(asked) - asked >= timedelta(hours=3)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (china(22, 21), "今天21:00前"),
        (china(23, 12), "明天12:00前"),
        (china(23, 0, 5), "明天00:05前"),
        (china(24, 10, 30), "11月24日10:30前"),
        (datetime(2027, 1, 2, 1, tzinfo=UTC), "1月2日09:00前"),
    ],
)
def test_a_promise_is_said_by_the_shops_calendar(at, said):
    assert said == in_words(at, china(22, 23, 30))


def test_the_day_changes_at_midnight_in_china_not_in_greenwich():
    assert in_words(china(23, 12), now=china(23, 0, 30)) == "今天12:00前"
