"""What the line before asked for, read from its words: the same for a bot's line and a human's."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TAIL = re.compile(r"后四位|后4位|尾号|末四位|后 ?四 ?位")


def last_of_ours(before: Sequence[str]) -> str:
    """The newest line before that is not the shopper's; empty if there is none."""
    for said in reversed(before):
        author, _, words = said.partition(": ")
        if author != "shopper":
            return words
    return ""


def phone_tail_asked(before: Sequence[str]) -> bool:
    """Whether our last line asked for the last four digits of a phone."""
    return _TAIL.search(last_of_ours(before)) is not None
