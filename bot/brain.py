"""The brain: claims a conversation with unhandled lines, understands them, answers, commits. No port, kill -9 safe."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import IO

import structlog
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from bot import words
from bot.engine.agent import Engine
from bot.errors import BadSetting, StaleTurn
from bot.handoff.alarm import Alarm, alarm_for, words_for
from bot.knowledge.retrieval import Knowledge
from bot.nlu.encoder import vector
from bot.nlu.needs import Understood, needs_of
from bot.risk.assess import Talk, assess
from bot.settings import Settings
from bot.shop.patience import PatientShop
from bot.store import bells, inbox, lines
from bot.store.database import begin, is_sqlite
from bot.store.inbox import Claim
from bot.talk.answer import Reading, page_of, retry_later, write_answer, write_dead_letter
from bot.talk.turn import AbortTurn, Turn
from bot.text.danger import KINDS, Danger, danger_of

log = structlog.get_logger()

#: How long an idle brain sleeps if no bell wakes it.
IDLE_S = 0.5
#: How long an idle brain makes sentence vectors of new entries before it looks for a line again.
_NEWS_S = 0.05
_MISSES = ("utter_rephrase", "utter_rephrase_or_human", "utter_something_failed", "utter_shop_unavailable")


class Brain:
    """One worker over the store. On PostgreSQL any number may run, on SQLite one."""

    def __init__(self, database: Database, engine: Engine, shop: PatientShop, settings: Settings) -> None:
        self.database = database
        self.engine = engine
        self.shop = shop
        self.settings = settings
        self.knowledge = Knowledge(database, vector)
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.loop = asyncio.new_event_loop()
        self.stopping = False
        self.busy_since: float | None = None

    def run(self) -> None:
        """Answer until told to stop (SIGTERM, SIGINT); a turn that was begun is finished."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._stop)
        threading.Thread(target=self._watch, daemon=True).start()
        bell = bells.listen(self.database, "brain")
        while not self.stopping:
            if not self._one_safely() and not self._learn_news(datetime.now(UTC), _NEWS_S):
                bells.wait(bell, IDLE_S)
        bell.close()

    def one(self, now: datetime | None = None) -> bool:
        """Answer the conversation that has waited longest; False if none is waiting."""
        now = now or datetime.now(UTC)
        self._learn_news(now, 0.0)
        with begin(self.database) as session:
            claim = inbox.claim(
                session, self.name, now=now, lease_s=self.settings.lease_s, context_lines=self.settings.context_lines
            )
        if claim is None:
            return False
        self.busy_since = time.monotonic()
        try:
            self._answer_or_give_up(claim, now)
        finally:
            self.busy_since = None
        return True

    def _one_safely(self) -> bool:
        """A store that fails must not end the brain: it waits and looks again."""
        try:
            return self.one()
        except Exception as fault:
            log.error("the store failed", fault=type(fault).__name__)
            time.sleep(IDLE_S)
            return True

    def _learn_news(self, now: datetime, budget_s: float) -> bool:
        """Take what staff saved of the shop's questions and answers; whether more is to be done soon. Without them the
        brain still answers."""
        try:
            return self.knowledge.refresh(now, budget_s=budget_s)
        except Exception as fault:
            log.error("knowledge was not refreshed", fault=type(fault).__name__)
            return False

    def _answer_or_give_up(self, claim: Claim, now: datetime) -> None:
        if claim.attempts > self.settings.turn_tries:
            write_dead_letter(self.database, claim, "处理中断", now=now)
            return
        try:
            self.loop.run_until_complete(self._turn(claim, now))
        except StaleTurn:
            with begin(self.database) as session:
                inbox.let_go(session, claim, retry_at=None)
        except (Exception, AbortTurn) as fault:
            log.error(
                "turn failed", conversation=claim.conversation_id, attempt=claim.attempts,
                fault=type(fault).__name__, at=_place(fault),
            )  # fmt: skip
            if claim.attempts >= self.settings.turn_tries:
                write_dead_letter(self.database, claim, type(fault).__name__, now=now)
            else:
                retry_later(self.database, claim, now=now)

    async def _turn(self, claim: Claim, now: datetime) -> None:
        page = dict(page_of([*claim.earlier, *claim.lines]))
        with self.shop.one_turn():
            understood = await self._understand(claim, page)
            turn = Turn(claim, self.shop, now, self._open_session, page, self.knowledge)
            try:
                replies, state = await self._replies(turn, understood)
                write_answer(self.database, turn, _readings(claim, understood), replies, state)
            finally:
                turn.close()

    async def _understand(self, claim: Claim, page: dict[str, object]) -> list[Understood]:
        """Every line of the inbox, each after the ones before it. Before the transaction: the encoder holds no lock.

        Our welcome is no context: nothing in it was said to anybody, and its 人工 makes vague first lines cries for one.
        """
        said = [line for line in claim.earlier if (line.payload or {}).get("said") != "utter_welcome"]
        result = []
        for line in claim.lines:
            result.append(await self.engine.understand(line, said[-self.settings.context_lines :], page))
            said.append(line)
        return result

    async def _replies(self, turn: Turn, understood: Sequence[Understood]) -> tuple[list[lines.Reply], str | None]:
        """What to say; nothing while a human owns the conversation, and never nothing otherwise. Where somebody is in
        danger the bot has nothing to add to the words about it."""
        if turn.claim.owner == "agent":
            return [], turn.claim.state
        danger = _danger_in(turn.claim)
        first = [_of_danger(turn, alarm_for(danger))] if danger else []
        if danger and danger.to_people:
            return first, turn.claim.state
        replies, state = await self.engine.answer(turn, needs_of(understood), turn.claim.state)
        if not replies and turn.wish is None:
            turn.failed.append("no reply")
            replies = [lines.Reply(words.say("utter_something_failed"), {"said": "utter_something_failed"})]
        if turn.failed and _failed_before(turn.claim):
            turn.call_human(f"机器人连续两次没能完成：{turn.failed[0]}")
        return [*first, *replies], state

    def _open_session(self) -> Session:
        return Session(self.database, expire_on_commit=False, autoflush=False)

    def _stop(self, _sign: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _watch(self) -> None:
        """A turn that hangs cannot be interrupted: the process ends, its lease runs out, another takes over."""
        while True:
            time.sleep(1)
            since = self.busy_since
            if since is not None and time.monotonic() - since > self.settings.stuck_turn_s:
                log.error("a turn is stuck; the brain ends itself")
                os._exit(70)


def only_brain(database: Database) -> IO[str] | None:
    """On SQLite: make sure that this is the only brain, and take over what a dead one held. Keep what is returned.

    Raises
    ------
    BadSetting
        Another brain is at work on this file.
    """
    if not is_sqlite(database):
        return None
    lock = Path(f"{database.url.database}.brain").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as cause:
        raise BadSetting("another brain is at work on this SQLite file; more than one needs PostgreSQL") from cause
    with begin(database) as session:
        inbox.forget_leases(session)
    return lock


def _danger_in(claim: Claim) -> Danger | None:
    """The gravest danger in the lines of the inbox, each read after the ones before it. What puts somebody in danger by
    itself was met when it was accepted (`bot.talk.accept`); law, press, fraud and what only the lines before explain is met here."""
    said = [line.text for line in claim.earlier if line.author == "shopper"]
    found = []
    for line in claim.lines:
        found.append(danger_of(line.text, said[-2:]))
        said.append(line.text)
    return min((danger for danger in found if danger), key=lambda danger: KINDS.index(danger.kind), default=None)


def _of_danger(turn: Turn, alarm: Alarm) -> lines.Reply:
    """Calls the human an alarm asks for; returns the words about it."""
    turn.call_human(alarm.reason, skill=alarm.skill, priority=alarm.priority)
    ours = [(line.payload or {}).get("said") for line in turn.claim.earlier if line.author == "bot"]
    utter = words_for(alarm, ours)
    return lines.Reply(words.say(utter), {"said": utter})


def _place(fault: BaseException) -> str:
    """Where it was raised. Its message is left out: it may hold a shopper's words."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _failed_before(claim: Claim) -> bool:
    """Whether our answer before was a failure already."""
    ours = [line for line in claim.earlier if line.author == "bot"]
    said = (ours[-1].payload or {}).get("said") if ours else None
    return said in ("utter_something_failed", "utter_shop_unavailable")


def _readings(claim: Claim, understood: Sequence[Understood]) -> list[Reading]:
    earlier = [line for line in claim.earlier if line.author == "shopper"]
    said = [line.text for line in earlier]
    intents = [line.intent for line in earlier if line.intent]
    misses = sum((line.payload or {}).get("said") in _MISSES for line in claim.earlier if line.author == "bot")
    readings = []
    for found in understood:
        said.append(found.line.text)
        intents.append(found.intent)
        risk = assess(Talk(tuple(said), tuple(intents), misses))
        readings.append(Reading(found.line.seq, found.intent, found.confidence, list(found.entities), risk))
    return readings
