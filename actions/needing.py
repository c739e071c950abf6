"""What a shopper looks for, read off a line and added to what was said before (row B6). No action stands here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.base import Events, entities
from bot.shop.choosing import Wants, is_option, kind_in, of_kind
from bot.shop.facts import Product
from bot.shop.needs import needs_in, without_needs
from bot.text.normalise import plain
from bot.text.numerals import NUMBER, number

_YUAN = r"\s?(?:元|块钱?|rmb)?"
_RANGE = re.compile(rf"({NUMBER}){_YUAN}\s?(?:到|至|-|~)\s?({NUMBER}){_YUAN}(?![升小人匹寸段公毫平])")
_UP_TO = re.compile(
    rf"({NUMBER}){_YUAN}\s?(?:以内|以下|之内|内|封顶|打住|不到|上限)|(?:不超过|别超过|不要超过|最多|顶多|控制在|低于)\s?({NUMBER}){_YUAN}"
    r"(?![\d升小人匹寸段公毫平])"
)
_FROM = re.compile(rf"({NUMBER}){_YUAN}\s?(?:以上|往上|起步)|(?:不低于|至少)\s?({NUMBER})(?:元|块)")
_ABOUT = re.compile(
    rf"({NUMBER}){_YUAN}\s?(?:左右|上下|出头)|预算[是在大概就有只:： ]{{0,4}}({NUMBER})|({NUMBER})(?:元|块)钱?的"
)
_ABOUT_PERCENT = 20  #: 左右 is a fifth more or less; a bare 预算 is an upper end
_BUDGET = re.compile(r"预算")
_CHEAPER = re.compile(r"便宜[一]?[点些]?的|(?:再|更|有没有|有)便宜|(?:太|有点|好)贵|价格?低[一点些]{0,2}的")
_DEARER = re.compile(r"贵[一]?[点些]的|档次?高[一点些]{0,2}的|再好[一点些]{0,2}的|高端")
_NO_LIMIT = re.compile(r"(?:预算|价格|价钱|钱)(?:不限|无所谓|不是问题|都行|随意)|不限(?:预算|价格)|不差钱|不[看管]价")
_DROPPED = re.compile(
    r"(?:不要求|不限|不需要|不必|不用|可以不)\s?(?:要|是)?([^,。!?;]+)|([^,。!?;]+?)(?:无所谓|不重要|不要紧|没关系|不强求)"
)
_OTHERS = re.compile(
    r"换[一几]?[批款个组]|别的|其[他它]|还有[吗没么]|再(?:推荐|来|看)|都不(?:喜欢|行|要|好看)|这些不|都一般|不喜欢$|没看[上中]"
)
_DISLIKE = re.compile(r"不(?:喜欢|想要|要|考虑|太?行|好看|中意)|讨厌|pass|排除|除了")
_ASKING = re.compile(
    r"推荐|有没有|有什么|哪一?款|哪个|适合|好用|好看|便宜|性价比|想买|想要|给我|帮我|预算|一下|一款|一个|比较|东西|商品|礼物|送人?|买|看看"
)


def wants_before(tracker: Tracker) -> Wants:
    """What was said in earlier lines."""
    slot: Mapping[str, Any] = tracker.get_slot("wants") or {}
    told: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in slot.items()}
    return Wants(**told)


def kept(wants: Wants) -> Events:
    """The slot that keeps *wants* for the talk."""
    return [SlotSet("wants", {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(wants).items()})]


def wants_of(tracker: Tracker, text: str, products: Sequence[Product], shown: Sequence[Product]) -> Wants:
    """What is wanted after this line: its words added to what was said before; other goods begin anew.

    *shown* are the products shown last: 便宜点的, 换一批 and 不喜欢这个 speak of them.
    """
    line = plain(text).text
    before = _dropped(wants_before(tracker), line)
    if before != wants_before(tracker):
        line = _DROPPED.sub(" ", line)
    kind = _kind(tracker, line, products)
    if kind and kind != before.kind:
        narrower = before.kind and set(_ids(products, kind)) < set(_ids(products, before.kind))
        before = replace(before, kind=kind) if narrower else Wants(kind=kind, never=before.never)
    least_fen, most_fen = budget_in(line, shown) or (before.least_fen, before.most_fen)
    unwanted = tuple(_unwanted_options(tracker, line))
    wanted = tuple(word for word in _options(tracker, line) if word not in unwanted)
    return replace(
        before, least_fen=least_fen, most_fen=most_fen, needs=_added(before.needs, needs_in(line)),
        options=tuple(word for word in (wanted or before.options) if word not in unwanted),
        not_options=_added((one for one in before.not_options if one not in wanted), unwanted),
        not_kinds=_added(before.not_kinds, _unwanted_kinds(line, products)),
        never=_added(before.never, disliked(tracker, line, shown)),
    )  # fmt: skip


def adds_to_wants(tracker: Tracker, text: str, products: Sequence[Product], shown: Sequence[Product]) -> bool:
    """Whether a line changes what is wanted."""
    return wants_of(tracker, text, products, shown) != wants_before(tracker)


def budget_in(line: str, shown: Sequence[Product] = ()) -> tuple[int | None, int | None] | None:
    """The least and the most to be paid, fen; None if the plain *line* says nothing of it."""
    if _NO_LIMIT.search(line):
        return None, None
    if found := _RANGE.search(line):
        low, high = (_fen(part) for part in found.groups())
        if low is not None and high is not None and low < high:
            return low, high
    if (most := _first(_UP_TO, line)) is not None:
        return None, most
    if (least := _first(_FROM, line)) is not None:
        return least, None
    if (about := _first(_ABOUT, line)) is not None:
        if _BUDGET.search(line) and "左右" not in line:
            return None, about
        return about * (100 - _ABOUT_PERCENT) // 100, about * (100 + _ABOUT_PERCENT) // 100
    if shown and _CHEAPER.search(line):
        return None, (min(product.price_fen for product in shown) - 1) // 100 * 100
    if shown and _DEARER.search(line):
        return max(product.price_fen for product in shown) + 1, None
    return None


def disliked(tracker: Tracker, line: str, shown: Sequence[Product]) -> list[str]:
    """Ids of products that are never to be shown again: those named, else all that were shown last."""
    named = [str(found["value"]) for found in entities(tracker, "product") if not found.get("also")]
    if _OTHERS.search(line):
        return [product.id for product in shown]
    if not _DISLIKE.search(line):
        return []
    if named or not re.search(r"[这那它]", line):
        return named
    talked_about = tracker.get_slot("product_id")
    ids = [product.id for product in shown]
    return [talked_about] if talked_about in ids and not re.search(r"[这那]些|都", line) else ids


def _kind(tracker: Tracker, line: str, products: Sequence[Product]) -> str:
    """Words that name the goods looked for: goods named as such, else what the catalogue's names share with the line."""
    if _DISLIKE.search(line):
        return ""
    words = [str(found["value"]).lower() for found in entities(tracker, "goods")]
    for found in entities(tracker, "product"):
        said = line[found["start"] : found["end"]] if "start" in found else ""
        if len(of_kind(products, said)) > 1 and said.strip() and not re.search(r"[这那]", said):
            words.append(said)
    for pattern in (_RANGE, _UP_TO, _FROM, _ABOUT, _ASKING):
        line = pattern.sub(" ", line)
    return words[0] if words else kind_in(without_needs(line), products)


