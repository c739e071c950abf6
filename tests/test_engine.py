"""Rasa inside our own process: each touch of its private parts, held to what stock Rasa does."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import numpy as np
import pytest
import sqlalchemy.exc
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine as Database
from sqlalchemy import func, select

from bot.engine.prepare import prepare

prepare()

import rasa.core.actions.action as rasa_actions  # noqa: E402
import rasa.shared.core.events as rasa_events  # noqa: E402
from rasa.core.channels.channel import UserMessage  # noqa: E402
from rasa.core.tracker_store import FailSafeTrackerStore  # noqa: E402
from rasa.engine import loader  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402

from bot.brain import Brain  # noqa: E402
from bot.engine.agent import Engine, without_command  # noqa: E402
from bot.engine.state import WindowStore, slim  # noqa: E402
from bot.settings import ROOT, Settings  # noqa: E402
from bot.shop.demo import DemoShop  # noqa: E402
from bot.shop.patience import PatientShop  # noqa: E402
from bot.store import customers, lines, proofs  # noqa: E402
from bot.store.database import begin, migrate, open_store, reading  # noqa: E402
from bot.store.lines import Said  # noqa: E402
from bot.store.models import Conversation, ProofTry  # noqa: E402
from bot.talk.accept import Pace, accept  # noqa: E402
from bot.talk.turn import AbortTurn, current_turn  # noqa: E402

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
ANY_PACE = Pace(1_000_000, 1_000_000)
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
PREFIXES = ("/", "／", " /", "\u200b/", "\ufeff/", "　/", "//", "﹨/", "\u2060／")


@pytest.fixture(scope="module")
def patient(shop: DemoShop) -> PatientShop:
    return PatientShop(shop, 30.0)


@pytest.fixture(scope="module")
def engine(model: Path, patient: PatientShop) -> Engine:
    return Engine(model, patient)


class Chat:
    """One conversation, answered by a brain on a store: say something, read the replies."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        shop: PatientShop,
        *,
        id_: str = "c" * 32,
        buyer: str | None = None,
        now: datetime = NOW,
    ) -> None:
        self.database, self.id, self.seen, self.now = database, id_, 0, now
        self.brain = Brain(database, engine, shop, Settings())
        with begin(database) as session:
            who = customers.known_as(session, "web", buyer, now=now) if buyer else customers.anonymous(session, now=now)
            session.add(Conversation(
                id=id_, customer_id=who.id, channel="web", buyer_id=buyer, opened_at=now, owner="bot", epoch=0,
                last_seq=0, fence=0, attempts=0,
            ))  # fmt: skip

    def store(self, text: str, page: dict[str, str] | None = None) -> None:
        """Put a line into the inbox."""
        accept(
            self.database, self.id, text, client_msg_id=str(time.monotonic_ns()), payload={"page": page} if page else None,
            pace=ANY_PACE, limit_chars=2000, now=self.now,
        )  # fmt: skip

    def say(self, text: str, page: dict[str, str] | None = None) -> list[Said]:
        """Send a line; all that was answered."""
        self.store(text, page)
        while self.brain.one(self.now):
            pass
        with reading(self.database) as session:
            news = lines.after(session, self.id, self.seen, 1000)
        self.seen = news[-1].seq
        return [line for line in news if line.author != "shopper"]

    def words(self, text: str, **more: Any) -> str:
        return "\n".join(line.text for line in self.say(text, **more))

    def row(self) -> Conversation:
        with reading(self.database) as session:
            row = session.get_one(Conversation, self.id)
            assert row.state is None or row.state  # deferred: read while the session is open
            return row


@pytest.fixture
def chat(sqlite: Database, engine: Engine, patient: PatientShop) -> Chat:
    return Chat(sqlite, engine, patient)


