"""Questions about one product before buying, answered from its page and from nothing else (rows B1, B3, B7, S6)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.about import AboutProduct, question, values_of
from actions.base import Answer, Events, intent_of, yuan
from actions.deals import asks_for_all, tell_quote
from actions.goods import (
    attributes_in_words,
    card,
    meant_product,
    options,
    options_in,
    promotions_for,
    promotions_in_words,
    remember,
    skus_meant,
)
from actions.knowing import ask_staff, told, told_or_unanswered
from actions.stocks import AnswerStock
from bot.shop.facts import Product, Sku
from bot.talk.turn import Turn
from bot.text.attributes import VAGUE, asked_fields, words_in

_WASHING = re.compile(r"洗|保养|清洁|熨|晒|打理|护理|[收保]存|存放|放多久")
_BOX = re.compile(
    r"配件|附件|盒子里|包装里|清单|装箱|里面(?:都)?有|(?:送|带|配|附|含)(?:不|有)?[^,，。]{1,8}[吗么不没]|都有(?:啥|什么)|几件套"
)
_DRAWBACK = re.compile(r"缺点|不足|毛病|短板|坑|不好的地方")
_IN_GENERAL = re.compile(
    r"介绍|参数|怎么样|咋样|详细|说说|了解|看看|好不好|好用[吗不么]|好吃[吗不么]|好穿[吗不么]|亮点|卖点|特点|值得买"
)
_PAPERS = re.compile(r"报告|证书|认证|授权|验货|质检|检测|鉴定|凭证|资质")
_TERM = re.compile(
    r"多久|几年|多长|几个月|多少[年天月]|保[修质]期|(?:保修|质保|保)[吗么不没]|有(?:没有)?(?:保修|质保)|包换|保修$|质保$|退[吗么不]?$|能退|可以退|七天|7天"
)
_INSTALLED = re.compile(
    r"(?:包|上门|免费|要|需要|自己|怎么|管|有|负责|给|收费|多少钱)[^,，。]{0,4}(?:安|装)|安装(?:费|服务|收费|要钱|多少|吗|么|不)|装[吗么不]?$"
)


class AnswerProduct(AboutProduct):
    """Says the fields of the page that were asked for; what the page does not say, the staff are asked."""

    def name(self) -> str:
        return "action_answer_product"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        asked = question(tracker, turn, product)
        facts = facts_for(asked, product)
        if facts:
            words = attributes_in_words(facts)
            say.utter_message(response="utter_attribute", name=product.short_name, facts=words)
        elif options_in(asked, product):
            return AnswerStock().about(product, tracker, say, turn)
        elif not asked.strip() or _IN_GENERAL.search(asked) or not _is_question(tracker):
            show(product, say)
        else:
            return ask_staff(say, turn, product, missing(asked))
        return None


class AnswerUsage(AboutProduct):
    """Says how the product is used, or washed and kept."""

    def name(self) -> str:
        return "action_answer_usage"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        asked = question(tracker, turn, product)
        if _WASHING.search(asked):
            if product.care:
                say.utter_message(response="utter_care", name=product.short_name, care=product.care.rstrip("。"))
                return None
            fields = {
                name: value for name, value in product.attributes.items() if re.search(r"水洗|贮存|保存|开[封罐]", name)
            }
            if not fields:
                return ask_staff(say, turn, product, "怎么洗护保存")
            say.utter_message(response="utter_attribute", name=product.short_name, facts=attributes_in_words(fields))
        elif product.usage:
            say.utter_message(response="utter_usage", name=product.short_name, usage=product.usage.rstrip("。"))
        else:
            return ask_staff(say, turn, product, "使用方法")
        return None


class AnswerPrice(AboutProduct):
    """Says the price, per variant where they differ, and what promotions hold for it; of several things together, what
    they come to and why."""

    def name(self) -> str:
        return "action_answer_price"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        told_together = tell_quote(tracker, say, turn) if asks_for_all(tracker, turn) else None
        return told_together if told_together is not None else super().answer(tracker, say, turn)

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        wanted = skus_meant(tracker, turn, product) or list(product.skus)
        low, high = min(sku.price_fen for sku in wanted), max(sku.price_fen for sku in wanted)
        offers = promotions_for(product, turn.shop.promotions(turn.now))
        say.utter_message(
            response="utter_price", name=product.short_name,
            price=f"{yuan(low)}元" if low == high else f"{yuan(low)}到{yuan(high)}元（{_prices(wanted)}）",
            list_price=f"，原价{yuan(product.list_price_fen)}元" if product.list_price_fen > high else "",
            promotions=f"可以用的优惠：{promotions_in_words(offers)}。" if offers else "",
            json_message={"cards": [card(product)]},
        )  # fmt: skip
        return None


class AnswerAuthenticity(Answer):
    """Says what the shop warrants and what evidence the product's page has."""

    def name(self) -> str:
        return "action_answer_authenticity"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        product = meant_product(tracker, turn)
        if product and not product.evidence and _PAPERS.search(turn.text):
            return [*remember(product, turn), *ask_staff(say, turn, product, "检测报告或授权证书")]
        evidence = (
            f"{product.short_name}的证明：{'；'.join(product.evidence)}。" if product and product.evidence else ""
        )
        say.utter_message(response="utter_authenticity", authenticity=turn.shop.terms().authenticity, evidence=evidence)
        return remember(product, turn) if product else None


