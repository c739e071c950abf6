"""One turn: what the actions of one answer share. The brain makes it, the engine runs it, `bot.talk.answer` writes it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session, SessionTransaction

from bot.shop.facts import Shop
from bot.store.inbox import Claim


class AbortTurn(BaseException):
    """The store failed within an action; nothing of the turn may stand. No `Exception`: Rasa would swallow it."""


class Answered(Protocol):
    """An entry of the shop's questions and answers that answers a line."""

    @property
    def entry_id(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def source(self) -> str: ...


class Knows(Protocol):
    """The shop's questions and answers (`bot.knowledge.retrieval.Knowledge`)."""

    def find(
        self, question: str, *, now: datetime, product: str | None = None, category: str | None = None
    ) -> Answered | None:
        """The entry that surely answers *question* for this product or category; None if none does."""


@dataclass(frozen=True, slots=True)
class HumanWish:
    """A human is to be called when the turn commits."""

    reasons: tuple[str, ...]  #: sentences an agent reads, at least one
    skill: str = "general"
    priority: int = 1


@dataclass(slots=True)
class Turn:
    """The answer being made to the inbox of one conversation.

    `session` begins at its first use: a turn that only reads the shop holds no lock while the shop thinks.
    """

    claim: Claim
    shop: Shop
    now: datetime
    open_session: Callable[[], Session]
    page: dict[str, Any] = field(default_factory=dict)  #: where the shopper is: product_id, order_no, cart
    knowledge: Knows | None = None
    seq: int = 0  #: the line being answered
    text: str = ""  #: its words
    wish: HumanWish | None = None
    failed: list[str] = field(default_factory=list)  #: names of actions that raised
    _session: Session | None = None
    _savepoint: SessionTransaction | None = None

    @property
    def conversation_id(self) -> str:
        """The thread being answered."""
        return self.claim.conversation_id

    @property
    def buyer_id(self) -> str | None:
        """The shop's id of the signed-in shopper; None while not proven."""
        return self.claim.buyer_id

    @property
    def session(self) -> Session:
        """The turn's transaction, with a savepoint around the action that asks."""
        if self._session is None:
            self._session = self.open_session()
        if self._savepoint is None:
            self._savepoint = self._session.begin_nested()
        return self._session

    @property
    def commit_session(self) -> Session:
        """The turn's transaction itself, for `bot.talk.answer`."""
        self.keep_action()
        if self._session is None:
            self._session = self.open_session()
        return self._session

    def keep_action(self) -> None:
        """What the action wrote stays in the turn."""
        if self._savepoint is not None:
            self._savepoint.commit()
            self._savepoint = None

    def undo_action(self) -> None:
        """What the action wrote is taken back; the turn goes on."""
        if self._savepoint is not None:
            self._savepoint.rollback()
            self._savepoint = None

    def call_human(self, *reasons: str, skill: str = "general", priority: int = 1) -> None:
        """Ask for a human when the turn commits; a second wish adds its reasons, the graver one gives the skill."""
        before = self.wish
        if before is None:
            self.wish = HumanWish(reasons, skill, priority)
        elif priority < before.priority or (priority == before.priority and before.skill == "general"):
            self.wish = HumanWish(reasons + before.reasons, skill, priority)
        else:
            self.wish = HumanWish(before.reasons + reasons, before.skill, before.priority)

    def close(self) -> None:
        """Roll back what was not committed and let the connection go; harmless after a commit."""
        if self._session is not None:
            self._session.close()
            self._session = self._savepoint = None


current_turn: ContextVar[Turn] = ContextVar("current_turn")