@pytest.fixture
def actions(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts another function in the place of an action, for one test."""
    endpoint = engine.processor.action_endpoint

    def put(name: str, function: Any) -> None:
        monkeypatch.setitem(endpoint.executor.actions, name, function)

    return put


def sentences() -> list[str]:
    """Every test sentence that needs no line before it."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("tests/sentences/*.yml"))]
    return [str(said) for file in files for row in file if "before" not in row for said in row["say"]]


def store_of(folder: Path) -> Database:
    database = open_store(f"sqlite:///{folder / 'store.db'}")
    migrate(database)
    return database


def understood(engine: Engine, text: str, earlier: Sequence[Said] = ()) -> Any:
    return asyncio.run(engine.understand(Said(len(earlier) + 1, "shopper", text, NOW), earlier))


# ------------------------------------------------------------------ the runner


@pytest.fixture(scope="module")
def dask(model: Path) -> Iterator[DaskGraphRunner]:
    with TemporaryDirectory() as folder:
        yield loader.load_predict_graph_runner(Path(folder), model, LocalModelStorage, DaskGraphRunner)[1]


def test_the_plain_runner_understands_as_rasas_own(engine, dask):
    texts = random.Random(1).sample(sentences(), 100)
    target = engine.processor.model_metadata.nlu_target

    def parsed(runner: Any, text: str) -> dict[str, Any]:
        message = UserMessage(
            text, sender_id="u", metadata={"before": ["bot: 请再告诉我下单手机号的后四位。"], "page": {}}
        )
        tracker = DialogueStateTracker.from_events("u", [])
        inputs = {"__message__": [message], "__tracker__": tracker}
        return runner.run(inputs=inputs, targets=[target])[target][0].as_dict(only_output_properties=True)

    differ = [text for text in texts if parsed(dask, text) != parsed(engine.processor.graph_runner, text)]

    assert not differ


def test_the_plain_runner_chooses_the_next_action_as_rasas_own(engine, dask, patient, tmp_path, monkeypatch):
    texts = random.Random(2).sample(sentences(), 30)
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()

    ours = replies(Chat(store_of(tmp_path / "a"), engine, patient), texts)
    monkeypatch.setattr(engine.processor, "graph_runner", dask)
    stock = replies(Chat(store_of(tmp_path / "b"), engine, patient), texts)

    assert stock == ours


def replies(chat: Chat, texts: Sequence[str]) -> list[list[str]]:
    """What is answered to each of *texts*; where Rasa may choose among variations it chooses alike each time."""
    said = []
    for number, text in enumerate(texts):
        np.random.seed(number)
        random.seed(number)
        said.append([line.text for line in chat.say(text)])
    return said


# ------------------------------------------------------------------ the window


@pytest.mark.parametrize("seed", [3, 5, 7])
def test_a_window_of_six_turns_answers_like_the_whole_history(engine, patient, shop, tmp_path, monkeypatch, seed):
    texts = mixed_talk(shop, random.Random(seed), 50)
    buyer = "u1002" if seed == 5 else None
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    windowed, whole = (Chat(store_of(tmp_path / name), engine, patient, buyer=buyer) for name in "ab")

    shop.book.path.unlink(missing_ok=True)
    with_window = replies(windowed, texts)
    shop.book.path.unlink(missing_ok=True)  # what was done to the orders in the first talk is not done to the second's
    monkeypatch.setattr(engine.processor.tracker_store, "turns", 1_000_000)
    with_all = replies(whole, texts)

    assert with_all == with_window
    assert slots_of(engine, whole) == slots_of(engine, windowed)
    assert len(windowed.row().state) < len(whole.row().state)


def mixed_talk(shop: DemoShop, dice: random.Random, length: int) -> list[str]:
    """A shopper who jumps between everything: questions, numbers, products, commands, misses."""
    order = shop.orders_of("u1001")[0]
    special = [
        "/restart", "/session_start", "/back", f"订单号{order.order_no}", order.phone[-4:], "0000", "可以", "不用了", "是的",
        "asdfghjkl", "嗯？", "我的快递到哪了", "退款到哪了", "我要投诉", *[f"{p.short_name}多少钱" for p in shop.products()[:5]],
    ]  # fmt: skip
    known = sentences()
    return [dice.choice(special) if dice.random() < 0.5 else dice.choice(known) for _ in range(length)]


def slots_of(engine: Engine, chat: Chat) -> dict[str, Any]:
    tracker = tracker_from(engine, chat.row().state)
    return {name: slot.value for name, slot in tracker.slots.items()}


def tracker_from(engine: Engine, state: str) -> DialogueStateTracker:
    events = rasa_events.deserialise_events(json.loads(state))
    return DialogueStateTracker.from_events("x", events, engine.processor.domain.slots)


SLOTS = ("product_id", "order_no", "pending", "asked", "misses")
EVENTS = st.one_of(
    st.builds(lambda n: [rasa_events.UserUttered(f"第{n}句", {"name": "greet", "confidence": 0.9}), listens()], st.integers(0, 99)),
    st.builds(lambda name, value: [rasa_events.SlotSet(name, value)], st.sampled_from(SLOTS), st.sampled_from([None, "a", "b", 2.0])),
    st.sampled_from(["utter_greet", "action_track_order", "action_listen"]).map(lambda name: [rasa_events.ActionExecuted(name)]),
    st.just([rasa_events.ConversationPaused()]),
    st.just([rasa_events.ConversationResumed()]),
    st.just([rasa_events.ActionExecuted("a_form"), rasa_events.ActiveLoop("a_form")]),
    st.just([rasa_events.ActiveLoop(None)]),
    st.booleans().map(lambda is_interrupted: [rasa_events.LoopInterrupted(is_interrupted)]),
    st.just([rasa_events.ActionExecutionRejected("a_form")]),
    st.just([rasa_events.UserUtteranceReverted()]),
    st.just([rasa_events.Restarted()]),
    st.just([rasa_events.ActionExecuted("action_session_start"), rasa_events.SessionStarted(), rasa_events.SlotSet("asked", "b")]),
)  # fmt: skip


def listens() -> rasa_events.Event:
    return rasa_events.ActionExecuted("action_listen")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, max_size=60))
def test_what_is_kept_leaves_the_talk_where_its_whole_history_does(engine, history):
    """The state is folded and read back after every few events, as turn by turn, and compared with all events."""
    slots = engine.processor.domain.slots
    tracker, whole = (DialogueStateTracker.from_events("x", [], slots) for _ in range(2))
    for number, events in enumerate(history):
        for event in events:
            tracker.update(event)
            whole.update(event)
        if number % 3 == 2:
            tracker = asyncio.run(kept_and_read(WindowStore(engine.processor.domain, 2), tracker))
        assert standing(whole) == standing(tracker)


async def kept_and_read(store: WindowStore, tracker: DialogueStateTracker) -> DialogueStateTracker:
    await store.save(tracker)
    again = await store.retrieve("x")
    assert again is not None
    return again


def standing(tracker: DialogueStateTracker) -> tuple[Any, ...]:
    values = {name: slot.value for name, slot in tracker.slots.items()}
    return values, tracker.active_loop_name, tracker.is_paused(), tracker.latest_action_name


def test_the_state_of_a_long_talk_stays_at_one_size(chat):
    texts = ["你好", "有什么优惠", "我的快递到哪了", "谢谢"]
    sizes = []
    for number in range(80):
        chat.say(texts[number % len(texts)])
        sizes.append(len(chat.row().state))

    assert max(sizes[60:]) <= 1.05 * max(sizes[16:40])


def test_two_hundred_sessions_leave_the_state_at_one_size(chat, monkeypatch):
    """A new session copies all slots of the old one; only the last of each may stay."""
    real, days = time.time, [0]
    monkeypatch.setattr(time, "time", lambda: real() + days[0] * 86400)
    sizes = []
    for day in range(200):
        days[0] = day
        chat.say("我的快递到哪了")
        sizes.append(len(chat.row().state))

    assert max(sizes[100:]) <= 1.05 * max(sizes[5:20])


def test_a_kept_event_reads_back_as_it_was_but_for_what_rasa_repeats():
    event = rasa_events.UserUttered(
        "在吗", {"name": "greet", "confidence": 0.9}, timestamp=5.0, message_id="m1",
        parse_data={"intent": {"name": "greet"}, "entities": [], "text": "在吗", "intent_ranking": [{"name": str(n)} for n in range(46)]},
        metadata={"model_id": "m", "assistant_id": "a", "page": {"product_id": "1"}},
    )  # fmt: skip

    kept = slim(event.as_dict())

    assert {"page": {"product_id": "1"}} == kept["metadata"]
    assert ["0", "1", "2"] == [row["name"] for row in kept["parse_data"]["intent_ranking"]]
    assert event == rasa_events.Event.from_parameters(kept)


def test_the_store_of_dialogues_is_ours_and_forgets_nothing_in_a_failure(engine):
    assert type(engine.processor.tracker_store) is WindowStore
    assert not isinstance(engine.processor.tracker_store, FailSafeTrackerStore)


# ------------------------------------------------------------------ actions


def test_an_action_is_asked_with_the_tracker_and_without_the_domain(engine, chat, monkeypatch):
    asked = []
    endpoint = engine.processor.action_endpoint
    request = endpoint.request

    async def listening(json: dict[str, Any], **more: Any) -> dict[str, Any]:
        asked.append(json)
        return await request(json, **more)

    monkeypatch.setattr(endpoint, "request", listening)
    chat.say("我的快递到哪了")

    assert ["action_track_order"] == [json["next_action"] for json in asked]
    assert "slots" in asked[0]["tracker"]
    assert "domain" not in asked[0]


@pytest.mark.parametrize(
    "answer", [{"events": "nonsense"}, {"responses": "在的"}, {"events": [{"name": "asked"}]}, [], "ok"]
)
def test_a_bad_answer_of_an_action_is_still_refused(engine, answer):
    action = rasa_actions.RemoteAction("action_track_order", engine.processor.action_endpoint)

    with pytest.raises(jsonschema.ValidationError):
        action._validate_action_result(answer)


def test_a_good_answer_of_an_action_is_taken(engine):
    action = rasa_actions.RemoteAction("action_track_order", engine.processor.action_endpoint)
    answer = {"events": [{"event": "slot", "name": "asked", "value": "product"}], "responses": [{"text": "在的"}]}

    assert action._validate_action_result(answer)


def test_an_action_whose_answer_is_refused_leaves_no_silence(engine, chat, monkeypatch):
    async def nonsense(json: dict[str, Any], **_: Any) -> Any:
        return {"events": "nonsense"}

    monkeypatch.setattr(engine.processor.action_endpoint, "request", nonsense)

    assert ["utter_something_failed"] == [line.payload["said"] for line in chat.say("我的快递到哪了")]


def tries(database: Database) -> int:
    with reading(database) as session:
        return session.scalar(select(func.count()).select_from(ProofTry)) or 0


def test_an_action_that_raises_loses_what_it_wrote_and_the_turn_goes_on(chat, actions):
    async def raising(dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        turn = current_turn.get()
        proofs.add_try(turn.session, "kept?", now=turn.now)
        raise ValueError("a bug")

    actions("action_track_order", raising)
    said = chat.say("我的快递到哪了")

    assert ["utter_something_failed"] == [line.payload["said"] for line in said]
    assert tries(chat.database) == 0


def test_what_an_action_wrote_before_another_one_raised_stays(chat, actions):
    async def writing(dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        turn = current_turn.get()
        proofs.add_try(turn.session, "kept", now=turn.now)
        dispatcher.utter_message(text="写好了")
        return []

    async def raising(dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        turn = current_turn.get()
        proofs.add_try(turn.session, "lost", now=turn.now)
        raise ValueError("a bug")

    actions("action_track_order", writing)
    actions("action_answer_promotion", raising)
    chat.store("我的快递到哪了")
    words = chat.words("有什么优惠")

    assert "写好了" in words
    assert tries(chat.database) == 1


def test_a_store_that_fails_ends_the_whole_turn_and_nothing_of_it_stands(chat, actions):
    async def full(dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        turn = current_turn.get()
        proofs.add_try(turn.session, "kept?", now=turn.now)
        raise sqlalchemy.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))

    actions("action_track_order", full)
    chat.store("我的快递到哪了")
    chat.brain.one(NOW)

    assert (0, None, NOW) == (tries(chat.database), chat.row().state, chat.row().waiting_since)


def test_abort_passes_through_rasa_as_an_exception_does_not(engine, actions, sqlite, patient):
    """Rasa goes on after any Exception; what must end the turn is none."""
    asked = []

    class Failing:
        async def request(self, json: dict[str, Any], **_: Any) -> Any:
            asked.append(json["next_action"])
            raise AbortTurn("x")

    assert not issubclass(AbortTurn, Exception)
    action = rasa_actions.RemoteAction("action_track_order", engine.processor.action_endpoint)
    action.action_endpoint = type("E", (Failing,), {"url": "x", "kwargs": {"enable_selective_domain": True}})()
    tracker = DialogueStateTracker.from_events("x", [listens()], engine.processor.domain.slots)

    with pytest.raises(AbortTurn):
        asyncio.run(
            engine.processor._run_action(
                action, tracker, None, engine.processor.nlg, rasa_policy_prediction(engine, "action_track_order")
            )
        )
    assert ["action_track_order"] == asked


def rasa_policy_prediction(engine: Engine, name: str) -> Any:
    from rasa.core.policies.policy import PolicyPrediction

    return PolicyPrediction.for_action_name(engine.processor.domain, name)


# ------------------------------------------------------------------ events and commands


def every_event() -> list[type[rasa_events.Event]]:
    below, todo = [], [rasa_events.Event]
    while todo:
        todo += (children := todo.pop().__subclasses__())
        below += children
    return [kind for kind in below if kind.type_name != "event"]  # those are no events but forms for some


@pytest.mark.parametrize("kind", every_event(), ids=lambda kind: kind.__name__)
def test_every_kind_of_event_is_still_found_by_its_name(engine, kind):
    assert kind.type_name == rasa_events.Event.resolve_by_type(kind.type_name).type_name


def test_an_event_nobody_knows_is_still_refused(engine):
    with pytest.raises(ValueError, match="no_such_event"):
        rasa_events.Event.resolve_by_type("no_such_event")


@pytest.mark.parametrize("intent", [*DOMAIN["intents"], "restart", "back", "session_start", "nlu_fallback"])
def test_no_intent_can_be_commanded(engine, intent):
    """A command is taken by Rasa with confidence 1 and nothing beside it; words are weighed against other meanings."""
    for prefix in PREFIXES:
        for tail in ("", '{"order_no": "1"}', "{}", "@0.9"):
            found = understood(engine, f"{prefix}{intent}{tail}")

            assert found.confidence < 1
            assert len(found.alternatives) == 3
            assert all(entity["value"] != "1" for entity in found.entities)


@pytest.mark.parametrize(
    "text", ["/restart", "／refund{}", "/", "//", "/ 在吗", "￥/件", "https://a.cn/p/1", "\u200b/greet"]
)
def test_neutralised_text_keeps_its_length_so_that_places_stay_true(text):
    assert len(text) == len(without_command(text))


def test_text_that_is_no_command_is_left_alone():
    assert without_command("https://a.cn/p/10000001 这个") == "https://a.cn/p/10000001 这个"


def test_a_commanded_restart_forgets_nothing(chat, shop):
    product = shop.products()[0]
    chat.say(f"{product.short_name}多少钱")
    for command in ("/restart", "/back", "/session_start", "/action_restart"):
        assert chat.words(command)

    assert product.short_name in chat.words("有货吗")


# ------------------------------------------------------------------ lines, whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "？",
        "👍",
        "a" * 2000,
        "。" * 2000,
        "\ud83d",
        "\x00\x07",
        "<script>alert(1)</script>",
        "{name}",
        "{{7*7}}",
        "%s%d",
    ],
)
def test_any_line_is_understood_and_answered(engine, chat, text):
    found = understood(engine, text)

    assert found.intent in (*DOMAIN["intents"], "nlu_fallback")
    if "\ud83d" not in text and "\x00" not in text:  # the gateway refuses these before they are stored
        assert chat.words(text or "？")


def test_places_of_entities_are_in_the_shoppers_own_words(engine, shop):
    text = "  查一下　订单号：２０２６０３０１１２３４５６７８９０ 谢谢"

    (number,) = [entity for entity in understood(engine, text).entities if entity["entity"] == "order_no"]

    assert number["value"] == "202603011234567890"
    assert text[number["start"] : number["end"]] == "２０２６０３０１１２３４５６７８９０"


def test_the_line_before_decides_what_four_digits_are(engine):
    asked = [Said(1, "bot", "为了保护您的信息，请再告诉我下单手机号的后四位。", NOW)]

    after = {entity["entity"] for entity in understood(engine, "6071", asked).entities}
    alone = {entity["entity"] for entity in understood(engine, "6071").entities}

    assert ("phone_tail" in after, "phone_tail" in alone) == (True, False)


def test_two_lines_waiting_together_are_answered_together(chat, shop):
    product = shop.products()[0]
    chat.store(f"{product.short_name}多少钱")
    said = chat.words("怎么付款")

    assert product.short_name in said
    assert "支付宝" in said


def test_the_same_words_are_not_said_twice_in_one_answer(chat):
    chat.store("怎么付款啊")
    said = [line.text for line in chat.say("可以用什么付款")]

    assert len(set(said)) == len(said) == 1


def test_somebody_who_speaks_of_dying_is_cared_for_and_a_human_is_called(chat):
    said = chat.say("我真的不想活了")

    assert said[0].payload["said"] == "utter_care_for_you"
    assert chat.row().owner == "queue"


# ------------------------------------------------------------------ the log


def test_the_log_of_a_turn_holds_none_of_the_shoppers_words(tmp_path, model):
    """One turn that goes well, one with an action that raises, two that fail; then the log is read."""
    program = f"""
from bot.engine.prepare import prepare
prepare(lean=True)
import sys; sys.path.insert(0, "tests")
from pathlib import Path
import sqlalchemy.exc
from test_engine import Chat, Engine, PatientShop, DemoShop, NOW, store_of
from datetime import datetime, timedelta, UTC
shop = PatientShop(DemoShop(Path({str(tmp_path)!r}) / "shop.db", now=datetime.now(UTC)), 30.0)
engine = Engine(Path({str(model)!r}), shop)
chat = Chat(store_of(Path({str(tmp_path)!r})), engine, shop)
chat.say("我叫欧阳锦绣，快递到哪了 13812345678")
def raising(kind):
    async def run(dispatcher, tracker, domain):
        raise kind
    return run
at = engine.processor.action_endpoint.executor.actions
at["action_track_order"] = raising(ValueError("欧阳锦绣 13812345678"))
chat.say("欧阳锦绣的快递到哪了 13812345678")
at["action_track_order"] = raising(sqlalchemy.exc.OperationalError("INSERT", {{"text": "欧阳锦绣"}}, Exception("13812345678")))
chat.store("欧阳锦绣的快递到哪了啊 13812345678")
chat.brain.one(NOW)
def unreadable(*_):
    raise ValueError("欧阳锦绣的快递到哪了啊 13812345678")
engine.linker.entities = unreadable
chat.brain.one(NOW + timedelta(minutes=1))
print("turns are over")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    log = done.stdout + done.stderr

    assert "turns are over" in log, log[-2000:]
    assert "action failed" in log
    assert log.count("turn failed") == 2
    assert ("欧阳" in log, "13812345678" in log, "快递到哪" in log) == (False, False, False)
