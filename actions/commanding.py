"""The form of a wish about an order: which order, what exactly, may it be, and the question; nothing is done before the
yes (`confirming`). No action stands here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import confirming
from actions.base import Answer, Events, choices, open_case
from actions.choosing import Looking
from actions.ordering import Pick, ask_for_order, gives_no_number, grounds_of, in_short, meant_order, settled
from actions.refunding import tell_refund_of
from actions.requests import known_again, known_case
from actions.wishing import Wish, kept, kept_before, read
from bot.errors import ShopUnavailable
from bot.handoff.promise import in_words, request_by
from bot.shop.commands import CommandKind, OrderCommand
from bot.shop.confirming import Confirmation, confirmation
from bot.shop.facts import Order
from bot.shop.orders import may, stage
from bot.shop.refusals import Refused, Stage, Way, refusal
from bot.store.cases import CaseFacts
from bot.talk.turn import Turn

#: Ways on that are an action of ours, asked for with a yes.
ACTIONS = {
    Way.RETURN_GOODS: ("action_take_return", "申请退货"),
    Way.EXCHANGE_GOODS: ("action_take_exchange", "申请换货"),
    Way.NOT_RECEIVED: ("action_take_not_received", "查没收到的包裹"),
}
#: Stages at which minutes count: a human is called besides the case.
_URGENT = (Stage.PACKED, Stage.AT_THE_DOOR)
_CAME = (Stage.SIGNED, Stage.DONE)


@dataclass(frozen=True, slots=True)
class Question:
    """What must be asked before a command can be made."""

    response: str
    asked: str  #: for the slot of that name
    places: dict[str, Any] = field(default_factory=dict)
    buttons: tuple[str, ...] = ()
    kind: CommandKind | None = None  #: of the command; one that the stage forbids is refused unasked


Draft = tuple[Order, OrderCommand]
Asked = tuple[Order, OrderCommand, Confirmation]
No = tuple[Order, CommandKind, Refused]


class OrderWish(Answer):
    """Something wanted of an order: refused with the next best, or confirmed and then done."""

    intent = ""  #: whose matter it is; cases are sorted by it
    matter = ""  #: what it is called to the shopper

    @abstractmethod
    def looks_for(self, wish: Wish, turn: Turn) -> Looking:
        """Which orders it is likely about."""

    @abstractmethod
    def commands(self, order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Sequence[OrderCommand] | Question:
        """What is wanted of *order*, or what must be asked first."""

    def instead(self, order: Order, wish: Wish, way: Way, turn: Turn) -> OrderCommand | None:
        """The command that *way* names, if nothing is missing for it."""
        return None

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        repeated = self.repeated(tracker, say, turn)
        if repeated is not None:
            return repeated
        wish = self.heard(tracker, turn)
        try:
            pick = meant_order(tracker, turn, self.looks_for(wish, turn))
            if pick.orders:
                return [*pick.slots, *self.about(pick, wish, tracker, say, turn)]
        except ShopUnavailable:
            return self.to_human(None, wish, "utter_shop_away_case", {}, say, turn)
        if not pick.among and gives_no_number(self.name(), tracker):
            return self.to_human(None, wish, "utter_request_taken", {"ask": ""}, say, turn)
        return [*self.waits(wish), *ask_for_order(pick, self.name(), say)]

    def heard(self, tracker: Tracker, turn: Turn) -> Wish:
        """What this line says, after what was said while the need waited."""
        wish = read(tracker, turn)
        return wish.after(kept_before(tracker)) if tracker.get_slot("wish_of") == self.intent else wish

    def repeated(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        """The same asked for again while the question is open: 对 取消吧 is a yes to it, 算了不取消了 a no."""
        offer = tracker.get_slot("offer")
        if not offer or not confirming.is_open(turn) or confirming.says_more(tracker, turn):
            return None
        offered = {CommandKind[asked["command"]["kind"]] for asked in offer.get("commands", ())}
        if not any(confirming.type_of(kind) == self.intent for kind in offered):
            return None
        if confirming.takes_back(turn):
            return confirming.drop(offer, say)
        yes = confirming.says_yes(turn) and self.kinds(read(tracker, turn), turn) <= offered
        return confirming.accept(tracker, offer, say, turn) if yes else None

    def waits(self, wish: Wish) -> Events:
        """This need waits for more words."""
        return [*kept(wish, self.intent), SlotSet("pending", self.name())]

    def kinds(self, wish: Wish, turn: Turn) -> set[CommandKind]:
        """The kinds of command that the line names; none if it names no kind."""
        return set()

    def about(self, pick: Pick, wish: Wish, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events:
        """Confirm what may be done about the orders meant, refuse the rest, or ask what is missing."""
        drafts: list[Draft] = []
        if all(confirming.to_be_cancelled(order, tracker, turn) for order in pick.orders):
            return []
        for order in pick.orders:
            wanted = self.commands(order, wish, tracker, turn)
            if isinstance(wanted, Question):
                forbidden = refusal(wanted.kind, stage(order)) if wanted.kind else None
                if wanted.kind and forbidden:
                    return self.refuse((order, wanted.kind, forbidden), pick.why, wish, say, turn)
                return self.ask(wanted, pick, wish, say)
            drafts += [(order, command) for command in wanted]
        case = known_case(turn, None, pick.orders[0].order_no) if not drafts else None
        if case is not None and stage(pick.orders[0]) in _CAME:
            return [*settled(), *known_again(case, "这件事", say, turn)]
        if not drafts:
            return self.to_human(pick.order, wish, "utter_modify_taken", {}, say, turn)
        return self.propose(drafts, pick.why, wish, tracker, say, turn)

    def ask(self, question: Question, pick: Pick, wish: Wish, say: CollectingDispatcher) -> Events:
        """Ask for what is missing; the wish waits."""
        say.utter_message(
            response=question.response, facts=f"{pick.why}{pick.orders[0].title}，",
            buttons=choices(question.buttons), **question.places,
        )  # fmt: skip
        return [*self.waits(wish), SlotSet("asked", question.asked)]

    def propose(
        self, drafts: Sequence[Draft], why: str, wish: Wish, tracker: Tracker, say: CollectingDispatcher, turn: Turn
    ) -> Events:  # fmt: skip
        """Say what may not be, with the next best; ask for a yes to what may."""
        asked: list[Asked] = []
        events: Events = settled()
        for order, command in drafts:
            grounds = grounds_of(order, turn)
            decided = may(order, command, turn.now, grounds)
            if not isinstance(decided, Refused):
                asked.append((order, command, confirmation(order, command, grounds)))
                continue
            other = self.instead(order, wish, decided.next_best.way, turn)
            if other is not None and not isinstance(may(order, other, turn.now, grounds), Refused):
                say.utter_message(response="utter_shop_refused", **because(decided, why, order))
                asked.append((order, other, confirmation(order, other, grounds)))
            else:
                events += self.refuse((order, command.kind, decided), why, wish, say, turn)
            why = ""
        return [*events, *confirming.ask(asked, why, tracker, say, turn), *self.waits(wish)] if asked else events

    def refuse(self, no: No, why: str, wish: Wish, say: CollectingDispatcher, turn: Turn) -> Events:
        """Say why not and what instead, and go that way as far as it goes without a yes."""
        order, kind, refused = no
        way, words = refused.next_best.way, because(refused, why, order)
        if way is Way.HUMAN:
            if stage(order) in _URGENT:
                turn.call_human(f"{self.matter}要赶在包裹发走前处理：{refused.reason}", skill="orders", priority=0)
            return self.to_human(order, wish, "utter_refused_to_human", words, say, turn)
        if way in ACTIONS and stage(order) in _CAME:
            action, what = ACTIONS[way]
            say.utter_message(response="utter_refused_offer", **words)
            return confirming.offer_action(action, what)
        if way is not Way.REFUND_PROGRESS or self.intent != "urge_order":  # who urges a refund wants to hear of it
            say.utter_message(response="utter_shop_refused", **words)
        if way is Way.REFUND_PROGRESS:
            return tell_refund_of(order, say, turn)
        if way is Way.REPORT_FAULT:
            return [SlotSet("pending", "action_take_fault"), SlotSet("asked", "more")]
        if way in (Way.SAY_MORE, Way.FORWARD, Way.CHANGE_ADDRESS, Way.APPLY_INVOICE, Way.CHANGE_INVOICE_TITLE):
            return [*self.waits(self.without_fault(wish, kind, way)), SlotSet("asked", "more")]
        return settled()

    def without_fault(self, wish: Wish, kind: CommandKind, way: Way) -> Wish:
        """The wish on its *way* on, without what the shop could not take: what is said next takes its place."""
        return wish

    def to_human(
        self, order: Order | None, wish: Wish, response: str, words: dict[str, str], say: CollectingDispatcher, turn: Turn
    ) -> Events:  # fmt: skip
        """Register it as a case, once a talk, with number and promised time."""
        known = known_case(turn, self.intent, order.order_no if order else None)
        if known is not None:
            return [*settled(), *known_again(known, self.matter, say, turn)]
        case = open_case(
            turn,
            CaseFacts(
                type=self.intent, severity=2, summary=wish.said or turn.text, promised_at=request_by(turn.now),
                order_no=order.order_no if order else None, product_id=order.items[0].product_id if order else None,
            ),
        )  # fmt: skip
        say.utter_message(
            response=response, matter=self.matter, number=case.number, promised=in_words(case.promised_at, turn.now),
            **{"facts": in_short(order) if order else "", "ask": "", **words},
        )  # fmt: skip
        return [*settled(), SlotSet("case_number", case.number), SlotSet("asked", "case_words")]


def because(refused: Refused, why: str, order: Order) -> dict[str, str]:
    """A refusal as places of a response; it begins with the order it is about."""
    reason = f"{why}{order.title}（尾号{order.order_no[-4:]}）{refused.reason}"
    return {"reason": reason, "instead": refused.next_best.words}


class Of(TypedDict):
    """Whose order a command is about."""

    order_no: str
    buyer_id: str


def about(order: Order) -> Of:
    """The order and its buyer, as every command names them."""
    return {"order_no": order.order_no, "buyer_id": order.buyer_id}
