"""The forms of days and times in shoppers' lines: what `bot.text.times` gives a meaning."""

from __future__ import annotations

import re

#: Words for days, by their distance from today.
DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
#: Parts of the day and their hours, up to and without.
PARTS = {
    "凌晨": (0, 6), "半夜": (0, 6), "清晨": (5, 9), "早上": (5, 10), "早晨": (5, 10), "一早": (5, 10), "早": (5, 10),
    "上午": (8, 12), "中午": (11, 14), "下午": (12, 18), "傍晚": (17, 20), "晚上": (18, 24), "夜里": (20, 24), "晚": (18, 24),
}  # fmt: skip
#: Feasts with a fixed day: month, day, days long.
FIXED = {
    "元旦": (1, 1, 1), "情人节": (2, 14, 1), "妇女节": (3, 8, 1), "清明": (4, 4, 3), "五一": (5, 1, 5), "六一": (6, 1, 1),
    "618": (6, 18, 1), "六一八": (6, 18, 1), "国庆": (10, 1, 7), "双十一": (11, 11, 1), "双11": (11, 11, 1), "双十二": (12, 12, 1),
    "双12": (12, 12, 1), "圣诞": (12, 25, 1),
}  # fmt: skip
#: Feasts of the lunar calendar: which column of `LUNAR`, days after it, days long.
MOVING = {
    "除夕": (0, -1, 1),
    "春节": (0, 0, 8),
    "过年": (0, 0, 8),
    "元宵": (0, 14, 1),
    "端午": (1, 0, 3),
    "中秋": (2, 0, 1),
}
#: Month and day of 春节, 端午, 中秋.
LUNAR = {
    2024: ((2, 10), (6, 10), (9, 17)), 2025: ((1, 29), (5, 31), (10, 6)), 2026: ((2, 17), (6, 19), (9, 25)),
    2027: ((2, 6), (6, 9), (9, 15)), 2028: ((1, 26), (5, 28), (10, 3)), 2029: ((2, 13), (6, 16), (9, 22)),
    2030: ((2, 3), (6, 5), (9, 12)),
}  # fmt: skip

_FEW = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9]|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_YEAR = r"(?:(?P<year>[去前今明](?=年)|20\d\d|(?<!\d)\d\d(?=年))[年.\-/])?"


def _any(words: dict[str, tuple[int, int]] | dict[str, tuple[int, int, int]]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_PART = rf"(?P<part>{_any(PARTS)})"
_CLOCK = r"(?:的?(?P<clock>(?:\d{1,2}|[一二两三四五六七八九十]{1,2})点(?:半|钟)?))"

#: Name of the meaning -> forms as (what may not stand before, the form with its named parts, what may not follow).
FORMS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "stamp": (
        (
            r"(?<!\d)",
            r"(?P<year>20\d\d)[-年./](?P<month>\d{1,2})[-月./](?P<day>\d{1,2})[日号]?"
            r"(?: ?t?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?)?",
            r"(?!\d)",
        ),
    ),
    "month_day": (
        (r"(?<![\d\-~.个十])", rf"{_YEAR}(?P<month>{_MONTH})月(?:份|(?P<day>{_DAY}(?=[日号])|3[01]|[12]\d|0?[1-9]|[二三]?十[一二三四五六七八九]?)[日号]?)?", r"(?![龄子饼经球嫂卡供租销光亮票色\d十])"),
        (r"(?<![\d\-/.])", r"(?P<month>1[0-2]|[1-9])[.\-/](?P<day>3[01]|[12]\d|0[1-9]|[1-9])[日号]?", r"(?=买|拍|下|付|号|日|那|的?时|活动|大促|前|后)"),
    ),
    "of_month": (
        (r"(?<!一)", r"(?P<which>上上|下下|上|下|这|本|当)个?月份?(?:(?P<third>[初中底末])|(?P<day>" + _DAY + r")[日号])?", r"(?!饼)"),
        (r"(?<![上下这本个几年])", r"(?P<which>)月(?P<third>初|底|末|中(?=旬))旬?", ""),
        (r"(?<![\d路街道巷弄里村幢栋楼款第码穿大小a-z])", rf"(?P<which>)(?P<day>{_DAY})[日号]", r"(?=之?前|以前|之?后|到|买|下单|拍|发|收|签|付|就|才|还|能|可以|左右|那天|晚|早|上午|下午|[,。 ]|$)"),
    ),
    "of_year": (
        (r"(?<![\d一])", r"(?P<which>去|今|明|前)年(?P<third>[初中底末])", ""),
        ("", r"(?P<which>)年(?P<third>[初中底末])", ""),
        ("", r"(?P<which>去|前|明)年", r"(?=买|拍|下|购|入|夏|冬|春|秋|的时候)"),
    ),
    "of_week": (
        (r"", rf"(?P<which>上上|下下|上|下|这|本)个?(?:周|星期|礼拜)(?:(?P<weekday>[一二三四五六日天末]){_PART}?{_CLOCK}?)?", r"(?!边)"),
        (r"(?<![一二两三四五六七八九十几多每半整\d个])", rf"(?P<which>)(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末]){_PART}?{_CLOCK}?", ""),
    ),
    "of_day": (
        (r"(?<![从以目])", rf"(?P<day>{_any(dict.fromkeys(DAYS, (0, 0)))})[天日儿](?:{_PART})?{_CLOCK}?", ""),
        (r"(?<![从以目])", rf"(?P<day>[前昨今明后])(?P<part>早上|早晨|早|晚上|晚){_CLOCK}?", r"(?![期安])"),
    ),
    "ago": (
        (
            r"(?<![\d一二两三四五六七八九十.])",
            rf"(?P<count>{_FEW}|好?几|半|十几|几十)个?(?:多)?(?P<unit>天|日|周|星期|礼拜|月|年|小时|钟头|分钟)(?:之|以)?(?P<side>前|后|内)",
            "",
        ),
    ),
    "round_about": (
        (r"(?<![超没才刚都再])", r"(?P<which>前|这|近|过|最近)(?P<count>[两二三几些])[天日]", r"(?![前后内])"),
    ),
    "part_today": (
        (r"(?<![一每整大好个天\d])", rf"(?P<part>凌晨|半夜|清晨|早上|上午|中午|下午|傍晚|晚上|夜里){_CLOCK}?", r"(?!好)"),
    ),
    "just_now": (
        ("", r"刚才|刚刚|方才", r"(?![好够])"),
    ),
    "feast": (
        (r"(?<!\d)", rf"(?:(?P<year>[去前今明])年)?(?P<feast>{_any(FIXED | MOVING)})节?(?:期间|那天|当天)?", r"(?![\d路街广假月饼礼好快])"),
    ),
}  # fmt: skip

_NAMES = re.compile(r"\?P<\w+>")


def _finds(before: str, form: str, after: str) -> str:
    return before + _NAMES.sub("?:", form) + after


#: Where a phrase stands in a plain text. The 之前 of 周一之前 is left outside, as people mark a day; `EDGE` reads both.
PHRASE = re.compile("|".join(_finds(*form) for forms in FORMS.values() for form in forms))
#: Signs of which a phrase has one at least.
SIGNS = frozenset("天日儿早晚夜午晨傍周期拜月年时头分号刚方元情妇清五六国双圣除春过端中/.-")
EDGE = re.compile(r"(?P<of>.{2,12}?)(?:之|以)?(?P<side>前|后)")
