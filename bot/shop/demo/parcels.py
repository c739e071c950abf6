"""Boxes on their way: one journey from warehouse to door, told in a courier's words.

A journey is first told to its end and then cut at a moment, so that its scans, its state and the order's state can
never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from math import ceil
from random import Random

from bot.shop.demo.people import Person
from bot.shop.facts import Parcel, ParcelState, Trace

CHINA = timezone(timedelta(hours=8), "CST")
_UNDER_WAY = (ParcelState.WAITING, ParcelState.COLLECTED, ParcelState.IN_TRANSIT, ParcelState.ARRIVED)
_WAREHOUSES = (("嘉兴市", "嘉兴秀洲"), ("东莞市", "东莞虎门"))
_LARGE_WAREHOUSE = ("佛山市", "佛山顺德")
_VIA: Mapping[str, tuple[str, ...]] = {  #: the last sorting centres before a province; others are reached directly
    "北京": ("徐州", "济南"),
    "天津": ("徐州", "济南"),
    "河北": ("徐州", "济南"),
    "山东": ("徐州",),
    "辽宁": ("徐州", "天津"),
    "吉林": ("天津", "沈阳"),
    "黑龙江": ("天津", "沈阳"),
    "河南": ("武汉",),
    "山西": ("郑州",),
    "内蒙古": ("郑州", "太原"),
    "陕西": ("郑州",),
    "甘肃": ("郑州", "西安"),
    "宁夏": ("郑州", "西安"),
    "青海": ("郑州", "西安", "兰州"),
    "新疆": ("郑州", "西安", "兰州"),
    "西藏": ("郑州", "西安", "西宁"),
    "四川": ("武汉", "重庆"),
    "重庆": ("武汉",),
    "贵州": ("长沙",),
    "云南": ("长沙", "贵阳"),
    "海南": ("广州",),
}
_LONGEST_SILENCE = timedelta(hours=26)  #: between two scans of a box that fares well
_COURIER_SHARE = {"顺丰速运": 22, "中通快递": 28, "圆通速递": 18, "京东物流": 14, "极兔速递": 12, "邮政EMS": 6}
_WAYBILL = {
    "顺丰速运": ("SF1", 12),
    "中通快递": ("78", 12),
    "圆通速递": ("YT88", 11),
    "京东物流": ("JD01", 11),
    "极兔速递": ("JT51", 11),
    "邮政EMS": ("12", 11),
}
_PROBLEMS = (
    "收件地址不详，多次联系收件人未接通，快件暂存网点待处理",
    "外包装破损，已登记异常，正在核实内件",
    "快件错分至其他网点，正在转回",
    "受强降雨影响，快件滞留转运中心",
)
_SIGNED_BY = ("本人", "家人", "前台", "门卫")


@dataclass(frozen=True, slots=True)
class Route:
    """When a box sets out and when it should stand before the door."""

    created_at: datetime
    collected_at: datetime
    out_on: date  #: the morning it goes out for delivery, in China
    promised_at: datetime


def at(day: date, hour: float) -> datetime:
    """*hour* o'clock of *day* in China, as UTC."""
    midnight = datetime.combine(day, time(0), CHINA)
    return (midnight + timedelta(hours=hour)).astimezone(UTC).replace(microsecond=0)


def pack(rng: Random, person: Person, sku_ids: Sequence[str], route: Route, *, large: bool = False) -> Parcel:
    """A box of *sku_ids* to *person*, told to its end: signed."""
    courier = (
        rng.choice(("京东物流", "顺丰速运"))
        if large
        else rng.choices(list(_COURIER_SHARE), list(_COURIER_SHARE.values()))[0]
    )
    origin = _LARGE_WAREHOUSE if large else _WAREHOUSES[rng.random() < 0.25]
    traces = _journey(rng, person, origin, route)
    return Parcel(courier, waybill(rng, courier), ParcelState.SIGNED, traces, route.promised_at, tuple(sku_ids))


def waybill(rng: Random, courier: str) -> str:
    """A number as this courier writes them."""
    head, digits = _WAYBILL[courier]
    return f"{head}{rng.randrange(10**digits):0{digits}d}"


def _journey(rng: Random, person: Person, origin: tuple[str, str], route: Route) -> tuple[Trace, ...]:
    city, site = origin
    out_at = at(route.out_on, rng.uniform(6.9, 7.8))
    signed_at = at(route.out_on, rng.uniform(9, 18.5))
    driver, office = f"{rng.choice('李王张刘陈赵周')}师傅", f"{person.district}营业部"
    state, here = ParcelState, person.city
    door = [
        Trace(out_at, state.OUT_FOR_DELIVERY, here, f"【{here}】{office}快递员{driver}正在派件，请保持电话畅通"),
        Trace(signed_at, state.SIGNED, here, f"【{here}】快件已签收，签收人：{rng.choice(_SIGNED_BY)}"),
    ]
    if rng.random() < 0.3:
        door.insert(1, _at_pickup_point(person, out_at + (signed_at - out_at) * 0.4))
    told = (
        Trace(route.created_at, state.WAITING, city, f"【{city}】商家已打包出库，等待快递揽收"),
        Trace(route.collected_at, state.COLLECTED, city, f"【{city}】{site}网点已揽收"),
        *_hops(person, city, route.collected_at, out_at),
        Trace(out_at - (out_at - route.collected_at) * 0.08, state.ARRIVED, here, f"【{here}】快件已到达{office}"),
        *door,
    )
    return tuple(replace(trace, at=trace.at.replace(microsecond=0)) for trace in told)


