"""By when we promise to answer a matter (pure; row L6, first cut: the shop's clock, without holidays)."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

SHOP_TIME = ZoneInfo("Asia/Shanghai")
COMPLAINT_H = 24
_LAST_HOUR_FOR_TODAY = 18
_EVENING_HOUR = 21
_NOON_HOUR = 12


def complaint_by(now: datetime) -> datetime:
    """A complaint is answered within 24 hours."""
    return now + timedelta(hours=COMPLAINT_H)


def request_by(now: datetime, zone: tzinfo = SHOP_TIME) -> datetime:
    """A request is answered the same day if it came before six in the evening, else by noon of the next."""
    local = now.astimezone(zone)
    if local.hour < _LAST_HOUR_FOR_TODAY:
        return local.replace(hour=_EVENING_HOUR, minute=0, second=0, microsecond=0)
    return (local + timedelta(days=1)).replace(hour=_NOON_HOUR, minute=0, second=0, microsecond=0)


def in_words(at: datetime, now: datetime, zone: tzinfo = SHOP_TIME) -> str:
    """A promised time as one says it: 今天21:00前, 明天12:00前, 11月24日10:30前."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    day = {0: "今天", 1: "明天"}.get(days, f"{local.month}月{local.day}日")
    return f"{day}{local:%H:%M}前"
