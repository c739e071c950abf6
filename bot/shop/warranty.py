"""Until when goods are repaired (pure): what the page warrants, or the shop's rule, whichever is longer."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta

from bot.shop.days import day_of, end_of

_TERM = re.compile(r"(\d+)\s*(年|个月|天)")


def repair_until(warranty: str | None, rule_months: int, signed_at: datetime) -> datetime | None:
    """The last moment of the warranty; None if neither the page nor the rule gives one.

    Parameters
    ----------
    warranty
        Words of the page: "整机保修1年，电池保修2年". The first term is that of the whole.
    """
    start = day_of(signed_at)
    days = [_after(start, *term) for term in _TERM.findall(warranty or "")[:1]]
    if rule_months:
        days.append(_months_later(start, rule_months))
    return end_of(max(days)) if days else None


def _after(start: date, number: str, unit: str) -> date:
    if unit == "天":
        return start + timedelta(days=int(number))
    return _months_later(start, int(number) * (12 if unit == "年" else 1))


def _months_later(start: date, months: int) -> date:
    """The same day *months* later; the last of the month where it has no such day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
