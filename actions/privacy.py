"""What we keep of a shopper, and their wishes about it."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events
from actions.requests import TakeRequest
from bot.store import cases
from bot.talk.turn import Turn


class TellMyData(Answer):
    """Says what the store keeps of the signed-in shopper."""

    def name(self) -> str:
        return "action_tell_my_data"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        buyer = turn.shop.buyer(turn.buyer_id) if turn.buyer_id else None
        if buyer is None:
            say.utter_message(response="utter_my_data_anonymous")
            return None
        opened = cases.open_of(turn.session, turn.claim.customer_id, limit=100)
        say.utter_message(response="utter_my_data", name=buyer.name, tier=buyer.tier, cases=len(opened))
        return None


class TakeCorrection(TakeRequest):
    """Registers a correction of stored data."""

    matter = "资料更正"
    ask_order = ""

    def name(self) -> str:
        return "action_take_correction"


class TakeDeletion(TakeRequest):
    """Registers a wish to be erased."""

    matter = "资料删除"
    ask_order = ""

    def name(self) -> str:
        return "action_take_deletion"


class TakeOptOut(TakeRequest):
    """Registers that somebody wants no messages."""

    matter = "退订"
    ask_order = ""

    def name(self) -> str:
        return "action_take_opt_out"
