"""A human is wanted."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events
from bot.talk.turn import Turn


class CallHuman(Answer):
    """Puts the conversation into the queue; the words about the place are said when the turn commits."""

    def name(self) -> str:
        return "action_call_human"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        turn.call_human("客户要求人工服务", priority=0)
        return None
