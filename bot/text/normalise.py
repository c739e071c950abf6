"""One form for many spellings: what is understood is the plain form, what is kept is the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import opencc

#: Slips so common that both readings are one word in a shop (reference: shoppers' spelling, part 8).
SLIPS = {
    "报价保": "保价", "价报": "价保", "再吗": "在吗", "在嘛": "在吗", "再嘛": "在吗", "再不": "在不", "发或": "发货",
    "发贷": "发货", "退贷": "退货", "换贷": "换货", "收贷": "收货", "有贷": "有货", "推款": "退款", "退宽": "退款",
    "自条": "白条", "转人攻": "转人工", "转人公": "转人工", "人功": "人工", "帐单": "账单", "己经": "已经",
    "优惠卷": "优惠券", "用卷": "用券", "领卷": "领券", "物留": "物流", "快弟": "快递", "块递": "快递", "客福": "客服",
}  # fmt: skip
#: Words of the shop in Latin letters, shortened or English, where no letter stands beside them.
SHORT_FORMS = {
    "kf": "客服", "rg": "人工", "kd": "快递", "wl": "物流", "dd": "订单", "yhq": "优惠券", "yhj": "优惠券", "fp": "发票", "tk": "退款",
    "th": "退货", "hh": "换货", "zfb": "支付宝", "wx": "微信", "vx": "微信", "sjh": "手机号", "sfz": "身份证", "dz": "地址", "bx": "保修",
    "bb": "宝贝", "hb": "红包", "fh": "发货", "bj": "保价", "jf": "积分", "kc": "库存", "refund": "退款", "return": "退货", "order": "订单",
    "invoice": "发票", "size": "尺码", "price": "价格", "color": "颜色", "address": "地址", "cancel": "取消", "exchange": "换货",
    "change": "换", "coupon": "优惠券", "discount": "优惠", "pay": "付款", "missing": "少了", "broken": "坏了", "gift": "赠品",
    "phone": "手机", "email": "邮箱", "mail": "邮箱", "account": "账户", "today": "今天", "tmr": "明天", "wsm": "为什么", "zm": "怎么",
}  # fmt: skip
_SHORT_FORM = re.compile(rf"(?<![a-z])(?:{'|'.join(sorted(SHORT_FORMS, key=len, reverse=True))})(?![a-z])")
_SLIP = re.compile("|".join(sorted(map(re.escape, SLIPS), key=len, reverse=True)))
_REPEATED = re.compile(r"([?!。,.~…、])\1+")
_SPACES = re.compile(r"\s+")
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_PUNCTUATION = str.maketrans({"？": "?", "！": "!", "，": ",", "；": ";", "：": ":", "（": "(", "）": ")", "～": "~"})


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in plain form; `at[i]` is where its character i stood in the original."""

    text: str
    at: tuple[int, ...]
    original: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original of characters start … end - 1 of the plain text; start < end."""
        return self.at[start], self.at[end - 1] + 1


def plain(original: str) -> Plain:
    """*original* in plain form: NFKC, simplified, lower case, no invisible characters, single spaces.

    Every plain character knows its place in the original. Words are not changed: see `spelling`.
    """
    letters: list[str] = []
    at: list[int] = []
    for index, letter in enumerate(original):
        for piece in unicodedata.normalize("NFKC", letter).lower().translate(_PUNCTUATION):
            if piece.isspace():
                piece = " "
            elif unicodedata.category(piece) in _DROPPED or "\ufe00" <= piece <= "\ufe0f":
                continue
            if piece == " " and (not letters or letters[-1] == " "):
                continue
            letters.append(piece)
            at.append(index)
    if letters and letters[-1] == " ":
        letters.pop()
        at.pop()
    return Plain(_simplified("".join(letters)), tuple(at), original)


def spelling(text: str) -> str:
    """A plain text with known slips mended, short forms written out and repeated punctuation said once. Places are lost."""
    mended = _SLIP.sub(lambda slip: SLIPS[slip.group()], text)
    mended = _SHORT_FORM.sub(lambda short: SHORT_FORMS[short.group()], mended)
    return _SPACES.sub(" ", _REPEATED.sub(r"\1", mended))


def _simplified(text: str) -> str:
    """Simplified characters, one for one."""
    if text.isascii():
        return text
    whole: str = _converter().convert(text)
    if len(whole) == len(text):
        return whole
    return "".join(_one_simplified(letter) for letter in text)


@lru_cache(maxsize=4096)
def _one_simplified(letter: str) -> str:
    simple: str = _converter().convert(letter)
    return simple if len(simple) == 1 else letter


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
