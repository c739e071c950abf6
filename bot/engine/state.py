"""What Rasa remembers of a conversation: a window of events, held in memory for one turn.

The store's `lines` are the history; this state is a cache for Rasa that stays at one size however long people talk
(reliability R19). Six turns answer like the full history (engine notes, section 0).
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    ConversationPaused,
    Event,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

#: The state of the conversation in this turn, JSON text; None for a new conversation.
in_hand: ContextVar[str | None] = ContextVar("in_hand", default=None)

_RANKING_KEPT = 3


class WindowStore(TrackerStore):
    """Gives Rasa the state in `in_hand` and takes the new one back there. It never touches a database."""

    def __init__(self, domain: Domain, turns: int) -> None:
        super().__init__(domain)
        self.turns = turns

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        state = in_hand.get()
        if state is None:
            return None
        return DialogueStateTracker.from_events(sender_id, deserialise_events(json.loads(state)), self.domain.slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        events = [slim(event.as_dict()) for event in self.fold(tracker)]
        in_hand.set(json.dumps(events, ensure_ascii=False, separators=(",", ":")))

    def fold(self, tracker: DialogueStateTracker) -> list[Event]:
        """The tracker's events, and once twice the window is there, the window with a head that says the same.

        The folded form is used only if slots, loop, pause and last action come out equal.
        """
        events = _last_per_slot(_since_session_start(list(tracker.events)))
        turns = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
        if len(turns) <= 2 * self.turns:
            return events
        cut = turns[-self.turns]
        if _is_listen(events[cut - 1]):
            cut -= 1
        folded = self._head(tracker.sender_id, events[:cut], events[cut].timestamp) + events[cut:]
        return folded if self._says_the_same(folded, tracker) else events

    def _head(self, sender_id: str, events: list[Event], at: float) -> list[Event]:
        """Few events that leave a tracker as *events* do. The second marker keeps conversation_start rules away."""
        old = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        head: list[Event] = [_marker(at), SessionStarted(timestamp=at), _marker(at)]
        head += [SlotSet(s.name, s.value, timestamp=at) for s in old.slots.values() if s.value != s.initial_value]
        if old.active_loop_name:
            head += _loop(old, at)
        if old.is_paused():
            head.append(ConversationPaused(timestamp=at))
        return head

    def _says_the_same(self, events: list[Event], tracker: DialogueStateTracker) -> bool:
        folded = DialogueStateTracker.from_events(tracker.sender_id, events, self.domain.slots)
        return _standing(folded) == _standing(tracker)


def slim(event: dict[str, Any]) -> dict[str, Any]:
    """An event without what Rasa repeats in each: metadata of the model, the tail of the intent ranking."""
    metadata = {k: v for k, v in (event.get("metadata") or {}).items() if k not in ("model_id", "assistant_id")}
    small = {k: v for k, v in event.items() if v is not None and k != "metadata"}
    if metadata:
        small["metadata"] = metadata
    if event["event"] == "user" and "parse_data" in small:
        small["parse_data"] = _slim_parse(small["parse_data"])
    return small


def _slim_parse(parse: dict[str, Any]) -> dict[str, Any]:
    kept = ("intent", "entities", "text", "message_id", "metadata")
    small = {key: parse[key] for key in kept if parse.get(key) is not None}
    small["intent_ranking"] = parse.get("intent_ranking", [])[:_RANKING_KEPT]
    return small


def _standing(tracker: DialogueStateTracker) -> tuple[Any, ...]:
    slots = {slot.name: slot.value for slot in tracker.slots.values()}
    return slots, tracker.active_loop_name, tracker.is_paused(), tracker.latest_action_name


def _since_session_start(events: list[Event]) -> list[Event]:
    starts = [index for index, event in enumerate(events) if isinstance(event, SessionStarted)]
    if not starts:
        return events
    return events[max(starts[-1] - 1, 0) :]


def _last_per_slot(events: list[Event]) -> list[Event]:
    """*events* without the slots that are set again before the first turn: a new session copies all of the old one's."""
    first_turn = next((i for i, event in enumerate(events) if isinstance(event, UserUttered)), len(events))
    last = {event.key: index for index, event in enumerate(events[:first_turn]) if isinstance(event, SlotSet)}
    return [
        event
        for index, event in enumerate(events)
        if index >= first_turn or not isinstance(event, SlotSet) or last[event.key] == index
    ]


def _loop(old: DialogueStateTracker, at: float) -> list[Event]:
    name = old.active_loop_name
    events: list[Event] = [ActionExecuted(name, timestamp=at), ActiveLoop(name, timestamp=at)]
    if old.active_loop and old.active_loop.is_interrupted:
        events.append(LoopInterrupted(True, timestamp=at))
    if old.active_loop and old.active_loop.rejected:
        events.append(ActionExecutionRejected(name, timestamp=at))
    return events


def _marker(at: float) -> Event:
    return ActionExecuted(ACTION_SESSION_START_NAME, timestamp=at)


def _is_listen(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME
