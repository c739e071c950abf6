"""Products in talk: which one is meant, and how one is shown. No action stands here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, entities, entity
from bot.errors import ProductNotFound
from bot.shop.choosing import is_option, of_kind
from bot.shop.choosing import shared as shared
from bot.shop.facts import Product, Promotion, Sku
from bot.shop.promotions import covers
from bot.talk.turn import Turn
from bot.text.normalise import plain
from bot.text.numerals import whole

_PLACE = re.compile(r"第([一二两三四五1-5])[个款件双条种样]|^([一二三四五1-5])$")
_LAST = re.compile(r"最后(?:那|一)+[个款件双]|最下面")
_FIRST = re.compile(r"(?:前面|上面|左边)那?[一1]?[个款件双]")
_CHEAPEST = re.compile(r"(?:最?便宜|价格?低)一?[点些]?的?(?:那|这)[个款件双种]|那[个款件双]便宜的")
_DEAREST = re.compile(r"最?贵一?[点些]?的?(?:那|这)[个款件双种]|那[个款件双]贵的")
_THAT = re.compile(r"[那这][个款件双条种]|的$|的(?:多少|有|怎|那)")
_BOUGHT = re.compile(r"(?:买|收到|下单|拍|到手)(?:过|了|的)")


def meant_product(tracker: Tracker, turn: Turn) -> Product | None:
    """The product the line speaks of: named in it, pointed at among those shown, or at hand; at hand is none of another
    kind than the line names."""
    found = _named(tracker, turn) or pointed_at(tracker, turn)
    if found is not None:
        return found
    here, alike = product_at_hand(tracker, turn), goods_named(tracker, turn)
    if not alike or here in alike:
        return here
    return alike[0] if len(alike) == 1 else None


def goods_named(tracker: Tracker, turn: Turn) -> list[Product]:
    """The products that are what the line calls them, where it names goods but no product: 防晒, 空气炸锅."""
    for word in entities(tracker, "goods"):
        if found := of_kind(turn.shop.products(), str(word["value"])):
            return found
    return []


def product_at_hand(tracker: Tracker, turn: Turn) -> Product | None:
    """What 它 means: the product talked about on this page, else that of the page, the only one in the cart, the only one
    shown, the one bought last."""
    page = turn.page.get("product_id")
    talked_about = tracker.get_slot("product_id")
    here = [page] if page != tracker.get_slot("product_page") else []
    found = on_sale(turn, *here, talked_about, page)
    if found is not None:
        return found
    for ids in (turn.page.get("cart") or (), tracker.get_slot("goods_shown") or ()):
        if len(ids) == 1:
            return on_sale(turn, *ids)
    return _bought_last(turn)


def pointed_at(tracker: Tracker, turn: Turn) -> Product | None:
    """The one of the products shown last that the line points at: 第二个, 便宜的那个, 那个红的."""
    products = shown_last(tracker, turn)
    line = plain(turn.text).text
    if len(products) < 2:
        return None
    if place := _PLACE.search(line):
        number = whole(place[1] or place[2]) or 0
        return products[number - 1] if 0 < number <= len(products) else None
    if _CHEAPEST.search(line):
        return min(products, key=lambda product: product.price_fen)
    if _DEAREST.search(line):
        return max(products, key=lambda product: product.price_fen)
    if _LAST.search(line) or _FIRST.search(line):
        return products[-1 if _LAST.search(line) else 0]
    colour = entity(tracker, "colour")
    coloured = [product for product in products if colour and _comes_in(product, colour)]
    return coloured[0] if len(coloured) == 1 and _THAT.search(line) else None


def shown_last(tracker: Tracker, turn: Turn) -> list[Product]:
    """The products whose cards were shown last, as far as they are on sale."""
    found = (on_sale(turn, product_id) for product_id in tracker.get_slot("goods_shown") or ())
    return [product for product in found if product is not None]


def on_sale(turn: Turn, *product_ids: Any) -> Product | None:
    """The first of *product_ids* that the shop sells; None if it sells none of them."""
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


def products_meant(tracker: Tracker, turn: Turn) -> list[Product]:
    """Two products or more: named, else named and at hand, else the ones shown last or in the cart."""
    products = named_products(tracker, turn)
    if len(products) == 1:
        here = product_at_hand(tracker, turn)
        products += [here] if here is not None and here not in products else []
    if len(products) < 2:
        places = [whole(one or other) or 0 for one, other in _PLACE.findall(plain(turn.text).text)]
        in_cart = (on_sale(turn, product_id) for product_id in turn.page.get("cart") or ())
        shown = shown_last(tracker, turn) or [product for product in in_cart if product is not None]
        chosen = [shown[place - 1] for place in places if 0 < place <= len(shown)] if len(places) > 1 else shown
        products = [*products, *(product for product in chosen if product not in products)]
    return products[:2] if re.search(r"[两2二俩][个款件双者]|这俩", turn.text) else products


def ask_which(say: CollectingDispatcher, pending: str) -> Events:
    """Ask for the product; the need waits."""
    say.utter_message(response="utter_which_product")
    return [SlotSet("pending", pending), SlotSet("asked", "product")]


def remember(product: Product, turn: Turn) -> Events:
    """This is the product being talked about on this page; nothing is waiting."""
    return [
        SlotSet("product_id", product.id), SlotSet("product_page", turn.page.get("product_id")),
        SlotSet("pending", None), SlotSet("asked", None), SlotSet("basket", None),
    ]  # fmt: skip


def shown(products: Sequence[Product]) -> Events:
    """These cards are what 第二个 and 那个红的 speak of."""
    return [SlotSet("goods_shown", [product.id for product in products])]


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


def skus_meant(tracker: Tracker, turn: Turn, product: Product) -> list[Sku]:
    """The variants that fit the colour, size and other options the line names; all if it names none, none if the
    product has no such variant."""
    named = [*(entity(tracker, kind) for kind in ("colour", "size")), *options_in(turn.text, product)]
    words = [word for word in named if word]
    return [sku for sku in product.skus if all(_fits(sku, word) for word in words)]


def stock_in_words(sku: Sku) -> str:
    """How a variant's stock is said: exact only when it is short."""
    if sku.stock == 0:
        return "没货"
    return f"仅剩{sku.stock}件" if sku.stock < 10 else "有货"


