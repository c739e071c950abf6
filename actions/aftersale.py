"""After the goods have come: returns, exchanges, repairs, faults, and how far they are."""

from __future__ import annotations

from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events
from actions.choosing import Looking, Tier
from actions.ordering import Pick, ask_for_order, meant_order, settled
from actions.orders import TakeModification, tell
from actions.refunding import tell_refund_of
from actions.requests import known_again, known_case
from actions.returning import AftersaleWish
from actions.wishing import Wish
from bot.handoff.promise import in_words
from bot.shop.aftersale import Problem, RemedyKind
from bot.shop.commands import CommandKind
from bot.shop.facts import Order
from bot.shop.parcels import NotReceived, not_received, outgoing
from bot.shop.refusals import Refused
from bot.store import cases
from bot.talk.turn import Turn

#: What the shopper calls the matters that cases are opened for.
MATTERS = {
    "urge_order": "催单", "modify_order": "改单", "cancel_order": "取消订单", "ask_invoice": "发票申请",
    "price_protection": "价保申请", "payment_problem": "付款问题", "return_goods": "退货", "exchange_goods": "换货",
    "repair_goods": "维修", "report_fault": "质量问题", "wrong_or_missing": "错发漏发", "not_received": "未收到货",
    "complain": "投诉", "threaten": "投诉", "claim_compensation": "赔付申请", "redeem_points": "积分兑换",
    "correct_my_data": "资料更正", "delete_my_data": "资料删除", "opt_out": "退订",
}  # fmt: skip
_REFUNDING = Looking(
    (
        Tier("在退款", lambda order, now: order.refund is not None and order.refund.done_at is None),
        Tier("退过款", lambda order, now: order.refund is not None),
    ),
    keeps=False,
)


class TakeReturn(AftersaleWish):
    """Says whether goods can go back and on what terms, and registers it."""

    intent = "return_goods"
    matter = "退货"
    wants = RemedyKind.RETURN

    def name(self) -> str:
        return "action_take_return"


class TakeExchange(AftersaleWish):
    """Says whether goods can be exchanged and on what terms, and registers it; what has not left is changed."""

    intent = "exchange_goods"
    matter = "换货"
    wants = RemedyKind.EXCHANGE

    def name(self) -> str:
        return "action_take_exchange"

    def in_the_house(
        self, order: Order, no: Refused, wish: Wish, words: dict[str, str], tracker: Tracker, say: CollectingDispatcher,
        turn: Turn,
    ) -> Events:  # fmt: skip
        other = replace(wish, kinds=(CommandKind.CHANGE_SKU.name,))
        return TakeModification().about(Pick((order,)), other, tracker, say, turn)


class TakeRepair(AftersaleWish):
    """Says whether goods are repaired and on what terms, and registers it."""

    intent = "repair_goods"
    matter = "维修"
    wants = RemedyKind.REPAIR
    usually = Problem.QUALITY

    def name(self) -> str:
        return "action_take_repair"


class TakeFault(AftersaleWish):
    """Registers a described fault, says what can be done, and asks for evidence."""

    intent = "report_fault"
    matter = "质量问题"
    usually = Problem.QUALITY

    def name(self) -> str:
        return "action_take_fault"


class TakeWrongOrMissing(AftersaleWish):
    """Registers that something else or too little was sent, and says what can be done."""

    intent = "wrong_or_missing"
    matter = "错发漏发"
    usually = Problem.WRONG

    def name(self) -> str:
        return "action_take_wrong_or_missing"


class TakeNotReceived(AftersaleWish):
    """Looks for a parcel that is shown as signed and did not come."""

    intent = "not_received"
    matter = "未收到货"
    severity = 1

    def name(self) -> str:
        return "action_take_not_received"

    def about(self, pick: Pick, wish: Wish, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events:
        order = pick.orders[0]
        known = known_case(turn, self.intent, order.order_no)
        if known is not None:
            return known_again(known, self.matter, say, turn)
        found = _missed(order, looked=wish.looked or tracker.get_slot("asked") == "looked", turn=turn)
        if found is None:
            tell(order, pick.why, say, turn)
            return settled()
        if found.prove:
            return self.register(order, wish, "utter_search", {"words": found.words}, say, turn)
        say.utter_message(response="utter_look_first", why=pick.why, title=order.title, words=found.words)
        return [*self.waits(wish), SlotSet("asked", "looked")]


def _missed(order: Order, *, looked: bool, turn: Turn) -> NotReceived | None:
    """What to do about the box that was signed last; None if none is shown as signed."""
    found = [seen for box in outgoing(order) if (seen := not_received(box, turn.now, looked=looked))]
    return max(found, key=lambda seen: seen.signed_at, default=None)


class TellAftersaleProgress(Answer):
    """Says which matters of this customer are open and what was promised."""

    def name(self) -> str:
        return "action_tell_aftersale_progress"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        opened = cases.open_of(turn.session, turn.claim.customer_id)
        if not opened:
            return tell_refund(tracker, say, turn, self.name(), none="utter_no_cases")
        rows = [
            f"{MATTERS.get(case.type, case.type)}（{case.number}，{in_words(case.promised_at, turn.now)}答复）"
            for case in opened
        ]
        say.utter_message(response="utter_aftersale_steps", cases="；".join(rows))
        return None


class TellRefundProgress(Answer):
    """Says at which step a refund is and when the money is expected."""

    def name(self) -> str:
        return "action_tell_refund_progress"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        return tell_refund(tracker, say, turn, self.name(), none="utter_no_refund")


def tell_refund(tracker: Tracker, say: CollectingDispatcher, turn: Turn, pending: str, *, none: str) -> Events:
    """Say the refund of the order meant, by default one that is under way; *none* if there is none."""
    pick = meant_order(tracker, turn, _REFUNDING)
    if pick.among or (pick.ask and not turn.buyer_id):
        return ask_for_order(pick, pending, say)
    if pick.order is None or pick.order.refund is None:
        say.utter_message(response=none)
        return [*settled(), *pick.slots]
    return [*tell_refund_of(pick.order, say, turn), *pick.slots]


#: Actions here that can wait for an answer.
WAITING: tuple[type[Answer], ...] = (
    TakeReturn, TakeExchange, TakeRepair, TakeFault, TakeWrongOrMissing, TakeNotReceived, TellAftersaleProgress,
    TellRefundProgress,
)  # fmt: skip
