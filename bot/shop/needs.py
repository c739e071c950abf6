"""What a shopper may ask goods to be, and whether a product's page says that it is so (pure, row B6).

A page proves a need only by a value of its own that has no "no" in it: where a page is silent or in doubt, the product
does not count as fulfilling the need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.shop.facts import Product

_NO = re.compile(r"[无否不非没未]|另[购售付]|选配|少量")


@dataclass(frozen=True, slots=True)
class Need:
    """Something goods may have to be."""

    label: str  #: as it is said back: "防水"
    said: re.Pattern[str]
    fields: re.Pattern[str]  #: names of the fields that tell
    value: re.Pattern[str] | None = None  #: what the value must hold; None: anything without a "no"


def _need(label: str, said: str, fields: str, value: str | None = None) -> Need:
    return Need(label, re.compile(said), re.compile(fields), re.compile(value) if value else None)


#: Those that ask for the absence of something come first: 不含酒精 is not 酒精.
NEEDS: tuple[Need, ...] = (
    _need("无糖", r"无糖|[不没]加糖|没有?糖|[0零]糖|低糖|糖尿病|血糖", r"^(?:添加糖|蔗糖|糖)$", r"^(?:无|0克|0添加|不添加)$"),
    _need("不含酒精", r"[不没无](?:含|有|要)?酒精", r"^酒精$", r"^(?:不含|无)"),
    _need("无香精", r"[不没无](?:含|有|要)?(?:香精|香味)", r"^(?:香味|香型)$", r"^无香"),
    _need("主动降噪", r"降噪", r"降噪", r"主动降噪"),
    _need("防水", r"防水(?!台)", r"^防水"),
    _need("无线充电", r"无线充", r"^无线(?:充电|输出)"),
    _need("双设备连接", r"两台(?:设备|手机|电脑)|双设备|同时连", r"^双设备连接"),
    _need("敏感肌可用", r"敏感肌|敏感皮", r"^适合肤质", r"敏感"),
    _need("适合油性", r"油皮|油头|油性", r"^适合(?:肤质|发质)", r"油性|各种肤质"),
    _need("适合干性", r"干皮|干性|干枯", r"^适合(?:肤质|发质)", r"干性|干枯|各种肤质"),
    _need("纯棉", r"纯棉|全棉|100%棉", r"^(?:材质|面料)", r"^100%(?:精梳)?棉"),
    _need("真皮", r"真皮|牛皮", r"^鞋面", r"^(?:头层)?牛皮"),
    _need("防滑", r"防滑", r"^(?:防滑|大底|鞋底)", r"湿|是|纹|可用"),
    _need("变频", r"(?<!不要)变频", r"^变频$"),
    _need("一级能效", r"一级能效|省电|新一级", r"^能效等级", r"^新?一级"),
    _need("静音", r"静音|安静|声音小|不吵|噪音小|低噪", r"静音"),
    _need("预约", r"预约|定时煮", r"^预约"),
    _need("可视窗", r"可视", r"^可视窗"),
    _need("免翻面", r"[免不]用?翻面", r"^免翻面", r"^是"),
    _need("自动集尘", r"集尘", r"^自动集尘"),
    _need("自动洗拖布", r"洗拖布", r"^自动洗拖布"),
    _need("可折叠", r"折叠", r"折叠", r"^(?:可|是)"),
    _need("可登机", r"登机|[上带坐]飞机", r"^可否登机", r"^可"),
    _need("NFC", r"(?i)nfc|刷公交|门禁", r"NFC"),
    _need("独立通话", r"独立通话|(?i:esim)", r"^独立通话"),
    _need("有机认证", r"有机", r"^有机认证", r"^有"),
    _need("可机洗", r"机洗|洗衣机洗", r"^洗涤保养$", r"(?<![不可])(?:可|轻柔|以下|常规|装袋|翻面)机洗|^机洗"),
    _need("上门安装", r"上门(?:安|装)|包安装", r"^安装$", r"上门安装"),
    _need("七天无理由", r"(?:七|7)天无理由|能退的", r"^无理由退货$", r"^支持$"),
    _need("男款", r"男[士款装鞋]|男生穿|男的穿", r"^(?:商品名|款式)$", r"男"),
    _need("女款", r"女[士款装鞋]|女生穿|女的穿", r"^(?:商品名|款式)$", r"女"),
    _need("宝宝用", r"宝宝|婴儿|小孩|儿童|孩子", r"^(?:商品名|品类)$", r"宝宝|婴|儿童|母婴"),
)  # fmt: skip
BY_LABEL = {need.label: need for need in NEEDS}

_UNITS = {
    "升": "升|[lL]", "毫升": "毫升|ml", "小时": "小时|个小时", "英寸": "英?寸", "匹": "匹", "平方米": "平方米|平方|平米|平|㎡",
    "人": "个人|口人|人", "毫安时": "毫安时?|mah", "公斤": "公斤|千克|kg", "段": "段",
}  # fmt: skip
_LEAST, _MOST = "以上", "以内"
_AMOUNT = re.compile(
    r"(?<![\d.])(\d{1,6}(?:\.\d)?)\s?(毫升|ml|升|[lL](?![a-z])|个?小时|英?寸|匹|平方米|平方|平米|平|㎡|个人|口人|人|毫安时?|mah"
    r"|公斤|千克|kg|段)\s?(以上|起|往上|以下|以内|之内|左右)?"
)
_FIRST_AMOUNT = r"(\d+(?:\.\d+)?)(?:[到\-](\d+(?:\.\d+)?))?\s?(?:{})(?![a-zA-Z])"


def needs_in(text: str) -> list[str]:
    """Labels of the needs that a plain line names, with those of sizes: "5升以上"; each once."""
    named = [need.label for need in NEEDS if need.said.search(text)]
    return list(dict.fromkeys([*named, *_amounts_in(text)]))


def is_met(label: str, product: Product) -> bool:
    """Whether the page of *product* says that the need *label* is met."""
    return proof(label, product) is not None


def proof(label: str, product: Product) -> tuple[str, str] | None:
    """The field and value of the page that say so; None if none does."""
    need = BY_LABEL.get(label)
    if need is None:
        return next(_of_size(label, product), None)
    for name, value in page_of(product):
        if need.fields.search(name) and _says_yes(need, value):
            return name, value
    return None


def page_of(product: Product) -> Iterator[tuple[str, str]]:
    """All of a page as fields and values: attributes first, then what stands in places of its own."""
    yield from product.attributes.items()
    yield "商品名", product.name
    yield "品类", product.category
    yield "无理由退货", "支持" if product.returnable_7_days else "不支持"
    for name, value in (("安装", product.installation), ("洗涤保养", product.care), ("质保", product.warranty)):
        if value:
            yield name, value


def without_needs(text: str) -> str:
    """*text* without the words for needs: what is left may name the goods."""
    for pattern in (*(need.said for need in NEEDS), _AMOUNT):
        text = pattern.sub(" ", text)
    return text


def _says_yes(need: Need, value: str) -> bool:
    """Whether *value* holds what is needed, and does not deny it: 无主动降噪 is no 主动降噪."""
    if need.value is None:
        return not _NO.search(value)
    return any(not _NO.search(value[: match.start()][-1:]) for match in need.value.finditer(value))


def _amounts_in(text: str) -> Iterator[str]:
    for number, unit, how in _AMOUNT.findall(text):
        name = next(name for name, forms in _UNITS.items() if re.fullmatch(forms, unit))
        end = _LEAST if how in ("以上", "起", "往上") else _MOST if how in ("以下", "以内", "之内") else ""
        yield f"{number}{name}{end}"


def _of_size(label: str, product: Product) -> Iterator[tuple[str, str]]:
    """Fields of *product* with a number in the unit of *label* that holds; by title if no field has the unit."""
    match = re.fullmatch(r"(\d+(?:\.\d)?)(\D+?)(以上|以内)?", label)
    if match is None:
        return
    wanted, unit, how = float(match[1]), match[2], match[3]
    pattern = re.compile(_FIRST_AMOUNT.format(_UNITS.get(unit, re.escape(unit))))
    for name, value in _measured(product.attributes.items(), pattern) or [("商品名", product.name)]:
        if (found := pattern.search(value)) and _holds(wanted, how, float(found[1]), float(found[2] or found[1])):
            yield name, value


def _measured(rows: Iterable[tuple[str, str]], pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in rows if pattern.search(value)]


def _holds(wanted: float, how: str | None, low: float, high: float) -> bool:
    if how == _LEAST:
        return low >= wanted
    return high <= wanted if how == _MOST else low <= wanted <= high