def nearest(product: Product, wanted: Sku, most: int = 4) -> list[Sku]:
    """Variants in stock that differ least from *wanted*, those of a price near to it first."""

    def distance(sku: Sku) -> tuple[int, int]:
        differing = sum(sku.options.get(name) != value for name, value in wanted.options.items())
        return differing, abs(sku.price_fen - wanted.price_fen)

    return sorted((sku for sku in product.skus if sku.stock), key=distance)[:most]


def alternatives(product: Product, products: Iterable[Product], most: int = 2) -> list[Product]:
    """Goods in stock whose names share most with those of *product*, of its category."""
    name = plain(product.short_name).text

    def likeness(other: Product) -> int:
        return shared(name, plain(" ".join((other.short_name, *other.aliases))).text)

    others = [other for other in products if other.category == product.category and other.stock and other != product]
    alike = [other for other in others if likeness(other)]
    return sorted(alike, key=lambda other: (-likeness(other), -other.sold))[:most]


def promotions_for(product: Product, promotions: Iterable[Promotion]) -> list[Promotion]:
    """The promotions whose scope holds the product."""
    return [offer for offer in promotions if covers(offer, product.id, product.category)]


def promotions_in_words(offers: Sequence[Promotion]) -> str:
    """Titles with their notes, at most four."""
    return "；".join(offer.title + (f"（{offer.note.rstrip('。')}）" if offer.note else "") for offer in offers[:4])


def attributes_in_words(attributes: Mapping[str, str], limit: int = 4) -> str:
    """The first *limit* fields as the page has them."""
    return "，".join(f"{name}：{value}" for name, value in list(attributes.items())[:limit])


def _named(tracker: Tracker, turn: Turn) -> Product | None:
    """The first product named; where the name fits several, the one talked about or shown before."""
    found = next(entities(tracker, "product"), None)
    if found is None:
        return None
    ids = [str(found["value"]), *found.get("also", [])]
    known = [tracker.get_slot("product_id"), *(tracker.get_slot("goods_shown") or ())]
    return on_sale(turn, *(one for one in known if one in ids[1:] and turn.page.get("product_id") != ids[0]), *ids)


def _bought_last(turn: Turn) -> Product | None:
    """The only product of the shopper's newest order, if the line speaks of what was bought."""
    if not turn.buyer_id or not _BOUGHT.search(turn.text):
        return None
    ids = {item.product_id for order in turn.shop.orders_of(turn.buyer_id, 1) for item in order.items}
    return on_sale(turn, *ids) if len(ids) == 1 else None


def _comes_in(product: Product, colour: str) -> bool:
    return any(_fits(sku, colour) for sku in product.skus)


def _fits(sku: Sku, word: str) -> bool:
    return any(is_option(word, value) for value in sku.options.values())


def options_in(text: str, product: Product) -> list[str]:
    """Values of the product's own variants that stand in the line whole: 茶轴, 12GB+256GB, 3罐."""
    line = plain(text).text.replace(" ", "")
    values = dict.fromkeys(value for sku in product.skus for value in sku.options.values())
    found = [value for value in values if len(value) > 1 and plain(value).text.replace(" ", "") in line]
    return [value for value in found if not any(value != other and value in other for other in found)]
