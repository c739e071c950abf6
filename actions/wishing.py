"""What is to be done about an order, read off a line and kept until nothing is missing. No action stands here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.base import Events, entities, entity
from bot.shop.commands import CommandKind
from bot.shop.invoices import SPECIAL
from bot.talk.turn import Turn
from bot.text.normalise import plain
from bot.text.numerals import whole


@dataclass(frozen=True, slots=True)
class Wish:
    """What the shopper has said so far of one need; empty is not said."""

    kinds: tuple[str, ...] = ()  #: names of `CommandKind`
    address: str = ""
    receiver: str = ""
    phone: str = ""
    when: str = ""
    variant: str = ""  #: words for the variant wanted: "白色 L"
    stays: int | None = None  #: pieces that stay
    fewer: int | None = None  #: pieces to be taken out; negative: to be added
    title: str = ""
    tax_no: str = ""
    send_to: str = ""
    invoice_kind: str = ""
    opened: bool | None = None
    looked: bool = False  #: the places where a parcel may lie were tried
    said: str = ""  #: all of it in the shopper's words

    def after(self, earlier: Wish) -> Wish:
        """This, with what was said *earlier* where nothing new was."""
        empty = Wish()
        kept = {
            field.name: getattr(earlier, field.name)
            for field in fields(self)
            if getattr(self, field.name) == getattr(empty, field.name)
        }
        words = "\n".join(dict.fromkeys(filter(None, (earlier.said, self.said))))
        return replace(self, **{**kept, "said": words[-1000:]})


def has_details(wish: Wish) -> bool:
    """Whether it says anything beyond what is wanted."""
    return replace(wish, kinds=(), said="", looked=False, opened=None, when="") != Wish()


def kept(wish: Wish, of: str) -> Events:
    """The slots that keep *wish* until the shopper says more, and whose it is (an intent)."""
    return [SlotSet("wish", {**asdict(wish), "kinds": list(wish.kinds)}), SlotSet("wish_of", of)]


def kept_before(tracker: Tracker) -> Wish:
    """The wish that waits; an empty one if none does."""
    told: Mapping[str, Any] = tracker.get_slot("wish") or {}
    return Wish(**{**told, "kinds": tuple(told.get("kinds", ()))})


def read(tracker: Tracker, turn: Turn) -> Wish:
    """What the line itself says."""
    text = turn.text
    stays, fewer = _pieces(plain(text).text)
    title, tax_no = _title(text, entity(tracker, "order_no"))
    return Wish(
        address=_address(tracker), receiver=_first(_RECEIVER, text), phone=entity(tracker, "phone") or "",
        when=" ".join(str(found["value"]) for found in entities(tracker, "date")), variant=_variant(tracker, text),
        stays=stays, fewer=fewer, title=title, tax_no=tax_no, send_to=_first(_MAIL, text),
        invoice_kind=SPECIAL if re.search(r"专票|专用", text) else "", opened=_opened(text),
        looked=bool(_LOOKED.search(text)), said=text.strip(),
    )  # fmt: skip


_RECEIVER = re.compile(
    r"(?:收[件货]?人|收件|名字)(?:姓名)?(?:改成|改为|换成|写|是|为|[:：])\s*([\u4e00-\u9fa5·]{2,6}?)(?=[,，。;；\s]|电话|手机|地址|$)"
)
_MAIL = re.compile(r"([\w.+-]{1,40}@[\w-]{1,40}(?:\.[a-zA-Z]{2,8}){1,2})", re.ASCII)
_TITLE = re.compile(
    r"(?:抬头|名头|单位名称|公司名称)(?:要|都|就)?(?:改成|改为|换成|换为|开成|写成|改|换|开|写|是|为|[:：\s]){1,3}([^\s,，。；;、：:?？！]{2,40})"
)
_INTO = re.compile(r"(?:改成|改为|换成|换为|应该是|要写)\s*([\u4e00-\u9fa5·a-zA-Z()（）]{2,30})")
_COMPANY = re.compile(
    r"([\u4e00-\u9fa5()（）]{2,30}?(?:有限责任公司|有限公司|公司|事务所|工作室|合作社))(?![的\u4e00-\u9fa5]{0,2}抬头)"
)
_TAX_NO = re.compile(r"(?<![0-9A-Za-z])([0-9A-Za-z]{15,20})(?![0-9A-Za-z])")
_NO_TITLE = re.compile(r"^(?:个人|公司|单位|企业|啥|什么|怎么|错|不对|吗|的|可以|能)|^[改换]")
_LOOKED = re.compile(
    r"(?:都|也)?(?:问|找|看|查|翻)(?:过|了|遍)[^,，。]{0,8}(?:没|不|都)|(?:驿站|前台|门卫|物业|家人|家里|邻居|快递柜|柜子|丰巢|保安|室友|同事)[^,，。]{0,8}没|"
    r"(?:都|也|还是|就是)(?:没有|没找到|没看到|找不到)|哪都没"
)


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _address(tracker: Tracker) -> str:
    """The longest address of the line; a place by name alone is no address."""
    found = [str(one["value"]).strip() for one in entities(tracker, "address")]
    return max((address for address in found if len(address) > 5), key=len, default="")


def _variant(tracker: Tracker, text: str) -> str:
    """Words for the variant wanted: of 黑色换成白色 the last colour, of 40换41 the last size."""
    words = [list(entities(tracker, kind)) for kind in ("colour", "size")]
    return " ".join(str(found[-1]["value"]) for found in words if found)


def _title(text: str, order_no: str | None) -> tuple[str, str]:
    """The title of an invoice and its tax number, as far as the line has them."""
    numbers = [number for number in _TAX_NO.findall(text) if number != order_no and re.search(r"\d{6}", number)]
    company = _first(_COMPANY, text)
    company = re.sub(r"^.*?(?:抬头|名头|名称|开|写|换成|改成|改为|换|改|是|为|要)+(?=[\u4e00-\u9fa5]{4})", "", company)
    title = company or _first(_TITLE, text) or (_first(_INTO, text) if re.search(r"抬头|名头", text) else "")
    return ("" if _NO_TITLE.match(title) or title in numbers else title), (numbers[0].upper() if numbers else "")


_NUMBER = r"(\d{1,2}|[一两二三四五六七八九十])"
_PIECES = r"[件个双条盒包瓶袋只台套箱份把]"
_TO = re.compile(rf"(?:改成|变成|换成|减到|减成|改为|只要|只留|留下?|就要){_NUMBER}{_PIECES}")
_FEWER = re.compile(rf"(?:少|减|减少|减掉|去掉|退掉|多拍了?|多买了?|拍多了?|多下了?){_NUMBER}{_PIECES}?")
_MORE = re.compile(rf"(?:加|再加|多加|添|再添|再来|再要|再拍|多要|多买|增加)了?{_NUMBER}{_PIECES}?")
_OUT = re.compile(r"(?:去掉|删掉?|拿掉|拿走|划掉|不要)(?!了)")


def _pieces(words: str) -> tuple[int | None, int | None]:
    """Pieces that stay, pieces to be taken out (negative: added), as the line says it."""
    if match := _TO.search(words):
        return whole(match[1]), None
    if match := _FEWER.search(words):
        return None, whole(match[1])
    if match := _MORE.search(words):
        return None, -(whole(match[1]) or 1)
    return (0, None) if _OUT.search(words) else (None, None)


def _opened(text: str) -> bool | None:
    """Whether the package was opened, if the line says it."""
    if re.search(r"(?:没|未|还没)(?:有)?(?:拆|开封|打开)|原封", text):
        return False
    return True if re.search(r"拆了|拆开|拆封|开封|打开了|用了|用过|吃了|喝了|穿了|穿过", text) else None


_WORDS: tuple[tuple[CommandKind, re.Pattern[str]], ...] = (
    (CommandKind.FORWARD, re.compile(r"转寄|改派|转送")),
    (CommandKind.CHANGE_ADDRESS, re.compile(r"地址|门牌|楼号|搬家|[寄送发](?:到|去|给)(?!货|了|没|吗)|收[件货]人|换个地方")),
    (CommandKind.CHANGE_PHONE, re.compile(r"(?:电话|手机号?|号码|联系方式)[^,，。]{0,6}(?:[改换错变写填停]|不用)|(?:改|换|写错|填错|留错)[^,，。]{0,4}(?:电话|手机|号码|联系)")),
)  # fmt: skip
_TIME = re.compile(
    r"(?:晚|早|迟|推迟|延后|提前|改天|改到|放到|过)[^,，。]{0,6}(?:送|发|派|配|寄)|(?:送货|配送|派送|收货)?时间|[送派发寄]晚|先[别不](?:发|送|寄)"
)
_CONTENT = re.compile(
    r"件数|数量|多拍|多买|拍多|拍重|买重|少[一两\d]|[减添]|加[一两\d]|再[加来要][一两\d个]|去掉|删|只要|只留"
)
_SKU = re.compile(r"颜色|色号|尺码|尺寸|大小|款式|规格|型号|口味|拍[错大小]|选[错大小]|换成?|[大小]一?[码号]")


def changes(wish: Wish, text: str) -> tuple[CommandKind, ...]:
    """The changes of an order that the line wants; a new address often comes with a new phone. Empty: it says none."""
    said = plain(text).text
    kinds = dict.fromkeys(kind for kind, pattern in _WORDS if pattern.search(said))
    if wish.address and CommandKind.FORWARD not in kinds:
        kinds[CommandKind.CHANGE_ADDRESS] = None
    if wish.phone:
        kinds[CommandKind.CHANGE_PHONE] = None
    if CommandKind.FORWARD in kinds:
        kinds.pop(CommandKind.CHANGE_ADDRESS, None)
    return tuple(kinds) or tuple(_less_plain(wish, said))


def _less_plain(wish: Wish, said: str) -> Iterator[CommandKind]:
    if wish.stays is not None or wish.fewer is not None or _CONTENT.search(said):
        yield CommandKind.CHANGE_CONTENT
    elif _TIME.search(said) or (wish.when and re.search(r"[送派发收]", said)):
        yield CommandKind.CHANGE_DELIVERY_TIME
    elif wish.variant or _SKU.search(said):
        yield CommandKind.CHANGE_SKU
