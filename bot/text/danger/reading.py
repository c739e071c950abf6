"""A line made ready to be searched for danger: slips mended, 拼音 read, innocent compounds blanked. Places are kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.text.danger.innocent import INNOCENT
from bot.text.normalise import Plain, plain
from bot.text.sounds import spelt

#: Stands where a compound was that only looks like danger; no pattern has it.
BLANK = "〇"
#: Slips of the words of danger, each as long as what it stands for.
_SLIPS = {
    "漏店": "漏电", "露电": "漏电", "楼电": "漏电", "触店": "触电", "冒咽": "冒烟", "着或": "着火", "着伙": "着火", "起伙": "起火",
    "起或": "起火", "爆扎": "爆炸", "暴炸": "爆炸", "报炸": "爆炸", "过民": "过敏", "过闽": "过敏", "过皿": "过敏", "国敏": "过敏",
    "过闵": "过敏", "红种": "红肿", "荨麻诊": "荨麻疹", "诊子": "疹子", "汤伤": "烫伤", "躺伤": "烫伤", "受商": "受伤", "流学": "流血",
    "出学": "出血", "中读": "中毒", "中独": "中毒", "中毐": "中毒", "务食": "误食", "不响活": "不想活", "不想或": "不想活",
    "自沙": "自杀", "消鞋": "消协", "消谐": "消协", "消携": "消协", "肖协": "消协", "公商局": "工商局", "律事": "律师", "绿师": "律师", "律司": "律师", "律师涵": "律师函",
    "起素": "起诉", "启诉": "起诉", "抱警": "报警", "报井": "报警", "暴光": "曝光", "爆光": "曝光", "瀑光": "曝光", "举抱": "举报",
    "盗涮": "盗刷", "信息泄漏": "信息泄露",
}  # fmt: skip
_SLIP = re.compile(f"(?<!合)(?:{'|'.join(sorted(_SLIPS, key=len, reverse=True))})")
#: Words of danger that are also typed in Latin letters, whole or in part, and the number of the consumers' line.
_SPELLED = (
    "漏电 触电 冒烟 着火 起火 爆炸 过敏 红肿 烫伤 受伤 流血 中毒 误食 误吞 自杀 不想活 报警 律师 起诉 法院 曝光 举报 工商 消协 诈骗 盗刷 "
    "一二三一五 幺二三幺五 壹贰叁壹伍"
).split()
#: Syllables that are often typed otherwise.
_TYPED = {"误": "wuo?"}
_NUMBERS = dict.fromkeys(_SPELLED[-3:], "12315")
_LETTERS = re.compile(r"[a-z幺壹]|一二三")
_ALONE = re.compile(r"(?:(?<=\s)|^)\S(?:\s\S){2,}(?=\s|$)")


def _form(word: str) -> str:
    """*word* with each character written or spelt, with or without blanks between: 漏dian, lou dian."""
    return r"\s?".join(f"(?:{letter}|{_TYPED.get(letter) or spelt(letter) or letter})" for letter in word)


_SPELT = re.compile("|".join(f"(?<![a-z])(?P<w{number}>{_form(word)})" for number, word in enumerate(_SPELLED)))


@dataclass(frozen=True, slots=True)
class Reading:
    """A line to be searched; `at[i]` is where its character i stands in the plain text."""

    text: str  #: mended, its innocent compounds blanked
    mended: str  #: the same with nothing blanked
    at: Sequence[int]
    plain: Plain

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original of characters start … end - 1."""
        return self.plain.at[self.at[start]], self.plain.at[self.at[end - 1]] + 1


def read(original: str) -> Reading:
    """*original* made ready."""
    form = plain(original)
    text, at = _SLIP.sub(lambda slip: _SLIPS[slip.group()], form.text), range(len(form.text))
    mended, places = _closed_up(text, at) if _ALONE.search(text) else (text, at)
    if _LETTERS.search(mended):
        mended, places = _in_characters(mended, places)
    return Reading(INNOCENT.sub(_blank, mended), mended, places, form)


def _blank(found: re.Match[str]) -> str:
    return BLANK * len(found.group())


def _closed_up(text: str, at: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Single characters with blanks between them, closed up: 律 师 函 is one word."""
    dropped = {place for run in _ALONE.finditer(text) for place in range(*run.span()) if text[place] == " "}
    kept = [place for place in range(len(text)) if place not in dropped]
    return "".join(text[place] for place in kept), [at[place] for place in kept]


def _in_characters(text: str, at: Sequence[int]) -> tuple[str, Sequence[int]]:
    """What is spelt in Latin letters or said in numerals, in the usual characters."""
    pieces: list[str] = []
    places: list[int] = []
    done = 0
    for found in _SPELT.finditer(text):
        start, end = found.span()
        word = _SPELLED[int((found.lastgroup or "w0")[1:])]
        word = _NUMBERS.get(word, word)
        pieces += text[done:start], word
        places += *at[done:start], at[start], *[at[end - 1]] * (len(word) - 1)
        done = end
    return "".join(pieces) + text[done:], [*places, *at[done:]]
