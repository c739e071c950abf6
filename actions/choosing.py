"""Which of a shopper's own orders a line means: by what it says, by what was talked about, by how far orders are
(rows C2, C3). Pure but for the records; no action stands here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actions.goods import shared
from bot.shop.days import CHINA
from bot.shop.facts import Order, OrderState, ParcelState
from bot.text.normalise import plain
from bot.text.numerals import whole
from bot.text.times import resolve

#: The most orders shown to choose from.
MOST_SHOWN = 5
_ALL = re.compile(
    r"(?:[两二三四五几]|这些|那些|全部|所有)(?:个|单|笔)?(?:的?订单)?(?:[都全]|一起)|(?:全部|所有)的?订单|每[个单笔]都"
    r"|^都(?=取消|退|催|要|开|查|改|看|办)"
)
_OTHER = re.compile(
    r"(?:另外?(?:那|的)?[一1]?[个单笔]|另外那|还有[一1][个单笔]|别的那?[个单笔]|剩下(?:的|那))(?!人|地址|颜?色|号|尺?码|手机|电话|款)"
)
_BEFORE = re.compile(
    r"(?<![早晚马])[上前][一1]?[个单笔](?!月|星期|礼拜|周|客服|人)|(?:刚才|刚刚|前面)(?:说的|问的|查的)?的?那?[个单笔]"
)
_NEWEST = re.compile(r"(?:最近|最新|最后|刚刚?)(?:买|下|拍|付|订)?的?(?:那|这|一)*[个单笔]|刚刚?[买拍下付订]")
_PLACE = re.compile(r"第([一二两三四五1-5])[个单笔条]|^([一二三四五1-5])$")
_LAST = re.compile(r"最后(?:那|一)*[个单笔]|最下面")
_BOUGHT = re.compile(r"买|拍|下单|下的|付|订的|那[个单笔]")
_NO_GOODS = re.compile(r"手机(?:号码?|尾号|后)|电话")  # 手机号 is no phone that was bought
_STATES = (
    (re.compile(r"[没未待]付|还没给钱"), (OrderState.UNPAID,)),
    (re.compile(r"[没未待]发"), (OrderState.PAID,)),
    (re.compile(r"派送|送的那"), (OrderState.OUT_FOR_DELIVERY,)),
    (re.compile(r"在路上|运输|发了的"), (OrderState.SHIPPED,)),
    (re.compile(r"签收|收到的|到了的"), (OrderState.SIGNED, OrderState.DONE)),
)

Fits = Callable[[Order, datetime], bool]


@dataclass(frozen=True, slots=True)
class Tier:
    """Orders a need is likely about, and what they are called: "在路上"."""

    called: str
    fits: Fits


@dataclass(frozen=True, slots=True)
class Looking:
    """What a need looks for: the first tier that has an order counts; else the newest order."""

    tiers: tuple[Tier, ...]
    keeps: bool = True  #: the order being talked about is meant, also if it is in no tier


@dataclass(frozen=True, slots=True)
class Told:
    """What a line says of the order it means."""

    text: str
    product_ids: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()  #: words for kinds of goods: 手机
    names: Mapping[str, str] = field(default_factory=dict)  #: product id -> its title and all it is called
    dates: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """What was said of orders before: numbers."""

    current: str | None = None  #: being talked about
    here: str | None = None  #: whose page is open
    before: str | None = None  #: talked about before that
    shown: tuple[str, ...] = ()  #: the list shown last


@dataclass(frozen=True, slots=True)
class Choice:
    """The orders meant, with the reason; or those among which the shopper must choose."""

    orders: tuple[Order, ...] = ()
    why: str = ""
    among: tuple[Order, ...] = ()
    called: str = ""


def in_states(*states: OrderState) -> Fits:
    return lambda order, now: order.state in states


def came(order: Order, now: datetime, days: int = 30) -> bool:
    """Whether a box of it was signed for within *days*, and it is not being refunded."""
    signed = [trace.at for box in order.parcels for trace in box.traces if trace.state is ParcelState.SIGNED]
    closed = order.state in (OrderState.REFUNDING, OrderState.REFUNDED, OrderState.CANCELLED)
    return bool(signed) and not closed and now - max(signed) <= timedelta(days=days)


def paid_within(days: int) -> Fits:
    """Paid within *days*, and the money is still the shop's."""

    def fits(order: Order, now: datetime) -> bool:
        return order.paid_at is not None and order.refund is None and now - order.paid_at <= timedelta(days=days)

    return fits


ON_THE_WAY = Tier("在路上", in_states(OrderState.PAID, OrderState.SHIPPED, OrderState.OUT_FOR_DELIVERY))
IN_THE_HOUSE = Tier("还没发货", in_states(OrderState.UNPAID, OrderState.PAID))
SENT = Tier("在路上", in_states(OrderState.SHIPPED, OrderState.OUT_FOR_DELIVERY))
CAME = Tier("最近签收", came)
ANY = Looking((ON_THE_WAY,))


def chosen(orders: Sequence[Order], told: Told, memory: Memory, looking: Looking, now: datetime) -> Choice:
    """Which of *orders*, newest first, the line means; empty if there are none."""
    if not orders:
        return Choice()
    pointed = _pointed(orders, told, memory, looking, now)
    if pointed is not None:
        return pointed
    named, strange = _named(orders, told, now)
    for number in filter(None, (memory.here, memory.current)):
        known = next((order for order in named or orders if order.order_no == number), None)
        if known and not strange and (named or number == memory.here or _kept(known, looking, now)):
            return Choice((known,))
    if len(named) == 1:
        return Choice(tuple(named), "您说的那笔：")
    choice = _by_tier(named or orders, looking, now)
    if strange and choice.orders:
        return Choice(among=choice.orders, called=choice.called)
    return choice if len(choice.among) < 2 else _by_state_said(choice, told)


