"""What the shopper is asked to say yes to, and the yes: each thing is done once (row C6). No action stands here.

The slot `offer` holds what was asked: commands with their keys, or the action that a yes begins. A yes counts only
directly after the question; later the question is put again, so that no 好的 to something else cancels an order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Events, entity, intent_of, open_case
from actions.ordering import card, grounds_of, settled
from actions.wishing import has_details, read
from bot.errors import ShopRefused, ShopUnavailable
from bot.handoff.promise import in_words, request_by
from bot.shop.commands import CommandKind, OrderCommand, ProtectPrice, Receipt, as_json, command_from
from bot.shop.confirming import Confirmation, confirmation
from bot.shop.facts import Order
from bot.shop.orders import command_key
from bot.shop.refusals import Way
from bot.store import audit, cases
from bot.store.cases import CaseFacts
from bot.talk.turn import Turn
from bot.text.normalise import plain

#: Responses that put the question.
QUESTIONS = ("utter_confirm", "utter_still_to_confirm", "utter_refused_offer", "utter_not_done_yet", "utter_may_apply")
_YES = re.compile(
    r"(?:嗯+|恩|好|对|是|行|可以|没错|没问题|确认|确定|同意|要|办|ok|okk|yes|1|就这样|就这么办)"
    r"(?:嗯|好|对|是|行|可以|确认|确定|要|办理?|麻烦|帮我|您|你们?|就|的|了|吧|啊|呀|哈|嘛|滴|哒|谢谢|亲|[\s,.!~。])*"
)
_NO = re.compile(r"(?:那|还是|我)?(?:不|先别|先不|别(?!的)|算了|等等|等一?下|再想想|再看看|no)[^\d]{0,8}|2")
_ASKING = re.compile(r"[?？吗么]|怎么|不了|能不能|是不是|行不|好像|对了|多久|什么|如果|要是|先")
_TAKES_BACK = re.compile(
    r"(?:不|别|甭)(?:用|想|要)?(?:取消|改|换|催|开|申请|办|退|转寄)|^(?:先不|等等|等一?下|再想想|再看看|算了)[吧了啊\s]*$"
)
#: What makes a yes none that may be acted on: 等一下, 好像不用吧, 可以先不办吗.
_HESITATES = re.compile(r"等[一下等会]|先[不别]|再[想看]|不(?!客气|错|过)|别|[吗?？]")
_ANOTHER = re.compile(
    r"另外?[一那的]?[个单笔]|第[一二三四五\d][个单笔]|[上前]一?[个单笔]|是[^,，。]{1,12}那[个单笔件]|\d{12}"
)
_ALSO_YES = re.compile(r"(?:嗯|好|对|是|行|可以|确[认定]|同意|没错|要)|.*(?:吧|确认|确定|就行|可以的?)[。.!~\s]*$")
_TYPES: Mapping[CommandKind, str] = {
    CommandKind.CANCEL: "cancel_order", CommandKind.URGE_DISPATCH: "urge_order", CommandKind.URGE_DELIVERY: "urge_order",
    CommandKind.APPLY_INVOICE: "ask_invoice", CommandKind.CHANGE_INVOICE_TITLE: "ask_invoice",
    CommandKind.RESEND_INVOICE: "ask_invoice", CommandKind.PROTECT_PRICE: "price_protection",
}  # fmt: skip


def type_of(kind: CommandKind) -> str:
    """The intent whose matter a command is; cases are sorted by it."""
    return _TYPES.get(kind, "modify_order")


def ask(
    asked: Sequence[tuple[Order, OrderCommand, Confirmation]], why: str, tracker: Tracker, say: CollectingDispatcher, turn: Turn
) -> Events:  # fmt: skip
    """Say exactly what would be done, and ask for a yes. What was asked in this turn already is asked with it: a yes is
    to the last question, and that is to hold all."""
    before = put_now(tracker, turn) or {"commands": [], "facts": "", "what": ""}
    several = len(asked) > 1 or bool(before["commands"])
    facts = "；".join(filter(None, [before["facts"], *(_words(shown, several) for _, _, shown in asked)]))
    commands = [_agreed(command, shown) for _, command, shown in asked]
    orders = {order.order_no: order for order, _, _ in asked}
    say.utter_message(
        response="utter_confirm", why=why, facts=facts,
        json_message={"cards": [card(order) for order in orders.values()]},
    )  # fmt: skip
    offer = {
        "seq": turn.seq,
        "what": "、".join(dict.fromkeys(filter(None, [before["what"], *(shown.what for _, _, shown in asked)]))),
        "facts": facts,
        "commands": before["commands"] + [
            {"command": as_json(command), "key": command_key(turn.conversation_id, turn.seq, command)}
            for command in commands
        ],
    }  # fmt: skip
    return [SlotSet("offer", offer), SlotSet("asked", "confirm")]


def put_now(tracker: Tracker, turn: Turn) -> Mapping[str, Any] | None:
    """What was asked about another need of the same turn; None if nothing was."""
    offer = tracker.get_slot("offer") or {}
    first_seq = min([turn.seq, *(line.seq for line in turn.claim.lines)])
    return offer if offer.get("commands") and offer["seq"] >= first_seq else None


def to_be_cancelled(order: Order, tracker: Tracker, turn: Turn) -> bool:
    """Whether this turn asked already if *order* is to be cancelled: nothing else is asked about it in the same breath."""
    offered = (put_now(tracker, turn) or {}).get("commands", ())
    cancelled = {"kind": CommandKind.CANCEL.name, "order_no": order.order_no}
    return any(cancelled.items() <= asked["command"].items() for asked in offered)


def offer_action(action: str, what: str) -> Events:
    """A yes to the question just put begins *action*."""
    offer = {"what": what, "facts": what, "action": action}
    return [*settled(), SlotSet("offer", offer), SlotSet("asked", "confirm")]


def _agreed(command: OrderCommand, shown: Confirmation) -> OrderCommand:
    """The command with the amount the shopper is told."""
    return replace(command, amount_fen=shown.amount_fen) if isinstance(command, ProtectPrice) else command


def _words(shown: Confirmation, several: bool) -> str:
    return f"【{shown.words}】" if several else shown.words


def answered(tracker: Tracker, turn: Turn) -> str | None:
    """What the line says to the question put: yes, no, another (another order, address …), again (put it again); None:
    it is no answer to it."""
    intent, words, still_open = intent_of(tracker), plain(turn.text).text.strip(), is_open(turn)
    if still_open and intent in ("affirm", "deny", "inform") and says_more(tracker, turn):
        return "another"
    if intent == "deny" or (still_open and _NO.fullmatch(words)):
        return "no"
    if intent == "affirm" or (still_open and _YES.fullmatch(words)):
        return "yes" if still_open and not _HESITATES.search(words) else "again"
    return "again" if intent == "nudge" else None


def settle(answer: str | None, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
    """Do, drop or put again what was offered, as the shopper *answered*; None if that is none of these."""
    offer = tracker.get_slot("offer")
    if answer == "yes":
        return accept(tracker, offer, say, turn)
    if answer == "no":
        return drop(offer, say)
    return put_again(offer, say) if answer == "again" else None


def is_open(turn: Turn) -> bool:
    """Whether the last thing we said was the question."""
    last = next((line for line in reversed(turn.claim.earlier) if line.author != "system"), None)
    return last is not None and last.author == "bot" and (last.payload or {}).get("said") in QUESTIONS


def says_yes(turn: Turn) -> bool:
    """Whether the line says yes besides repeating what is wanted: 对 取消吧, 确认改."""
    words = plain(turn.text).text.strip()
    return _ALSO_YES.match(words) is not None and _ASKING.search(words) is None


def says_more(tracker: Tracker, turn: Turn) -> bool:
    """Whether the line names an order or tells details, so that it is no plain yes or no: 好 羽绒服那单也取消吧."""
    named = any(entity(tracker, kind) for kind in ("order_no", "product", "goods"))
    return named or has_details(read(tracker, turn)) or _ANOTHER.search(plain(turn.text).text) is not None


def takes_back(turn: Turn) -> bool:
    """Whether the line names what is wanted only to take it back: 算了不取消了."""
    return _TAKES_BACK.search(plain(turn.text).text.strip()) is not None


def put_again(offer: Mapping[str, Any], say: CollectingDispatcher) -> Events:
    """The question once more; nothing was done."""
    say.utter_message(response="utter_still_to_confirm", what=offer["facts"])
    return [SlotSet("asked", "confirm")]


def drop(offer: Mapping[str, Any], say: CollectingDispatcher) -> Events:
    """It is not done, and forgotten."""
    say.utter_message(response="utter_dropped", what=offer["what"])
    return [*settled(), SlotSet("offer", None)]


def accept(tracker: Tracker, offer: Mapping[str, Any], say: CollectingDispatcher, turn: Turn) -> Events:
    """Do what was agreed to. `may` is not asked again: after a crash the order already stands changed, and only the
    shop, by the key, knows that it was us."""
    events: Events = [*settled(), SlotSet("offer", None)]
    left = list(offer.get("commands", ()))
    while left:
        command = command_from(left[0]["command"])
        try:
            receipt = turn.shop.execute(command, left[0]["key"])
        except ShopUnavailable:
            return [*events, *_not_yet({**offer, "commands": left}, command, say, turn)]
        except ShopRefused as refused:
            _record(turn, command, left[0]["key"], outcome="refused")
            say.utter_message(response=refused.utter, **refused.places)
            events += _anew(command, refused, tracker, say, turn)
        else:
            _record(turn, command, left[0]["key"], outcome="done", amount_fen=receipt.amount_fen)
            say.utter_message(response="utter_done", tail=receipt.order_no[-4:], words=receipt.words)
            events += _proof_of(tracker, command, receipt)
        left = left[1:]
    _told_case(offer, turn)
    return events


def _anew(
    command: OrderCommand, refused: ShopRefused, tracker: Tracker, say: CollectingDispatcher, turn: Turn
) -> Events:  # fmt: skip
    """A price that moved between question and yes is asked about again, with the amount of now."""
    if refused.way != Way.PROTECT_PRICE or not isinstance(command, ProtectPrice):
        return []
    order = turn.shop.order(command.order_no, command.buyer_id)
    shown = confirmation(order, command, grounds_of(order, turn))
    return ask([(order, command, shown)], "", tracker, say, turn)


def _record(turn: Turn, command: OrderCommand, key: str, **facts: Any) -> None:
    audit.write(
        turn.session, "bot", "execute", f"order:{command.order_no}", now=turn.now, kind=command.kind.name, key=key,
        conversation=turn.conversation_id, **facts,
    )  # fmt: skip


def _proof_of(tracker: Tracker, command: OrderCommand, receipt: Receipt) -> Events:
    """An anonymous shopper's proof of an order moves with its phone."""
    proven = (tracker.get_slot("order_proven") or "").partition(":")[0]
    phone = getattr(command, "phone", "")
    return [SlotSet("order_proven", f"{proven}:{phone[-4:]}")] if phone and proven == receipt.order_no else []


