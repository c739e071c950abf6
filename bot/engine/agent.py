"""Rasa, embedded: a model that understands lines and answers them inside one turn.

Rasa's own `Agent` is not used: it wraps the tracker store in a fail-safe that forgets (reliability R1) and adds a lock
of sixty seconds (R6). `MessageProcessor` is built directly. Every touch of Rasa's private parts is in this package.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.engine import loader
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata

from bot.engine.endpoint import InProcessActions
from bot.engine.runner import PlainRunner
from bot.engine.state import WindowStore, in_hand
from bot.engine.thrift import spare
from bot.nlu.linker import Linker
from bot.nlu.needs import Understood
from bot.shop.facts import Shop
from bot.store.lines import Reply, Said
from bot.talk.turn import Turn, current_turn
from bot.text.normalise import plain


class Collector(OutputChannel):
    """Takes each reply whole, as Rasa has it before it is cut for a channel."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []

    @classmethod
    def name(cls) -> str:
        return "liuxin"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        payload: dict[str, Any] = dict(message.get("custom") or {})
        buttons = [button["title"] for button in message.get("buttons") or []]
        if buttons:
            payload["quick_replies"] = buttons
        if message.get("utter_action"):
            payload["said"] = message["utter_action"]
        self.replies.append(Reply(message.get("text") or "", payload or None))


class Engine:
    """A trained model, ready to understand and to answer."""

    def __init__(self, model: Path, shop: Shop, window_turns: int = 6) -> None:
        spare()
        self.processor = _processor(model, window_turns)
        self.linker = Linker(shop)

    async def understand(self, line: Said, earlier: Sequence[Said], page: dict[str, Any] | None = None) -> Understood:
        """What *line* means after the *earlier* lines; touches no store but may ask the shop for its catalogue."""
        metadata = {"before": [f"{said.author}: {said.text}" for said in earlier], "page": page or {}}
        message = UserMessage(without_command(line.text), sender_id="understand", metadata=metadata)
        message.text = without_command(line.text)  # Rasa strips it; places are to be in the shopper's own text
        parse = await self.processor.parse_message(message)
        parse["entities"] = [*parse["entities"], *self.linker.entities(line.text, parse["entities"], page)]
        return _understood(line, parse)

    def warm_up(self) -> None:
        """Load what is loaded at first need, before a shopper waits for it."""
        line = Said(1, "shopper", "我想问一下这个怎么弄来着", datetime.now(UTC))
        asyncio.new_event_loop().run_until_complete(self.understand(line, ()))

    async def answer(
        self, turn: Turn, needs: Sequence[Understood], state: str | None
    ) -> tuple[list[Reply], str | None]:
        """Answer each of *needs* in turn; returns the replies and the new state. Nothing is committed here."""
        turn_token, state_token = current_turn.set(turn), in_hand.set(state)
        out = Collector()
        try:
            for need in needs:
                turn.seq, turn.text = need.line.seq, need.line.text
                await self._say(turn, need.line, need.parse_data, out)
                if need.second_to_do:
                    await self._say(turn, need.line, need.for_second(), out)
            return _without_doubles(out.replies), in_hand.get()
        finally:
            current_turn.reset(turn_token)
            in_hand.reset(state_token)

    async def _say(self, turn: Turn, line: Said, parse: dict[str, Any], out: Collector) -> None:
        await self.processor.handle_message(
            UserMessage(
                without_command(line.text), out, turn.conversation_id, parse_data=parse, input_channel=turn.claim.channel,
                message_id=f"{turn.conversation_id}:{line.seq}",
            )
        )  # fmt: skip


def without_command(text: str) -> str:
    """*text*, of the same length, in a form in which Rasa takes no "/intent{…}" for a command (reliability R17)."""
    return text.replace("/", "／") if "/" in plain(text).text[:1] else text


def _understood(line: Said, parse: dict[str, Any]) -> Understood:
    ranking = tuple((row["name"], round(row["confidence"], 4)) for row in parse.get("intent_ranking", []))
    intent = parse["intent"]
    second = parse.get("second")
    return Understood(
        line, intent["name"], float(intent["confidence"]), second, tuple(parse["entities"]), ranking[:3], parse
    )


def _without_doubles(replies: Sequence[Reply]) -> list[Reply]:
    """Two needs may lead to the same words; they are said once."""
    kept: list[Reply] = []
    for reply in replies:
        if (reply.text or reply.payload) and all(reply.text != other.text for other in kept):
            kept.append(reply)
    return kept


class _Processor(MessageProcessor):
    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, PlainRunner]:
        with TemporaryDirectory() as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, PlainRunner
            )
        return Path(model_path).name, metadata, runner

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Rasa builds a whole empty domain at each line to warn of intents and entities that `domain.yml` lacks."""


def _processor(model: Path, window_turns: int) -> MessageProcessor:
    endpoint = InProcessActions()
    processor = _Processor(model, None, InMemoryLockStore(), None, action_endpoint=endpoint)
    processor.tracker_store = WindowStore(processor.domain, window_turns)
    processor.nlg = TemplatedNaturalLanguageGenerator(processor.domain.responses)
    assert not isinstance(processor.tracker_store, FailSafeTrackerStore)
    return processor
