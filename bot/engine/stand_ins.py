"""Names that Rasa imports and we do not install, each answered by an empty stand-in.

Rasa 3.6.21 imports TensorFlow and the clients of every channel and broker when it starts, used or not. The finder below
answers those imports. It stands last in `sys.meta_path`, so a package that is really installed wins. A stand-in may be
looked at, subclassed and named in an `except`; module and class bodies may call it (decorators run at import); a
function that calls it gets `NeedsTensorFlow`, which names it and says what to do.
docs/decisions/0001-rasa-without-tensorflow.md tells why.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import inspect
import sys
import types
from collections.abc import Sequence
from typing import Any

import numpy as np
import packaging.version

from bot.errors import NeedsTensorFlow

#: Every package answered by a stand-in, with all below it; nothing else is.
NAMES = frozenset(
    {
        # TensorFlow and what Rasa builds on it
        "tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_probability", "tensorflow_text", "keras",
        "transformers", "sentencepiece", "sklearn_crfsuite", "matplotlib",
        # stores, locks and brokers of Rasa that Liuxin never opens
        "aio_pika", "boto3", "botocore", "confluent_kafka", "kafka", "pika", "psycopg2", "pymongo", "redis",
        # channels of Rasa that Liuxin never opens
        "aiogram", "structlog_sentry", "aiormq", "cachecontrol", "fbmessenger", "google", "google.auth", "google.oauth2", "mattermostwrapper", "rocketchat_API", "slack_sdk", "twilio", "webexteamssdk",
        # telemetry, off in Liuxin
        "sentry_sdk",
    }
)  # fmt: skip


#: Installed, and left out where only answers are given (`install(hide_installed=True)`).
HEAVY = frozenset(
    {
        # needed to train
        "joblib", "scipy", "skops", "sklearn",
        # Rasa's own shell, server and channels; spaCy's command line
        "cryptography", "engineio", "prompt_toolkit", "questionary", "sanic_jwt", "socketio", "spacy.cli",
    }
)  # fmt: skip


class _NamedMeta(type):
    """A class that answers any attribute with another stand-in of a longer name."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(f"{cls.path}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if _called_by_a_function():
            raise NeedsTensorFlow(cls.path)
        decorates = len(args) == 1 and not kwargs and callable(args[0])
        return args[0] if decorates else _stand_in(f"{cls.path}()")

    def __getitem__(cls, key: object) -> Any:
        return cls

    def __or__(cls, other: object) -> Any:
        return cls

    __ror__ = __or__


def _stand_in(path: str) -> Any:
    return _NamedMeta(path.rpartition(".")[2].rstrip("()") or "stand_in", (Exception,), {"path": path})


def _called_by_a_function() -> bool:
    """Whether the code that called the stand-in is a function's body, not a module's or a class's."""
    frame = sys._getframe(2)
    return bool(frame.f_code.co_flags & inspect.CO_OPTIMIZED)


class _Module(types.ModuleType):
    __version__ = "0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(f"{self.__name__}.{name}")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers an import of one of *names*."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if any(fullname == name or fullname.startswith(name + ".") for name in self.names):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """A stand-in has no code."""


class LegacyVersion:
    """`packaging` dropped this class in 22; Rasa only asks `isinstance` of it."""


def _give_back_removed_names() -> None:
    """Names that newer releases removed and that Rasa 3.6.21 still imports."""
    if not hasattr(packaging.version, "LegacyVersion"):
        packaging.version.LegacyVersion = LegacyVersion  # type: ignore[attr-defined]
    if not hasattr(np, "VisibleDeprecationWarning"):
        np.VisibleDeprecationWarning = np.exceptions.VisibleDeprecationWarning  # type: ignore[attr-defined]


def install(*, hide_installed: bool = False) -> None:
    """Answer the imports of `NAMES` from now on, and with *hide_installed* those of `HEAVY`; again is harmless."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder(NAMES))
        _give_back_removed_names()
    if hide_installed and not any(isinstance(finder, Finder) and finder.names is HEAVY for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder(HEAVY))
