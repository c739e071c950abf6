"""Couriers' wordings brought down to the ten states of `ParcelState` (pure; rows C4, S32).

Every courier says it differently and none says it in a field; so the words are read, the first row of the table that
fits wins, and its order matters: "派送失败" is trouble, not delivery, and "等待揽收" is no collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from bot.shop.facts import ParcelState, Trace

_TABLE: tuple[tuple[ParcelState, str], ...] = (
    (ParcelState.RETURNED, r"退(?:货仓|件|回件|货件|回).{0,8}(?:签收|妥投)|已退回(?:寄件|发件|商家)|退回完成"),
    (ParcelState.RETURNING, r"拒收|拒绝签收|退回中|退回件|退货快件|退件|改退|原路返回|准备退回|退回寄件"),
    (
        ParcelState.PROBLEM,
        r"异常|破损|滞留|错分|错发|未接通|无法接通|联系不上|无法联系|地址(?:不详|有误|错误)|超区|丢失|遗失|问题件"
        r"|(?:派送|派件|投递|投妥|配送)(?:失败|不成功|未成功|未妥)|无法(?:派送|投递|配送)|未妥投|延误|安检(?:不|未)通?过|被?扣留",
    ),
    (
        ParcelState.WAITING,
        r"等待.{0,6}(?:揽收|揽件|取件|收件)|待揽收|待揽件|商家已(?:打包|出库|发货)|已下单|电子面单|运单信息|预约取件|订单已(?:出库|打包)",
    ),
    (ParcelState.SIGNED, r"已[^，。]{0,8}签收|签收人|本人签收|签收成功|(?<!未)妥投"),
    (
        ParcelState.AT_PICKUP_POINT,
        r"(?:驿站|丰巢|快递柜|智能柜|自提|代收点|代办点|便利店|兔喜|门店|邮政便民).{0,14}(?:存放|暂放|代收|取件|取货|自取|待取|已到|投放|入柜)"
        r"|(?:存放|暂放|放至|投放|到达|送至|送达).{0,16}(?:驿站|丰巢|快递柜|智能柜|自提|代收点|便利店)|取件码|取货码|待取件",
    ),
    (ParcelState.IN_TRANSIT, r"准备(?:发往|发出|送往)|(?:转运|分拨|集散|分拣|处理|集配|航空|中转|枢纽).{0,4}(?:中心|场|站|部)"),
    (
        ParcelState.ARRIVED,
        r"(?:到达|抵达|到件|到站).{0,24}(?:营业部|营业厅|网点|站点|配送站|揽投部|投递部|服务点|分部|公司)|到达目的地|同城",
    ),
    (ParcelState.OUT_FOR_DELIVERY, r"派件|派送|正在(?:为您)?配送|投递|送货中|配送员|上门途中|送往您手中"),
    (ParcelState.IN_TRANSIT, r"离开|发往|发出|运输|装车|发车|出港|进港|封发|起飞|降落|在途|干线"),
    (ParcelState.COLLECTED, r"揽收|揽件|收寄|收取快件|已收件|已取件|揽货"),
    (ParcelState.IN_TRANSIT, r"到达|抵达|到件|到站|分拣|分拨|中转|清关"),
)  # fmt: skip
_PATTERNS = tuple((state, re.compile(pattern)) for state, pattern in _TABLE)
_BACKWARDS = (ParcelState.RETURNING, ParcelState.RETURNED)
_PLACE = re.compile(r"【([^】]{2,12}?市)】|^\[([^\]]{2,12})\]")


def state_of(text: str, before: ParcelState | None = None) -> ParcelState:
    """The state a courier's words mean, after the state *before*.

    Words nobody has seen yet change nothing: the state stays, and a first one is taken for being under way. What has
    turned round goes back until it is with the shop: its scans are RETURNING and its signature is RETURNED.
    """
    found = next((state for state, pattern in _PATTERNS if pattern.search(text)), None)
    if before in _BACKWARDS:
        ended = found in (ParcelState.SIGNED, ParcelState.RETURNED)
        return ParcelState.RETURNED if ended or before is ParcelState.RETURNED else ParcelState.RETURNING
    return found or before or ParcelState.IN_TRANSIT


def traces_from(scans: Iterable[tuple[datetime, str]]) -> tuple[Trace, ...]:
    """Scans (moment, words) in whatever order and however often a courier sends them, as traces, oldest first."""
    traces: list[Trace] = []
    for at, text in sorted(set(scans)):
        place = _PLACE.search(text)
        before = traces[-1].state if traces else None
        traces.append(Trace(at, state_of(text, before), (place and (place[1] or place[2])) or "", text))
    return tuple(traces)
