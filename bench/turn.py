"""What one turn costs: CPU ms around `Brain.one`, understanding and commit included, on SQLite (WAL)."""

from __future__ import annotations

import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import yaml

from bench.figures import Figure, machine_ms, show
from bot.engine.prepare import prepare

prepare(lean=True)

from sqlalchemy import Engine as Database  # noqa: E402

from bot.brain import Brain  # noqa: E402
from bot.engine.agent import Engine  # noqa: E402
from bot.nlu.needs import Understood  # noqa: E402
from bot.serving import load_engine, open_shop  # noqa: E402
from bot.settings import ROOT, Settings, settings  # noqa: E402
from bot.shop.demo import DEMO_BUYERS  # noqa: E402
from bot.shop.patience import PatientShop  # noqa: E402
from bot.store import conversations, customers  # noqa: E402
from bot.store.database import begin, migrate, open_store  # noqa: E402
from bot.talk.accept import Pace, accept  # noqa: E402

MESSAGES_A_TALK = 10
TALKS = 100
ANY_PACE = Pace(1_000_000, 1_000_000)
_SENTENCES = ROOT / "tests" / "sentences"


@dataclass(frozen=True, slots=True)
class Cost:
    """One turn: what answered it, whether the encoder ran, CPU ms."""

    kind: str  #: utter or action
    encoded: bool
    cpu_ms: float


class Bench:
    """A brain of this process over a store of its own."""

    def __init__(self, folder: Path, here: Settings) -> None:
        self.database: Database = open_store(f"sqlite:///{folder / 'bench.db'}")
        migrate(self.database)
        self.shop = PatientShop(open_shop(here), here.action_budget_s)
        engine = load_engine(here, self.shop)
        self.brain = Brain(self.database, engine, self.shop, here)
        self.brain.engine.warm_up()
        self.understood: list[Understood] = []
        self._overhear(engine)

    def _overhear(self, engine: Engine) -> None:
        """Keep what the engine finds, to know afterwards whether the encoder ran."""
        understand = engine.understand

        async def overheard(*args, **kwargs):  # type: ignore[no-untyped-def]
            found = await understand(*args, **kwargs)
            self.understood.append(found)
            return found

        engine.understand = overheard  # type: ignore[method-assign]

    def conversation(self, buyer: str | None) -> str:
        """A new conversation; of the signed-in *buyer* if given."""
        now = datetime.now(UTC)
        with begin(self.database) as session:
            known = (
                customers.known_as(session, "web", buyer, now=now) if buyer else customers.anonymous(session, now=now)
            )
            return conversations.start(session, known.id, "web", buyer_id=buyer, now=now).id

    def turn_ms(self, conversation_id: str, text: str, number: int, product_id: str) -> float:
        """Accept a line and answer it; CPU ms of the answering."""
        accept(
            self.database, conversation_id, text, client_msg_id=str(number), payload={"page": {"product_id": product_id}},
            pace=ANY_PACE, limit_chars=2000, now=datetime.now(UTC),
        )  # fmt: skip
        begun = time.process_time()
        self.brain.one()
        return (time.process_time() - begun) * 1000


def measure() -> Iterator[Figure]:
    """Talks of ten held-out sentences, half of the shoppers signed in, all on the page of a product."""
    said_by = answered_by()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), settings())
        costs, speed = _costs(bench, said_by), machine_ms()
        yield from _figures(costs, speed)


def answered_by() -> dict[str, str]:
    """Of each intent, whether its rule answers by words alone (utter) or by a custom action (action)."""
    kinds = {}
    for path in (ROOT / "data" / "stories").glob("*.yml"):
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]:
            first, then = rule["steps"][:2]
            kinds[first["intent"]] = "utter" if then["action"].startswith("utter_") else "action"
    return kinds


def sentences(intents: set[str]) -> list[str]:
    """Held-out sentences (tests/sentences) of *intents*, each once."""
    said: dict[str, None] = {}
    for path in sorted(_SENTENCES.glob("[a-z]*.yml")):
        for row in yaml.safe_load(path.read_text(encoding="utf-8")):
            if row["intent"] in intents:
                said.update(dict.fromkeys(row["say"]))
    return list(said)


def _costs(bench: Bench, kinds: dict[str, str]) -> list[Cost]:
    """The cost of each turn with one need; talks of one kind, the kinds in turn."""
    dice = random.Random(7)
    products = [product.id for product in bench.shop.products()]
    texts = {kind: sentences({intent for intent, of in kinds.items() if of == kind}) for kind in ("utter", "action")}
    texts["action"] = [text for text in texts["action"] if "人工" not in text]
    costs = []
    for talk in range(TALKS):
        kind = ("utter", "action")[talk % 2]
        conversation_id = bench.conversation(DEMO_BUYERS[talk % len(DEMO_BUYERS)][0] if talk % 4 < 2 else None)
        for number, text in enumerate(dice.sample(texts[kind], MESSAGES_A_TALK)):
            bench.understood.clear()
            cpu_ms = bench.turn_ms(conversation_id, text, number, dice.choice(products))
            if len(bench.understood) == 1 and bench.understood[0].second is None:
                found = bench.understood[0]
                costs.append(Cost(kinds.get(found.intent, "action"), bool(found.parse_data["encoded"]), cpu_ms))
    return costs


def _figures(costs: list[Cost], speed_ms: float) -> Iterator[Figure]:
    sorted_out: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for cost in costs:
        sorted_out[cost.kind, cost.encoded].append(cost.cpu_ms)
    for kind, target_ms in (("utter", 5.0), ("action", 6.0)):
        plain, encoded = sorted_out[kind, False], sorted_out[kind, True]
        how = (
            f"median of {len(plain)} messages in talks of {MESSAGES_A_TALK}, process_time around Brain.one, SQLite WAL"
        )
        yield Figure(f"turn, {kind}, no encoder", median(plain), "CPU ms", target_ms, how, speed_ms)
        on_top = median(encoded) - median(plain)
        yield Figure(
            f"turn, {kind}, encoder on top",
            on_top,
            "CPU ms",
            None,
            f"median of {len(encoded)} messages less the above",
            speed_ms,
        )


if __name__ == "__main__":
    show(measure)
