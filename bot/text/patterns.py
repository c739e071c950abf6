"""What can be read off a line by its shape: numbers, cards, money, sizes, times.

Cue words are read before shapes: an 11-digit number after 商品ID is a product, not a phone (shoppers' order cards).
Everything works on the plain form (`bot.text.normalise`); places are given in the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.text.normalise import Plain, plain


@dataclass(frozen=True, slots=True)
class Found:
    """Something read off a line: its kind, its value in one form, and where it stood in the original."""

    kind: str
    value: str
    start: int
    end: int


_COURIERS = {
    "顺丰": "顺丰速运", "中通": "中通快递", "圆通": "圆通速递", "申通": "申通快递", "韵达": "韵达速递", "极兔": "极兔速递",
    "京东物流": "京东物流", "京东快递": "京东物流", "德邦": "德邦快递", "邮政": "邮政EMS", "ems": "邮政EMS", "菜鸟": "菜鸟",
    "丹鸟": "丹鸟",
}  # fmt: skip
_COLOURS = "米白 奶白 雾霾蓝 雾蓝 藏青 天蓝 浅蓝 深蓝 酒红 玫红 大红 墨绿 军绿 卡其 咖啡 深灰 浅灰".split()
_PLAIN_COLOURS = "蓝红粉绿咖棕驼黄橙紫灰黑白银金杏裸"
_ADDRESS = (
    r"(?:[\u4e00-\u9fff]{2,8}(?:省|自治区))?[\u4e00-\u9fff]{2,8}(?:市|州|盟)[\u4e00-\u9fff]{1,10}(?:区|县|市|旗)"
    r"[\u4e00-\u9fff0-9a-z\-]{2,40}"
    r"|[\u4e00-\u9fff]{2,12}(?:路|街|道|巷|小区|花园|大厦|广场|村|镇|苑|公寓)[\u4e00-\u9fff0-9a-z\-]{0,20}?"
    r"\d+(?:号|栋|幢|室|单元|楼|弄)[\u4e00-\u9fff0-9a-z\-]{0,20}"
)
_NUMERAL = r"[零一二两三四五六七八九十百千万\d]"

#: (kind, pattern); the value is the last group. Earlier rows take their characters from later ones.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("product_id", r"(?:商品|宝贝|货)\s*(?:id|号|编号|编码|链接)\s*[:：]?\s*(\d{7,12})(?!\d)"),
        ("product_id", r"sku\s*(?:id)?\s*[:：]?\s*(\d{7,12})(?!\d)"),
        ("waybill", r"(?:运单号?|快递单号?|物流单号?|快递号|物流号)\s*[:：是]?\s*([a-z]{0,4}\d{9,18})(?!\d)"),
        ("order_no", r"(?:订单|单子)?\s*(?:编号|号码|单号|号)\s*[:：是]?\s*(\d{8,24})(?!\d)"),
        ("order_no", r"订单\s*[:：是]?\s*(\d{8,24})(?!\d)"),
        ("waybill", r"(?<![a-z0-9])((?:sf|jd|jt|yt|zt|sto|yd|ems|dpk)[a-z]{0,3}\d{9,15})(?!\d)"),
        ("order_no", r"(?<!\d)(20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4,12})(?!\d)"),
        ("phone_tail", r"(?:尾号|后四位|尾数|末四位|后4位|末4位|手机尾)\s*(?:是|为|[:：])?\s*(\d{4})(?!\d)"),
        ("phone", r"(?<![\dx])(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)"),
        ("order_no", r"(?<!\d)(\d{14,24})(?!\d)"),
        ("height", r"(?:身高|高)\s*[:：是]?\s*(1[3-9]\d|2[01]\d)(?!\d)\s*(?:cm|厘米|公分)?"),
        ("height", r"(?<!\d)(1[3-9]\d|2[01]\d)\s*(?:cm|厘米|公分)"),
        ("height", r"(?<!\d)(1[4-9]\d)(?=\s*[,/、和 ]?\s*\d{2,3}\s*(?:斤|kg|公斤))"),
        ("weight", r"(?:体重|重)\s*[:：是]?\s*(\d{2,3}(?:\.\d)?\s*(?:kg|公斤|千克|斤)?)"),
        ("weight", r"(?<!\d)(\d{2,3}(?:\.\d)?\s*(?:kg|公斤|千克|斤))"),
        ("foot_length", r"脚长\s*[:：是]?\s*(\d{2,3}(?:\.\d)?\s*(?:cm|厘米|mm|毫米)?)"),
        ("amount", r"[¥￥]\s*(\d+(?:\.\d{1,2})?)(?!\d)"),
        ("amount", r"(?<!\d)(\d+(?:\.\d{1,2})?\s*(?:万|千|百)?)\s*(?:元|块钱?|rmb)(?!\w)"),
        ("amount", rf"({_NUMERAL}+)(?:元|块钱?)"),
        ("points", rf"({_NUMERAL}+)\s*(?:个)?积分"),
        ("size", r"(?<![a-z0-9])((?:[2-6]?x{1,4}[sl]|[sml])(?:码|号)?)(?![a-z0-9])"),
        ("size", r"(?<!\d)((?:2[89]|3\d|4[0-8])(?:\.5)?)\s*码"),
        ("courier", f"({'|'.join(_COURIERS)})(?:快递|速运|速递|快运)?"),
        (
            "date",
            r"((?:大前天|前天|昨天|昨晚|今天|今早|今晚|明天|后天|大后天)(?:早上|上午|中午|下午|晚上|夜里)?(?:\d{1,2}点)?)",
        ),
        ("date", r"((?:上上|上|这|本|下)(?:个)?(?:周|星期|礼拜)[一二三四五六日天]?(?:上午|下午|晚上)?)"),
        ("date", rf"({_NUMERAL}+(?:个)?(?:天|小时|分钟|周|星期|月|年)(?:之)?(?:前|后|内))"),
        ("date", r"((?:20\d\d[-年./])?(?:1[0-2]|0?[1-9])(?:月|[-/.])(?:3[01]|[12]\d|0?[1-9])[日号]?)(?![\d.])"),
        ("address", f"({_ADDRESS})"),
        ("colour", f"((?:{'|'.join(_COLOURS)})色?|[{_PLAIN_COLOURS}]色|[{_PLAIN_COLOURS}](?=的|款|那|$))"),
    )
)
_BARE_TAIL = re.compile(r"^\D{0,6}(\d{4})\D{0,4}$")


def find(text: str | Plain, *, phone_tail_asked: bool = False) -> list[Found]:
    """What is in *text*, in order of place, no two overlapping.

    With *phone_tail_asked* (the line before asked for it) four bare digits are a phone tail, and of a whole phone
    number its last four digits are given besides.
    """
    form = text if isinstance(text, Plain) else plain(text)
    found = sorted(_without_overlap(_all(form.text)), key=lambda hit: hit[1])
    result = [Found(kind, _value(kind, value), *form.span(start, end)) for kind, start, end, value in found]
    if phone_tail_asked:
        result += _tails(form, result)
    return result


def _all(text: str) -> Iterator[tuple[str, int, int, str]]:
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span(1)
            yield kind, start, end, match.group(1)


def _without_overlap(hits: Iterator[tuple[str, int, int, str]]) -> list[tuple[str, int, int, str]]:
    kept: list[tuple[str, int, int, str]] = []
    for hit in hits:
        if all(hit[2] <= other[1] or hit[1] >= other[2] for other in kept):
            kept.append(hit)
    return kept


def _value(kind: str, value: str) -> str:
    if kind == "phone":
        return re.sub(r"[- ]", "", value)
    if kind in ("waybill", "size"):
        return value.upper().removesuffix("码").removesuffix("号")
    if kind == "courier":
        return _COURIERS[value]
    return value.strip()


def _tails(form: Plain, found: list[Found]) -> list[Found]:
    phones = [Found("phone_tail", hit.value[-4:], hit.start, hit.end) for hit in found if hit.kind == "phone"]
    bare = _BARE_TAIL.match(form.text)
    if bare and not phones and not any(hit.kind == "phone_tail" for hit in found):
        return [Found("phone_tail", bare.group(1), *form.span(*bare.span(1)))]
    return phones


#: What a found thing is called to the classifier: the shape matters, the digits do not.
_MARKS = {
    "order_no": "〔单号〕", "product_id": "〔商品号〕", "waybill": "〔运单〕", "phone": "〔电话〕", "phone_tail": "〔尾号〕",
    "address": "〔地址〕", "amount": "〔金额〕",
}  # fmt: skip


def marked(text: str, found: list[Found]) -> str:
    """*text* with numbers, addresses and amounts replaced by the name of their kind; other digits become 0."""
    pieces, last = [], 0
    for hit in sorted(found, key=lambda hit: (hit.start, -hit.end)):
        if hit.kind in _MARKS and hit.start >= last:
            pieces += [text[last : hit.start], _MARKS[hit.kind]]
            last = hit.end
    return re.sub(r"\d+", lambda digits: "0" * min(len(digits.group()), 5), "".join(pieces) + text[last:])
