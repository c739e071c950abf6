"""After the goods have come: returns, exchanges, repairs, faults, and how far they are."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events, intent_of, yuan
from actions.ordering import card, local, meant_order, settled
from actions.requests import TakeRequest
from bot.handoff.promise import in_words
from bot.shop.facts import Order, OrderState
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


class TakeAftersale(TakeRequest):
    """Registers an after-sale matter, of goods that have come unless another order is named."""

    utter = "utter_aftersale_taken"
    concerns = frozenset({OrderState.SIGNED, OrderState.DONE})


class TakeReturn(TakeAftersale):
    """Registers a return."""

    matter = "退货"

    def name(self) -> str:
        return "action_take_return"


class TakeExchange(TakeAftersale):
    """Registers an exchange."""

    matter = "换货"

    def name(self) -> str:
        return "action_take_exchange"


class TakeRepair(TakeAftersale):
    """Registers a repair."""

    matter = "维修"

    def name(self) -> str:
        return "action_take_repair"


class TakeFault(TakeAftersale):
    """Registers a described fault and asks for evidence."""

    matter = "质量问题"
    ask = "方便的话说一下订单号和出现问题的情况，有照片更好。"

    def name(self) -> str:
        return "action_take_fault"


class TakeWrongOrMissing(TakeAftersale):
    """Registers that something else or too little was sent."""

    matter = "错发漏发"
    ask = "麻烦说一下少了或错了哪件，有照片更好。"

    def name(self) -> str:
        return "action_take_wrong_or_missing"


class TakeNotReceived(TakeAftersale):
    """Registers a parcel that is shown as signed and did not come."""

    matter = "未收到货"
    severity = 1
    concerns = frozenset({OrderState.SIGNED, OrderState.DONE, OrderState.SHIPPED, OrderState.OUT_FOR_DELIVERY})

    def name(self) -> str:
        return "action_take_not_received"


class TellAftersaleProgress(Answer):
    """Says which matters of this customer are open and what was promised."""

    def name(self) -> str:
        return "action_tell_aftersale_progress"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        opened = cases.open_of(turn.session, turn.claim.customer_id)
        if not opened:
            return tell_refund(tracker, say, turn, none="utter_no_cases")
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
        return tell_refund(tracker, say, turn, none="utter_no_refund")


def tell_refund(tracker: Tracker, say: CollectingDispatcher, turn: Turn, *, none: str) -> Events | None:
    """Say the refund of the order meant; if it has none, of the newest order that has one; else *none*."""
    pick = meant_order(tracker, turn)
    if pick.ask and not turn.buyer_id:
        say.utter_message(response=pick.ask)
        return [SlotSet("pending", f"action_tell_{intent_of(tracker)}"), *pick.slots]
    order = _with_refund(pick.order, turn)
    if order is None or order.refund is None:
        say.utter_message(response=none)
        return settled()
    refund = order.refund
    if refund.done_at:
        expected = f"已于{local(refund.done_at)}原路退回，银行到账可能再晚一两天"
    elif refund.expected_at and refund.expected_at < turn.now:
        expected = f"原定{local(refund.expected_at)}到账，已经超时，可以说“人工”我请同事马上查"
    else:
        expected = f"预计{local(refund.expected_at)}前到账" if refund.expected_at else "到账时间还没有定"
    say.utter_message(
        response="utter_refund_step", title=order.title, order_no=order.order_no, amount=yuan(refund.amount_fen),
        step=refund.step, expected=expected, json_message={"cards": [card(order)]},
    )  # fmt: skip
    return settled()


def _with_refund(order: Order | None, turn: Turn) -> Order | None:
    if order is not None and order.refund is not None:
        return order
    if turn.buyer_id is None:
        return order
    return next((other for other in turn.shop.orders_of(turn.buyer_id) if other.refund), None)
