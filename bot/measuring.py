"""Understanding measured from outside: JSON lines in, JSON lines out, one for one, never a crash."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from bot.nlu.needs import Understood
from bot.serving import load_engine, open_shop
from bot.settings import Settings
from bot.shop.patience import PatientShop
from bot.store.lines import Said

_ROLES = ("shopper", "bot", "agent")


class BadLine(ValueError):
    """An input line that cannot be understood; the message says why."""


def understand_lines(settings: Settings, source: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """One answer for each line of *source*: the understanding, or {"error": why}."""
    engine = load_engine(settings, PatientShop(open_shop(settings), settings.action_budget_s))
    loop = asyncio.new_event_loop()
    for row in source:
        try:
            said, before = _read(row, settings.line_limit_chars)
            yield _written(loop.run_until_complete(engine.understand(said, before)))
        except BadLine as why:
            yield {"error": str(why)}


def _read(row: bytes, limit_chars: int) -> tuple[Said, list[Said]]:
    try:
        content = json.loads(row)
    except (ValueError, RecursionError) as cause:
        raise BadLine(f"not JSON: {type(cause).__name__}") from cause
    if not isinstance(content, dict) or not isinstance(content.get("text"), str):
        raise BadLine('wants {"text": "…", "context": [{"role": "shopper|bot|agent", "text": "…"}]}')
    context = content.get("context") or []
    if not isinstance(context, list) or not all(_is_turn(turn) for turn in context):
        raise BadLine("context is a list of {role: shopper|bot|agent, text}")
    text = content["text"]
    if len(text) > limit_chars:
        raise BadLine(f"{len(text)} characters, the limit is {limit_chars}")
    before = [_said(number, turn["role"], turn["text"]) for number, turn in enumerate(context, 1)]
    return _said(len(before) + 1, "shopper", text), before


def _is_turn(turn: object) -> bool:
    return isinstance(turn, dict) and turn.get("role") in _ROLES and isinstance(turn.get("text"), str)


def _said(seq: int, author: str, text: str) -> Said:
    readable = text.encode("utf-8", "replace").decode("utf-8")
    return Said(seq, author, readable, datetime.now(UTC))


def _written(found: Understood) -> dict[str, Any]:
    return {
        "intent": found.intent, "confidence": round(found.confidence, 4), "second": found.second,
        "alternatives": [{"intent": name, "confidence": confidence} for name, confidence in found.alternatives],
        "entities": [
            {"entity": e["entity"], "value": e["value"], "start": e["start"], "end": e["end"]} for e in found.entities
        ],
    }  # fmt: skip
