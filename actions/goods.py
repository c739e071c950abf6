"""Products in talk: which one is meant, and how one is shown. No action stands here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, entities, entity, yuan
from bot.errors import ProductNotFound
from bot.shop.facts import Product, Promotion, Sku
from bot.talk.turn import Turn
from bot.text.normalise import plain

#: What belongs to asking, not to what is asked for.
_ASKING = re.compile(
    r"推荐|有没有|有什么|哪一?款|哪个|适合|好用|好看|便宜|性价比|想买|想要|给我|帮我|预算|\d+(?:元|块)?(?:以内|以下|左右|上下|之内|内)?|一下|一款|一个"
)


def meant_product(tracker: Tracker, turn: Turn) -> Product | None:
    """The product the line speaks of: named in it, else on the page, else the last one talked about."""
    return _first_on_sale(turn, entity(tracker, "product")) or product_at_hand(tracker, turn)


def product_at_hand(tracker: Tracker, turn: Turn) -> Product | None:
    """The product on the page, else the last one talked about: what 这个 means."""
    return _first_on_sale(turn, turn.page.get("product_id"), tracker.get_slot("product_id"))


def _first_on_sale(turn: Turn, *product_ids: Any) -> Product | None:
    for product_id in product_ids:
        if product_id:
            try:
                return turn.shop.product(str(product_id))
            except ProductNotFound:
                continue
    return None


def named_products(tracker: Tracker, turn: Turn) -> list[Product]:
    """All products named in the line, each once, in order; a name that fits several products gives all of them."""
    ids: dict[str, None] = {}
    for found in entities(tracker, "product"):
        ids.update(dict.fromkeys([str(found["value"]), *found.get("also", [])]))
    return [turn.shop.product(product_id) for product_id in ids]


def ask_which(say: CollectingDispatcher, pending: str) -> Events:
    """Ask for the product; the need waits."""
    say.utter_message(response="utter_which_product")
    return [SlotSet("pending", pending), SlotSet("asked", "product")]


def remember(product: Product) -> Events:
    """This is the product being talked about; nothing is waiting."""
    return [SlotSet("product_id", product.id), SlotSet("pending", None), SlotSet("asked", None)]


def card(product: Product) -> dict[str, Any]:
    """The product as a card: the same facts as the words beside it."""
    facts = [[name, " ".join(dict.fromkeys(sku.options[name] for sku in product.skus))] for name in options(product)]
    return {
        "kind": "product", "id": product.id, "title": product.name, "price_fen": product.price_fen,
        "list_price_fen": product.list_price_fen if product.list_price_fen > product.price_fen else None,
        "image": f"/demo/img/{product.id}.svg", "url": f"/p/{product.id}", "facts": facts[:3], "say": None,
    }  # fmt: skip


def options(product: Product) -> list[str]:
    """What the product's variants differ in, in page order: 颜色, 尺码."""
    names: dict[str, None] = {}
    for sku in product.skus:
        names.update(dict.fromkeys(sku.options))
    return list(names)


def skus_meant(tracker: Tracker, product: Product) -> list[Sku]:
    """The variants that fit the colour and size of the line; all of them if it names none."""
    wanted = [entity(tracker, "colour"), entity(tracker, "size")]
    words = [word.removesuffix("色") for word in wanted if word]
    return [sku for sku in product.skus if all(_fits(sku, word) for word in words)]


def _fits(sku: Sku, word: str) -> bool:
    return any(word.upper() == value.upper() or (len(word) and word in value) for value in sku.options.values())


def stock_in_words(sku: Sku) -> str:
    """How a variant's stock is said: exact only when it is short."""
    if sku.stock == 0:
        return "没货"
    return f"仅剩{sku.stock}件" if sku.stock < 10 else "有货"


def promotions_for(product: Product, promotions: Iterable[Promotion]) -> list[Promotion]:
    """The promotions whose scope holds the product."""
    return [
        offer
        for offer in promotions
        if product.id in offer.product_ids
        or (not offer.product_ids and (not offer.categories or product.category in offer.categories))
    ]


def promotions_in_words(offers: Sequence[Promotion]) -> str:
    """Titles with their notes, at most four."""
    return "；".join(offer.title + (f"（{offer.note}）" if offer.note else "") for offer in offers[:4])


def attributes_in_words(attributes: Mapping[str, str], limit: int = 4) -> str:
    """The first *limit* fields as the page has them."""
    return "，".join(f"{name}：{value}" for name, value in list(attributes.items())[:limit])


def of_kind(products: Iterable[Product], text: str) -> list[Product]:
    """The products whose names share most with *text*, two characters in a row at least; none if none shares any."""
    wanted = _ASKING.sub(" ", plain(text).text)
    scores = [(shared(wanted, _names(product)), product) for product in products]
    most = max((score for score, _ in scores), default=0)
    return [product for score, product in scores if most and score == most]


def shared(wanted: str, names: str) -> int:
    """How many characters of *wanted* stand in *names* in stretches of two or more."""
    count, start = 0, 0
    while start < len(wanted) - 1:
        end = start
        while end < len(wanted) and not wanted[end].isspace() and wanted[start : end + 1] in names:
            end += 1
        count += end - start if end - start >= 2 else 0
        start = max(end, start + 1)
    return count


def _names(product: Product) -> str:
    return plain(" ".join((product.category, product.short_name, product.name, *product.aliases))).text


def best_of(products: Iterable[Product], limit_fen: int | None, count: int = 3) -> list[Product]:
    """The best sellers that can be ordered within *limit_fen*, at most *count*."""
    affordable = [p for p in products if p.stock and (limit_fen is None or p.price_fen <= limit_fen)]
    return sorted(affordable, key=lambda product: -product.sold)[:count]


def differences(one: Product, two: Product) -> str:
    """Price, and the fields both pages have in which they differ: this one's value / that one's; at most eight."""
    rows = [f"价格 {yuan(one.price_fen)}元 / {yuan(two.price_fen)}元"]
    for name, value in one.attributes.items():
        if name in two.attributes and two.attributes[name] != value:
            rows.append(f"{name} {value} / {two.attributes[name]}")
    return "；".join(rows[:8])
