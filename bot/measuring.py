"""Understanding measured from outside: JSON lines in, JSON lines out, one for one, never a crash."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.nlu.needs import Understood
from bot.serving import load_engine, open_shop
from bot.settings import Settings
from bot.shop.patience import PatientShop
from bot.store.lines import Said

_ROLES = ("shopper", "bot", "agent")
#: A row longer than this is not parsed: no text or context of a conversation comes near it.
_LONGEST_ROW = 8_000_000
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


class BadLine(ValueError):
    """An input line that cannot be understood; the message says why."""


def understand_lines(settings: Settings, source: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """One answer for each line of *source*: the understanding, or {"error": why}.

    Whatever goes wrong with one line is told in its answer and does not end the run.
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for answers only
    engine = load_engine(settings, PatientShop(open_shop(settings), settings.action_budget_s))
    loop = asyncio.new_event_loop()
    try:
        for row in source:
            try:
                said, before = _read(row, settings.line_limit_chars)
                yield _written(loop.run_until_complete(engine.understand(said, before)))
            except BadLine as why:
                yield {"error": str(why)}
            except Exception as why:
                yield {"error": f"not understood: {type(why).__name__}"}
    finally:
        loop.close()


def _read(row: bytes, limit_chars: int) -> tuple[Said, list[Said]]:
    content = _parsed(row)
    if not isinstance(content, dict) or not isinstance(content.get("text"), str):
        raise BadLine('wants {"text": "…", "context": [{"role": "shopper|bot|agent", "text": "…"}]}')
    context = content.get("context")
    turns = [] if context is None else context
    if not isinstance(turns, list) or not all(_is_turn(turn) for turn in turns):
        raise BadLine("context is a list of {role: shopper|bot|agent, text}")
    text = content["text"]
    if len(text) > limit_chars:
        raise BadLine(f"{len(text)} characters, the limit is {limit_chars}")
    before = [_said(number, turn["role"], turn["text"]) for number, turn in enumerate(turns, 1)]
    return _said(len(before) + 1, "shopper", text), before


def _parsed(row: bytes) -> object:
    if not row.strip():
        raise BadLine("empty line")
    if len(row) > _LONGEST_ROW:
        raise BadLine(f"{len(row)} bytes, the limit is {_LONGEST_ROW}")
    try:
        return json.loads(row)
    except (ValueError, RecursionError) as cause:
        raise BadLine(f"not JSON: {type(cause).__name__}") from cause


def _is_turn(turn: object) -> bool:
    return isinstance(turn, dict) and turn.get("role") in _ROLES and isinstance(turn.get("text"), str)


def _said(seq: int, author: str, text: str) -> Said:
    """A line whose text can be written again: half a surrogate pair becomes the sign for an unreadable character."""
    return Said(seq, author, _HALF_A_PAIR.sub("\ufffd", text), datetime.now(UTC))


def _written(found: Understood) -> dict[str, Any]:
    return {
        "intent": found.intent, "confidence": round(found.confidence, 4), "second": found.second,
        "alternatives": [{"intent": name, "confidence": confidence} for name, confidence in found.alternatives],
        "entities": [
            {"entity": e["entity"], "value": e["value"], "start": e["start"], "end": e["end"]} for e in found.entities
        ],
    }  # fmt: skip
