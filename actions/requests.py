"""Matters a human of the shop has to do: registered as a case, with number and promised time. No action stands here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events, entity, intent_of, open_case
from actions.goods import meant_product
from actions.ordering import in_short, meant_order
from bot.errors import ShopError
from bot.handoff.promise import in_words, request_by
from bot.shop.facts import Order, OrderState, Product
from bot.store import cases
from bot.store.cases import CaseFacts
from bot.store.models import Case
from bot.talk.turn import Turn


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a request when it is registered."""

    order: Order | None
    product_id: str | None


class TakeRequest(Answer):
    """Registers what the shopper wants done as a case; says again the number of one that is registered already."""

    matter = "您的申请"  #: what it is called to the shopper
    utter = "utter_request_taken"
    severity = 2
    concerns: frozenset[OrderState] = frozenset()  #: states of orders it can be about; none: any
    ask = ""  #: what the shopper is asked for beside, when the order is not known
    ask_order = "是哪一笔订单？把订单号发我，我记上。"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        known = self._known(tracker, turn)
        if known is not None:
            return known_again(known, self.matter, say, turn)
        matter = meant(tracker, turn, self.concerns)
        case = self.register(tracker, turn, matter)
        say.utter_message(
            response=self.utter, matter=self.matter, number=case.number, promised=in_words(case.promised_at, turn.now),
            facts=in_short(matter.order) if matter.order else "",
            ask=self.ask or ("" if matter.order else self.ask_order), **self.further(matter, turn),
        )  # fmt: skip
        return [SlotSet("case_number", case.number), SlotSet("asked", "case_words"), SlotSet("pending", None)]

    def register(self, tracker: Tracker, turn: Turn, matter: Matter) -> Case:
        """Open the case of this line."""
        return open_case(
            turn,
            CaseFacts(
                type=intent_of(tracker), severity=self.severity, summary=turn.text,
                promised_at=self.promised(turn.now), order_no=matter.order.order_no if matter.order else None,
                product_id=matter.product_id,
            ),
        )  # fmt: skip

    def promised(self, now: datetime) -> datetime:
        """By when it will be dealt with."""
        return request_by(now)

    def further(self, matter: Matter, turn: Turn) -> dict[str, object]:
        """Further places of the response."""
        return {}

    def _known(self, tracker: Tracker, turn: Turn) -> Case | None:
        """The case of the same kind that was opened earlier in this talk."""
        if tracker.get_slot("case_number") is None:
            return None
        opened = cases.open_of(turn.session, turn.claim.customer_id)
        return next((case for case in opened if _same(case, turn, intent_of(tracker))), None)


def known_again(case: Case, matter: str, say: CollectingDispatcher, turn: Turn) -> Events:
    """The matter is registered: its words are added, its number said again."""
    cases.add_words(turn.session, case.number, turn.claim.customer_id, turn.text)
    say.utter_message(
        response="utter_case_known", matter=matter, number=case.number, promised=in_words(case.promised_at, turn.now)
    )
    return [SlotSet("case_number", case.number), SlotSet("asked", "case_words")]


def meant(tracker: Tracker, turn: Turn, concerns: frozenset[OrderState] = frozenset()) -> Matter:
    """The order and product of the line, as far as they can be had without asking; a matter is taken in any case.

    An order that was not named must be in one of the states the matter *concerns* (none: any).
    """
    try:
        product = meant_product(tracker, turn)
        order = meant_order(tracker, turn).order
        if concerns and order and order.state not in concerns and not _named(tracker, turn):
            order = _only_one(turn, concerns, product)
    except ShopError:
        return Matter(None, None)
    product_id = product.id if product else order.items[0].product_id if order else None
    return Matter(order, product_id)


def _named(tracker: Tracker, turn: Turn) -> bool:
    return bool(entity(tracker, "order_no") or turn.page.get("order_no"))


def _only_one(turn: Turn, concerns: frozenset[OrderState], product: Product | None) -> Order | None:
    """The buyer's order in one of these states, with the product if one is meant; None if there are several."""
    fitting = [
        order
        for order in turn.shop.orders_of(str(turn.buyer_id))
        if order.state in concerns and (product is None or any(item.product_id == product.id for item in order.items))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _same(case: Case, turn: Turn, type_: str) -> bool:
    return case.conversation_id == turn.conversation_id and case.type == type_