def _kept(order: Order, looking: Looking, now: datetime) -> bool:
    return looking.keeps or any(tier.fits(order, now) for tier in looking.tiers)


def _by_tier(orders: Sequence[Order], looking: Looking, now: datetime) -> Choice:
    for tier in looking.tiers:
        fitting = tuple(order for order in orders if tier.fits(order, now))
        if len(fitting) == 1:
            return Choice(fitting, f"您{tier.called}的订单：", called=tier.called)
        if fitting:
            return Choice(among=fitting[:MOST_SHOWN], called=tier.called)
    return Choice((orders[0],), "您最近的一笔订单：")


def _by_state_said(choice: Choice, told: Told) -> Choice:
    """Of several that fit, the one in the state that the line names."""
    asks_for_all = re.search(r"[几哪][个单笔]", told.text)
    wanted = [
        state for pattern, states in _STATES if not asks_for_all and pattern.search(told.text) for state in states
    ]
    fitting = tuple(order for order in choice.among if order.state in wanted)
    return Choice(fitting, f"您{fitting[0].state}的那笔订单：") if len(fitting) == 1 else choice


def _pointed(orders: Sequence[Order], told: Told, memory: Memory, looking: Looking, now: datetime) -> Choice | None:
    """The orders that words like 第二个, 另一个, 上一个, 两单都 point at; None if the line has none."""
    shown = _of_numbers(orders, memory.shown)
    at_hand = shown or _by_tier(orders, looking, now)
    pool = at_hand if isinstance(at_hand, tuple) else at_hand.among or at_hand.orders
    if _ALL.search(told.text) and len(pool) > 1:
        return Choice(pool[:MOST_SHOWN])
    if _OTHER.search(told.text) and (others := [order for order in pool if order.order_no != memory.current]):
        return Choice((others[0],), "另外这笔：") if len(others) == 1 else Choice(among=tuple(others), called="可以选")
    if shown and (place := _place(told.text, len(shown))) is not None:
        return Choice((shown[place],))
    if _BEFORE.search(told.text):
        return _before(orders, memory)
    return Choice((orders[0],), "您最近的一笔订单：") if _NEWEST.search(told.text) else None


def _place(text: str, count: int) -> int | None:
    """Which of *count* shown things 第二个 or 最后一个 means, from 0."""
    if _LAST.search(text):
        return count - 1
    match = _PLACE.search(text.strip())
    number = whole(match[1] or match[2]) if match else None
    return number - 1 if number is not None and number <= count else None


def _before(orders: Sequence[Order], memory: Memory) -> Choice | None:
    """上一个: the order talked about before this one; else the one bought before it."""
    known = _of_numbers(orders, [memory.before] if memory.before else [])
    if known:
        return Choice(known, "前面说的那笔：")
    numbers = [order.order_no for order in orders]
    older = orders[numbers.index(memory.current) + 1 :] if memory.current in numbers else orders[1:]
    return Choice((older[0],), "再往前的一笔订单：") if older else None


def _of_numbers(orders: Iterable[Order], numbers: Sequence[str]) -> tuple[Order, ...]:
    known = {order.order_no: order for order in orders}
    return tuple(known[number] for number in numbers if number in known)


def _named(orders: Sequence[Order], told: Told, now: datetime) -> tuple[list[Order], bool]:
    """The orders that the line names by product, day or amount; and whether it names a product nobody bought."""
    by_product = [order for order in orders if any(item.product_id in told.product_ids for item in order.items)]
    left = by_product or _by_name(orders, told)
    if told.product_ids and not left:
        return [], True
    for narrowed in (_by_day(left or orders, told, now), _by_amount(left or orders, told)):
        left = narrowed or left
    return left, False


def _by_name(orders: Sequence[Order], told: Told) -> list[Order]:
    """Orders with goods of the kind named; else those whose goods' names share most with the line, two characters in a
    row at least."""
    words = _NO_GOODS.sub(" ", plain(told.text).text)
    kinds = [word for word in told.goods if word in words]
    of_kind = [order for order in orders if any(word in _titles(order, told) for word in kinds)]
    scores = [(shared(words, plain(" ".join(item.name for item in order.items)).text), order) for order in orders]
    most = max(score for score, _ in scores)
    return [order for score, order in scores if most and score == most] or of_kind


def _titles(order: Order, told: Told) -> str:
    return plain(" ".join(told.names.get(item.product_id, item.name) for item in order.items)).text


def _by_day(orders: Sequence[Order], told: Told, now: datetime) -> list[Order]:
    if not _BOUGHT.search(told.text):
        return []
    spans = [span for phrase in told.dates if (span := resolve(plain(phrase).text, now.astimezone(CHINA)))]
    return [order for order in orders if any(start <= order.placed_at < end for start, end in spans)]


def _by_amount(orders: Sequence[Order], told: Told) -> list[Order]:
    return [order for order in orders if any(_fen(amount) == order.total_fen for amount in told.amounts)]


def _fen(amount: str) -> int | None:
    try:
        return round(float(amount) * 100)
    except ValueError:
        return None
