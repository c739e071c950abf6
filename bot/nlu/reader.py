"""Rasa graph component: reads off a line what its shape says (numbers, cards, money, sizes, times)."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.asked import phone_tail_asked
from bot.text.patterns import Found, find


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=False)
class ShapeReader(GraphComponent):
    """Entities by pattern, with places in the shopper's own text (`bot.text.patterns`)."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShapeReader:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            before = (message.get("metadata") or {}).get("before", [])
            found = find(message.get("text"), phone_tail_asked=phone_tail_asked(before))
            message.set("entities", [as_entity(hit) for hit in found], add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def as_entity(hit: Found) -> dict[str, Any]:
    """A found thing in Rasa's form."""
    return {"entity": hit.kind, "value": hit.value, "start": hit.start, "end": hit.end, "extractor": "ShapeReader"}
