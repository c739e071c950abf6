"""How well the trained bot understands: `python -m bench.understanding` measures, prints and writes docs/understanding.md.

Everything is asked first, each line once, and counted afterwards from plain records: see bench/metrics.py for the
figures, bench/noise.py for the noise, bench/mix.py for the mix of lines, bench/report.py for the page.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import metrics
from bench.entities import entity_scores
from bench.metrics import Bin, Score
from bench.mix import weights
from bench.noise import KINDS, noisy
from bench.scope import OUTSIDE, Product, at_thresholds, rejections
from bench.twins import Answer, Ask, Progress, Twin, answers, cascade_of, twins
from bot.nlu.cascade import NO_REQUEST, Cascade, Guess
from bot.settings import Settings

#: Clean sentences given each kind of noise, at most.
PER_KIND = 400
#: Intents of lines that ask for nothing and yet belong here.
FILLERS = NO_REQUEST - {OUTSIDE}
#: From this confidence on a filler taken for a request counts.
SURE = 0.5
_CONFUSIONS = 40

Answers = Mapping[Ask, Answer]


@dataclass(frozen=True, slots=True)
class Confusion:
    """A mistake that is made `count` times, with one or two of the sentences."""

    wanted: str
    guessed: str
    count: int
    examples: tuple[Twin, ...]


@dataclass(frozen=True, slots=True)
class Robustness:
    """One kind of noise: held-out sentences written with it, and clean ones before and after it was put on."""

    kind: str
    written: float | None
    written_support: int
    clean: float
    noisy: float
    support: int


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds of a line, and the share of the mix that the cheap model answers alone."""

    cheap_share: float
    cheap_ms: float
    encoded_ms: float
    mean_ms: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """All that was measured; `figures` by name are what a change may not let fall, `counts` how many lines or labels
    stand behind each."""

    figures: dict[str, float]
    counts: dict[str, int]
    intents: dict[str, Score]
    confusions: list[Confusion]
    robustness: list[Robustness]
    bins: list[Bin]
    product: list[Product]
    entities: dict[str, tuple[float, float, float, int]]
    costs: Costs
    sentences: int


def measure(cascade: Cascade, progress: Progress | None = None) -> Understanding:
    """Ask *cascade* all there is to ask, then count."""
    held_out = twins()
    noises = {kind: noised(held_out, kind) for kind in KINDS}
    asks = [twin.ask for twin in held_out]
    asks += [(twin.text, ()) for twin in held_out if twin.before]
    asks += [(text, ()) for rows in noises.values() for _, text in rows]
    return count(held_out, noises, answers(cascade, asks, progress))


def noised(held_out: Sequence[Twin], kind: str) -> list[tuple[Twin, str]]:
    """Clean sentences that stand alone, each with its noisy form: a sample that another sentence more hardly changes."""
    clean = [twin for twin in held_out if twin.noise is None and not twin.before]
    clean.sort(key=lambda twin: random.Random(twin.text).random())
    made = [(twin, text) for twin in clean if (text := noisy(kind, twin.text))]
    return made[:PER_KIND]


def count(held_out: Sequence[Twin], noises: Mapping[str, list[tuple[Twin, str]]], given: Answers) -> Understanding:
    """Every figure and table, from the answers *given*."""
    answered = [given[twin.ask] for twin in held_out]
    guesses = [answer.guess for answer in answered]
    pairs = [pair(twin, guess) for twin, guess in zip(held_out, guesses, strict=True)]
    right, sure = [want == guess for want, guess in pairs], [guess.confidence for guess in guesses]
    intents, bins = metrics.by_intent(pairs), metrics.reliability(sure, right)
    robustness = [_robustness(kind, rows, held_out, given) for kind, rows in noises.items()]
    entities = entity_scores()
    figures = {
        **_top1(held_out, given),
        "macro_f1": metrics.macro_f1(intents),
        "coverage_at_95": metrics.coverage(sure, right),
        **rejections(held_out, guesses),
        "fillers_taken_for_requests": _taken_for_requests(held_out, guesses),
        **_two_needs(held_out, guesses),
        "ece": metrics.calibration_error(bins),
        **_by_kind(robustness, entities),
    }
    return Understanding(
        figures, _counts(figures, held_out, robustness, entities), intents, _confusions(held_out, pairs), robustness, bins, at_thresholds(held_out, guesses), entities,
        costs(held_out, answered), len(held_out),
    )  # fmt: skip


def _counts(
    figures: Mapping[str, float],
    held_out: Sequence[Twin],
    robustness: Sequence[Robustness],
    entities: Mapping[str, tuple[float, float, float, int]],
) -> dict[str, int]:
    """How many lines or labels stand behind each of *figures*; of means over intents, the lines of the rarest."""
    after = [twin for twin in held_out if twin.before]
    rarest = min(Counter(twin.intent for twin in held_out).values())
    known = {
        "top1_clean": sum(twin.noise is None for twin in held_out),
        "top1_plain": len(held_out) - len(after),
        "top1_with_context": len(after),
        "context_gain": len(after),
        "macro_f1": rarest * len({twin.intent for twin in held_out}),
        "rejection_by_confidence": sum(twin.intent == OUTSIDE for twin in held_out),
        "rejection_by_share": sum(twin.intent == OUTSIDE for twin in held_out),
        "fillers_taken_for_requests": sum(twin.wanted <= FILLERS for twin in held_out),
        "two_need_recall": sum(map(_two_requests, held_out)),
        **{f"written_{row.kind}": row.written_support for row in robustness},
        **{f"noise_{row.kind}": row.support for row in robustness},
        **{_entity(kind): score[3] for kind, score in entities.items()},
    }
    return {name: known.get(name, len(held_out)) for name in figures}