def _ids(products: Sequence[Product], kind: str) -> list[str]:
    return [product.id for product in of_kind(products, kind)]


def _options(tracker: Tracker, line: str) -> Iterator[str]:
    for kind in ("colour", "size"):
        values = (str(found["value"]) for found in entities(tracker, kind))
        yield from (value for value in values if value.lower() in line)


def _unwanted_kinds(line: str, products: Sequence[Product]) -> Iterator[str]:
    for word in re.findall(r"(?:不(?:要|想要|考虑|买)|除了)\s?([^,。!?;\s]+)", line):
        named = kind_in(word, products)
        yield from [named] if named and " " not in named else []


def _unwanted_options(tracker: Tracker, line: str) -> Iterator[str]:
    for word in _options(tracker, line):
        if re.search(rf"(?:不(?:要|喜欢|想要)|除了|讨厌)\s?{re.escape(word)}", line, re.IGNORECASE):
            yield word


def _dropped(wants: Wants, line: str) -> Wants:
    """*wants* without the constraints that the line gives up."""
    for constraint in wants.constraints:
        if _is_dropped(constraint, line):
            wants = wants.without(constraint)
    return wants


def _is_dropped(constraint: str, line: str) -> bool:
    """Whether *line* says that the constraint need not hold."""
    what = "".join(part or "" for found in _DROPPED.findall(line) for part in found)
    return bool(what) and (constraint.lower() in what or any(is_option(word, constraint) for word in what.split()))


def _added(before: Any, new: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*before, *new]))


def _first(pattern: re.Pattern[str], line: str) -> int | None:
    found = pattern.search(line)
    return _fen(next(part for part in found.groups() if part)) if found else None


def _fen(words: str) -> int | None:
    value = number(words)
    return None if value is None else round(value * 100)
