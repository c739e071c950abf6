"""Measures of a body, sizes and colours in a plain line, and measures in the units of size tables."""

from __future__ import annotations

import re

from bot.text.numerals import in_digits, spoken, whole

_DIGIT = "一二两三四五六七八九"
_TALL = r"1[3-9]\d|2[01]\d"
_METRES = rf"(?:1米\d{{1,2}}|[1一]米[{_DIGIT}]{{1,2}}|1\.[4-9]\d?米|1m[4-9]\d?)"
_JIN = r"(?:kg|公斤|千克|斤)"
_SAID = r"(?:大概|差不多|也就|大约|在|快|嘛|呢|就|是|[:： ]){0,3}"
_WEIGHT = rf"(?:\d{{2,3}}(?:\.\d)?|[{_DIGIT}]百[{_DIGIT}]?(?:十[{_DIGIT}]?)?|[{_DIGIT}]?十[{_DIGIT}]?)"
#: What follows two bare numbers that are a height and a weight.
_THEN = r"(?=$|[\s,。?]|穿|选|来|拿|要|买|合适)"
_NOT_FURNITURE = r"(?!\s*(?:的?[床宽长被窗桌线管布]|[x*×]))"

#: (kind, pattern, signs of which the line must have one); the first group is the measure.
MEASURES: tuple[tuple[str, str, str], ...] = (
    ("foot_length", r"脚长?" + _SAID + r"(\d{2,3}(?:\.\d)?\s?(?:cm|厘米|公分|mm|毫米)?)(?![\d码])", "脚"),
    ("height", rf"(?:身高|个子|高){_SAID}({_METRES}|{_TALL}|一[四五六七八九][零{_DIGIT}])(?![\d十])", "高"),
    ("height", rf"(?<![\d.宽长深径缸桌席窗柜床梯角位布帘换成是])({_METRES})(?![\d{_DIGIT}]){_NOT_FURNITURE}", "米m"),
    ("height", rf"(?<![\d.])({_TALL})\s?(?:cm|厘米|公分){_NOT_FURNITURE}", "c厘公"),
    ("height", r"(?<![\d.])(1[0-9]\d|[89]\d|20\d)\s?(?=高(?!度|清|压|档|级))", "高"),
    ("height", rf"(?<![\d.])(1[4-9]\d)(?=(?:\s?cm|公分)?\s?[,/、和高 ]?\s?{_WEIGHT}\s?{_JIN})", "斤k"),
    ("height", r"(?:(?<=^我)|(?<=[,。 ]我)|(?<=[他她])|(?<=老公)|(?<=男朋友))\s?(1[4-9]\d|20\d)(?![\d元块斤.])", "我他她公友"),
    ("height", rf"(?<![\d.])(1[4-9]\d)(?=[ ,/]{{1,2}}(?:[89]\d|1\d\d){_THEN})", " ,/"),
    ("weight", rf"(?<![\d.])(?:1[4-9]\d)[ ,/]{{1,2}}((?:[89]\d|1\d\d)){_THEN}", " ,/"),
    ("weight", rf"体?重{_SAID}({_WEIGHT}\s?{_JIN}?)(?![\d十])", "重"),
    ("weight", rf"(?:[胖瘦壮肚塞]|米[{_DIGIT}\d]{{1,2}})[^块钱元付退]{{0,12}}?(?<![{_DIGIT}\d])([一二两]百[{_DIGIT}](?:十[{_DIGIT}]?)?{_JIN}?|1\d\d{_JIN}?)(?![\d块元十百千米码])", "胖瘦壮肚塞米"),
    ("weight", rf"(?<![\d.{_DIGIT}十百])({_WEIGHT}\s?{_JIN})(?![装的重半量\d])", "斤k千"),
)  # fmt: skip

