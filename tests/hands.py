"""Talks with the hands alone: real actions, store and shop; what a line wants is told instead of understood."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any

import yaml
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import Engine as Database
from sqlalchemy import select
from sqlalchemy.orm import Session

import actions
from actions.base import Answer
from bot import words
from bot.nlu.linker import Linker
from bot.settings import ROOT
from bot.store import audit, customers
from bot.store.database import begin, reading
from bot.store.inbox import Claim
from bot.store.lines import Said
from bot.store.models import Audit, Case, Conversation
from bot.talk.turn import Turn, current_turn
from bot.text.patterns import find


@cache
def hands() -> dict[str, Answer]:
    """Every action by its name."""
    classes = {
        kind
        for module in pkgutil.iter_modules(actions.__path__)
        for kind in vars(importlib.import_module(f"actions.{module.name}")).values()
        if inspect.isclass(kind) and issubclass(kind, Answer) and not inspect.isabstract(kind)
    }
    return {hand.name(): hand for hand in (kind() for kind in classes)}


@cache
def rules() -> dict[str, str]:
    """The action that answers each intent."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("data/stories/*.yml")]
    steps = [rule["steps"] for file in files for rule in file.get("rules", [])]
    return {first["intent"]: second["action"] for first, second in steps}


class Tracker:
    """Stands for Rasa's tracker: the newest line as it was read, and the slots."""

    def __init__(self, slots: dict[str, Any], intent: str, text: str, entities: list[dict[str, Any]]) -> None:
        self.slots = slots
        self.latest_message = {"intent": {"name": intent, "confidence": 0.9}, "entities": entities, "text": text}

    def get_slot(self, name: str) -> Any:
        return self.slots.get(name)


class Hands:
    """One conversation: each line is answered by the action of its intent, in a transaction of its own."""

    def __init__(
        self, database: Database, shop: Any, buyer: str | None = None, *, now: datetime, id_: str = "h" * 32
    ) -> None:
        self.database, self.shop, self.now, self.id = database, shop, now, id_
        self.slots: dict[str, Any] = {}
        self.lines: list[Said] = []
        self.wishes: list[str] = []  #: reasons for which humans were called
        self.linker = Linker(shop)
        with begin(database) as session:
            who = customers.known_as(session, "web", buyer, now=now) if buyer else customers.anonymous(session, now=now)
            self.customer_id, self.buyer = who.id, buyer
            session.add(Conversation(
                id=id_, customer_id=who.id, channel="web", buyer_id=buyer, opened_at=now, owner="bot", epoch=0,
                last_seq=0, fence=0, attempts=0,
            ))  # fmt: skip

    def say(self, text: str, intent: str = "inform", *, page: dict[str, str] | None = None, lost: bool = False) -> str:
        """Say a line; the answer. *lost*: the process dies before its commit, and nothing of the turn stands."""
        seq = len(self.lines) + 1
        claim = Claim(
            self.id, self.customer_id, "web", self.buyer, "bot", 0, 1, 1, None, (), tuple(self.lines[-6:])
        )  # fmt: skip
        turn = Turn(
            claim, self.shop, self.now, lambda: Session(self.database, expire_on_commit=False, autoflush=False),
            page=page or {}, seq=seq, text=text,
        )  # fmt: skip
        said, slots = self._answered(turn, intent, text)
        if lost:
            turn.close()
            return ""
        turn.commit_session.commit()
        turn.close()
        self.slots = slots
        self.wishes += turn.wish.reasons if turn.wish else ()
        at = self.now
        self.lines.append(Said(seq, "shopper", text, at, intent=intent))
        for number, message in enumerate(said, 1):
            payload = {"said": message["response"], **(message.get("custom") or {})}
            payload["quick_replies"] = words.buttons(message["response"]) + [
                button["title"] for button in message.get("buttons") or ()
            ]
            self.lines.append(Said(seq + number, "bot", self._worded(message), at, payload))
        return "\n".join(self._worded(message) for message in said)

    def _answered(self, turn: Turn, intent: str, text: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        name, slots, say = rules()[intent], deepcopy(self.slots), CollectingDispatcher()
        if name.startswith("utter_"):
            return [{"response": name}], slots
        asked = slots.get("asked") == "phone_tail"
        entities = [
            {"entity": hit.kind, "value": hit.value, "start": hit.start, "end": hit.end}
            for hit in find(text, phone_tail_asked=asked)
        ]
        entities += self.linker.entities(text, entities, turn.page)
        token = current_turn.set(turn)
        try:
            events = asyncio.run(hands()[name].run(say, Tracker(slots, intent, text, entities), {}))  # type: ignore[arg-type]
        finally:
            current_turn.reset(token)
        turn.keep_action()
        return say.messages, slots | {event["name"]: event["value"] for event in events}

    @staticmethod
    def _worded(message: dict[str, Any]) -> str:
        places = {key: value for key, value in message.items() if key not in ("response", "custom", "buttons")}
        text = words.say(
            message["response"], **{name: "" if value is None else value for name, value in places.items()}
        )
        assert "{" not in text, f"{message['response']}: {text}"
        return text

    def replies(self) -> list[str]:
        """The quick replies under the newest answer."""
        return list((self.lines[-1].payload or {}).get("quick_replies", []))

    def cards(self) -> list[dict[str, Any]]:
        """The cards in the newest answer."""
        return list((self.lines[-1].payload or {}).get("cards", []))

    def cases(self) -> list[Case]:
        """The cases of this conversation, oldest first."""
        with reading(self.database) as session:
            return list(session.scalars(select(Case).filter_by(conversation_id=self.id).order_by(Case.id)))

    def audited(self) -> list[tuple[str, dict[str, Any]]]:
        """What was executed: subject and facts; the chain holds."""
        with reading(self.database) as session:
            assert audit.first_broken(session) is None
            rows: Iterable[Audit] = session.scalars(select(Audit).filter_by(action="execute").order_by(Audit.id))
            return [(row.subject, row.detail) for row in rows]