def _hops(person: Person, origin: str, start: datetime, end: datetime) -> list[Trace]:
    """Sorting centres on the way: in and out of each, and word from the last one while it waits there."""
    centres = [origin.removesuffix("市"), *_VIA.get(person.province, ()), person.city.removesuffix("市")]
    told = [(centres[0], f"快件离开【{centres[0]}转运中心】，发往【{centres[1]}转运中心】")]
    for here, there in pairwise(centres[1:]):
        told += [(here, f"快件到达【{here}转运中心】"), (here, f"快件离开【{here}转运中心】，发往【{there}转运中心】")]
    told.append((centres[-1], f"快件到达【{centres[-1]}转运中心】，准备发往末端网点"))
    scans = max(len(told), ceil((end - start) * 0.84 / _LONGEST_SILENCE))
    told += [(centres[-1], f"快件在【{centres[-1]}转运中心】等待分拨")] * (scans - len(told))
    steps = [start + (end - start) * (0.08 + 0.76 * number / scans) for number in range(scans)]
    return [
        Trace(moment, ParcelState.IN_TRANSIT, f"{place}市", text)
        for moment, (place, text) in zip(steps, told, strict=True)
    ]


def _at_pickup_point(person: Person, moment: datetime) -> Trace:
    text = f"【{person.city}】快件已存放至{person.district}驿站，请凭取件码取件"
    return Trace(moment.replace(microsecond=0), ParcelState.AT_PICKUP_POINT, person.city, text)


def cut(parcel: Parcel, moment: datetime) -> Parcel | None:
    """The box as it stood at *moment*; None when it was not packed yet."""
    return _with(parcel, [trace for trace in parcel.traces if trace.at <= moment])


def stuck(parcel: Parcel, since: datetime) -> Parcel | None:
    """The box whose last scan, still under way, was at *since*."""
    seen = [trace for trace in parcel.traces if trace.at <= since and trace.state in _UNDER_WAY]
    return _with(parcel, [*seen[:-1], *(replace(last, at=since) for last in seen[-1:])])


def troubled(rng: Random, parcel: Parcel, moment: datetime) -> Parcel | None:
    """The box with something wrong with it, reported at *moment*."""
    seen = [trace for trace in parcel.traces if trace.at < moment and trace.state in _UNDER_WAY]
    place = seen[-1].place
    return _with(parcel, [*seen, Trace(moment, ParcelState.PROBLEM, place, f"【{place}】{rng.choice(_PROBLEMS)}")])


def waiting_for_pickup(parcel: Parcel, person: Person) -> Parcel | None:
    """The box at the pick-up point, not fetched yet."""
    upto_door = _before(parcel, ParcelState.AT_PICKUP_POINT, ParcelState.SIGNED)
    return _with(parcel, [*upto_door, _at_pickup_point(person, upto_door[-1].at + timedelta(hours=4))])


def refused(parcel: Parcel) -> Parcel | None:
    """The box turned away at the door and on its way back."""
    upto_door = _before(parcel, ParcelState.AT_PICKUP_POINT, ParcelState.SIGNED)
    door, back = upto_door[-1], ParcelState.RETURNING
    leaves = f"退回件离开【{door.place.removesuffix('市')}转运中心】"
    turned = Trace(door.at + timedelta(hours=3), back, door.place, f"【{door.place}】收件人拒收，快件退回中")
    return _with(parcel, [*upto_door, turned, Trace(door.at + timedelta(hours=11), back, door.place, leaves)])


def sent_back(rng: Random, person: Person, sku_ids: Sequence[str], sent_at: datetime, arrived_at: datetime) -> Parcel:
    """The buyer's own return: a box to the shop's return warehouse, signed there at *arrived_at*."""
    courier, way = rng.choice(("顺丰速运", "中通快递", "邮政EMS")), arrived_at - sent_at
    here, back = person.city, ParcelState.RETURNING
    leaves = f"快件离开【{here.removesuffix('市')}转运中心】，发往【嘉兴转运中心】"
    traces = (
        Trace(sent_at, back, here, f"【{here}】退货快件已上门揽收"),
        Trace(sent_at + way * 0.3, back, here, leaves),
        Trace(sent_at + way * 0.7, back, "嘉兴市", "快件到达【嘉兴转运中心】"),
        Trace(arrived_at, ParcelState.RETURNED, "嘉兴市", "【嘉兴市】退货仓已签收，等待验货"),
    )
    whole = tuple(replace(trace, at=trace.at.replace(microsecond=0)) for trace in traces)
    return Parcel(courier, waybill(rng, courier), ParcelState.RETURNED, whole, None, tuple(sku_ids))


def _before(parcel: Parcel, *states: ParcelState) -> list[Trace]:
    return [trace for trace in parcel.traces if trace.state not in states]


def _with(parcel: Parcel, traces: Sequence[Trace]) -> Parcel | None:
    if not traces:
        return None
    return replace(parcel, traces=tuple(traces), state=traces[-1].state)
