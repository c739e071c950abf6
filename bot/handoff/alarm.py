"""What is done when a line tells of danger: which words, which agents, before whom (row A9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.text.danger import Danger
from bot.text.danger.sense import Kind

#: Before every wish for a human, which is 0.
FIRST = -1
#: What is said to whoever tells of the same danger again.
KNOWN = "utter_danger_known"


@dataclass(frozen=True, slots=True)
class Alarm:
    """How a danger is met."""

    utter: str  #: the fixed words for the shopper
    skill: str
    priority: int
    reason: str  #: what the agent reads


_MET: dict[Kind, tuple[str, str, int, str]] = {
    "self_harm": ("utter_care_for_you", "safety", FIRST, "客户提到轻生，请马上接待"),
    "child": ("utter_child_hurt", "safety", FIRST, "孩子、老人或孕妇可能受到伤害，请马上接待"),
    "poisoning": ("utter_poisoning", "safety", FIRST, "可能过敏或中毒，请马上接待"),
    "injury": ("utter_injury", "safety", FIRST, "可能有人受伤，请马上接待"),
    "safety": ("utter_safety", "safety", FIRST, "可能漏电、起火等安全事故，请马上接待"),
    "fraud": ("utter_fraud", "complaints", 0, "客户可能遇到诈骗、盗刷或信息泄露"),
    "law": ("utter_law", "complaints", 0, "客户提到监管部门或法律途径"),
    "media": ("utter_law", "complaints", 0, "客户提到曝光或媒体"),
}


def alarm_for(danger: Danger) -> Alarm:
    """How *danger* is met; the reason names the shopper's words."""
    utter, skill, priority, reason = _MET[danger.kind]
    return Alarm(utter, skill, priority, f"{reason}：{'、'.join(danger.words[:3])}")


def words_for(alarm: Alarm, said: Sequence[str | None]) -> str:
    """The response to give where *said* are the latest of ours: the alarm's own once, then that it is known."""
    return KNOWN if alarm.utter in said else alarm.utter