def _not_yet(offer: dict[str, Any], command: OrderCommand, say: CollectingDispatcher, turn: Turn) -> Events:
    """The shop is away: the agreement waits with its key, a case makes sure that it is not forgotten, and after the
    second failure a human looks."""
    turn.failed.append("ShopUnavailable")
    number, promised = offer.get("case"), request_by(turn.now)
    if number is None:
        summary = f"客户已确认，店铺系统没有回应，待办：{offer['what']}（订单{command.order_no}）"
        number = open_case(
            turn, CaseFacts(type_of(command.kind), 1, summary, promised, order_no=command.order_no)
        ).number
    else:
        turn.call_human(f"客户已确认“{offer['what']}”，店铺系统连续没有回应，单号{number}", skill="orders", priority=0)
    say.utter_message(
        response="utter_not_done_yet", what=offer["what"], number=number, promised=in_words(promised, turn.now)
    )
    return [SlotSet("offer", {**offer, "case": number}), SlotSet("asked", "confirm")]


def _told_case(offer: Mapping[str, Any], turn: Turn) -> None:
    """The case that stood in for the shop learns that it was done."""
    if offer.get("case"):
        cases.add_words(turn.session, offer["case"], turn.claim.customer_id, "【店铺系统恢复后机器人已处理】")
