"""A human is wanted."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events
from bot.talk.turn import Turn

#: Confidence from which a wish for a human is honoured unasked. The plain words are honoured before (bot.text.human).
SURE = 0.7


class CallHuman(Answer):
    """Puts the conversation into the queue; the words about the place are said when the turn commits. A guess that is
    hardly more than one is asked back: who did not ask for a human must not be handed over."""

    def name(self) -> str:
        return "action_call_human"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        if tracker.latest_message["intent"].get("confidence", 1.0) < SURE:
            say.utter_message(response="utter_offer_human")
            return [SlotSet("asked", "offer_human")]
        turn.call_human("客户要求人工服务", priority=0)
        return None
