"""How likely this conversation is to end badly, and why: pure, first cut.

The weights are priors set by hand (reference: risk, parts 2 and 4), not fitted: `MODEL_VERSION` says so, and they are
replaced by fitted ones when there are labels. Hard triggers stand beside the number, not in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.text.danger import danger_of

MODEL_VERSION = "priors-1"
#: Logit of the share of conversations that end badly where nothing speaks for or against it (22 %, risk part 2).
_BASE = math.log(0.22 / 0.78)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as risk sees it."""

    said: tuple[str, ...]  #: the shopper's lines, oldest first, the newest last; at least one
    intents: tuple[str, ...] = ()  #: what the newest lines were understood as, same order, may be shorter
    misses: int = 0  #: our answers in a row that were a miss


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that raises or lowers the risk: how much (logit) and the sentence an agent reads."""

    weight: float
    because: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The risk at one line."""

    p_dissatisfied: float
    hard_trigger: str | None
    reasons: tuple[str, ...]
    model_version: str = MODEL_VERSION


#: Kinds of danger that are kept under one name.
_TRIGGERS = {"child": "safety", "poisoning": "safety", "injury": "safety", "media": "law"}
_ANGRY = re.compile(r"垃圾|骗子|骗人|坑人|忽悠|恶心|什么破|气死|无语|太差|差劲|不要脸|黑店|糊弄|敷衍|耍我|烂|妈的|滚")
_NEGATION = re.compile(r"没有?(?:解决|用|收到|回|人|到|处理)|不(?:行|对|满意|解决|处理|给|理)|还没|根本")
_IMPATIENT = re.compile(r"^[?？!！。\s]+$|人呢|说话|回复啊|到底|多久了|快点|等了")
_THANKS = re.compile(r"谢谢|感谢|好的|辛苦|麻烦了")


def angry_words(talk: Talk) -> Finding | None:
    """Harsh words in the newest line: rare, and three quarters of dissatisfaction comes without them."""
    hit = _ANGRY.search(talk.said[-1])
    return Finding(0.9, f"言辞激烈：{hit.group()}") if hit else None


def asked_again(talk: Talk) -> Finding | None:
    """The newest line says what one of the six before said: we did not understand, and they know it."""
    newest = talk.said[-1]
    if len(newest) < 3:
        return None
    times = 1 + sum(alike(newest, earlier) >= 0.5 for earlier in talk.said[-7:-1])
    return Finding(0.7 * (times - 1), f"同一问题问了{times}遍") if times > 1 else None


def unresolved(talk: Talk) -> Finding | None:
    """The same need three times."""
    needs = [intent for intent in talk.intents if intent not in ("greet", "thank", "affirm", "inform", "nudge")]
    if needs and needs.count(needs[-1]) >= 3:
        return Finding(0.6, f"同一诉求第{needs.count(needs[-1])}次提出")
    return None


def not_understood(talk: Talk) -> Finding | None:
    """Our own misses in a row."""
    return Finding(0.5 * talk.misses, f"机器人连续{talk.misses}次没答上") if talk.misses else None


def impatient(talk: Talk) -> Finding | None:
    """Question marks alone, 人呢: the commonest form of impatience."""
    times = sum(bool(_IMPATIENT.search(line)) for line in talk.said[-4:])
    return Finding(0.4 * times, f"催促{times}次") if times else None


def negation(talk: Talk) -> Finding | None:
    """没有, 不行, 还没 in the newest line."""
    return Finding(0.4, "反复否定：未解决") if _NEGATION.search(talk.said[-1]) else None


def thanks(talk: Talk) -> Finding | None:
    """Thanks and OK protect."""
    return Finding(-0.8, "客户表示感谢或认可") if _THANKS.search(talk.said[-1]) else None


SIGNALS: tuple[Callable[[Talk], Finding | None], ...] = (
    angry_words, asked_again, unresolved, not_understood, impatient, negation, thanks,
)  # fmt: skip


def assess(talk: Talk) -> Assessment:
    """The risk at the newest line: base and findings add up to the logit; at most four reasons, strongest first."""
    found = [finding for signal in SIGNALS if (finding := signal(talk))]
    logit = _BASE + sum(finding.weight for finding in found)
    rising = sorted((finding for finding in found if finding.weight > 0), key=lambda finding: -finding.weight)
    return Assessment(
        p_dissatisfied=round(1 / (1 + math.exp(-logit)), 4),
        hard_trigger=hard_trigger(talk.said[-1], talk.said[-3:-1]),
        reasons=tuple(f"{finding.because}(+{finding.weight:.1f})" for finding in rising[:4]),
    )


def hard_trigger(text: str, before: Sequence[str] = ()) -> str | None:
    """The gravest hard trigger in *text*, said after *before*: self_harm, safety, law or fraud; None if there is none."""
    danger = danger_of(text, before)
    return _TRIGGERS.get(danger.kind, danger.kind) if danger else None


def alike(one: str, other: str) -> float:
    """Jaccard overlap of character bigrams, 0 to 1."""
    a, b = _bigrams(one), _bigrams(other)
    return len(a & b) / len(a | b) if a and b else 0.0


def _bigrams(text: Sequence[str]) -> set[tuple[str, str]]:
    return set(pairwise(text))
