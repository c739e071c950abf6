"""The form of every action: read a slot, ask for a fact, say it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cache
from inspect import isabstract
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.errors import BotError
from bot.store import cases
from bot.store.cases import CaseFacts
from bot.store.models import Case
from bot.talk.turn import Turn, current_turn

Events = list[dict[str, Any]]
_ASKING = ("offer", "pending", "asked")  #: slots that an action sets when it asks or was answered
#: Questions of ours whose quick replies are answers to them, whatever they are heard as.
_WITH_CHOICES = frozenset((
    "utter_confirm", "utter_still_to_confirm", "utter_refused_offer", "utter_may_apply", "utter_aftersale_choose",
    "utter_which_order", "utter_which_item", "utter_ask_variant", "utter_change_what",
))  # fmt: skip


class Answer(Action, ABC):
    """An action of ours. `answer` raises a `BotError` where a fact cannot be had; its own words are then said."""

    #: Whether the shopper's need was met, so that the count of misses in a row starts anew.
    meets = True

    @abstractmethod
    def name(self) -> str:
        """Its name in `domain.yml`; a class without one is a form for others and no action."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        turn = current_turn.get()
        tapped = _tapped(tracker, turn)
        if tapped and tracker.get_slot("taken") == turn.seq:
            return []  # another need was heard in it: it was answered
        hand = _hand("action_take_inform") if tapped else self
        try:
            events = list(hand.answer(tracker, dispatcher, turn) or [])
        except BotError as error:
            turn.undo_action()
            turn.failed.append(type(error).__name__)
            dispatcher.utter_message(response=error.utter, **error.places)
            return []
        if self.meets and tracker.get_slot("misses"):
            events.append(SlotSet("misses", 0))
        if tapped:
            return [*events, SlotSet("taken", turn.seq)]
        return [*events, *(_remind(tracker, dispatcher, turn, events) if self.meets else [])]

    @abstractmethod
    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        """Say the answer; returns slots to set."""


def _tapped(tracker: Tracker, turn: Turn) -> bool:
    """Whether the line is a choice under the question we put last, by a tap or typed alike."""
    last = next((line for line in reversed(turn.claim.earlier) if line.author == "bot"), None)
    shown = (last.payload or {}) if last else {}
    if shown.get("said") not in _WITH_CHOICES:
        return False
    return turn.text.strip() in (*shown.get("quick_replies", ()), *(card["say"] for card in shown.get("cards", ())))


@cache
def _hand(name: str) -> Answer:
    """The action of this name."""
    return next(kind() for kind in _family(Answer) if not isabstract(kind) and kind().name() == name)


def _family(kind: type[Any]) -> Iterator[type[Any]]:
    """A form and all that is made after it."""
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)


def _remind(tracker: Tracker, say: CollectingDispatcher, turn: Turn, events: Events) -> Events:
    """After another matter, the question that was open is put again, once, if nothing else was asked."""
    offer = tracker.get_slot("offer")
    touched = any(
        event.get("name") == "offer" or event.get("value") for event in events if event.get("name") in _ASKING
    )
    if not offer or offer.get("reminded") or touched or turn.wish or not say.messages:
        return []
    say.utter_message(response="utter_still_to_confirm", what=offer["facts"])
    return [SlotSet("offer", {**offer, "reminded": True}), SlotSet("asked", "confirm")]


def yuan(fen: int) -> str:
    """Fen as a shopper reads money: 129, 39.9."""
    return f"{fen / 100:.2f}".rstrip("0").rstrip(".")


def choices(titles: Iterable[str]) -> list[dict[str, str]]:
    """Quick replies: each is what the shopper says by a tap."""
    return [{"title": title, "payload": title} for title in titles]


def entity(tracker: Tracker, kind: str) -> str | None:
    """The first value of *kind* in the newest line."""
    return next((str(found["value"]) for found in entities(tracker, kind)), None)


def entities(tracker: Tracker, kind: str) -> Iterator[dict[str, Any]]:
    """All entities of *kind* in the newest line, in order."""
    return (found for found in tracker.latest_message.get("entities", []) if found["entity"] == kind)


def intent_of(tracker: Tracker) -> str:
    """What the newest line wants."""
    return str(tracker.latest_message["intent"]["name"])


def open_case(turn: Turn, facts: CaseFacts) -> Case:
    """The case the line in hand opens; tried again, the same one."""
    return cases.open_once(turn.session, turn.conversation_id, turn.claim.customer_id, turn.seq, facts, now=turn.now)
