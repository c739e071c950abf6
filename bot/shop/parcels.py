"""Where boxes are, what is wrong with them and when they come (pure; rows C4, C5, C7, S32, S33).

Nothing is said that the scans do not bear: a box that is silent, late or in trouble has no day of arrival.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.shop.days import day_of, said, said_exactly
from bot.shop.facts import Order, OrderState, Parcel, ParcelState, Trace

SILENT_AFTER = timedelta(hours=48)
LOOK_FOR = timedelta(
    hours=24
)  #: how long a box that is shown as signed may be looked for before the courier must prove
_ENDED = (ParcelState.SIGNED, ParcelState.RETURNED)
_BACKWARDS = (ParcelState.RETURNING, ParcelState.RETURNED)
_PLACES_TO_LOOK = "家人、邻居、门卫、前台和附近的驿站、快递柜"

DaysToArrive = Mapping[str, tuple[int, int]]


class Trouble(StrEnum):
    """What is wrong with a box, the gravest first."""

    PROBLEM = "异常"
    SILENT = "长时间没有更新"
    LATE = "超过承诺时间"
    NOT_FETCHED = "久未取件"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What can honestly be said of one box."""

    parcel: Parcel
    last: Trace | None  #: the newest scan
    silent_h: int  #: whole hours since it; 0 for a box that has come or gone back
    trouble: Trouble | None
    arrives: tuple[date, date] | None  #: first and last likely day in China; None if nothing can be said

    @property
    def coming(self) -> bool:
        """Still on its way to the shopper."""
        return self.parcel.state not in (*_ENDED, ParcelState.RETURNING)


