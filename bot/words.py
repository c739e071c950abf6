"""What a shopper reads, from `domain.yml`, for those who do not run Rasa."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from bot.settings import ROOT


@lru_cache(maxsize=1)
def _responses() -> Mapping[str, list[dict[str, Any]]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with (ROOT / "domain.yml").open(encoding="utf-8") as file:
        responses: Mapping[str, list[dict[str, Any]]] = yaml.load(file, Loader=loader)["responses"]
    return responses


def say(utter: str, **values: object) -> str:
    """The first variation of the response *utter*, its {places} filled."""
    text: str = _responses()[utter][0]["text"]
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text.strip()


def buttons(utter: str) -> list[str]:
    """The quick replies of the response *utter*."""
    return [button["title"] for button in _responses()[utter][0].get("buttons", [])]


def exists(utter: str) -> bool:
    """Whether `domain.yml` has words for *utter*."""
    return utter in _responses()
