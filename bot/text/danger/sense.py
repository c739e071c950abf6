"""The form of one way to say that something happened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["self_harm", "child", "poisoning", "injury", "safety", "fraud", "law", "media"]
#: certain: taken at its word; plain: unless denied, feared, supposed, asked; weak: nor beside a wish to buy or to know
#: a rule; caused: only beside what was done before, and no such wish.
Strength = Literal["certain", "plain", "weak", "caused"]


@dataclass(frozen=True, slots=True)
class Sense:
    """One way of saying it, and when it is believed."""

    kind: Kind
    pattern: re.Pattern[str]
    strength: Strength = "plain"


def sense(kind: Kind, *patterns: str, strength: Strength = "plain") -> Sense:
    """A sense of several patterns for prepared lines."""
    return Sense(kind, re.compile("|".join(patterns)), strength)
