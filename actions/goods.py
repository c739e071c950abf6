"""Products in talk: which one is meant, and how one is shown. No action stands here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, entities, entity
from bot.errors import ProductNotFound
from bot.shop.facts import Product, Promotion, Sku
from bot.talk.turn import Turn


def meant_product(tracker: Tracker, turn: Turn) -> Product | None:
    """The product the line speaks of: named in it, else on the page, else the last one talked about."""
    for product_id in (entity(tracker, "product"), turn.page.get("product_id"), tracker.get_slot("product_id")):
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
