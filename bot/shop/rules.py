"""A shop's after-sale rules: one YAML file a shop, checked when it is read, faults named in the owner's words.

The keys are Chinese because the owner of the shop reads and writes them; `data/shop/aftersale.yml` is the demo shop's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.errors import BadRules
from bot.shop.facts import Product

Words = tuple[Annotated[str, Field(min_length=1)], ...]
Days = Annotated[int, Field(ge=0, le=3650, strict=True)]
Hours = Annotated[int, Field(ge=1, le=720, strict=True)]


class _Part(BaseModel):
    """Any part of the rules: frozen, and a key that is not known is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Exclusion(_Part):
    """Goods that are left out, and why. Every condition that is given must hold."""

    why: str = Field(alias="说明", min_length=2)
    categories: Words = Field((), alias="类目")
    name_has: Words = Field((), alias="商品名含")
    spec_has: Words = Field((), alias="规格含")

    def fits(self, product: Product, spec: str) -> bool:
        """Whether *product* in the variant *spec* is left out."""
        conditions = [
            not self.categories or product.category in self.categories,
            not self.name_has or any(word in f"{product.name} {product.short_name}" for word in self.name_has),
            not self.spec_has or any(word in spec for word in self.spec_has),
        ]
        return bool(self.categories or self.name_has or self.spec_has) and all(conditions)


class NoReason(_Part):
    """七天无理由."""

    days: Days = Field(alias="天数")
    payer: Literal["买家", "商家"] = Field(alias="运费")
    never: tuple[Exclusion, ...] = Field((), alias="不支持")
    opened_never: tuple[Exclusion, ...] = Field((), alias="拆封后不支持")


class Quality(_Part):
    """How long a fault is the shop's."""

    return_days: Days = Field(alias="退货天数")
    exchange_days: Days = Field(alias="换货天数")
    repair_months: int = Field(alias="保修月数", ge=0, le=240, strict=True)


class WithinDays(_Part):
    """A limit in days."""

    days: Days = Field(alias="天数")


class Damaged(_Part):
    """Broken when it came."""

    hours: Hours = Field(alias="报告小时")


class Evidence(_Part):
    """What the shopper is asked to show."""

    quality: Words = Field(alias="质量问题")
    not_as_described: Words = Field(alias="与描述不符")
    damaged: Words = Field(alias="破损")
    wrong: Words = Field(alias="错发")
    missing: Words = Field(alias="漏发")


class Limits(_Part):
    """What the bot may promise without a human."""

    yuan_each: int = Field(alias="每次元", ge=0, le=100000, strict=True)
    times_in_90_days: int = Field(alias="九十天内次数", ge=0, le=100, strict=True)


def _least_first(days: tuple[int, int]) -> tuple[int, int]:
    if days[0] > days[1]:
        raise ValueError("前面的天数要比后面的小")
    return days


Range = Annotated[tuple[Days, Days], AfterValidator(_least_first)]


def _with_default(table: Mapping[str, Any]) -> Mapping[str, Any]:
    if "默认" not in table:
        raise ValueError("缺少“默认”这一行")
    return table


class Refunding(_Part):
    """How long money takes."""

    review_h: Hours = Field(alias="审核小时")
    send_back_days: Days = Field(alias="寄回天数")
    inspect_h: Hours = Field(alias="验货小时")
    pay_h: Hours = Field(alias="打款小时")
    arrives_days: Annotated[Mapping[str, Range], AfterValidator(_with_default)] = Field(alias="到账天数")

    def arrives(self, pay_way: str | None) -> tuple[int, int]:
        """Fewest and most days from paying out to the shopper's account."""
        known = (days for name, days in self.arrives_days.items() if pay_way and pay_way.startswith(name))
        return next(known, self.arrives_days["默认"])


class Rules(_Part):
    """All after-sale rules of one shop."""

    shop: str = Field(alias="店铺", min_length=1)
    no_reason: NoReason = Field(alias="七天无理由")
    quality: Annotated[Mapping[str, Quality], AfterValidator(_with_default)] = Field(alias="质量问题")
    not_as_described: WithinDays = Field(alias="与描述不符")
    damaged: Damaged = Field(alias="破损")
    wrong_or_missing: WithinDays = Field(alias="错发漏发")
    evidence: Evidence = Field(alias="凭证")
    limits: Limits = Field(alias="免审额度")
    refunding: Refunding = Field(alias="退款")

    def quality_of(self, category: str | None) -> Quality:
        """The quality window of a category."""
        return self.quality.get(category or "默认", self.quality["默认"])


def load_rules(path: Path) -> Rules:
    """The rules in the file at *path*; raises `BadRules` naming every fault."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise BadRules(str(path), ["文件打不开"]) from cause
    except yaml.YAMLError as cause:
        mark = getattr(cause, "problem_mark", None)
        where = f"第{mark.line + 1}行附近" if mark else "文件里"
        raise BadRules(str(path), [f"{where}格式不对，看看冒号后面有没有空格、缩进齐不齐"]) from cause
    try:
        return Rules.model_validate(told)
    except ValidationError as cause:
        raise BadRules(str(path), [_in_chinese(fault) for fault in cause.errors()]) from cause


def unknown_categories(rules: Rules, products: Iterable[Product]) -> set[str]:
    """Categories the rules speak of and no product has: likely a slip of the pen."""
    spoken = {name for part in (*rules.no_reason.never, *rules.no_reason.opened_never) for name in part.categories}
    return (spoken | set(rules.quality) - {"默认"}) - {product.category for product in products}


_FAULTS: Mapping[str, str] = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项，看看是不是写错了名字",
    "int_type": "要写整数",
    "int_from_float": "要写整数",
    "string_type": "要写文字",
    "string_too_short": "文字太短",
    "tuple_type": "要写成列表，例如 [甲, 乙]",
    "mapping_type": "要写成“名字: 值”的样子",
    "dict_type": "要写成“名字: 值”的样子",
    "model_type": "要写成“名字: 值”的样子",
    "literal_error": "只能写{expected}",
    "greater_than_equal": "不能小于{ge}",
    "less_than_equal": "不能大于{le}",
    "too_short": "少了一个值",
    "too_long": "多了一个值",
}


def _in_chinese(fault: Any) -> str:
    """One fault: where it is and what it should be."""
    where = ".".join(f"第{part + 1}个" if isinstance(part, int) else str(part) for part in fault["loc"]) or "整个文件"
    facts = {key: value for key, value in fault.get("ctx", {}).items() if key != "error"}
    if "expected" in facts:
        facts["expected"] = facts["expected"].replace(" or ", "或").replace("'", "")
    if fault["type"] == "value_error":
        return f"{where}：{fault['ctx']['error']}"
    return f"{where}：{_FAULTS.get(fault['type'], '这里写得不对').format(**facts)}"
