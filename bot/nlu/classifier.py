"""Rasa graph component around the cascade: what a line wants, read with the lines before it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.cascade import Cascade, Example, Guess


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class CascadeClassifier(IntentClassifier, GraphComponent):
    """A cheap linear model first, the sentence encoder when it is unsure; both calibrated (DESIGN D7)."""

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self.config = config
        self.storage = model_storage
        self.resource = resource
        self.cascade: Cascade | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CascadeClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> CascadeClassifier:
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            classifier.cascade = Cascade.load(folder)
        return classifier

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"vectors": "var/vectors", "encode_at_most": None}

    def train(self, training_data: TrainingData) -> Resource:
        examples = [example(message) for message in training_data.intent_examples]
        self.cascade = Cascade.fit(
            examples,
            cache=Path(self.config["vectors"]),
            encode_at_most=self.config["encode_at_most"],
            progress=tell_progress,
        )
        with self.storage.write_to(self.resource) as folder:
            self.cascade.save(folder)
        return self.resource

    def process(self, messages: list[Message]) -> list[Message]:
        assert self.cascade is not None, "a classifier answers only after train or load"
        for message in messages:
            before = (message.get("metadata") or {}).get("before", [])
            put(message, self.cascade.guess(message.get("text"), before))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def tell_progress(done: int, of: int) -> None:
    """Encoding is the long part of a training from nothing: say how far it is, on one line of the terminal."""
    sys.stderr.write(f"\r句向量 / sentence vectors {done}/{of}" + ("\n" if done == of else ""))
    sys.stderr.flush()


def example(message: Message) -> Example:
    """A training message as the cascade reads it; `metadata.example.before` holds the lines before."""
    metadata = (message.get("metadata") or {}).get("example") or {}
    return Example(message.get("text"), message.get("intent"), tuple(metadata.get("before", ())))


def put(message: Message, guess: Guess) -> None:
    """Write a guess into a message in Rasa's form, the second need beside it."""
    ranking = [{"name": name, "confidence": confidence} for name, confidence in guess.alternatives]
    message.set("intent", {"name": guess.intent, "confidence": guess.confidence}, add_to_output=True)
    message.set("intent_ranking", ranking, add_to_output=True)
    message.set("second", guess.second, add_to_output=True)
    message.set("encoded", guess.encoded, add_to_output=True)
