"""Choosing goods for a shopper: all that was said is kept, every option satisfies all of it (pure; rows B5, B6, S20-S22).

A product satisfies only by what its page says (`needs.py`); colour, size, stock and price must hold of one and the same
variant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.shop.facts import Product, Sku
from bot.shop.needs import is_met, proof

MOST_OPTIONS = 3
BESTSELLERS = 5
_NAMES = ("品牌", "型号")
_LACKS = re.compile(r"否|不支持")
_HAS = re.compile(r"支持|是|可|有")
#: What shoppers call the goods of a category beside its name.
CALLED = {
    "服装": "衣服 外套 裤子 裙子 上衣 穿的", "鞋靴": "鞋子 靴子", "手机数码": "数码 电子产品", "小家电": "厨房电器 家用电器 家电",
    "大家电": "家用电器 家电 电器", "美妆个护": "护肤品 化妆品 护肤 彩妆 洗护", "食品": "零食 吃的 好吃的 喝的 年货", "母婴": "宝宝用品 婴儿用品 婴儿 宝宝",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wants:
    """All that a shopper said of what they look for."""

    kind: str = ""  #: words that the names of the goods hold, parted by blanks: "空气炸锅"
    least_fen: int | None = None
    most_fen: int | None = None
    needs: tuple[str, ...] = ()  #: labels of `needs.py`
    options: tuple[str, ...] = ()  #: values of a variant: "黑色", "M"
    not_options: tuple[str, ...] = ()
    not_kinds: tuple[str, ...] = ()  #: words for goods that are not wanted: "吃的"
    never: tuple[str, ...] = ()  #: ids of products that are not to be shown again

    @property
    def constraints(self) -> tuple[str, ...]:
        """What can be dropped, in words, as the shopper sees it."""
        return (
            *([price_words(self.least_fen, self.most_fen)] if self.least_fen or self.most_fen is not None else []),
            *self.needs, *self.options, *(f"不要{word}" for word in (*self.not_options, *self.not_kinds)),
        )  # fmt: skip

    def without(self, constraint: str) -> Wants:
        """These wants with one of `constraints` dropped."""
        if constraint == price_words(self.least_fen, self.most_fen):
            return replace(self, least_fen=None, most_fen=None)
        return replace(
            self,
            needs=tuple(one for one in self.needs if one != constraint),
            options=tuple(one for one in self.options if one != constraint),
            not_options=tuple(one for one in self.not_options if f"不要{one}" != constraint),
            not_kinds=tuple(one for one in self.not_kinds if f"不要{one}" != constraint),
        )


@dataclass(frozen=True, slots=True)
class Option:
    """A product that satisfies all, by one of its variants."""

    product: Product
    sku: Sku  #: the cheapest variant that does

    @property
    def proofs(self) -> tuple[tuple[str, str], ...]:
        """Its page in short: the first fields that tell more than the name does."""
        rows = (row for row in self.product.attributes.items() if row[0] not in _NAMES)
        return tuple(rows)[:2]


@dataclass(frozen=True, slots=True)
class Row:
    """One field of several products, side by side; "" where a page does not have it."""

    name: str
    values: tuple[str, ...]


def of_kind(products: Iterable[Product], kind: str) -> list[Product]:
    """The products whose names hold every word of *kind*; all of them if *kind* is empty."""
    words = kind.lower().split()
    return [product for product in products if all(word in names_of(product) for word in words)]


def kind_in(text: str, products: Iterable[Product]) -> str:
    """The words of *text* (plain) that name a kind of these goods; empty if it names none.

    Words of the product that shares most characters with *text*, two in a row at least.
    """
    ranked = sorted(products, key=lambda product: -product.sold)
    for names in (_called, names_of):  # titles are full of words that name no goods: 家用, 大容量
        best = max((stretches(text, names(product)) for product in ranked), key=_length, default=[])
        if best:
            return " ".join(best)
    return ""


def stretches(wanted: str, names: str) -> list[str]:
    """The parts of *wanted* that stand in *names*, of two characters at least, as long as they go."""
    found, start = [], 0
    while start < len(wanted) - 1:
        end = start
        while end < len(wanted) and not wanted[end].isspace() and wanted[start : end + 1] in names:
            end += 1
        if end - start >= 2:
            found.append(wanted[start:end])
        start = max(end, start + 1)
    return found


def shared(wanted: str, names: str) -> int:
    """How many characters of *wanted* stand in *names* in stretches of two or more."""
    return _length(stretches(wanted, names))


def names_of(product: Product) -> str:
    """Every name of the product and of its category, in lower case."""
    return f"{_called(product)} {product.name.lower()}"


def _called(product: Product) -> str:
    """What the product is called but for its title, in lower case."""
    return " ".join((product.category, CALLED.get(product.category, ""), product.short_name, *product.aliases)).lower()


def _length(words: Sequence[str]) -> int:
    return sum(map(len, words))


def variant(product: Product, wants: Wants) -> Sku | None:
    """The cheapest variant in stock that satisfies price, colour, size …; None if the product does not satisfy all."""
    if product.id in wants.never or not all(is_met(need, product) for need in wants.needs):
        return None
    fitting = [sku for sku in product.skus if _fits(sku, wants)]
    return min(fitting, key=lambda sku: sku.price_fen, default=None)


def choose(products: Iterable[Product], wants: Wants, most: int = MOST_OPTIONS) -> list[Option]:
    """At most *most* products that satisfy all of *wants*, the best sellers first; of several categories, if no kind
    was named."""
    fitting = [
        Option(product, sku)
        for product in of_kind(products, wants.kind)
        if not any(word in _called(product) for word in wants.not_kinds)
        and (sku := variant(product, wants)) is not None
    ]
    ranked = sorted(fitting, key=lambda option: (-option.product.sold, option.product.id))
    return (ranked if wants.kind else _varied(ranked))[:most]


def bestsellers(products: Iterable[Product], never: Sequence[str] = (), most: int = BESTSELLERS) -> list[Option]:
    """What sells best and can be bought, each of another category."""
    return choose(products, Wants(never=tuple(never)), most)


def in_the_way(products: Sequence[Product], wants: Wants) -> list[str]:
    """The constraints of which each, dropped alone, would leave something to show."""
    return [one for one in wants.constraints if choose(products, wants.without(one), 1)]


def reason(option: Option, wants: Wants) -> str:
    """Why it satisfies the needs, by the page's own fields; its first fields if none was named."""
    proofs = [found for need in wants.needs if (found := proof(need, option.product))]
    rows = [row for row in proofs if row[0] not in ("商品名", "品类")] or list(option.proofs)
    return "，".join(f"{name}：{value}" for name, value in dict(rows).items())


