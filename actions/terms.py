"""What holds for the whole shop: sending and paying. Facts of the shop first; else its own questions and answers."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events, yuan
from actions.deals import offers_now, shopper_of
from actions.goods import meant_product, remember, skus_meant
from actions.knowing import told_or_unanswered
from bot.shop.facts import Product, ShopTerms
from bot.shop.promotions import line_of, quote
from bot.talk.turn import Turn
from bot.text.places import province_in

#: What the shop's terms answer by themselves.
_SENDING = re.compile(
    r"多久|几天|几日|什么时候|啥时候|何时|多长时间|今天发|明天|能到|到货|时效|运费|邮费|快递费|包邮|免邮|邮[吗不么]|什么快递|啥快递|哪个?快递|哪家快递|谁家快递"
    r"|[发寄送邮](?:到|去|往)|[发寄送邮](?:不|得)?[到了]|顺丰|中通|圆通|极兔|京东|邮政|ems|发什么"
)
_PAYING = re.compile(
    r"怎么付|[付支](?:款|付)方式|哪[些种]?[^,，。]{0,3}付|微信|支付宝|银联|银行卡|花呗|分期|什么付款|刷卡|云闪付"
)


class AnswerShipping(Answer):
    """Says when, by whom and for how much the shop sends, and how long it takes to the shopper's province."""

    def name(self) -> str:
        return "action_answer_shipping"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        terms = turn.shop.terms()
        named = place_in(turn.text, terms)
        product = meant_product(tracker, turn)
        if not _SENDING.search(turn.text) and named is None and told_or_unanswered(say, turn, product):
            return None
        buyer = turn.shop.buyer(turn.buyer_id) if turn.buyer_id else None
        province = named or (buyer.province if buyer else None)
        say.utter_message(
            response="utter_shipping", dispatch=terms.dispatch_within_h, couriers="、".join(terms.couriers),
            free=yuan(terms.free_freight_from_fen), freight=yuan(terms.freight_fen),
            far=f"，{'、'.join(terms.far_provinces)}{yuan(terms.far_freight_fen)}元" if terms.far_provinces else "",
            days=days_in_words(terms, province), for_this=_postage(tracker, turn, product, province) if product else "",
        )  # fmt: skip
        return remember(product, turn) if product else None


class AnswerPayment(Answer):
    """Says how one can pay."""

    def name(self) -> str:
        return "action_answer_payment"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        ways = turn.shop.terms().payment_ways
        if not _PAYING.search(turn.text) and told_or_unanswered(say, turn):
            return None
        say.utter_message(response="utter_payment", ways="、".join(ways))
        return None


def place_in(text: str, terms: ShopTerms) -> str | None:
    """The province that a line names, or what the shop does not send to."""
    return next((name for name in terms.not_delivered if name in text), None) or province_in(text)


def days_in_words(terms: ShopTerms, province: str | None) -> str:
    """How long a parcel takes to *province*."""
    if province in terms.not_delivered:
        return f"{province}暂时送不到。"
    few, most = terms.days_to_arrive.get(province or "default", terms.days_to_arrive["default"])
    place = f"发出后到{province}" if province else "发出后一般"
    return f"{place}{few}到{most}天到。"


def _postage(tracker: Tracker, turn: Turn, product: Product, province: str | None) -> str:
    """What the freight of one piece of *product* comes to, with all that makes it free."""
    terms = turn.shop.terms()
    if province in terms.not_delivered:
        return ""
    shopper = shopper_of(turn)
    skus = skus_meant(tracker, turn, product) or list(product.skus)
    line = line_of(product, min(skus, key=lambda sku: sku.price_fen))
    found = quote([line], type(shopper)(shopper.tier, province), offers_now(turn), terms, turn.now)
    place = f"到{province}" if province else ""
    cost = f"运费{yuan(found.freight_fen)}元" if found.freight_fen else "包邮"
    return f"{product.short_name}单买1件{place}{cost}。"
