"""Orders under way: where they are, and what is to be changed about them."""

from __future__ import annotations

from datetime import datetime

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events, yuan
from actions.ordering import card, local, meant_order, parcel_in_words, settled
from actions.requests import Matter, TakeRequest
from bot.shop.facts import Order, OrderState
from bot.talk.turn import Turn


class TrackOrder(Answer):
    """Says how far an order has come; asks for what proves it if nobody is signed in."""

    def name(self) -> str:
        return "action_track_order"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        pick = meant_order(tracker, turn)
        if pick.among:
            orders = "；".join(f"{order.title}（{order.state}）" for order in pick.among)
            say.utter_message(
                response="utter_which_order", count=len(pick.among), orders=orders,
                json_message={"cards": [card(order, to_choose=True) for order in pick.among]},
            )  # fmt: skip
            return [SlotSet("pending", self.name()), SlotSet("asked", "order_no"), *pick.slots]
        if pick.order is None:
            say.utter_message(response=pick.ask)
            return [SlotSet("pending", self.name()), *pick.slots]
        tell(pick.order, pick.why, say, turn.now)
        return [*settled(), *pick.slots]


class UrgeOrder(TakeRequest):
    """Registers that an order is to be hurried, with where it stands."""

    matter = "催单"
    utter = "utter_urged"

    def name(self) -> str:
        return "action_urge_order"


class TakeModification(TakeRequest):
    """Registers a change of address, phone, variant or content."""

    matter = "改单"
    utter = "utter_modify_taken"

    def name(self) -> str:
        return "action_take_modification"


class TakeCancellation(TakeRequest):
    """Registers that an order is to be cancelled."""

    matter = "取消订单"

    def name(self) -> str:
        return "action_take_cancellation"


class TakeInvoice(TakeRequest):
    """Registers a request about an invoice."""

    matter = "发票申请"

    def name(self) -> str:
        return "action_take_invoice"


class TakePriceProtection(TakeRequest):
    """Registers a claim for the difference of a lowered price."""

    matter = "价保申请"
    utter = "utter_price_protection"

    def name(self) -> str:
        return "action_take_price_protection"

    def further(self, matter: Matter, turn: Turn) -> dict[str, object]:
        return {"days": turn.shop.terms().price_protection_days}


class TakePaymentProblem(TakeRequest):
    """Registers trouble with a payment."""

    matter = "付款问题"

    def name(self) -> str:
        return "action_take_payment_problem"


def tell(order: Order, why: str, say: CollectingDispatcher, now: datetime) -> None:
    """Say where *order* stands, in words and as a card."""
    common = {"why": why, "title": order.title, "order_no": order.order_no, "json_message": {"cards": [card(order)]}}
    if order.state is OrderState.UNPAID:
        dispatch = f"最晚{local(order.dispatch_by)}发货" if order.dispatch_by else "我们会尽快发货"
        say.utter_message(response="utter_track_unpaid", dispatch=dispatch, **common)
    elif order.parcels and order.state not in (OrderState.REFUNDED, OrderState.CANCELLED):
        parts = [parcel_in_words(parcel, now) for parcel in order.parcels]
        many = len(parts) > 1
        words = "；".join(f"包裹{number}{part}" for number, part in enumerate(parts, 1)) if many else parts[0]
        say.utter_message(
            response="utter_track_parcel",
            parcels=f"分{len(parts)}个包裹：{words}。" if many else f"{words}。",
            **common,
        )
    elif order.state is OrderState.PAID:
        late = bool(order.dispatch_by and order.dispatch_by < now)
        say.utter_message(
            response="utter_track_paid", dispatch_by=local(order.dispatch_by) if order.dispatch_by else "近期",
            late="，已经超时了，可以说“催一下”我来登记催发" if late else "", **common,
        )  # fmt: skip
    else:
        refund = f"，退款{yuan(order.refund.amount_fen)}元（{order.refund.step}）" if order.refund else ""
        say.utter_message(response="utter_track_closed", state=str(order.state), refund=refund, **common)