_EUROPEAN = r"(?:3[3-9]|4[0-8])(?:\.5)?"
_CHILD = r"(?:[5-9][05]|7[36]|1[0-8][05])"
_LETTER = r"(?:[2-6]?x{1,4}[sl]|[2-6]xl|[sml])"
#: (pattern, signs of which the line must have one).
SIZES: tuple[tuple[str, str], ...] = (
    (rf"(?<![a-z0-9\-'&])({_LETTER}[码号])", "码号"),
    (rf"(?<![a-z0-9\-'&])({_LETTER})(?![a-z0-9\-'&型形])", "sml"),
    (r"(?<![a-z0-9])((?:uk|us|eu|eur)\s?\d{1,2}(?:\.5)?)(?!\d)", "u"),
    (rf"(?<![\d.])((?:{_EUROPEAN}|{_CHILD}|2[2-9]|3[0-2])\s?码半?)", "码"),
    (rf"(?<![\d.])({_EUROPEAN})(?=的(?!退款|差价|发票|货款|运费|券|快递))", "的"),
    (rf"(?<![\d.])({_CHILD})(?=的(?:还有码|码|有没有码|裤|裙|衣|校服|外套|t恤|卫衣|毛衣))", "的"),
    (
        rf"(?:换|改|买|拍|穿|拿|选|发|要|从)成?({_CHILD}|{_EUROPEAN})(?=(?:还是|或|和|跟|与|到|至)(?:{_CHILD}|{_EUROPEAN}))",
        "换改买拍穿拿选发要从",
    ),
    (rf"(?<=\d)(?:还是|或|和|跟|与|到|至)({_CHILD}|{_EUROPEAN})(?![\d.元块斤个件月天])", "还或和跟与到至"),
    (rf"换成?({_CHILD}|{_EUROPEAN})(?![\d.元块斤个件月天寸a-z\-])", "换"),
    (r"(?<![\d.])(\d{2}寸)(?=的)", "寸"),
)

_NAMED = (
    "米白 奶白 本白 象牙白 雾霾蓝 雾蓝 藏青 藏蓝 天蓝 宝蓝 湖蓝 酒红 玫红 大红 枣红 砖红 粉红 墨绿 军绿 草绿 薄荷绿 牛油果绿 卡其 咖啡 香槟 燕麦 "
    "奶茶 奶咖 豆沙 姜黄 鹅黄 香芋紫 玫瑰金 曜石黑 星空灰 深空灰 银灰 灰白"
)
_PLAIN = "蓝红粉绿咖棕驼黄橙紫灰黑白银金杏裸青褐"
#: (pattern, signs of which the line must have one).
COLOURS: tuple[tuple[str, str], ...] = (
    (rf"((?:{'|'.join(sorted(_NAMED.split(), key=len, reverse=True))})色)", "色"),
    (rf"((?:{'|'.join(name for name in _NAMED.split() if name[-1] in _PLAIN)})(?!牛奶|肤|巧克力))", _PLAIN),
    (rf"(?<![口腮网])((?:[深浅亮暗淡][{_PLAIN}]|[{_PLAIN}]{{1,2}})颜?色)", "色"),
    (
        rf"(?:(?<=[的那个是款件双条要换给拍我发来买成和跟与或色有 ,、。])|^)([深浅亮暗]?[{_PLAIN}])(?=[款那]|的(?!卡|牌|话)|$)",
        _PLAIN,
    ),
)


def measured(kind: str, text: str) -> str:
    """A measure as size tables have it: 一米七 is 170 (cm), 一百六十斤 is 160斤, M码 is M."""
    if kind == "size":
        return text.upper().replace(" ", "").removesuffix("码").removesuffix("号")
    if kind == "height":
        return _centimetres(text)
    number, unit = re.fullmatch(r"(.*?)\s?([a-z]+|公斤|千克|斤|厘米|公分|毫米)?", text, re.DOTALL).groups()  # type: ignore[union-attr]
    return in_digits(number) + (unit or "")


def _centimetres(text: str) -> str:
    """1米63, 1.63米, 一米七 and 170 as centimetres; after 米 one digit is tens."""
    if "米" not in text and "m" not in text:
        return spoken(text)
    metres, rest = re.fullmatch(r"(.)(?:米|m|\.)(.*?)米?", text).groups()  # type: ignore[union-attr]
    places = "".join(str(whole(sign)) for sign in rest)
    return f"{whole(metres)}{places:0<2}"
