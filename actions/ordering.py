"""Orders in talk: whose they are, which one is meant, and how one is shown. No action stands here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, entities, entity, intent_of, yuan
from actions.choosing import ANY, Choice, Looking, Memory, Told, chosen
from bot.errors import OrderNotFound
from bot.shop.facts import Order
from bot.shop.orders import Grounds
from bot.store import proofs
from bot.talk.turn import Turn
from bot.text.normalise import plain

SHOP_TIME = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Pick:
    """The orders meant, or what must be asked first."""

    orders: tuple[Order, ...] = ()  #: more than one only if the shopper said so
    why: str = ""  #: how it was picked, said before the facts
    among: tuple[Order, ...] = ()  #: several could be meant: show them
    called: str = ""  #: what those have in common
    ask: str | None = None  #: the response that asks for what is missing
    slots: tuple[Any, ...] = ()  #: slots to set whatever happens

    @property
    def order(self) -> Order | None:
        """The order meant; None if none is known."""
        return self.orders[0] if self.orders else None


def meant_order(tracker: Tracker, turn: Turn, looking: Looking = ANY) -> Pick:
    """The order the line speaks of, only if it is the shopper's own (row C1)."""
    if turn.buyer_id:
        return _own_orders(tracker, turn, looking)
    number = entity(tracker, "order_no") or turn.page.get("order_no") or tracker.get_slot("order_no")
    return _proven_order(tracker, turn, number)


def _own_orders(tracker: Tracker, turn: Turn, looking: Looking) -> Pick:
    buyer_id = str(turn.buyer_id)
    numbers = list(dict.fromkeys(str(found["value"]) for found in entities(tracker, "order_no")))
    if numbers:
        return _remembered(tracker, Choice(tuple(turn.shop.order(number, buyer_id) for number in numbers)))
    orders = turn.shop.orders_of(buyer_id)
    if not orders:
        return Pick(ask="utter_no_orders")
    page = turn.page.get("order_no")
    if page and page not in [order.order_no for order in orders]:
        orders = [turn.shop.order(str(page), buyer_id), *orders]
    memory = Memory(
        current=tracker.get_slot("order_no"),
        here=str(page) if page else None,
        before=tracker.get_slot("order_before"),
        shown=tuple(tracker.get_slot("orders_shown") or ()),
    )
    return _remembered(tracker, chosen(orders, _told(tracker, turn), memory, looking, turn.now))


def _told(tracker: Tracker, turn: Turn) -> Told:
    """What the line says of its order; places and times of delivery are no names of goods."""
    products: list[str] = []
    for found in entities(tracker, "product"):
        products += [str(found["value"]), *found.get("also", [])]
    text = turn.text
    for found in entities(tracker, "address"):
        text = text.replace(str(found["value"]), " ")
    goods = tuple(plain(str(found["value"])).text for found in entities(tracker, "goods"))
    names = {
        product.id: f"{product.name} {' '.join(product.aliases)}" for product in (turn.shop.products() if goods else ())
    }
    values = [tuple(str(found["value"]) for found in entities(tracker, kind)) for kind in ("date", "amount")]
    return Told(text, tuple(products), goods, names, *values)


def _remembered(tracker: Tracker, choice: Choice) -> Pick:
    """The choice, with the slots that keep it for the talk."""
    slots: list[Any] = []
    if choice.among:
        slots.append(SlotSet("orders_shown", [order.order_no for order in choice.among]))
    elif choice.orders:
        slots += talked_about(tracker, choice.orders[0])
        if len(choice.orders) > 1:
            slots.append(SlotSet("orders_shown", [order.order_no for order in choice.orders]))
    return Pick(choice.orders, choice.why, choice.among, choice.called, slots=tuple(slots))


def talked_about(tracker: Tracker, order: Order) -> Events:
    """This is the order being talked about; the one before it is kept for 上一个."""
    before = tracker.get_slot("order_no")
    if before == order.order_no:
        return []
    return [SlotSet("order_no", order.order_no), *([SlotSet("order_before", before)] if before else [])]


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
    return Pick((order,), slots=(known, SlotSet("order_proven", f"{number}:{tail}")))


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


def ask_for_order(pick: Pick, pending: str, say: CollectingDispatcher) -> Events:
    """Show the orders to choose from, or ask for what proves one; the need *pending* waits."""
    waits = [SlotSet("pending", pending), *pick.slots]
    if not pick.among:
        say.utter_message(response=pick.ask)
        return waits if pick.ask != "utter_no_orders" else [*settled(), *pick.slots]
    say.utter_message(
        response="utter_which_order", count=len(pick.among), called=pick.called,
        orders="；".join(f"{order.title}（{order.state}）" for order in pick.among),
        json_message={"cards": [card(order, to_choose=True) for order in pick.among]},
    )  # fmt: skip
    return [SlotSet("asked", "order_no"), *waits]


def gives_no_number(pending: str, tracker: Tracker) -> bool:
    """Whether we asked for what proves an order and the shopper tells something else: 不记得了, 上周买的."""
    waits = tracker.get_slot("pending") == pending and tracker.get_slot("asked") in ("order_no", "phone_tail")
    told = entity(tracker, "order_no") or entity(tracker, "phone_tail") or entity(tracker, "phone")
    return waits and not told and intent_of(tracker) in ("inform", "deny", "nlu_fallback")


def grounds_of(order: Order, turn: Turn) -> Grounds:
    """What decides about *order* today."""
    ids = {item.product_id for item in order.items}
    return Grounds.of(turn.shop.terms(), [product for product in turn.shop.products() if product.id in ids])


def settled() -> Events:
    """Nothing is waiting for an answer."""
    return [SlotSet(name, None) for name in ("pending", "asked", "wish", "wish_of")]


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
        "image": f"/demo/img/{order.items[0].product_id}.svg", "facts": facts, "say": f"订单号{order.order_no}" if to_choose else None,
    }  # fmt: skip


def in_short(order: Order) -> str:
    """The order in half a sentence, to begin an answer with."""
    return f"{order.title}（单号{order.order_no}，{order.state}）："


def local(at: datetime) -> str:
    """A time as the shopper reads it: 11-21 08:10."""
    return f"{at.astimezone(SHOP_TIME):%m-%d %H:%M}"
