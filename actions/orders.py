"""Orders under way: where they are, and what is to be done about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events, intent_of, yuan
from actions.changing import CHANGES, may_be_unclear
from actions.choosing import ANY, CAME, IN_THE_HOUSE, SENT, Looking, Tier, paid_within
from actions.commanding import OrderWish, Question, about
from actions.invoicing import invoice_command, invoice_kind
from actions.ordering import ask_for_order, card, local, meant_order, settled
from actions.requests import TakeRequest
from actions.wishing import Wish, changes, kept_before, read
from bot.shop.commands import (
    Cancel,
    ChangeAddress,
    CommandKind,
    Forward,
    OrderCommand,
    ProtectPrice,
    UrgeDelivery,
    UrgeDispatch,
)
from bot.shop.facts import Order, OrderState
from bot.shop.orders import stage
from bot.shop.parcels import order_in_words
from bot.shop.refusals import Stage, Way
from bot.talk.turn import Turn

_CHANGEABLE = Looking((IN_THE_HOUSE, SENT))
_INVOICED = Tier("有发票", lambda order, now: order.invoice is not None)


class TrackOrder(Answer):
    """Says how far an order has come; asks for what proves it if nobody is signed in."""

    def name(self) -> str:
        return "action_track_order"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        pick = meant_order(tracker, turn, ANY)
        if not pick.orders:
            return ask_for_order(pick, self.name(), say)
        for order in pick.orders:
            tell(order, pick.why, say, turn)
        return [*settled(), *pick.slots]


class UrgeOrder(OrderWish):
    """Hurries the warehouse or the courier, whoever has it."""

    intent = "urge_order"
    matter = "催单"

    def name(self) -> str:
        return "action_urge_order"

    def looks_for(self, wish: Wish, turn: Turn) -> Looking:
        return ANY

    def commands(self, order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Sequence[OrderCommand]:
        in_the_house = stage(order) in (Stage.UNPAID, Stage.TO_PACK, Stage.PACKED)
        return [UrgeDispatch(**about(order)) if in_the_house else UrgeDelivery(**about(order))]


class TakeCancellation(OrderWish):
    """Cancels an order that is in the house; says what else can be done otherwise."""

    intent = "cancel_order"
    matter = "取消订单"

    def name(self) -> str:
        return "action_take_cancellation"

    def looks_for(self, wish: Wish, turn: Turn) -> Looking:
        return Looking((IN_THE_HOUSE, SENT, CAME))

    def commands(self, order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Sequence[OrderCommand]:
        return [Cancel(**about(order))]


class TakeModification(OrderWish):
    """Changes address, phone, time, variant or content; what the shop's system cannot do becomes a case."""

    intent = "modify_order"
    matter = "改单"

    def name(self) -> str:
        return "action_take_modification"

    def looks_for(self, wish: Wish, turn: Turn) -> Looking:
        return _CHANGEABLE

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        other = tracker.get_slot("wish_of") not in (None, self.intent) and kept_before(tracker).said
        if other and other.endswith(turn.text.strip()) and not changes(read(tracker, turn), turn.text):
            return []  # another need of this line has asked about it: 抬头错了 改一下
        return super().answer(tracker, say, turn)

    def heard(self, tracker: Tracker, turn: Turn) -> Wish:
        wish = super().heard(tracker, turn)
        kinds = tuple(kind.name for kind in changes(read(tracker, turn), turn.text))
        if wish.kinds and intent_of(tracker) == "inform":  # it answers what we asked, or adds to it
            more = kinds if re.search(r"[也还]|顺便|另外", turn.text) else ()
            return replace(wish, kinds=tuple(dict.fromkeys((*wish.kinds, *more))))
        return replace(wish, kinds=kinds) if kinds else wish

    def kinds(self, wish: Wish, turn: Turn) -> set[CommandKind]:
        return set(changes(wish, turn.text))

    def commands(self, order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Sequence[OrderCommand] | Question:
        kinds = [CommandKind[name] for name in wish.kinds]
        if not kinds and may_be_unclear(turn.text):
            return Question("utter_change_what", "change", buttons=("改地址", "改电话", "换规格", "减件数"))
        commands: list[OrderCommand] = []
        for kind in kinds:
            made = CHANGES[kind](order, wish, tracker, turn)
            if isinstance(made, Question):
                return replace(made, kind=kind)
            commands.append(made)
        return commands

    def instead(self, order: Order, wish: Wish, way: Way, turn: Turn) -> OrderCommand | None:
        if way is Way.FORWARD and wish.address:
            return Forward(**about(order), address=wish.address)
        if way is Way.CHANGE_ADDRESS and wish.address:
            return ChangeAddress(**about(order), address=wish.address)
        return Cancel(**about(order)) if way is Way.CANCEL else None

    def without_fault(self, wish: Wish, kind: CommandKind, way: Way) -> Wish:
        kind = {Way.FORWARD: CommandKind.FORWARD, Way.CHANGE_ADDRESS: CommandKind.CHANGE_ADDRESS}.get(way, kind)
        return replace(wish, kinds=(kind.name,), address="", phone="", variant="", stays=None, fewer=None)


class TakeInvoice(OrderWish):
    """Applies for an invoice, changes its title, sends it again."""

    intent = "ask_invoice"
    matter = "发票申请"

    def name(self) -> str:
        return "action_take_invoice"

    def looks_for(self, wish: Wish, turn: Turn) -> Looking:
        recent = [Tier("可以开发票", paid_within(days)) for days in (30, 180)]
        asked_for = invoice_kind(wish.said) is CommandKind.APPLY_INVOICE
        return Looking(tuple(recent) if asked_for else (_INVOICED, *recent))

    def commands(self, order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Sequence[OrderCommand]:
        return [invoice_command(invoice_kind(wish.said), order, wish, turn.shop.terms())]

    def instead(self, order: Order, wish: Wish, way: Way, turn: Turn) -> OrderCommand | None:
        kind = {
            Way.APPLY_INVOICE: CommandKind.APPLY_INVOICE, Way.RESEND_INVOICE: CommandKind.RESEND_INVOICE,
            Way.CHANGE_INVOICE_TITLE: CommandKind.CHANGE_INVOICE_TITLE if wish.title else None,
        }.get(way)  # fmt: skip
        return invoice_command(kind, order, wish, turn.shop.terms()) if kind else None

    def without_fault(self, wish: Wish, kind: CommandKind, way: Way) -> Wish:
        return replace(wish, invoice_kind="") if kind is CommandKind.APPLY_INVOICE and wish.title else wish


class TakePriceProtection(OrderWish):
    """Gives the difference to a lowered price back."""

    intent = "price_protection"
    matter = "价保申请"

    def name(self) -> str:
        return "action_take_price_protection"

    def looks_for(self, wish: Wish, turn: Turn) -> Looking:
        days = turn.shop.terms().price_protection_days
        return Looking((Tier("在价保期内", paid_within(days + 1)),))

    def commands(self, order: Order, wish: Wish, tracker: Tracker, turn: Turn) -> Sequence[OrderCommand]:
        return [ProtectPrice(**about(order))]

    def instead(self, order: Order, wish: Wish, way: Way, turn: Turn) -> OrderCommand | None:
        return ProtectPrice(**about(order)) if way is Way.PROTECT_PRICE else None


class TakePaymentProblem(TakeRequest):
    """Registers trouble with a payment."""

    matter = "付款问题"
    looking = Looking((Tier("还没付款", lambda order, now: order.state is OrderState.UNPAID),))

    def name(self) -> str:
        return "action_take_payment_problem"


#: Actions here that can wait for an answer.
WAITING: tuple[type[Answer], ...] = (
    TrackOrder, UrgeOrder, TakeCancellation, TakeModification, TakeInvoice, TakePriceProtection,
)  # fmt: skip


def names_a_change(tracker: Tracker, turn: Turn) -> bool:
    """Whether the line gives an address or a phone together with the word that it is to be changed."""
    wish = read(tracker, turn)
    return bool(wish.address or wish.phone) and re.search(r"改|换|填错|写错|转寄", turn.text) is not None


def tell(order: Order, why: str, say: CollectingDispatcher, turn: Turn) -> None:
    """Say where *order* stands, in words and as a card."""
    common = {"why": why, "title": order.title, "order_no": order.order_no, "json_message": {"cards": [card(order)]}}
    if order.state is OrderState.UNPAID:
        hours = turn.shop.terms().dispatch_within_h
        say.utter_message(response="utter_track_unpaid", dispatch=f"{hours}小时内发货", **common)
    elif order.parcels and order.state not in (OrderState.REFUNDED, OrderState.CANCELLED):
        words = order_in_words(order, turn.shop.terms().days_to_arrive, turn.now)
        say.utter_message(response="utter_track_parcel", parcels=words, **common)
    elif order.state is OrderState.PAID:
        late = bool(order.dispatch_by and order.dispatch_by < turn.now)
        say.utter_message(
            response="utter_track_paid", dispatch_by=local(order.dispatch_by) if order.dispatch_by else "近期",
            late="，已经超时了，是我们没有做好，可以说“催一下”我来催发" if late else "", **common,
        )  # fmt: skip
    else:
        refund = f"，退款{yuan(order.refund.amount_fen)}元（{order.refund.step}）" if order.refund else ""
        say.utter_message(response="utter_track_closed", state=str(order.state), refund=refund, **common)
