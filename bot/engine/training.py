"""Training Rasa, and finding the model that fits the data."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import NeedsTensorFlow, NoModel, SetupError
from bot.settings import ROOT

#: Components and policies of Rasa that need TensorFlow or a package this environment leaves out.
NEEDS_TENSORFLOW = frozenset(
    {
        "DIETClassifier", "ResponseSelector", "TEDPolicy", "UnexpecTEDIntentPolicy", "LanguageModelFeaturizer",
        "ConveRTFeaturizer", "CRFEntityExtractor", "MitieNLP", "MitieIntentClassifier", "MitieEntityExtractor",
        "MitieFeaturizer",
    }
)  # fmt: skip
_TRAINED_FROM = ("domain.yml", "config.yml", "data/nlu", "data/stories", "bot/nlu", "bot/text")
_KEPT_MODELS = 3


def check_config(config: Path) -> None:
    """Refuse a pipeline or policy that cannot run here, by its name and before anything is trained.

    Raises
    ------
    NeedsTensorFlow
        A component needs TensorFlow.
    SetupError
        The file is no configuration.
    """
    try:
        content = yaml.safe_load(config.read_text(encoding="utf-8"))
        rows: list[dict[str, Any] | str] = (content.get("pipeline") or []) + (content.get("policies") or [])
        names = [row if isinstance(row, str) else row["name"] for row in rows]
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError) as cause:
        raise SetupError(f"{config} is not a Rasa configuration: {cause}") from cause
    for name in names:
        if str(name).rpartition(".")[2] in NEEDS_TENSORFLOW:
            raise NeedsTensorFlow(str(name))


def fingerprint(root: Path = ROOT) -> str:
    """Sixteen hex digits that change with anything a model is made from."""
    digest = hashlib.sha256()
    for name in _TRAINED_FROM:
        place = root / name
        files = (
            [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.suffix in (".yml", ".txt", ".py"))
        )
        for file in files:
            digest.update(str(file.relative_to(root)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def fitting_model(models: Path) -> Path:
    """The model made from the data as it is now.

    Raises
    ------
    NoModel
        There is none.
    """
    path = models / f"{fingerprint()}.tar.gz"
    if not path.exists():
        raise NoModel(str(models))
    return path


def fits(models: Path) -> bool:
    """Whether there is a model made from the data as it is now."""
    return (models / f"{fingerprint()}.tar.gz").exists()


def usable_model(models: Path) -> tuple[Path, bool]:
    """The model that fits the data, else the newest there is; and whether it fits. A shop must not fall silent because
    somebody has edited a sentence and not trained yet.

    Raises
    ------
    NoModel
        There is none at all.
    """
    try:
        return fitting_model(models), True
    except NoModel:
        trained = sorted(models.glob("*.tar.gz"), key=lambda model: model.stat().st_mtime)
        if not trained:
            raise
        return trained[-1], False


def train(models: Path, *, force: bool = False) -> Path:
    """Train a model unless one fits the data; returns its path. The model appears whole or not at all."""
    check_config(ROOT / "config.yml")
    path = models / f"{fingerprint()}.tar.gz"
    if path.exists() and not force:
        return path
    from rasa.model_training import train as rasa_train

    models.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("RASA_CACHE_DIRECTORY", str(models.parent / "rasa-cache"))
    os.chdir(ROOT)
    unfinished = f"unfinished-{os.getpid()}"
    with _each_file_read_once():
        result = rasa_train(
            domain="domain.yml", config="config.yml", training_files=["data/nlu", "data/stories"], output=str(models),
            fixed_model_name=unfinished, force_training=True,
        )  # fmt: skip
    if result.code != 0 or not result.model:
        raise SetupError("training failed; what Rasa said stands above")
    Path(result.model).replace(path)
    _forget_old(models, path)
    return path


@contextmanager
def _each_file_read_once() -> Iterator[None]:
    """Rasa reads and checks each file of examples three times, at a third of a second each; it changes copies only."""
    from rasa.shared.nlu.training_data import loading

    load = loading._load
    read = cache(lambda filename: load(filename, "zh"))
    loading._load = lambda filename, _language=None: read(filename)
    try:
        yield
    finally:
        loading._load = load


def _forget_old(models: Path, newest: Path) -> None:
    old = sorted(models.glob("*.tar.gz"), key=lambda model: model.stat().st_mtime, reverse=True)
    for model in old[_KEPT_MODELS:]:
        if model != newest:
            model.unlink(missing_ok=True)
