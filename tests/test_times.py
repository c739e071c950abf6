"""Days and times as shoppers say them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.numerals import in_digits, number, spoken
from bot.text.patterns import find
from bot.text.time_words import FIXED, MOVING
from bot.text.times import resolve

NOW = datetime(2026, 11, 22, 9, 30)  # a Sunday


def said(phrase: str, now: datetime = NOW) -> tuple[str, str] | None:
    """What *phrase* means, to the minute."""
    span = resolve(phrase, now)
    return span and (f"{span[0]:%Y-%m-%d %H:%M}", f"{span[1]:%Y-%m-%d %H:%M}")


@pytest.mark.parametrize(
    ("phrase", "start", "end"),
    [
        ("今天", "2026-11-22 00:00", "2026-11-23 00:00"),
        ("昨儿", "2026-11-21 00:00", "2026-11-22 00:00"),
        ("昨天下午", "2026-11-21 12:00", "2026-11-21 18:00"),
        ("大前天晚上", "2026-11-19 18:00", "2026-11-20 00:00"),
        ("今早", "2026-11-22 05:00", "2026-11-22 10:00"),
        ("昨晚8点半", "2026-11-21 20:30", "2026-11-21 21:00"),
        ("明天下午三点", "2026-11-23 15:00", "2026-11-23 16:00"),
        ("上周三", "2026-11-11 00:00", "2026-11-12 00:00"),
        ("上礼拜天", "2026-11-15 00:00", "2026-11-16 00:00"),
        ("周五下午", "2026-11-20 12:00", "2026-11-20 18:00"),
        ("下周", "2026-11-23 00:00", "2026-11-30 00:00"),
        ("周末", "2026-11-21 00:00", "2026-11-23 00:00"),
        ("三天前", "2026-11-19 00:00", "2026-11-20 00:00"),
        ("半个月前", "2026-11-07 00:00", "2026-11-08 00:00"),
        ("三个月前", "2026-08-01 00:00", "2026-09-01 00:00"),
        ("去年双十一", "2025-11-11 00:00", "2025-11-12 00:00"),
        ("48小时内", "2026-11-22 09:30", "2026-11-24 10:00"),
        ("前两天", "2026-11-19 00:00", "2026-11-23 00:00"),
        ("过两天", "2026-11-23 00:00", "2026-11-26 00:00"),
        ("刚才", "2026-11-22 08:30", "2026-11-22 09:30"),
        ("上个月", "2026-10-01 00:00", "2026-11-01 00:00"),
        ("上个月23号", "2026-10-23 00:00", "2026-10-24 00:00"),
        ("月底", "2026-11-26 00:00", "2026-12-01 00:00"),
        ("十七号", "2026-11-17 00:00", "2026-11-18 00:00"),
        ("5月20号", "2026-05-20 00:00", "2026-05-21 00:00"),
        ("六月十八号", "2026-06-18 00:00", "2026-06-19 00:00"),
        ("去年十月", "2025-10-01 00:00", "2025-11-01 00:00"),
        ("2024-10-19 16:02:40", "2024-10-19 16:02", "2024-10-19 16:02"),
        ("2024/9/3", "2024-09-03 00:00", "2024-09-04 00:00"),
        ("双十一", "2026-11-11 00:00", "2026-11-12 00:00"),
        ("端午节", "2026-06-19 00:00", "2026-06-22 00:00"),
        ("国庆前", "2026-09-24 00:00", "2026-10-01 00:00"),
        ("春节后", "2027-02-14 00:00", "2027-02-21 00:00"),
        ("月底前", "2026-11-22 09:30", "2026-11-26 00:00"),
        ("下周一之前", "2026-11-22 09:30", "2026-11-23 00:00"),
    ],
)
def test_a_phrase_of_time_means_a_stretch_of_days_or_hours(phrase, start, end):
    assert (start, end) == said(phrase)


@pytest.mark.parametrize(
    "phrase", ["2月30日", "2026年13月1日", "昨天25点", "十点", "多久", "", "前", "一二三", "9999年后"]
)
def test_what_is_no_day_means_none(phrase):
    assert said(phrase) is None


def test_a_day_without_a_year_is_rather_a_past_one():
    assert ("2025-11-11 00:00", "2025-11-12 00:00") == said("双十一", datetime(2026, 1, 5))
    assert ("2026-10-01 00:00", "2026-10-08 00:00") == said("国庆", datetime(2026, 9, 1))


def test_the_answer_is_in_the_time_zone_of_the_question():
    china = ZoneInfo("Asia/Shanghai")

    start, end = resolve("昨天", NOW.replace(tzinfo=china))

    assert (china, timedelta(days=1)) == (start.tzinfo, end - start)


@pytest.mark.parametrize("feast", [*FIXED, *MOVING])
@pytest.mark.parametrize("year", range(2025, 2030))
def test_every_feast_is_known_for_years_to_come(feast, year):
    start, end = resolve(feast, datetime(year, 7, 1))

    assert abs((start - datetime(year, 7, 1)).days) < 366
    assert start < end


@given(
    st.text(
        "0123456789一二两三十百半几天日周年月号点前后内上下这去今明昨末底双国庆春节-/.: 的大个礼拜小时分钟", max_size=14
    )
)
@settings(max_examples=500, deadline=None, derandomize=True, database=None)
def test_no_phrase_makes_the_question_fall_and_every_answer_begins_before_it_ends(phrase):
    span = resolve(phrase, NOW)

    assert span is None or span[0] <= span[1]


@pytest.mark.parametrize(
    ("line", "phrases"),
    [
        ("昨天下午拍的，说三天前就发了", ["昨天下午", "三天前"]),
        ("上周三买的到现在没影", ["上周三"]),
        ("[订单编号:1，下单时间:2024-05-11 20:14:09]", ["2024-05-11 20:14:09"]),
        ("下单时间:NaN-NaN-NaN NaN:NaN:NaN", []),
        ("我十七号之前要收到", ["十七号"]),
        ("6月18买的", ["6月18"]),
        ("去年双十一买的", ["去年双十一"]),
        ("换大一号", []),
        ("住3号楼", []),
        ("满月酒", []),
        ("3-6个月宝宝", []),
        ("1.5升的", []),
        ("超过七天了还能退吗", []),
        ("一晚上没睡", []),
        ("买了中秋月饼礼盒", []),
    ],
)
def test_a_phrase_of_time_is_found_in_a_line_and_nothing_else_is(line, phrases):
    assert phrases == [hit.value for hit in find(line) if hit.kind == "date"]


def test_what_is_found_can_be_resolved():
    lines = "昨天下午 上周五晚上 三天前 下个月8号 这个星期 月底 国庆期间 今年3月12号 前几天 刚才 大后天 5.20号".split()

    assert [] == [
        line for line in lines for hit in find(line + "买的") if hit.kind == "date" and said(hit.value) is None
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百二", 320), ("两千多", 2000), ("一百出头", 100), ("三四百", 300), ("十五", 15), ("一万二", 12000), ("3千5", 3500),
        ("88.5", 88.5), ("12,480", 12480), ("几", None), ("百", None), ("", None), ("nan", None), ("一" * 40, None),
    ],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(text, value):
    assert value == number(text)


def test_numbers_are_written_in_digits():
    assert ("320", "39.90", "几") == (in_digits("三百二"), in_digits("39.90"), in_digits("几"))
    assert "6682045519" == spoken("六六八二零四五五一九")
