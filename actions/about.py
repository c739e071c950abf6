"""The form of an answer about one product, and what is asked about it. No action stands here."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.advising import Recommend
from actions.base import Answer, Events
from actions.goods import ask_which, goods_named, meant_product, remember
from actions.knowing import told
from bot.shop.facts import Product
from bot.talk.turn import Turn
from bot.text.normalise import plain


class AboutProduct(Answer):
    """An answer about one product; asks which if none is meant."""

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        product = meant_product(tracker, turn)
        if product is None:
            return self.without_product(tracker, say, turn)
        return [*remember(product, turn), *(self.about(product, tracker, say, turn) or [])]

    def without_product(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events:
        """What is said when no product is meant: what there is of the goods named, or what the shop knows of them in
        general."""
        if told(say, turn):
            return []
        if goods_named(tracker, turn):
            return Recommend().answer(tracker, say, turn) or []
        return ask_which(say, self.name())

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        """Say the answer about *product*."""


def question(tracker: Tracker, turn: Turn, product: Product) -> str:
    """What is asked about *product*, without its names; if we had asked which product, the line before counts too."""
    said = turn.text
    if tracker.get_slot("asked") == "product":
        earlier = [line.text for line in turn.claim.earlier if line.author == "shopper"]
        said = f"{earlier[-1]} {said}" if earlier else said
    line = plain(said).text
    for name in sorted((product.name, product.short_name, *product.aliases), key=len, reverse=True):
        line = line.replace(plain(name).text, " ")
    return line


def values_of(product: Product, option: str) -> list[str]:
    return list(dict.fromkeys(sku.options[option] for sku in product.skus if option in sku.options))
