"""What can be ordered now, what comes near, and the wish to be told when goods are back (row B3)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.about import AboutProduct, values_of
from actions.base import Events, open_case, yuan
from actions.goods import alternatives, card, nearest, options, shown, skus_meant, stock_in_words
from bot.shop.days import CHINA
from bot.shop.facts import Product, Sku
from bot.store import cases
from bot.store.cases import CaseFacts
from bot.store.models import Case
from bot.talk.turn import Turn
from bot.text.normalise import plain

NOTICE = "restock_notice"  #: type of the case that is a wish to be told when goods are back
_NOTICE_KEPT = timedelta(days=60)  #: a wish without a known day of restock
_MOST_ROWS = 8
_TELL_ME = re.compile(
    r"(?:通知|提醒|告诉|喊|叫|说|call|发消息)[^,，。]{0,4}(?:我|一?声|一下)|(?:到|补|有)货[^,，。]{0,4}(?:通知|提醒)|预约"
)


class AnswerStock(AboutProduct):
    """Says what can be ordered of the variants asked for; if none, what comes near, and offers to tell when it is back."""

    def name(self) -> str:
        return "action_answer_stock"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        if _TELL_ME.search(plain(turn.text).text):
            return take_notice(product, tracker, say, turn)
        wanted = skus_meant(tracker, turn, product)
        if not wanted:
            words = (
                "；".join(f"{name}有{'、'.join(values_of(product, name))}" for name in options(product))
                or "只有一种规格"
            )
            say.utter_message(response="utter_stock_no_such", name=product.short_name, options=words)
        elif any(sku.stock for sku in wanted):
            say.utter_message(
                response="utter_stock",
                name=product.short_name,
                stock=_rows(wanted),
                json_message={"cards": [card(product)]},
            )
        else:
            return self._none(product, wanted, say, turn)
        return None

    def _none(self, product: Product, wanted: list[Sku], say: CollectingDispatcher, turn: Turn) -> Events:
        others = [f"{sku.spec}{stock_in_words(sku)}" for sku in nearest(product, wanted[0])]
        alike = [] if others else alternatives(product, turn.shop.products())
        words = f"这款现在能买的相近规格：{'、'.join(others)}。" if others else ""
        if alike:
            words = f"相近的有：{'、'.join(f'{other.short_name} {yuan(other.price_fen)}元' for other in alike)}。"
        say.utter_message(
            response="utter_stock_none", name=product.short_name, spec=wanted[0].spec if len(wanted) == 1 else "",
            restock=restock_in_words(wanted), others=words, json_message={"cards": [card(other) for other in alike]},
        )  # fmt: skip
        waits = [SlotSet("restock", [sku.id for sku in wanted]), SlotSet("asked", "restock")]
        return [*waits, *(shown(alike) if alike else [])]


def take_notice(product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events:
    """Keep the wish to be told when variants are back: those named, else those we said are gone; of what is in stock
    say so instead."""
    named, asked = skus_meant(tracker, turn, product), tracker.get_slot("restock") or []
    wanted = [sku for sku in product.skus if sku.id in asked] if len(named) == len(product.skus) else []
    gone = [sku for sku in wanted or named if not sku.stock]
    if not gone:
        say.utter_message(response="utter_stock", name=product.short_name, stock=_rows(named or list(product.skus)))
        return []
    spec = "、".join(sku.spec for sku in gone if sku.spec)
    case = _notice(turn, product, spec, gone)
    say.utter_message(
        response="utter_restock_notice", name=product.short_name, spec=spec, number=case.number,
        restock=restock_in_words(gone),
    )  # fmt: skip
    return [SlotSet("restock", None), SlotSet("asked", None), SlotSet("case_number", case.number)]


def _notice(turn: Turn, product: Product, spec: str, gone: list[Sku]) -> Case:
    """The case that keeps the wish; the same wish is kept once."""
    summary = f"到货通知：{product.short_name} {spec}".strip()
    opened = cases.open_of(turn.session, turn.claim.customer_id, limit=50)
    same = (case for case in opened if case.type == NOTICE and case.summary == summary)
    days = [sku.restock_on for sku in gone if sku.restock_on]
    until = datetime(*min(days).timetuple()[:3], 21, tzinfo=CHINA) if days else turn.now + _NOTICE_KEPT
    facts = CaseFacts(NOTICE, severity=4, summary=summary, promised_at=max(until, turn.now), product_id=product.id)
    return next(same, None) or open_case(turn, facts)


def restock_in_words(skus: list[Sku]) -> str:
    """When variants are back, as far as the shop knows."""
    days = [sku.restock_on for sku in skus if sku.restock_on]
    return f"预计{min(days).month}月{min(days).day}日到货" if days else "补货时间还没有定"


def _rows(skus: list[Sku]) -> str:
    """Stock by variant; those without any named at the end."""
    there = [f"{sku.spec}{stock_in_words(sku)}" for sku in skus if sku.stock][:_MOST_ROWS]
    gone = [sku.spec for sku in skus if not sku.stock]
    return "，".join(there) + (f"；{'、'.join(gone)}没货" if gone and there else "")
