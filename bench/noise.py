"""What typing, dictating and sending do to a sentence: slips, 拼音, fillers, emoji … from a clean one, the same each time.

Every kind of noise is a function of a clean sentence and of dice thrown by seed, kind and sentence; it gives None where
it cannot touch the sentence (no word of it has an abbreviation, it is too long to be typed in 拼音).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from random import Random

import opencc

from bot.text.sounds import slips, spelt
from bot.text.words import words

Noise = Callable[[str, Random], str | None]

#: The longest sentence, in Chinese characters, that anybody types in 拼音.
_SPELT_AT_MOST = 8
#: One slip for so many characters.
_SLIP_EVERY = 12
_SHAPES = (
    "货贷 退腿 券卷 已己 未末 人入 千干 拆折 木本 日曰 大太 天夫 土士 白自 目且 牛午 问间 买卖 住往 侯候 折析 戊戌 密蜜 "
    "拨拔 晴睛 辩辨 捎稍 刷刚 凤风 贝见 水永 快块 抱泡 修俢 递弟 查杳 洗冼 崔催 拍柏 免兔 钱线 赔陪 优忧 收攻 补朴 态恣"
)
_SHAPED_LIKE = {both[at]: both[1 - at] for both in _SHAPES.split() for at in (0, 1)}
_FILLERS = ("那个", "嗯", "就是", "然后", "呃", "就是说", "那什么", "这个")
_PICTURES = ("😂", "😭", "🙏", "😡", "👀", "🤔", "😅", "💔", "[微笑]", "[大哭]", "[抱拳]", "[捂脸]", "[图片]", "#E-s3")
_LOUD = ("！！！", "？？？", "。。。", "……", "!!", "~~", "，，")
#: Words as hasty people write them, longest first where one is in another.
_SHORT = {
    "优惠券": ("yhq",), "支付宝": ("zfb",), "身份证": ("sfz",), "手机号": ("sjh",), "为什么": ("wsm",), "不知道": ("bzd",),
    "多少钱": ("dsq",), "快递": ("kd",), "客服": ("kf",), "人工": ("rg",), "物流": ("wl",), "发票": ("fp",),
    "退款": ("tk", "refund"), "退货": ("th", "return"), "换货": ("change",), "下单": ("order",), "订单": ("order",),
    "会员": ("vip",), "尺码": ("size",), "大小": ("size",), "颜色": ("color",), "价格": ("price",),
    "赠品": ("gift",), "礼物": ("gift",), "微信": ("vx", "wx"), "地址": ("dz", "address"), "手机": ("phone",),
    "电话": ("tel",), "你好": ("hello",), "您好": ("hi",), "谢谢": ("thx", "3q"), "好的": ("ok",), "可以": ("ok",),
    "收到": ("get",), "再见": ("bye",), "是的": ("yes",), "链接": ("link",), "质量": ("zl",), "积分": ("jf",), "库存": ("kc",),
    "活动": ("hd",), "红包": ("hb",), "包邮": ("by",), "什么": ("sm",), "怎么": ("zm",), "时间": ("time",),
    "今天": ("today",), "明天": ("tmr",), "图片": ("pic",), "现货": ("xh",), "发货": ("fh", "send"), "京东": ("jd",),
    "淘宝": ("tb",), "保修": ("bx",), "宝贝": ("bb",), "老板": ("boss",),
}  # fmt: skip
#: What stays whole where a sentence is cut: placeholders, runs of letters and digits, spaces; Chinese is cut into words.
_PIECES = re.compile(r"\[[^\[\]]*\]|[A-Za-z0-9]+|[\u4e00-\u9fff]+|\s+|.", re.DOTALL)
_WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in map(chr, range(0x21, 0x7F)) if letter.isalnum()}


def noisy(kind: str, sentence: str, seed: int = 0) -> str | None:
    """*sentence* with noise of this *kind*: never empty, never as it was; None where the kind cannot touch it."""
    made = KINDS[kind](sentence, Random(f"{seed}:{kind}:{sentence}")) if sentence else None
    return made if made and made.strip() and made != sentence else None


def typo(sentence: str, dice: Random) -> str | None:
    """Characters that sound or look alike in the place of others, one for each twelve."""
    letters = list(sentence)
    places = [at for at, letter in enumerate(letters) if slips(letter)]
    for at in dice.sample(places, min(len(places), 1 + len(letters) // _SLIP_EVERY)):
        alike = _SHAPED_LIKE.get(letters[at])
        letters[at] = alike if alike and dice.random() < 0.5 else dice.choice(slips(letters[at]))
    return "".join(letters)


def traditional(sentence: str, dice: Random) -> str | None:
    """Traditional characters."""
    converted: str = _converter().convert(sentence)
    return converted


def pinyin(sentence: str, dice: Random) -> str | None:
    """The whole of a short sentence in sounds without tones, run together in one of three ways."""
    if not 1 <= sum(map(_is_chinese, sentence)) <= _SPELT_AT_MOST:
        return None
    pieces = [[_spelt(letter) for letter in word] for word in _cut(_bare(sentence)) if not word.isspace()]
    if any(sound is None for word in pieces for sound in word):
        return None
    inside, between = dice.choice(((" ", " "), ("", " "), ("", "")))
    return between.join(inside.join(map(str, word)) for word in pieces)


def voice(sentence: str, dice: Random) -> str | None:
    """As it is dictated: fillers, something said twice, no punctuation."""
    spoken = [word for word in _cut(_bare(sentence)) if not word.isspace()]
    if not any(map(_is_chinese, sentence)):
        return None
    twice = dice.randrange(len(spoken))
    spoken.insert(twice, spoken[twice][:1] if _is_chinese(spoken[twice][0]) else "嗯")
    for _ in range(1 + len(spoken) // 5):
        spoken.insert(dice.randrange(len(spoken)), dice.choice(_FILLERS))
    return "".join(spoken)


def emoji(sentence: str, dice: Random) -> str | None:
    """One to three pictures of a kind, mostly at the end, at times in the middle or in front."""
    cut = _cut(sentence)
    at = dice.choice((len(cut), len(cut), 0, dice.randrange(len(cut) + 1)))
    return "".join([*cut[:at], dice.choice(_PICTURES) * dice.choice((1, 1, 2, 3)), *cut[at:]])


def punctuation(sentence: str, dice: Random) -> str | None:
    """None at all, far too much of it, or spaces between the words."""
    cut = [word for word in _cut(_bare(sentence)) if not word.isspace()]
    if not cut:
        return None
    loud = "".join(word + (dice.choice(_LOUD) if dice.random() < 0.4 else "") for word in cut) + dice.choice(_LOUD)
    ways = [loud, " ".join(cut), _bare(sentence)]
    return dice.choice([way for way in ways if way != sentence])


def latin(sentence: str, dice: Random) -> str | None:
    """Common words as abbreviations or in English; letters and digits at times in full width."""
    for word, short in _SHORT.items():
        if word in sentence:
            sentence = sentence.replace(word, dice.choice(short))
    return sentence.translate(_WIDE) if dice.random() < 0.3 else sentence


def clipped(sentence: str, dice: Random) -> str | None:
    """The first or the last character lost in sending, or one struck twice; short sentences lose none."""
    at = dice.randrange(len(sentence))
    ways = [sentence[: at + 1] + sentence[at:]]
    if len(sentence) > 3:
        ways += [sentence[1:], sentence[:-1]]
    return dice.choice(ways)


KINDS: dict[str, Noise] = {
    "typo": typo, "traditional": traditional, "pinyin": pinyin, "voice": voice, "emoji": emoji,
    "punctuation": punctuation, "latin": latin, "clipped": clipped,
}  # fmt: skip


def _cut(sentence: str) -> list[str]:
    """The words of *sentence*; joined they are the sentence."""
    return [
        word for piece in _PIECES.findall(sentence) for word in (words(piece) if _is_chinese(piece[0]) else [piece])
    ]


def _bare(sentence: str) -> str:
    """*sentence* with single spaces in the place of punctuation."""
    return " ".join("".join(" " if unicodedata.category(letter)[0] in "PZ" else letter for letter in sentence).split())


def _is_chinese(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def _spelt(letter: str) -> str | None:
    """A character as typed in 拼音; other signs as they are, None for a character whose sound is not known."""
    return spelt(letter) if _is_chinese(letter) else letter


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")
