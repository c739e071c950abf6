"""Days as a shop in China counts them, pure: limits end with a day, not with an hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


def day_of(at: datetime) -> date:
    """The day of *at* in China."""
    return at.astimezone(CHINA).date()


def last_moment(at: datetime, days: int) -> datetime:
    """The end of the last of *days* days, the first being the day after *at*.

    Signed on the 15th at any hour, seven days: the 22nd, 24:00. Civil Code, art. 201: the first day is not counted.
    """
    return end_of(day_of(at) + timedelta(days=days))


def end_of(day: date) -> datetime:
    """The last second of *day* in China."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=CHINA)


def days_left(deadline: datetime, now: datetime) -> int:
    """Whole days after today until *deadline*; 0 on the last day, negative when it is over."""
    return (day_of(deadline) - day_of(now)).days


def said(at: datetime | date) -> str:
    """A day as one says it: 11月22日."""
    day = day_of(at) if isinstance(at, datetime) else at
    return f"{day.month}月{day.day}日"


def said_exactly(at: datetime) -> str:
    """A day and hour: 11月22日 08:10."""
    return f"{said(at)} {at.astimezone(CHINA):%H:%M}"
