"""Lines without a need of their own: answers to what we asked, impatience, and what we did not understand."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import advising, aftersale, confirming, orders, presale, stocks
from actions.base import Answer, Events, entity
from actions.goods import meant_product, remember
from actions.knowing import told_or_unanswered
from bot.store import cases
from bot.talk.turn import Turn

_CAN_WAIT: tuple[type[Answer], ...] = (
    *orders.WAITING, *aftersale.WAITING, presale.AnswerProduct, presale.AnswerUsage, stocks.AnswerStock,
    presale.AnswerPrice, presale.AnswerInstallation, presale.AnswerWarranty, advising.AdviseSize, advising.Recommend,
)  # fmt: skip
#: Needs that can wait for an answer, by the name of the action that meets them.
WAITING: dict[str, type[Answer]] = {action().name(): action for action in _CAN_WAIT}

#: What we asked that is answered in words of any kind.
_OPEN = frozenset(("remedy", "item", "variant", "looked", "quantity", "when", "change", "more"))

#: What an intent is called when several are offered as choices.
CHOICES = {
    "ask_product": "商品细节", "ask_usage": "怎么使用", "ask_stock": "有没有货", "ask_price": "多少钱", "ask_promotion": "有什么优惠",
    "ask_size": "选什么尺码", "recommend": "帮我推荐", "ask_shipping": "什么时候发货", "ask_warranty": "保修多久",
    "ask_payment": "怎么付款", "ask_installation": "安装服务", "track_order": "查物流", "urge_order": "催一下订单",
    "modify_order": "改地址或规格", "cancel_order": "取消订单", "ask_invoice": "开发票", "price_protection": "申请价保",
    "payment_problem": "付不了款", "return_goods": "我要退货", "exchange_goods": "我要换货", "repair_goods": "我要维修",
    "aftersale_progress": "售后进度", "refund_progress": "退款到哪了", "report_fault": "商品有问题", "wrong_or_missing": "发错或少发",
    "not_received": "显示签收没收到", "complain": "我要投诉", "claim_compensation": "要求赔付", "ask_tier": "会员等级",
    "ask_points": "我的积分", "ask_my_coupons": "我的优惠券", "call_human": "转人工",
}  # fmt: skip


class TakeInform(Answer):
    """Takes what the shopper supplied to where it belongs: the waiting need, the open case, an order, a product."""

    def name(self) -> str:
        return "action_take_inform"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        answered = answer_open_question(tracker, say, turn)
        if answered is not None:
            return answered
        waiting = WAITING.get(tracker.get_slot("pending") or "")
        if waiting is not None:
            return waiting().answer(tracker, say, turn)
        if orders.names_a_change(tracker, turn):
            return orders.TakeModification().answer(tracker, say, turn)
        if entity(tracker, "order_no"):
            return orders.TrackOrder().answer(tracker, say, turn)
        added = add_to_case(tracker, say, turn)
        if added is not None:
            return added
        if advising.says_more(tracker, turn):
            return advising.Recommend().answer(tracker, say, turn)
        product = meant_product(tracker, turn) if entity(tracker, "product") else None
        if product is not None:
            presale.show(product, say)
            return remember(product, turn)
        say.utter_message(response="utter_got_it")
        return None


class TakeAffirm(Answer):
    """Yes: to the open question if there is one."""

    def name(self) -> str:
        return "action_take_affirm"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        if tracker.get_slot("asked") == "offer_human":
            turn.call_human("客户同意转人工")
            return [SlotSet("asked", None)]
        answered = answer_open_question(tracker, say, turn)
        if answered is not None:
            return answered
        product = meant_product(tracker, turn) if tracker.get_slot("asked") == "restock" else None
        if product is not None:
            return stocks.take_notice(product, tracker, say, turn)
        say.utter_message(response="utter_fine")
        return None


class TakeDeny(Answer):
    """No: what was waiting is dropped."""

    def name(self) -> str:
        return "action_take_deny"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        answered = answer_open_question(tracker, say, turn)
        if answered is not None:
            return answered
        if advising.says_more(tracker, turn):
            return advising.Recommend().answer(tracker, say, turn)
        waiting = tracker.get_slot("pending") or tracker.get_slot("asked")
        say.utter_message(response="utter_never_mind" if waiting else "utter_fine")
        return [SlotSet("pending", None), SlotSet("asked", None)]


class AnswerNudge(Answer):
    """Impatience: the waiting need is tried again, else we say that we are here."""

    def name(self) -> str:
        return "action_answer_nudge"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        answered = answer_open_question(tracker, say, turn)
        if answered is not None:
            return answered
        waiting = WAITING.get(tracker.get_slot("pending") or "")
        if waiting is not None:
            return waiting().answer(tracker, say, turn)
        say.utter_message(response="utter_here")
        return None


class AskBack(Answer):
    """Not understood: choices, then the offer of a human, then the human (row A6)."""

    meets = False

    def name(self) -> str:
        return "action_ask_back"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        answered = answer_open_question(tracker, say, turn)
        if answered is not None:
            return answered
        if advising.says_more(tracker, turn):
            return advising.Recommend().answer(tracker, say, turn)
        if told_or_unanswered(say, turn):
            return [SlotSet("misses", 0)]
        misses = int(tracker.get_slot("misses") or 0) + 1
        if misses == 1:
            waiting = WAITING.get(tracker.get_slot("pending") or "")
            told = tracker.latest_message.get("entities") or tracker.get_slot("asked") in _OPEN
            if waiting is not None and told:
                return waiting().answer(tracker, say, turn)
            say.utter_message(response="utter_rephrase", buttons=_choices(tracker))
            return [SlotSet("misses", misses)]
        if misses == 2:
            say.utter_message(response="utter_rephrase_or_human")
            return [SlotSet("misses", misses), SlotSet("asked", "offer_human")]
        say.utter_message(response="utter_third_miss")
        turn.call_human(f"机器人连续{misses}次没有听懂")
        return [SlotSet("misses", 0)]


def answer_open_question(tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
    """What the line does to the yes-or-no question that is open; None if none is, or it is no answer to it."""
    offer = tracker.get_slot("offer") or {}
    waiting = WAITING.get(offer.get("action") or tracker.get_slot("pending") or "")
    answered = confirming.answered(tracker, turn) if offer else None
    if waiting is not None and answered == "another":
        return waiting().answer(tracker, say, turn)
    if waiting is not None and answered == "yes" and "action" in offer:
        return [SlotSet("offer", None), *(waiting().answer(tracker, say, turn) or [])]
    return confirming.settle(answered, tracker, say, turn)


def add_to_case(tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
    """Put the line to the case opened in this talk; None if none is waiting for words."""
    number = tracker.get_slot("case_number")
    if not number or tracker.get_slot("asked") != "case_words":
        return None
    case = cases.add_words(turn.session, number, turn.claim.customer_id, turn.text)
    if case is None:
        return None
    say.utter_message(response="utter_words_added", number=number)
    return []


def _choices(tracker: Tracker) -> list[dict[str, str]]:
    ranking = tracker.latest_message.get("intent_ranking", [])
    names = [CHOICES[row["name"]] for row in ranking if row["name"] in CHOICES]
    return [{"title": name, "payload": name} for name in [*names[:3], "转人工"]]