def drawback(product: Product, others: Sequence[Product]) -> str:
    """One honest drawback: what staff wrote down, else what the page lacks and another has, else that it costs most."""
    if product.drawback:
        return product.drawback
    for name, value in product.attributes.items():
        has = (other for other in others if _HAS.match(other.attributes.get(name, "")))
        if _LACKS.match(value) and (other := next(has, None)):
            return f"{name}：{value}（{other.short_name}：{other.attributes[name]}）。"
    if others and product.price_fen > max(other.price_fen for other in others):
        return "几款里价格最高。"
    return "详情里没有写缺点。"


def side_by_side(products: Sequence[Product], most: int = 6) -> list[Row]:
    """The fields that all have and in which the pages differ, at most *most*; where they are few, others too."""
    names = dict.fromkeys(name for product in products for name in product.attributes)
    rows = [Row(name, tuple(product.attributes.get(name, "") for product in products)) for name in names]
    differing = [row for row in rows if len(set(row.values)) > 1 and row.name not in _NAMES]
    full = [row for row in differing if "" not in row.values]
    return (full if len(full) >= most // 2 else sorted(differing, key=lambda row: "" in row.values))[:most]


def price_words(least_fen: int | None, most_fen: int | None) -> str:
    """A budget in words: "300元以内", "200到300元"."""
    low, high = (f"{fen / 100:g}" if fen is not None else "" for fen in (least_fen or None, most_fen))
    if low and high:
        return f"{low}到{high}元"
    return f"{high}元以内" if high else f"{low}元以上" if low else ""


def _fits(sku: Sku, wants: Wants) -> bool:
    values = list(sku.options.values())
    return (
        sku.stock > 0
        and (wants.most_fen is None or sku.price_fen <= wants.most_fen)
        and (wants.least_fen is None or sku.price_fen >= wants.least_fen)
        and all(any(is_option(word, value) for value in values) for word in wants.options)
        and not any(is_option(word, value) for word in wants.not_options for value in values)
    )


def is_option(word: str, value: str) -> bool:
    """Whether *word* names the *value* of a variant: 黑 and 黑色 name 曜石黑, M names M alone."""
    colour = word.removesuffix("色")
    return word.upper() == value.upper() or (bool(colour) and not colour.isascii() and colour in value)


def _varied(ranked: Sequence[Option]) -> list[Option]:
    """The first of each category, then the others."""
    first: dict[str, Option] = {}
    for option in ranked:
        first.setdefault(option.product.category, option)
    return [*first.values(), *(option for option in ranked if option not in first.values())]
