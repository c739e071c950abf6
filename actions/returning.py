"""The form of an after-sale wish: which order and row, what the shop's rules give, said with its terms, and registered.
The same facts give the same terms however it is said (row D1). No action stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import confirming
from actions.base import Answer, Events, choices, open_case
from actions.changing import item_meant, which_item
from actions.choosing import CAME, IN_THE_HOUSE, SENT, Looking, Tier, came
from actions.commanding import about, because
from actions.ordering import Pick, ask_for_order, gives_no_number, in_short, meant_order, settled
from actions.orders import TakeCancellation, TakeModification
from actions.refunding import shop_rules, tell_refund_of
from actions.remedying import (
    Decided,
    all_terms,
    decide,
    evidence_of,
    is_question,
    items_meant,
    problem_of,
    remedy_named,
)
from actions.requests import known_again, known_case
from actions.wishing import Wish, kept, kept_before, read
from bot.errors import ShopUnavailable
from bot.handoff.promise import in_words, request_by
from bot.shop.aftersale import Problem, RemedyKind
from bot.shop.commands import Cancel, ChangeContent
from bot.shop.facts import Order, OrderState
from bot.shop.refusals import Refused, Way
from bot.shop.rules import Rules
from bot.store import cases
from bot.store.cases import CaseFacts
from bot.store.models import Case
from bot.talk.turn import Turn

LOOKING = Looking((Tier("刚签收", lambda order, now: came(order, now, 8)), CAME, SENT, IN_THE_HOUSE), keeps=False)
_HERE = (OrderState.UNPAID, OrderState.PAID)
_FAULTS = ("report_fault", "wrong_or_missing")
_NEEDS = (*_FAULTS, "return_goods", "exchange_goods", "repair_goods", "not_received")


class AftersaleWish(Answer):
    """Something wanted about goods that came."""

    intent = ""  #: whose matter it is; cases are sorted by it
    matter = ""  #: what it is called to the shopper
    wants: RemedyKind | None = None  #: the remedy that the wish itself names
    usually = Problem.NO_REASON  #: what is the matter if nothing is said of it
    severity = 2

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or shop_rules()

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        wish = read(tracker, turn)
        if wishes := tracker.get_slot("wish_of") in _NEEDS:
            wish = wish.after(kept_before(tracker))
        try:
            goes_on = wishes or tracker.get_slot("asked") == "case_words"
            pick = meant_order(tracker, turn, replace(LOOKING, keeps=goes_on))
            if pick.orders:
                return [*pick.slots, *self.about(pick, wish, tracker, say, turn)]
        except ShopUnavailable:
            return self.register(None, wish, "utter_shop_away_case", {}, say, turn)
        if not pick.among and gives_no_number(self.name(), tracker):
            return self.register(None, wish, "utter_request_taken", {}, say, turn)
        return [*self.waits(wish), *ask_for_order(pick, self.name(), say)]

    def about(self, pick: Pick, wish: Wish, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events:
        """Say what can be done about the goods of the order meant, and register it."""
        order = pick.orders[0]
        if confirming.to_be_cancelled(order, tracker, turn):
            return []
        fault = next((case for type_ in _FAULTS if (case := known_case(turn, type_, order.order_no))), None)
        known = fault or known_case(turn, self.intent, order.order_no)
        chosen = self.wants or (remedy_named(turn.text) if known else None)
        if known is not None and (chosen is None or known.type == self.intent not in _FAULTS):
            return known_again(known, self.matter, say, turn)
        items = items_meant(order, wish, tracker)
        if not items:
            question = which_item(order)
            say.utter_message(
                response=question.response, facts=f"{pick.why}{order.title}，", buttons=choices(question.buttons)
            )
            return [*self.waits(wish), SlotSet("asked", question.asked)]
        problem = problem_of(wish.said) or (problem_of(fault.summary) if fault else None) or self.usually
        decided = [decide(order, item, problem, wish, self.rules, turn) for item in items]
        if not any(one.granted for one in decided):
            return self.refused(pick, decided, wish, tracker, say, turn)
        return self.granted(pick, decided, chosen, known, wish, say, turn)

    def granted(
        self, pick: Pick, decided: Sequence[Decided], chosen: RemedyKind | None, known: Case | None, wish: Wish,
        say: CollectingDispatcher, turn: Turn,
    ) -> Events:  # fmt: skip
        """Say the terms. What is wanted and may be is registered; of several ways one is chosen; what only a human may
        grant nobody promises (row D4)."""
        order = pick.orders[0]
        kinds = tuple(dict.fromkeys(r.kind for one in decided for r in one.granted if not r.approval))
        evidence = evidence_of(remedy for one in decided for remedy in one.granted)
        words = {"facts": f"{pick.why}{in_short(order)}", "terms": all_terms(decided, chosen), "evidence": evidence}
        if not kinds:
            return self.register(order, wish, "utter_needs_approval", words, say, turn)
        if chosen not in kinds:
            no = next((no for one in decided if chosen and (no := one.refusal_of(chosen))), None)
            return self.choose(
                order, kinds, decided, {**words, "no": f"{no.reason}。" if no else ""}, known, wish, say, turn
            )
        if known is not None and is_question(turn.text):
            say.utter_message(response="utter_terms", **words)
            return self.waits(wish)
        if known is not None:
            cases.add_words(
                turn.session, known.number, turn.claim.customer_id, f"{turn.text}\n【选择：{words['terms']}】"
            )
            say.utter_message(response="utter_remedy_chosen", kind=str(chosen), number=known.number, **words)
            return [*settled(), SlotSet("case_number", known.number), SlotSet("asked", "case_words")]
        if is_question(turn.text):
            say.utter_message(response="utter_may_apply", matter=self.matter, **words)
            return [*confirming.offer_action(self.name(), f"申请{self.matter}"), *self.waits(wish)]
        return self.register(order, wish, "utter_aftersale_taken", words, say, turn)

    def choose(
        self, order: Order, kinds: Sequence[RemedyKind], decided: Sequence[Decided], words: dict[str, str],
        known: Case | None, wish: Wish, say: CollectingDispatcher, turn: Turn,
    ) -> Events:  # fmt: skip
        """Register it, say what can be done, and ask which of several."""
        case = known or self.opened(order, wish, turn)
        several = len(kinds) > 1
        say.utter_message(
            response="utter_aftersale_choose", number=case.number, **{**words, "terms": all_terms(decided, None)},
            promised=in_words(case.promised_at, turn.now), ask="您想要哪一种？" if several else "",
            buttons=choices(map(str, kinds)) if several else [],
        )  # fmt: skip
        return [*self.waits(wish), SlotSet("case_number", case.number), SlotSet("asked", "remedy")]

    def refused(
        self, pick: Pick, decided: Sequence[Decided], wish: Wish, tracker: Tracker, say: CollectingDispatcher, turn: Turn
    ) -> Events:  # fmt: skip
        """Say why nothing can be done so, and go the way that the rules name instead."""
        order = pick.orders[0]
        no = next((no for one in decided if (no := one.refusal_of(self.wants))), None)
        assert no is not None, "what is not granted is refused"
        way, words = no.next_best.way, because(no, pick.why, order)
        if way is Way.CANCEL and order.state in _HERE:
            return self.in_the_house(order, no, wish, words, tracker, say, turn)
        if way is Way.HUMAN:
            return self.register(order, wish, "utter_refused_to_human", words, say, turn)
        say.utter_message(response="utter_shop_refused", **words)
        if way is Way.REFUND_PROGRESS:
            return tell_refund_of(order, say, turn)
        if way is Way.REPORT_FAULT:
            return [*settled(), SlotSet("pending", "action_take_fault"), SlotSet("asked", "more")]
        return [*self.waits(wish), SlotSet("asked", "more")] if way is Way.SAY_MORE else settled()

    def in_the_house(
        self, order: Order, no: Refused, wish: Wish, words: dict[str, str], tracker: Tracker, say: CollectingDispatcher,
        turn: Turn,
    ) -> Events:  # fmt: skip
        """Goods that have not left the house are not returned: the order is cancelled, or the one row is taken out."""
        item = item_meant(order, wish.said, tracker)
        if item is not None and len(order.items) > 1:
            less = ChangeContent(**about(order), sku_id=item.sku_id, quantity=0)
            return TakeModification().propose([(order, less)], "", wish, tracker, say, turn)
        say.utter_message(response="utter_shop_refused", **words)
        return TakeCancellation().propose([(order, Cancel(**about(order)))], "", wish, tracker, say, turn)

    def register(
        self, order: Order | None, wish: Wish, response: str, words: dict[str, str], say: CollectingDispatcher, turn: Turn
    ) -> Events:  # fmt: skip
        """Open the case of it and say its number and by when it is dealt with."""
        case = self.opened(order, wish, turn, words.get("terms", ""))
        facts = {"facts": in_short(order) if order else "", "evidence": "", "ask": ""}
        say.utter_message(
            response=response, matter=self.matter, number=case.number, promised=in_words(case.promised_at, turn.now),
            **{**facts, **words},
        )  # fmt: skip
        return [*settled(), SlotSet("case_number", case.number), SlotSet("asked", "case_words")]

    def opened(self, order: Order | None, wish: Wish, turn: Turn, terms: str = "") -> Case:
        """The case that this line opens; an agent reads beside the shopper's words on which *terms* it was taken."""
        summary = f"{wish.said or turn.text}\n【{terms}】" if terms else wish.said or turn.text
        return open_case(
            turn,
            CaseFacts(
                type=self.intent, severity=self.severity, summary=summary, promised_at=request_by(turn.now),
                order_no=order.order_no if order else None, product_id=order.items[0].product_id if order else None,
            ),
        )  # fmt: skip

    def waits(self, wish: Wish) -> Events:
        """This need waits for more words."""
        return [*kept(wish, self.intent), SlotSet("pending", self.name())]