class AnswerWarranty(AboutProduct):
    """Says the product's warranty and whether it can be returned; without a product, the shop's rule."""

    def name(self) -> str:
        return "action_answer_warranty"

    def without_product(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events:
        if told_or_unanswered(say, turn):
            return []
        say.utter_message(response="utter_warranty_shop", days=turn.shop.terms().return_days)
        return [SlotSet("pending", self.name()), SlotSet("asked", "product")]

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        if not _TERM.search(turn.text) and told(say, turn, product):
            return None
        days = turn.shop.terms().return_days
        returns = f"支持签收后{days}天内无理由退货。" if product.returnable_7_days else "这款不支持无理由退货。"
        if product.warranty is None:
            say.utter_message(response="utter_warranty_missing", name=product.short_name, returns=returns)
            return ask_staff(say, turn, product, "质保多久")
        say.utter_message(
            response="utter_warranty", name=product.short_name, warranty=product.warranty, returns=returns
        )
        return None


class AnswerInstallation(AboutProduct):
    """Says what the page says about installation."""

    def name(self) -> str:
        return "action_answer_installation"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        if not _INSTALLED.search(turn.text) and told(say, turn, product):
            return None
        if product.installation is None:
            return ask_staff(say, turn, product, "安装服务")
        say.utter_message(response="utter_installation", name=product.short_name, installation=product.installation)
        return None


def facts_for(asked: str, product: Product, most: int = 3) -> Mapping[str, str]:
    """What the page says to the question: fields by name, at most *most*; empty if it says nothing."""
    offered = {name: "、".join(values_of(product, name)) for name in options(product) if name in asked}
    if _DRAWBACK.search(asked) and product.drawback:
        return {"缺点": product.drawback.rstrip("。")}
    fields = asked_fields(asked, product.attributes)
    if fields:
        return {**offered, **{name: product.attributes[name] for name in fields if name not in offered}}
    if _BOX.search(asked) and product.in_the_box:
        return {"包装清单": "、".join(product.in_the_box)}
    return offered


def missing(asked: str) -> str:
    """What was asked for, as it is said back."""
    named = [word for word in words_in(asked) if len(word) > 1 and word not in VAGUE]
    return named[0] if named else "您问的这一点"


def show(product: Product, say: CollectingDispatcher) -> None:
    """Show a product in a line and a card."""
    say.utter_message(
        response="utter_product", name=product.short_name, price=yuan(product.price_fen),
        stock="有货" if product.stock else "暂时没货", facts=attributes_in_words(product.attributes, 3),
        json_message={"cards": [card(product)]},
    )  # fmt: skip


def _is_question(tracker: Tracker) -> bool:
    return intent_of(tracker) == "ask_product" or tracker.get_slot("asked") == "product"


def _prices(skus: list[Sku]) -> str:
    """Each price with what it is for, where one option decides it: "单罐219元，3罐629元"."""
    for name in skus[0].options:
        prices: dict[str, set[int]] = {}
        for sku in skus:
            prices.setdefault(sku.options[name], set()).add(sku.price_fen)
        if all(len(each) == 1 for each in prices.values()):
            return "，".join(f"{value}{yuan(fen)}元" for value, (fen,) in prices.items())
    return "按规格不同"
