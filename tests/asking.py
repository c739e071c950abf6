"""Lines put to the actions themselves, without Rasa: the real linker, reader, shop and store; only the intent is given."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

import yaml
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

import actions
from actions.base import Answer
from bot import words
from bot.nlu.linker import Linker
from bot.nlu.reader import as_entity
from bot.settings import ROOT
from bot.store import conversations, customers
from bot.store.database import begin
from bot.store.inbox import Claim
from bot.store.lines import Said
from bot.talk.turn import Knows, Turn
from bot.text.patterns import find

_NO_PLACES = ("response", "custom", "buttons", "text", "template", "image", "attachment", "elements")


@dataclass
class Heard:
    """Stands for Rasa's tracker: one line, what was read off it, and the slots."""

    text: str
    intent: str
    entities: list[dict[str, Any]]
    slots: Mapping[str, Any]

    def get_slot(self, name: str) -> Any:
        return self.slots.get(name)

    @property
    def latest_message(self) -> dict[str, Any]:
        return {"intent": {"name": self.intent}, "entities": self.entities, "text": self.text, "intent_ranking": []}


@dataclass(frozen=True)
class Reply:
    """One thing said."""

    said: str
    text: str
    payload: dict[str, Any]

    @property
    def chips(self) -> list[str]:
        return list(self.payload.get("quick_replies", []))


@dataclass
class Asker:
    """Somebody who asks; what is said stays in their slots and in their conversation."""

    shop: Any
    database: Database
    now: datetime
    conversation: str = "c" * 32
    buyer: str | None = None
    page: dict[str, Any] = field(default_factory=dict)
    knowledge: Knows | None = None
    slots: dict[str, Any] = field(default_factory=dict)
    lines: list[Said] = field(default_factory=list)
    linker: Linker | None = None

    def __post_init__(self) -> None:
        self.linker = self.linker or Linker(self.shop)
        with begin(self.database) as session:
            who = (
                customers.known_as(session, "web", self.buyer, now=self.now)
                if self.buyer
                else customers.anonymous(session, now=self.now)
            )
            self.customer = who.id
            self.conversation = conversations.start(session, who.id, "web", buyer_id=self.buyer, now=self.now).id

    def ask(self, intent: str, text: str) -> list[Reply]:
        """Say a line that means *intent*; all that is answered."""
        line = Said(len(self.lines) + 1, "shopper", text, self.now)
        claim = Claim(
            self.conversation, self.customer, "web", self.buyer, "bot", 0, 0, 0, None, (line,), tuple(self.lines[-6:])
        )
        found = [as_entity(hit) for hit in find(text)]
        assert self.linker is not None
        heard = Heard(text, intent, [*found, *self.linker.entities(text, found, self.page)], self.slots)
        say = CollectingDispatcher()
        with Session(self.database) as session:
            turn = Turn(claim, self.shop, self.now, lambda: session, self.page, self.knowledge, seq=line.seq, text=text)
            events = action_for(intent)().answer(heard, say, turn) or []  # type: ignore[arg-type]
            turn.keep_action()
            session.commit()
        for event in events:
            self.slots[event["name"]] = event["value"]
        replies = [_reply(message) for message in say.messages]
        said = [Said(len(self.lines) + 2 + i, "bot", reply.text, self.now) for i, reply in enumerate(replies)]
        self.lines += [
            line,
            *(replace(one, payload={"said": reply.said}) for one, reply in zip(said, replies, strict=True)),
        ]
        return replies

    def words(self, intent: str, text: str) -> str:
        return "\n".join(reply.text for reply in self.ask(intent, text))


def _reply(message: Mapping[str, Any]) -> Reply:
    places = {name: value for name, value in message.items() if name not in _NO_PLACES}
    payload = dict(message.get("custom") or {})
    buttons = [button["title"] for button in message.get("buttons") or []]
    payload["quick_replies"] = [*buttons, *words.buttons(message["response"])]
    return Reply(message["response"], words.say(message["response"], **places), payload)


@cache
def _classes() -> dict[str, type[Answer]]:
    for module in pkgutil.iter_modules(actions.__path__):
        importlib.import_module(f"actions.{module.name}")
    return {kind().name(): kind for kind in _named(Answer)}


def _named(kind: type[Answer]) -> Iterator[type[Answer]]:
    for child in kind.__subclasses__():
        if not child.__abstractmethods__ and child.__module__.startswith("actions."):
            yield child
        yield from _named(child)


@cache
def _rules() -> dict[str, str]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("data/stories/*.yml")]
    steps = [rule["steps"] for file in files for rule in file.get("rules", [])]
    return {found[0]["intent"]: found[1]["action"] for found in steps if "intent" in found[0]}


def action_for(intent: str) -> type[Answer]:
    """The action by which the stories answer *intent*."""
    return _classes()[_rules()[intent]]
