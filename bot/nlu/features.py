"""What the cheap model sees of a line: its characters, words and sounds, and what the lines before make likely.

A feature is a name and a weight. Names are strings, so that a stored model can be read and its errors explained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from bot.nlu.asked import last_of_ours
from bot.text.normalise import Plain, plain, spelling
from bot.text.patterns import find, marked
from bot.text.sounds import spelt_in_syllables, syllables
from bot.text.words import words

#: Characters read of a long text: its first and its last. What a shopper wants stands there.
HEAD, TAIL = 160, 60
#: The length, in characters, from which the lines before begin to count less.
SHORT = 4
#: The longest text, in characters, that is taken whole together with what our last line did.
WHOLE = 6
#: Characters read of a line before: its last.
LINE = 80
#: Words of a line that are taken in pairs: its first.
PAIRED = 10
#: Characters of the last line before that the encoder reads.
ENCODED = 20
_STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17)
_CAN_BE_MARKED = re.compile(r"[\d元块市州盟]")
#: A clause that says what is not wanted: 不是退货, 是换货.
_REFUSES = re.compile(r"我?(?:说的)?(?:不是|不用|不要|不需要|不想|别|没说)")
_CORRECTS = re.compile(
    r"我?(?:说的)?不(?:是|要|想|用)[^,，。;；!！?？、\s]{2,8}[,，。;；!！、\s]+.*(?:是|要|想|给|帮|换|退|改)"
)
_LATIN = re.compile(r"[a-z0-9 ,.?!'~]*[a-z]{2}[a-z0-9 ,.?!'~]*")
_EMPTY = "∅"
#: Words with which a shopper announces another matter.
_ANNOUNCES = r"顺便|顺带|顺道|另外|还有就是|还有(?=[,，:：])|对了|以及|然后|同时|并且|而且|再(?=帮我|问|给我|查|看看)"
_ANOTHER = re.compile(rf"(?<=..)(?:{_ANNOUNCES})")
_BORDER = re.compile(rf"[,，。;；!！?？、\s]+|{_ANNOUNCES}")
#: Where a clause may end without a sign: 有货吗|多少钱, 到哪了|能改地址不, 不退|我就投诉.
_SPOKEN_BORDER = re.compile(
    rf"{_BORDER.pattern}|(?:(?<=..[吗呢])|(?<=.[^什怎多这那要]么)|(?<=.[了到好货发]没))(?=[^,，。!?！？]{{3}})"
    r"|(?:(?<=..[了吧])|(?<=..[^么怎也都]不))(?=(?:什么|多久|多少|怎么|能|可以|给|帮|还)[^,，。!?！？]{2})|(?<=..)(?:我就|不然|否则|要不然)"
)

Features = dict[str, float]


@lru_cache(maxsize=2048)
def tidy(text: str) -> str:
    """*text* as the model reads it: plain, cut to size, slips mended, numbers and addresses by their kind."""
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]} {text[-TAIL:]}"
    form = plain(text).text
    if _CAN_BE_MARKED.search(form):
        form = marked(form, find(Plain(form, tuple(range(len(form))), form)))
    return spelling(form) or _EMPTY


def own(text: str) -> Features:
    """Features of a tidy text by itself: characters (1 to 4 long), words (1, 2), words apart, sounds (2, 3)."""
    heard = ["^", *syllables(text), "$"]
    if in_pinyin(text):
        return _kind("s", _chains(heard, 2) + _chains(heard, 3), 2.0)
    edged = f"^{text}$"
    letters = [edged[at : at + size] for size in (1, 2, 3, 4) for at in range(len(edged) - size + 1)]
    spoken = ["^", *words(text), "$"]
    return (
        _kind("c", letters, 1.0)
        | _kind("w", spoken[1:-1] + _chains(spoken, 2), 1.0)
        | _kind("p", _apart(spoken[1:-1]), 0.7)
        | _kind("s", _chains(heard, 2) + _chains(heard, 3), 0.7)
    )


def _kind(kind: str, names: Sequence[str], weight: float) -> Features:
    """Each name once; the whole kind has length *weight*, however long the text."""
    once = dict.fromkeys(names)
    each = weight / max(1, len(once)) ** 0.5
    return {f"{kind}:{name}": each for name in once}


def in_pinyin(text: str) -> bool:
    """Whether *text* is Chinese in Latin letters: two syllables or more and nothing else but signs."""
    return text[0].isascii() and _LATIN.fullmatch(text) is not None and spelt_in_syllables(text)


def _chains(items: Sequence[str], size: int) -> list[str]:
    return ["".join(items[at : at + size]) for at in range(len(items) - size + 1)]


def _apart(spoken: Sequence[str]) -> list[str]:
    """Pairs of words that do not stand side by side, in their order: 退 … 多久."""
    once = list(dict.fromkeys(spoken))[:PAIRED]
    return [f"{one} {other}" for at, one in enumerate(once) for other in once[at + 2 :]]


#: What our last line did, by its words; the first that fits. A line may ask, offer, close, or only tell.
_DID: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("close", r"还有(?:什么|其他|别的|其它).{0,12}(?:吗|么)|还需要(?:什么|其他|别的)|祝您|欢迎下次|再见|结束"),
        ("greet", r"请问有什么(?:可以|能)|有什么(?:可以|能)帮|很高兴为您|为您服务|在的"),
        ("choose", r"还是.{1,12}(?:呢|[?？]|$)|哪(?:一)?(?:个|款|种|件|单|笔)|请选择|1[.、].+2[.、]"),
        ("value", r"多少|哪里|什么(?!时候都)|几[号天位码]|怎么称呼|为何|请(?:您)?(?:提供|发|输入|上传|说|填|告知|回复)|发(?:我|一下|给我)|告诉我|方便说|是谁"),
        ("offer", r"(?:需要|要不要|要|可以|能|帮您|为您|给您|给亲).{0,24}(?:吗|么|嘛|不[?？]|好不好|[?？])|要不"),
        ("confirm", r"(?:是|对|确认|确定|收到|有没有|方便).{0,16}(?:吗|么|[?？])|吗[?？]?$|是不是|是吧|对吧"),
        ("wait", r"稍等|稍候|请等|查询中|正在|核实一下|马上|我看(?:一)?下"),
        ("sorry", r"抱歉|不好意思|对不起|无法|不支持|不能|没法|退不了|暂无|暂不"),
    )
)  # fmt: skip


@lru_cache(maxsize=2048)
def did(ours: str) -> tuple[str, ...]:
    """What our line *ours* did: names from `_DID`, the first of them the chief one; `tell` if none, `none` if empty."""
    if not ours:
        return ("none",)
    acts = tuple(name for name, pattern in _DID if pattern.search(ours))
    return acts or ("tell",)


def last_of_theirs(before: Sequence[str]) -> str:
    """The shopper's newest line before; empty if there is none."""
    for said in reversed(before):
        author, _, rest = said.partition(": ")
        if author == "shopper":
            return rest
    return ""


