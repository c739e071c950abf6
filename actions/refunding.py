"""How far money on its way back is, said; and the shop's after-sale rules. No action stands here."""

from __future__ import annotations

from functools import cache

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, yuan
from actions.ordering import card, settled
from bot.settings import settings
from bot.shop.facts import Order
from bot.shop.refunds import progress
from bot.shop.rules import Rules, load_rules
from bot.talk.turn import Turn


@cache
def shop_rules() -> Rules:
    """The shop's after-sale rules, read once; raises `BadRules` naming every fault."""
    return load_rules(settings().aftersale)


def tell_refund_of(order: Order, say: CollectingDispatcher, turn: Turn) -> Events:
    """Say at which step the refund of *order* is, how much and when; whoever is late makes a human look (row D2)."""
    refund = order.refund
    if refund is None:
        say.utter_message(response="utter_no_refund")
        return settled()
    seen = progress(refund, order.pay_way, shop_rules().refunding, turn.now)
    say.utter_message(
        response="utter_refund_step", title=order.title, order_no=order.order_no, amount=yuan(seen.amount_fen),
        step=seen.step, expected=seen.words, json_message={"cards": [card(order)]},
    )  # fmt: skip
    if seen.overdue:
        turn.call_human(
            f"退款超时：订单{order.order_no}，{yuan(seen.amount_fen)}元，停在“{seen.step}”", skill="aftersale"
        )
    return settled()