def whereabouts(parcel: Parcel, days: tuple[int, int], now: datetime) -> Whereabouts:
    """Where *parcel* is; *days* are the fewest and most from collection to the door for its province."""
    last = parcel.traces[-1] if parcel.traces else None
    ended = parcel.state in _ENDED or last is None
    silent_h = 0 if ended or last is None else max(0, int((now - last.at).total_seconds() // 3600))
    trouble = _trouble(parcel, now)
    return Whereabouts(parcel, last, silent_h, trouble, None if trouble else arrival(parcel, days, now))


def _trouble(parcel: Parcel, now: datetime) -> Trouble | None:
    if parcel.state in _ENDED or not parcel.traces:
        return None
    silent = now - parcel.traces[-1].at >= SILENT_AFTER
    if parcel.state is ParcelState.PROBLEM:
        return Trouble.PROBLEM
    if silent:
        return Trouble.NOT_FETCHED if parcel.state is ParcelState.AT_PICKUP_POINT else Trouble.SILENT
    late = parcel.promised_at is not None and parcel.promised_at < now
    at_hand = parcel.state in (ParcelState.AT_PICKUP_POINT, ParcelState.RETURNING)
    return Trouble.LATE if late and not at_hand else None


def arrival(parcel: Parcel, days: tuple[int, int], now: datetime) -> tuple[date, date] | None:
    """The likely days of arrival by the route; None for a box that is not coming, or whose days are over."""
    today = day_of(now)
    if parcel.state is ParcelState.OUT_FOR_DELIVERY:
        return today, today
    if parcel.state is ParcelState.ARRIVED:
        return today, today + timedelta(days=1)
    if parcel.state not in (ParcelState.WAITING, ParcelState.COLLECTED, ParcelState.IN_TRANSIT):
        return None
    fewest, most = days
    start = _set_out(parcel, now)
    first, last = max(today, start + timedelta(days=fewest)), start + timedelta(days=most)
    if parcel.promised_at:
        last = max(last, min(today + timedelta(days=1), day_of(parcel.promised_at)))
    return (first, last) if first <= last else None


def _set_out(parcel: Parcel, now: datetime) -> date:
    """The day the courier took it; if that is still to come, tomorrow at the latest."""
    collected = next((trace for trace in parcel.traces if trace.state is not ParcelState.WAITING), None)
    return day_of(collected.at) if collected else day_of(now) + timedelta(days=1)


def in_words(seen: Whereabouts) -> str:
    """One box in a sentence without a full stop: courier, state, last scan with its time, and what to expect."""
    parcel, last = seen.parcel, seen.last
    head = f"由{parcel.courier}（运单{parcel.waybill}）运送"
    if last is None:
        return f"{head}，快递还没有揽收记录"
    words = f"{head}，{parcel.state}，最新：{said_exactly(last.at)} {last.text}"
    tail = _expectation(seen)
    return f"{words}。{tail}" if tail else words


def _expectation(seen: Whereabouts) -> str:
    silent = f"已经{seen.silent_h}小时没有更新"
    if seen.trouble is Trouble.PROBLEM:
        return "快递报了异常，到货时间现在说不准，我可以马上帮您催快递处理"
    if seen.trouble is Trouble.SILENT:
        return f"{silent}，可能是漏扫，也可能滞留了，到货时间现在说不准，我可以帮您登记催件"
    if seen.trouble is Trouble.NOT_FETCHED:
        return f"放了{seen.silent_h}小时了，请尽快取，太久会被退回"
    if seen.trouble is Trouble.LATE and seen.parcel.promised_at:
        return f"已经超过承诺的{said(seen.parcel.promised_at)}，是我们没有做好，我可以帮您登记催件"
    if seen.arrives is None:
        return ""
    first, last = seen.arrives
    return f"预计{said(first)}送到" if first == last else f"预计{said(first)}到{said(last)}之间送到"


def outgoing(order: Order) -> tuple[Parcel, ...]:
    """The boxes sent to the shopper; a box the shopper sends back is none."""
    return tuple(p for p in order.parcels if not p.traces or p.traces[0].state not in _BACKWARDS)


def all_of(order: Order, days_to_arrive: DaysToArrive, now: datetime) -> tuple[Whereabouts, ...]:
    """Every box of an order, those still coming first."""
    days = next(
        (days for name, days in days_to_arrive.items() if order.address.startswith(name)), days_to_arrive["default"]
    )
    seen = [whereabouts(parcel, days, now) for parcel in order.parcels]
    return tuple(sorted(seen, key=lambda one: not one.coming))


def order_in_words(order: Order, days_to_arrive: DaysToArrive, now: datetime) -> str:
    """All boxes of an order: how many there are, how many have come, what is in each, and each in a sentence."""
    seen = all_of(order, days_to_arrive, now)
    if len(seen) == 1:
        return f"{in_words(seen[0])}。"
    came = sum(one.parcel.state is ParcelState.SIGNED for one in seen)
    head = f"分{len(seen)}个包裹" + (f"，{came}个已签收" if came else "") + "："
    rows = [f"包裹{number}{_inside(order, one.parcel)}{in_words(one)}" for number, one in enumerate(seen, 1)]
    return head + "；".join(rows) + "。"


def _inside(order: Order, parcel: Parcel) -> str:
    names = [item.name for item in order.items if item.sku_id in parcel.sku_ids]
    return f"（{'、'.join(names)}）" if names else ""


def in_trouble(order: Order, days_to_arrive: DaysToArrive, now: datetime) -> tuple[Whereabouts, ...]:
    """Boxes a human should look after before the shopper asks (row C5)."""
    return tuple(one for one in all_of(order, days_to_arrive, now) if one.trouble)


def dispatch_overdue(order: Order, now: datetime) -> bool:
    """Paid, not handed to the courier, and the promised hour is past (row S34)."""
    waiting = order.state is OrderState.PAID or (
        bool(order.parcels) and all(parcel.state is ParcelState.WAITING for parcel in order.parcels)
    )
    return waiting and order.dispatch_by is not None and order.dispatch_by < now


def news(parcel: Parcel, told: Sequence[ParcelState]) -> tuple[Trace, ...]:
    """The first scan of every state the shopper was not told of, oldest first: each is told once, in order (row C7)."""
    fresh: dict[ParcelState, Trace] = {}
    for trace in parcel.traces:
        if trace.state not in told:
            fresh.setdefault(trace.state, trace)
    return tuple(fresh.values())


@dataclass(frozen=True, slots=True)
class NotReceived:
    """A box that is shown as signed and that the shopper does not have."""

    signed_at: datetime
    signed_by: str  #: 本人 家人 前台 …; empty if the scan does not say
    prove: bool  #: time is up: the courier has to prove the delivery, a case is opened
    words: str


def not_received(parcel: Parcel, now: datetime, *, looked: bool = False) -> NotReceived | None:
    """What to do about *parcel*; None if it is not shown as signed. *looked*: the usual places were tried."""
    signed = next((trace for trace in reversed(parcel.traces) if trace.state is ParcelState.SIGNED), None)
    if signed is None or parcel.state is not ParcelState.SIGNED:
        return None
    by = re.search(r"签收人[：:]\s*([^\s，,。；;】]{1,8})", signed.text)
    who = by[1] if by else next((place for place in ("驿站", "丰巢", "快递柜", "代收点") if place in signed.text), "")
    prove = looked or now - signed.at >= LOOK_FOR
    shown = f"快递显示{said_exactly(signed.at)}签收" + (f"，签收人是{who}" if who else "")
    if prove:
        words = f"{shown}。我马上登记，请快递提供签收凭证并上门核实，核实没送到的话我们补发或退款"
    else:
        deadline = said_exactly(signed.at + LOOK_FOR)
        words = f"{shown}。麻烦先问一下{_PLACES_TO_LOOK}；找不到就告诉我，最晚{deadline}还没有找到也由我们负责核实"
    return NotReceived(signed.at, who, prove, words)
