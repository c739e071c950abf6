"""Lines that are no matter of the shop: how well they can be told from the rest, and what the product does with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from bench import metrics
from bench.twins import Twin
from bot.nlu.cascade import Guess
from bot.settings import ROOT

OUTSIDE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Product:
    """What happens at the product's own thresholds to lines of one sort, as shares of them."""

    sort: str
    recognised: float  #: as out_of_scope
    asked_back: float
    answered: float
    support: int


def rejections(held_out: Sequence[Twin], guesses: Sequence[Guess]) -> dict[str, float]:
    """The share of lines out of scope that is rejected where at most 3 % of the others are, by either ranking."""
    found = {}
    for name, rule in (("confidence", by_confidence), ("share", by_share)):
        inside, outside = ([rule(guess) for guess in sort] for sort in _sorted(held_out, guesses))
        found[f"rejection_by_{name}"] = metrics.rejection(inside, outside)
    return found


def by_confidence(guess: Guess) -> float:
    """How much a line seems out of scope: surely so guessed first, then what is guessed least surely."""
    return 1 + guess.confidence if guess.intent == OUTSIDE else 1 - guess.confidence


def by_share(guess: Guess) -> float:
    """How much a line seems out of scope: by that intent's own confidence, where it has none by the guess's doubt."""
    return dict(guess.alternatives).get(OUTSIDE, 0.0) + 0.001 * (1 - guess.confidence)


def at_thresholds(held_out: Sequence[Twin], guesses: Sequence[Guess]) -> list[Product]:
    """What the product does with lines in scope and with lines out of it."""
    inside, outside = _sorted(held_out, guesses)
    return [_product("out of scope", outside), _product("in scope", inside)]


def asked_back(guess: Guess, least: float, apart: float) -> bool:
    """Whether Rasa's FallbackClassifier asks back instead of acting on a guess."""
    levels = [level for _, level in guess.alternatives]
    return guess.confidence < least or (len(levels) > 1 and levels[0] - levels[1] < apart)


def thresholds() -> tuple[float, float]:
    """The least confidence, and how far the next intent has to be, of config.yml."""
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    (row,) = [row for row in pipeline if row["name"] == "FallbackClassifier"]
    return float(row["threshold"]), float(row["ambiguity_threshold"])


def _sorted(held_out: Sequence[Twin], guesses: Sequence[Guess]) -> tuple[list[Guess], list[Guess]]:
    sorts: tuple[list[Guess], list[Guess]] = ([], [])
    for twin, guess in zip(held_out, guesses, strict=True):
        sorts[twin.intent == OUTSIDE].append(guess)
    return sorts


def _product(sort: str, guesses: Sequence[Guess]) -> Product:
    bounds = thresholds()
    back = metrics.share([asked_back(guess, *bounds) for guess in guesses])
    recognised = metrics.share([guess.intent == OUTSIDE and not asked_back(guess, *bounds) for guess in guesses])
    return Product(sort, recognised, back, 1 - back - recognised, len(guesses))
