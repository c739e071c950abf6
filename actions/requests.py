"""Matters a human of the shop has to do: registered as a case, with number and promised time. No action stands here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events, intent_of, open_case
from actions.choosing import ANY, Looking
from actions.goods import meant_product
from actions.ordering import in_short, meant_order
from bot.errors import ShopError
from bot.handoff.promise import in_words, request_by
from bot.shop.facts import Order
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
    looking: Looking = ANY  #: which orders it is likely about
    ask = ""  #: what the shopper is asked for beside, when the order is not known
    ask_order = "是哪一笔订单？把订单号发我，我记上。"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        known = known_case(turn, intent_of(tracker))
        if known is not None:
            return known_again(known, self.matter, say, turn)
        matter = meant(tracker, turn, self.looking)
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


def known_case(turn: Turn, type_: str | None, order_no: str | None = None) -> Case | None:
    """The newest open case of this kind (None: any) that was opened in this talk; of that order, or of none yet, if one
    is named."""
    opened = cases.open_of(turn.session, turn.claim.customer_id)
    mine = (case for case in opened if case.conversation_id == turn.conversation_id and type_ in (None, case.type))
    return next((case for case in mine if order_no is None or case.order_no in (None, order_no)), None)


def known_again(case: Case, matter: str, say: CollectingDispatcher, turn: Turn) -> Events:
    """The matter is registered: its words are added, its number said again."""
    cases.add_words(turn.session, case.number, turn.claim.customer_id, turn.text)
    say.utter_message(
        response="utter_case_known", matter=matter, number=case.number, promised=in_words(case.promised_at, turn.now)
    )
    return [SlotSet("case_number", case.number), SlotSet("asked", "case_words")]


def meant(tracker: Tracker, turn: Turn, looking: Looking = ANY) -> Matter:
    """The order and product of the line, as far as they can be had without asking; a matter is taken in any case."""
    try:
        product = meant_product(tracker, turn)
        order = meant_order(tracker, turn, looking).order
    except ShopError:
        return Matter(None, None)
    product_id = product.id if product else order.items[0].product_id if order else None
    return Matter(order, product_id)
