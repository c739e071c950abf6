"""Orders in talk: which one is meant, whether it may be spoken of, and how it is shown. No action stands here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.base import Events, entity, yuan
from bot.errors import OrderNotFound
from bot.shop.facts import Order, OrderState, Parcel
from bot.store import proofs
from bot.talk.turn import Turn

SHOP_TIME = ZoneInfo("Asia/Shanghai")
_ON_THE_WAY = (OrderState.PAID, OrderState.SHIPPED, OrderState.OUT_FOR_DELIVERY)
_SILENT_H = 48


@dataclass(frozen=True, slots=True)
class Pick:
    """The order meant, or what must be asked first."""

    order: Order | None = None
    why: str = ""  #: how it was picked, said before the facts
    among: tuple[Order, ...] = ()  #: several are meant: show them
    ask: str | None = None  #: the response that asks for what is missing
    slots: tuple[Any, ...] = ()  #: slots to set whatever happens


def meant_order(tracker: Tracker, turn: Turn) -> Pick:
    """The order the line speaks of, only if it is the shopper's own (row C1)."""
    number = entity(tracker, "order_no") or _number_in_talk(tracker, turn)
    if turn.buyer_id:
        return _own_order(turn, number)
    return _proven_order(tracker, turn, number)


def _number_in_talk(tracker: Tracker, turn: Turn) -> str | None:
    return turn.page.get("order_no") or tracker.get_slot("order_no")


def _own_order(turn: Turn, number: str | None) -> Pick:
    buyer_id = str(turn.buyer_id)
    if number:
        return Pick(turn.shop.order(number, buyer_id), slots=(SlotSet("order_no", number),))
    orders = turn.shop.orders_of(buyer_id)
    if not orders:
        return Pick(ask="utter_no_orders")
    open_orders = [order for order in orders if order.state in _ON_THE_WAY]
    if len(open_orders) > 1:
        return Pick(among=tuple(open_orders[:5]))
    chosen = open_orders[0] if open_orders else orders[0]
    why = "您正在途中的订单：" if open_orders else "您最近的一笔订单："
    return Pick(chosen, why, slots=(SlotSet("order_no", chosen.order_no),))


def _proven_order(tracker: Tracker, turn: Turn, number: str | None) -> Pick:
    """An anonymous shopper proves an order by number and phone tail, five tries an hour."""
    proven_number, _, proven_tail = (tracker.get_slot("order_proven") or "").partition(":")
    if number is None:
        return Pick(ask="utter_ask_order_no", slots=(SlotSet("asked", "order_no"),))
    tail = entity(tracker, "phone_tail") or (proven_tail if number == proven_number else None)
    known = SlotSet("order_no", number)
    if tail is None:
        return Pick(ask="utter_ask_phone_tail", slots=(known, SlotSet("asked", "phone_tail")))
    if number != proven_number and _tried_too_often(turn, number):
        return Pick(ask="utter_too_many_tries", slots=(SlotSet("order_no", None), SlotSet("asked", None)))
    try:
        order = turn.shop.order_by_phone_tail(number, tail)
    except OrderNotFound:
        return Pick(ask="utter_order_not_found", slots=(SlotSet("order_no", None), SlotSet("asked", "order_no")))
    return Pick(order, slots=(known, SlotSet("order_proven", f"{number}:{tail}")))


def _tried_too_often(turn: Turn, number: str, limit: int = 5) -> bool:
    """Counts this try, by conversation and by order; whether there were too many within the hour."""
    order_key = f"order:{hashlib.sha256(number.encode()).hexdigest()[:32]}"
    keys = (f"conversation:{turn.conversation_id}", order_key)
    since = turn.now - timedelta(hours=1)
    if any(proofs.tries_since(turn.session, key, since) >= limit for key in keys):
        return True
    for key in keys:
        proofs.add_try(turn.session, key, now=turn.now)
    return False


def settled() -> Events:
    """Nothing is waiting for an answer."""
    return [SlotSet("pending", None), SlotSet("asked", None)]


def card(order: Order, *, to_choose: bool = False) -> dict[str, Any]:
    """The order as a card: the same facts as the words beside it; with a button when one is *to_choose* among several."""
    facts = [["商品", order.title], ["实付" if order.paid_at else "应付", f"{yuan(order.total_fen)}元"]]
    for parcel in order.parcels[:2]:
        facts.append([parcel.courier, f"****{parcel.waybill[-4:]} {parcel.state}"])
        if parcel.traces:
            facts.append(["最新", f"{local(parcel.traces[-1].at)} {parcel.traces[-1].text}"])
    return {
        "kind": "order", "order_no": order.order_no, "title": order.title, "state": str(order.state),
        "placed_at": order.placed_at.isoformat(), "total_fen": order.total_fen,
        "image": f"/demo/img/{order.items[0].product_id}.svg", "facts": facts, "say": f"订单{order.order_no}到哪了" if to_choose else None,
    }  # fmt: skip


def in_short(order: Order) -> str:
    """The order in half a sentence, to begin an answer with."""
    return f"{order.title}（单号{order.order_no}，{order.state}）："


def local(at: datetime) -> str:
    """A time as the shopper reads it: 11-21 08:10."""
    return f"{at.astimezone(SHOP_TIME):%m-%d %H:%M}"


def parcel_in_words(parcel: Parcel, now: datetime) -> str:
    """Where a parcel is, its last scan, when it should come; honest about silence (row C4)."""
    if not parcel.traces:
        return f"由{parcel.courier}（运单{parcel.waybill}）运送，快递还没有揽收记录"
    last = parcel.traces[-1]
    words = f"由{parcel.courier}（运单{parcel.waybill}）运送，{parcel.state}，最新：{local(last.at)} {last.text}"
    if parcel.state in ("已签收", "已退回", "待取件"):
        return words
    silent_h = (now - last.at).total_seconds() / 3600
    if silent_h >= _SILENT_H:
        words += f"。已经{int(silent_h // 24)}天没有更新，不太正常，可以说“催一下”我来登记催件"
    elif parcel.promised_at and parcel.promised_at < now:
        words += f"。已经超过原定的{local(parcel.promised_at)}，可以说“催一下”我来登记催件"
    elif parcel.promised_at:
        words += f"，预计{parcel.promised_at.astimezone(SHOP_TIME):%m月%d日}前送到"
    return words
