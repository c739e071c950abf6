"""Changes of an order made from what the shopper said: the command, or the question that is missing for it. No action
stands here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rasa_sdk import Tracker

from actions.base import entities
from actions.commanding import Question, about
from actions.goods import shared
from actions.wishing import Wish
from bot.errors import ProductNotFound
from bot.shop.commands import (
    ChangeAddress,
    ChangeContent,
    ChangeDeliveryTime,
    ChangePhone,
    ChangeSku,
    CommandKind,
    Forward,
    OrderCommand,
)
from bot.shop.facts import Order, OrderItem, Product, Sku
from bot.talk.turn import Turn
from bot.text.normalise import plain

Made = OrderCommand | Question
_UNCLEAR = re.compile(r".{0,8}(?:改|填错|写错|弄错|搞错|选错|拍错|下错|换).{0,6}")


def may_be_unclear(text: str) -> bool:
    """Whether the line wants a change and does not say of what: 订单能改吗."""
    return _UNCLEAR.fullmatch(plain(text).text) is not None


def item_meant(order: Order, words: str, tracker: Tracker) -> OrderItem | None:
    """The row of the order that the line speaks of; None if it may be several."""
    if len(order.items) == 1:
        return order.items[0]
    ids = {
        product_id for found in entities(tracker, "product") for product_id in (found["value"], *found.get("also", []))
    }
    named = [item for item in order.items if item.product_id in ids]
    if not named:
        said = plain(words).text
        scores = [(shared(said, plain(item.name).text), item) for item in order.items]
        most = max(score for score, _ in scores)
        named = [item for score, item in scores if most and score == most]
    return named[0] if len(named) == 1 else None


def which_item(order: Order) -> Question:
    """Asks for the row of an order."""
    return Question(
        "utter_which_item", "item", buttons=tuple(f"{item.name} {item.spec}".strip() for item in order.items)
    )


def _address(order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Made:
    if wish.address:
        return ChangeAddress(**about(order), address=_whole(wish.address, order.address), receiver=wish.receiver)
    return Question("utter_ask_address", "address")


def _whole(address: str, before: str) -> str:
    """The address with the province of the one before, if it begins with the same city or quarter of it."""
    match = re.match(r"(\D{2,8}?(?:省|自治区))?(\D{2,8}?市)?", before)
    province, city = (match[1] or "", match[2] or "") if match else ("", "")
    if city and address.startswith(city.removesuffix("市")):
        return province + address
    district = re.match(r"\D{2,5}?[区县]", before[len(province + city) :])
    return province + city + address if district and address.startswith(district[0]) else address


def _forward(order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Made:
    if wish.address:
        return Forward(**about(order), address=_whole(wish.address, order.address))
    return Question("utter_ask_address", "address")


def _phone(order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Made:
    return ChangePhone(**about(order), phone=wish.phone) if wish.phone else Question("utter_ask_phone", "phone")


def _delivery_time(order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Made:
    return ChangeDeliveryTime(**about(order), when=wish.when) if wish.when else Question("utter_ask_when", "when")


def _sku(order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Made:
    item = item_meant(order, wish.said, tracker)
    if item is None:
        return which_item(order)
    try:
        product = turn.shop.product(item.product_id)
    except ProductNotFound:
        return ChangeSku(**about(order), sku_id=item.sku_id, to_sku_id="")
    wanted = variant_meant(product, item, f"{wish.variant} {wish.said}")
    specs = tuple(sku.spec for sku in product.skus if sku.stock and sku.id != item.sku_id)[:6]
    if wanted is None and (wish.variant or not specs):
        return ChangeSku(**about(order), sku_id=item.sku_id, to_sku_id="")
    if wanted is None:
        return Question("utter_ask_variant", "variant", {"spec": item.spec or item.name}, specs)
    return ChangeSku(**about(order), sku_id=item.sku_id, to_sku_id=wanted.id)


def variant_meant(product: Product, item: OrderItem, words: str) -> Sku | None:
    """The variant that most words name, in all else nearest to the one bought; None if no other is named."""
    said = plain(words).text
    bought = next((sku.options for sku in product.skus if sku.id == item.sku_id), {})

    def rank(sku: Sku) -> tuple[int, int]:
        changed = [value for name, value in sku.options.items() if value != bought.get(name) and _named(value, said)]
        return len(changed), sum(value == bought.get(name) for name, value in sku.options.items())

    best = max(product.skus, key=rank)
    return best if rank(best)[0] else None


def _named(value: str, said: str) -> bool:
    """Whether a value of an option stands in the words: 白色 in 换成白的, XL but not in XXL, 40 but not in 140."""
    word = plain(value).text
    if re.fullmatch(r"[a-z0-9.]+", word):
        return re.search(rf"(?<![a-z0-9.]){re.escape(word)}(?![a-z0-9.])", said) is not None
    short = word.removesuffix("色")
    return (
        word in said
        or (len(short) >= 2 and short in said)
        or re.search(rf"{re.escape(short)}[色的款]", said) is not None
    )


def _content(order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Made:
    item = item_meant(order, wish.said, tracker)
    if item is None:
        return which_item(order)
    stays = wish.stays if wish.stays is not None else item.quantity - wish.fewer if wish.fewer is not None else None
    if stays is None:
        return Question("utter_ask_quantity", "quantity", {"name": item.name, "quantity": item.quantity})
    return ChangeContent(**about(order), sku_id=item.sku_id, quantity=stays)


CHANGES: Mapping[CommandKind, Callable[[Order, Wish, Tracker, Turn], Made]] = {
    CommandKind.CHANGE_ADDRESS: _address,
    CommandKind.FORWARD: _forward,
    CommandKind.CHANGE_PHONE: _phone,
    CommandKind.CHANGE_DELIVERY_TIME: _delivery_time,
    CommandKind.CHANGE_SKU: _sku,
    CommandKind.CHANGE_CONTENT: _content,
}
