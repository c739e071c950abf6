"""Reproaches, threats and claims: taken as a case, with words that name the fault."""

from __future__ import annotations

from datetime import datetime

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events
from actions.requests import Matter, TakeRequest
from bot.handoff.promise import complaint_by
from bot.talk.turn import Turn
from bot.text.faults import fault_named

_SHORT = 8  # characters: "我要投诉" tells nothing yet


class TakeComplaint(TakeRequest):
    """Registers a complaint; asks what happened if it was not said."""

    matter = "投诉"
    utter = "utter_complaint_taken"
    severity = 1

    def name(self) -> str:
        return "action_take_complaint"

    def promised(self, now: datetime) -> datetime:
        return complaint_by(now)

    def further(self, matter: Matter, turn: Turn) -> dict[str, object]:
        return {"sorry": f"{fault_named(turn.text)}，实在抱歉。"}

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        self.ask = "请说一下发生了什么、是哪一笔订单，我一起记上。" if len(turn.text) <= _SHORT else ""
        return super().answer(tracker, say, turn)


class TakeClaim(TakeComplaint):
    """Registers a claim for compensation."""

    matter = "赔付申请"
    utter = "utter_claim_taken"

    def name(self) -> str:
        return "action_take_claim"


class TakeThreat(TakeComplaint):
    """Registers a complaint that names a step outside, and calls a senior human."""

    utter = "utter_threat_taken"

    def name(self) -> str:
        return "action_take_threat"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        turn.call_human("客户提到投诉、曝光或法律途径", skill="complaints", priority=0)
        return super().answer(tracker, say, turn)
