"""What a line was found to mean, and what of several lines in a row is to be answered (pure, row A7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.store.lines import Said

#: Lines that ask nothing when a request stands beside them.
FILLERS = frozenset({"greet", "thank", "goodbye", "affirm", "deny", "nudge", "chitchat", "inform", "nlu_fallback"})
MOST_NEEDS = 2
#: What went wrong, and what is wanted for it: told in one line they are one matter, done once.
FAULTS = frozenset({"report_fault", "wrong_or_missing", "not_received", "complain"})
REMEDIES = frozenset(
    {"return_goods", "exchange_goods", "repair_goods", "claim_compensation", "refund_progress", "threaten"}
)


@dataclass(frozen=True, slots=True)
class Understood:
    """What one line means."""

    line: Said
    intent: str
    confidence: float
    second: str | None
    entities: tuple[dict[str, Any], ...]
    alternatives: tuple[tuple[str, float], ...]
    parse_data: dict[str, Any] = field(repr=False)

    @property
    def second_to_do(self) -> str | None:
        """The second need, unless it only tells the fault that the first one wants to be made good, or the other way."""
        both = {self.intent, self.second}
        return None if both & FAULTS and both & REMEDIES else self.second

    def for_second(self) -> dict[str, Any]:
        """Rasa's parse of the same line, its second need in the place of the first."""
        return {**self.parse_data, "intent": {"name": self.second, "confidence": self.confidence}}


def needs_of(understood: Sequence[Understood]) -> list[Understood]:
    """The needs in the lines of one turn, oldest first, each once, at most two; never empty.

    What the other lines supply (an order number, a colour) is given to the need; if no line asks anything, the newest
    line that says most is answered.
    """
    asking = {found.intent: found for found in understood if found.intent not in FILLERS}
    if not asking:
        return [_with_all(_telling_most(understood), understood)]
    needs = list(asking.values())[-MOST_NEEDS:]
    return [_with_all(need, understood) for need in needs]


def _telling_most(understood: Sequence[Understood]) -> Understood:
    """The newest line that tells something, else the newest yes or no (确认, 谢谢 is a yes), else the newest."""
    for kind in ({"inform"}, {"affirm", "deny"}):
        found = [line for line in understood if line.intent in kind]
        if found:
            return found[-1]
    return understood[-1]


def _with_all(need: Understood, understood: Sequence[Understood]) -> Understood:
    """*need* with the entities of the lines beside it; its own come first."""
    others = [entity for found in understood if found is not need for entity in found.entities]
    if not others:
        return need
    entities = [*need.entities, *others]
    return replace(need, entities=tuple(entities), parse_data={**need.parse_data, "entities": entities})
