"""Days and times as shoppers say them: where they stand (`PHRASE`), and which stretch of time they mean (`resolve`).

Weeks begin on Monday. A day without a year is the nearest of that name, rather a past one: 双十一 in January was last
November.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from bot.text.numerals import whole
from bot.text.time_words import DAYS, EDGE, FIXED, FORMS, LUNAR, MOVING, PARTS

Span = tuple[datetime, datetime]  #: from, up to and without

_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5}
_OF = {"上上": -2, "上": -1, "去": -1, "前": -2, "这": 0, "本": 0, "今": 0, "当": 0, "": 0, "下": 1, "明": 1, "下下": 2}
_DAYS_OF = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30, "年": 365}


def resolve(phrase: str, now: datetime) -> Span | None:
    """The stretch of time, from … up to and without, that *phrase* (plain text) means when said at *now*.

    Days and weeks are those of the clock of *now*: pass Chinese time. X前 is from *now*, or from seven days before X
    when X is over, up to X; X后 is the seven days after X. None if the phrase is not understood or no such day exists.

    >>> resolve("昨天下午", datetime(2026, 11, 22, 9))
    (datetime.datetime(2026, 11, 21, 12, 0), datetime.datetime(2026, 11, 21, 18, 0))
    """
    phrase = phrase.strip()
    meant = _meant(phrase, now)
    if meant is None and (edge := EDGE.fullmatch(phrase)):
        around = _meant(edge["of"], now)
        return around and _beside(around, edge["side"], now)
    return meant


def _meant(phrase: str, now: datetime) -> Span | None:
    for form, means in _MEANINGS:
        match = form.fullmatch(phrase)
        if match:
            try:
                return means(defaultdict(str, {name: part or "" for name, part in match.groupdict().items()}), now)
            except (ValueError, OverflowError):
                return None  # 2月30日, 999年前
    return None


def _beside(around: Span, side: str, now: datetime) -> Span:
    start, end = around
    if side == "后":
        return end, end + timedelta(days=7)
    return (now, start) if now < start else (start - timedelta(days=7), start)


def _midnight(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), now.tzinfo)


def _days(day: date, now: datetime, count: int = 1) -> Span:
    return _midnight(day, now), _midnight(day + timedelta(days=count), now)


def _within(day: date, part: str, clock: str, now: datetime) -> Span:
    """A part of *day*, or the hour of it that the *clock* says, or the whole of it."""
    first, last = PARTS.get(part, (0, 24))
    hour = whole(re.sub(r"点.*", "", clock)) if clock else None
    if hour is not None:
        hour += 12 if first >= 12 and hour < 12 else 0
        half = timedelta(minutes=30 if clock.endswith("半") else 0)
        start = datetime.combine(day, time(hour), now.tzinfo) + half
        return start, start + timedelta(hours=1) - half
    start = _midnight(day, now)
    return start + timedelta(hours=first), start + timedelta(hours=last)


def _month(year: int, month: int, now: datetime) -> Span:
    """A month; one below 1 or above 12 is of the year before or after."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    after = date(year + month // 12, month % 12 + 1, 1)
    return _midnight(date(year, month, 1), now), _midnight(after, now)


def _nearest(spans: list[Span], now: datetime) -> Span:
    """The span that begins nearest to *now*; what is to come counts as twice as far, for people talk of what was."""
    return min(spans, key=lambda span: now - span[0] if span[0] <= now else 2 * (span[0] - now))


def _stamp(said: dict[str, str], now: datetime) -> Span:
    day = date(int(said["year"]), int(said["month"]), int(said["day"]))
    if not said["hour"]:
        return _days(day, now)
    start = datetime.combine(day, time(int(said["hour"]), int(said["minute"]), int(said["second"] or 0)), now.tzinfo)
    return start, start + (timedelta(seconds=1) if said["second"] else timedelta(minutes=1))


def _year(said: str, now: datetime) -> int | None:
    """The year that 去, 前, 今, 明 or digits say; None if nothing is said."""
    if said.isdigit():
        return int(said) + (2000 if len(said) == 2 else 0)
    return now.year + _OF[said] if said else None


def _month_day(said: dict[str, str], now: datetime) -> Span:
    """六月十八号, 去年十月, 6.18; without a year the nearest one."""
    year, month, day = _year(said["year"], now), whole(said["month"]) or 0, whole(said["day"])
    years = [year] if year else [now.year - 1, now.year, now.year + 1]
    if day is None:
        return _nearest([_month(each, month, now) for each in years], now)
    return _nearest([_days(date(each, month, day), now) for each in years], now)


def _of_month(said: dict[str, str], now: datetime) -> Span:
    """上个月, 上个月23号, 这月12号, 月底, 十七号; 底 and 末 are its last five days, 初 its first, 中 the middle ten."""
    start, end = _month(now.year, now.month + _OF[said["which"]], now)
    day, third = whole(said["day"]), said["third"]
    if day is not None:
        return _days(start.date().replace(day=day), now)
    if third == "初":
        return start, start + timedelta(days=5)
    if third == "中":
        return start + timedelta(days=10), start + timedelta(days=20)
    return (end - timedelta(days=5), end) if third else (start, end)


def _of_year(said: dict[str, str], now: datetime) -> Span:
    """去年, 年底; 底 is December, 初 January, 中 June and July."""
    year = now.year + _OF[said["which"]]
    months = {"": (1, 12), "初": (1, 1), "中": (6, 7), "底": (12, 12), "末": (12, 12)}[said["third"]]
    return _month(year, months[0], now)[0], _month(year, months[1], now)[1]


def _of_week(said: dict[str, str], now: datetime) -> Span:
    """上周三, 周五下午, 下周, 周末 (Saturday and Sunday)."""
    monday = now.date() - timedelta(days=now.weekday()) + timedelta(weeks=_OF[said["which"]])
    if not said["weekday"]:
        return _days(monday, now, 7)
    day = monday + timedelta(days=_WEEKDAYS[said["weekday"]])
    return _days(day, now, 2) if said["weekday"] == "末" else _within(day, said["part"], said["clock"], now)


def _of_day(said: dict[str, str], now: datetime) -> Span:
    """昨天下午, 今早, 大前天, 明天3点."""
    day = now.date() + timedelta(days=DAYS[said["day"]])
    return _within(day, said["part"], said["clock"], now)


def _part_today(said: dict[str, str], now: datetime) -> Span:
    return _within(now.date(), said["part"], said["clock"], now)


def _ago(said: dict[str, str], now: datetime) -> Span:
    """三天前, 两周后, 半个月前, 48小时内; 几 is three to nine."""
    few = "几" in said["count"]
    least = 0.5 if said["count"] == "半" else 3 if few else whole(said["count"]) or 0
    most = 9 if few else least
    if said["side"] == "内":
        return now, _shifted(now, most, said["unit"])[1]
    sign = -1 if said["side"] == "前" else 1
    one, other = _shifted(now, sign * least, said["unit"]), _shifted(now, sign * most, said["unit"])
    return min(one[0], other[0]), max(one[1], other[1])


def _shifted(now: datetime, count: float, unit: str) -> Span:
    """The day, calendar month or year, hour or minute that lies *count* of the *unit* away."""
    if unit not in _DAYS_OF:
        step = timedelta(minutes=1 if unit == "分钟" else 60)
        middle = now + step * count
        return middle - step / 2, middle + step / 2
    if unit in "月年" and count == int(count):
        months = int(count) * (12 if unit == "年" else 1)
        start, end = _month(now.year, now.month + months, now)
        return (start.replace(month=1), _month(start.year + 1, 1, now)[0]) if unit == "年" else (start, end)
    return _days(now.date() + timedelta(days=int(_DAYS_OF[unit] * count)), now)


def _round_about(said: dict[str, str], now: datetime) -> Span:
    """前两天, 这几天, 过两天: as many days and one more, as people mean them; 几 is five."""
    count = (whole(said["count"]) or 5) + 1
    if said["which"] == "过":
        return _midnight(now.date() + timedelta(days=1), now), _midnight(now.date() + timedelta(days=count + 1), now)
    return _midnight(now.date() - timedelta(days=count), now), _midnight(now.date() + timedelta(days=1), now)


def _just_now(said: dict[str, str], now: datetime) -> Span:
    return now - timedelta(hours=1), now


def _feast(said: dict[str, str], now: datetime) -> Span | None:
    name = said["feast"]
    years = [_year(said["year"], now) or 0] if said["year"] else [now.year - 1, now.year, now.year + 1]
    if name in FIXED:
        month, day, length = FIXED[name]
        return _nearest([_days(date(year, month, day), now, length) for year in years], now)
    which, later, length = MOVING[name]
    days = [date(year, *LUNAR[year][which]) + timedelta(days=later) for year in years if year in LUNAR]
    return _nearest([_days(day, now, length) for day in days], now) if days else None


_MEANS: dict[str, Callable[[dict[str, str], datetime], Span | None]] = {
    "stamp": _stamp, "month_day": _month_day, "of_month": _of_month, "of_year": _of_year, "of_week": _of_week,
    "of_day": _of_day, "ago": _ago, "round_about": _round_about, "part_today": _part_today, "just_now": _just_now,
    "feast": _feast,
}  # fmt: skip
_MEANINGS = tuple((re.compile(form), _MEANS[name]) for name, forms in FORMS.items() for _, form, _ in forms)