def telling(before: Sequence[str]) -> tuple[str, ...]:
    """The lines *before* without our greetings, which say nothing about what comes next."""
    return tuple(said for said in before if said.startswith("shopper: ") or did(_words(said))[0] != "greet")


def _words(said: str) -> str:
    return said.partition(": ")[2][-LINE:]


def weight_of_before(text: str) -> float:
    """How much the lines before count: fully for a text of `SHORT` characters, less the longer it is."""
    return min(1.0, (SHORT / len(text))) if text != _EMPTY else 1.0


def around(text: str, before: Sequence[str], topics: Mapping[str, Mapping[str, float]]) -> Features:
    """Features of what stood before a tidy *text*, and of the two together.

    *topics* says for our last line (`b`) and the shopper's (`t`) which intents it sounds like, and how much.
    """
    ours, theirs = last_of_ours(before), last_of_theirs(before)
    weight = weight_of_before(text)
    acts = did(ours[-LINE:])
    found: Features = {f"act:{acts[0]}": weight}
    found.update((f"also:{act}", weight * 0.5) for act in acts[1:])
    if len(text) <= WHOLE:
        found[f"both:{acts[0]}|{text}"] = weight
        found[f"alone:{text}|{bool(before)}"] = weight
    for kind, said in (("b", ours), ("t", theirs)):
        if said:
            found.update(_kind(kind, words(tidy(said[-LINE:])), weight))
            found.update(_about(kind, text, topics.get(kind, {}), weight))
    return found


def _about(kind: str, text: str, topic: Mapping[str, float], weight: float) -> Features:
    """Features of what a line before was about; very short texts are taken together with it."""
    found = {f"{kind}!{intent}": weight * share**0.5 for intent, share in topic.items()}
    if topic and len(text) <= SHORT:
        found[f"{kind}!!{max(topic, key=topic.__getitem__)}|{text}"] = weight * 0.5
    return found


def joined(text: str, before: Sequence[str]) -> str:
    """What the encoder reads of a tidy *text* that leans on the lines before: the end of the last one and the text.

    Every character costs 0.8 CPU ms; the last two lines whole were better by a point on such texts, at twice the cost.
    """
    return f"{_words(before[-1])[-ENCODED:]} {text}" if before else text


def size(text: str) -> Features:
    """Features of how long a tidy text is."""
    return {f"len:{step}": 0.5 for step in _STEPS if len(text) >= step}


def clauses(text: str, spoken: bool = False) -> list[str]:
    """The clauses of a tidy text that may make a request, at most six; none if there is only one clause.

    With *spoken* a clause may end without a sign, after a word that ends a question.
    """
    border = _SPOKEN_BORDER if spoken else _BORDER
    found = [clause for clause in border.split(text) if len(clause) >= 2]
    return [clause for clause in found[:6] if not _REFUSES.match(clause)] if len(found) > 1 else []


def corrects(text: str) -> bool:
    """Whether a tidy text says what is not wanted and then what is: 不是退货, 是换货."""
    return _CORRECTS.match(text) is not None


def announces_another(text: str) -> bool:
    """Whether a tidy text says itself that a second matter follows: 顺便, 另外 …"""
    return _ANOTHER.search(text) is not None