def _entity(kind: str) -> str:
    return re.sub(r"\W+", "_", f"entity_{kind}").strip("_")


def _two_requests(twin: Twin) -> bool:
    return bool(twin.second) and not twin.wanted & NO_REQUEST


def _by_kind(robustness: Sequence[Robustness], entities: Mapping[str, tuple[float, ...]]) -> dict[str, float]:
    return {
        **{f"written_{row.kind}": row.written for row in robustness if row.written is not None},
        **{f"noise_{row.kind}": row.noisy for row in robustness},
        **{_entity(kind): score[2] for kind, score in entities.items()},
    }


def pair(twin: Twin, guess: Guess) -> tuple[str, str]:
    """What was wanted and what was guessed; of two needs either is right as the main one."""
    return (guess.intent if guess.intent in twin.wanted else twin.intent), guess.intent


def _right(rows: Sequence[Twin], given: Answers, *, alone: bool = False) -> float:
    asks = [(twin.text, ()) if alone else twin.ask for twin in rows]
    return metrics.share([given[ask].guess.intent in twin.wanted for twin, ask in zip(rows, asks, strict=True)])


def _top1(held_out: Sequence[Twin], given: Answers) -> dict[str, float]:
    clean = [twin for twin in held_out if twin.noise is None]
    after = [twin for twin in held_out if twin.before]
    return {
        "top1_clean": _right(clean, given),
        "top1_all": _right(held_out, given),
        "top1_plain": _right([twin for twin in held_out if not twin.before], given),
        "top1_with_context": _right(after, given),
        "context_gain": _right(after, given) - _right(after, given, alone=True),
    }


def _taken_for_requests(held_out: Sequence[Twin], guesses: Sequence[Guess]) -> float:
    fillers = [guess for twin, guess in zip(held_out, guesses, strict=True) if twin.wanted <= FILLERS]
    return metrics.share([guess.intent not in NO_REQUEST and guess.confidence >= SURE for guess in fillers])


def _two_needs(held_out: Sequence[Twin], guesses: Sequence[Guess]) -> dict[str, float]:
    asked = list(zip(held_out, guesses, strict=True))
    both = [twin.wanted <= {guess.intent, guess.second} for twin, guess in asked if _two_requests(twin)]
    invented = [bool(guess.second) for twin, guess in asked if not twin.second]
    return {"two_need_recall": metrics.share(both), "second_need_invented": metrics.share(invented)}


def _robustness(kind: str, rows: Sequence[tuple[Twin, str]], held_out: Sequence[Twin], given: Answers) -> Robustness:
    written = [twin for twin in held_out if twin.noise == kind]
    noisy_right = [given[text, ()].guess.intent in twin.wanted for twin, text in rows]
    clean = _right([twin for twin, _ in rows], given)
    as_written = _right(written, given) if written else None
    return Robustness(kind, as_written, len(written), clean, metrics.share(noisy_right), len(rows))


def _confusions(held_out: Sequence[Twin], pairs: Sequence[tuple[str, str]]) -> list[Confusion]:
    made: dict[tuple[str, str], list[Twin]] = {}
    for twin, mistake in zip(held_out, pairs, strict=True):
        made.setdefault(mistake, []).append(twin)
    found = metrics.confusions(pairs, _CONFUSIONS)
    return [Confusion(*mistake, often, tuple(made[mistake][:2])) for mistake, often in found]


def costs(held_out: Sequence[Twin], given: Sequence[Answer]) -> Costs:
    """What a line costs: alone by the cheap model, with the encoder, and in the mix that a shop receives."""
    cheap, encoded = ([answer.cpu_ms for answer in given if answer.guess.encoded == dear] for dear in (False, True))
    weighed = list(zip(weights(held_out), given, strict=True))
    return Costs(
        sum(weight for weight, answer in weighed if not answer.guess.encoded),
        sum(cheap) / max(1, len(cheap)),
        sum(encoded) / max(1, len(encoded)),
        sum(weight * answer.cpu_ms for weight, answer in weighed),
    )


def main() -> None:
    """Measure the model that fits the data, print the page and write it."""
    from bench.report import PAGE, page
    from bot.engine.training import fitting_model

    measured = measure(cascade_of(fitting_model(Settings().models)), _tell)
    PAGE.write_text(page(measured), encoding="utf-8")
    print(page(measured))


def _tell(done: int, of: int) -> None:
    sys.stderr.write(f"\runderstanding {done}/{of}" + ("\n" if done == of else ""))
    sys.stderr.flush()


if __name__ == "__main__":
    main()
