"""Questions before buying, answered from the shop's pages and from nothing else."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events, entity, yuan
from actions.goods import (
    ask_which,
    attributes_in_words,
    best_of,
    card,
    differences,
    meant_product,
    named_products,
    of_kind,
    product_at_hand,
    promotions_for,
    promotions_in_words,
    remember,
    skus_meant,
    stock_in_words,
)
from bot.shop.facts import Product, ShopTerms
from bot.shop.sizes import advise
from bot.talk.turn import Turn
from bot.text.attributes import asked_fields

_WASHING = re.compile(r"洗|保养|清洁|熨|晒|打理|护理")
_BUDGET = re.compile(r"(\d+)\s*(?:元|块)?\s*(?:以内|以下|左右|内|之内|上下)")


class AboutProduct(Answer):
    """An answer about one product; asks which if none is meant."""

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        product = meant_product(tracker, turn)
        if product is None:
            return ask_which(say, self.name())
        self.about(product, tracker, say, turn)
        return remember(product)

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> None:
        """Say the answer about *product*."""


class AnswerProduct(AboutProduct):
    """Says the fields of the page that were asked for; if the page has none of them, says so."""

    def name(self) -> str:
        return "action_answer_product"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> None:
        fields = asked_fields(turn.text, product.attributes)
        facts = {field: product.attributes[field] for field in fields[:3]}
        if facts:
            words = attributes_in_words(facts)
            say.utter_message(response="utter_attribute", name=product.short_name, facts=words)
        elif turn.text.strip() and tracker.latest_message["intent"]["name"] == "ask_product":
            known = "、".join(list(product.attributes)[:8])
            say.utter_message(response="utter_attribute_missing", name=product.short_name, known=known)
        else:
            show(product, say)


class AnswerUsage(AboutProduct):
    """Says how the product is used, or washed and kept."""

    def name(self) -> str:
        return "action_answer_usage"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> None:
        if product.care and (_WASHING.search(turn.text) or not product.usage):
            say.utter_message(response="utter_care", name=product.short_name, care=product.care)
        elif product.usage:
            say.utter_message(response="utter_usage", name=product.short_name, usage=product.usage)
        else:
            known = "、".join(list(product.attributes)[:8])
            say.utter_message(response="utter_attribute_missing", name=product.short_name, known=known)


class AnswerStock(AboutProduct):
    """Says what can be ordered of the variants asked for; if none, what comes near."""

    def name(self) -> str:
        return "action_answer_stock"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> None:
        wanted = skus_meant(tracker, product) or list(product.skus)
        if any(sku.stock for sku in wanted):
            rows = [f"{sku.spec}{stock_in_words(sku)}" for sku in wanted if sku.stock][:8]
            gone = [sku.spec for sku in wanted if not sku.stock]
            stock = "，".join(rows) + (f"；{'、'.join(gone)}没货" if gone and len(wanted) > 1 else "")
            say.utter_message(
                response="utter_stock", name=product.short_name, stock=stock, json_message={"cards": [card(product)]}
            )
            return
        days = [sku.restock_on for sku in wanted if sku.restock_on]
        restock = f"预计{min(days):%m月%d日}到货" if days else "补货时间还没有定"
        others = [sku.spec for sku in product.skus if sku.stock][:5]
        say.utter_message(
            response="utter_stock_none", name=product.short_name, spec=wanted[0].spec if len(wanted) == 1 else "",
            restock=restock, others=f"现在有货的是：{'、'.join(others)}" if others else "",
        )  # fmt: skip


class AnswerPrice(AboutProduct):
    """Says the price, per variant where they differ, and what promotions hold for it."""

    def name(self) -> str:
        return "action_answer_price"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> None:
        wanted = skus_meant(tracker, product) or list(product.skus)
        low, high = min(sku.price_fen for sku in wanted), max(sku.price_fen for sku in wanted)
        offers = promotions_for(product, turn.shop.promotions(turn.now))
        say.utter_message(
            response="utter_price", name=product.short_name,
            price=yuan(low) if low == high else f"{yuan(low)}到{yuan(high)}（按规格不同）",
            list_price=f"，原价{yuan(product.list_price_fen)}元" if product.list_price_fen > high else "",
            promotions=f"可以用的优惠：{promotions_in_words(offers)}" if offers else "",
            json_message={"cards": [card(product)]},
        )  # fmt: skip


class AnswerPromotion(Answer):
    """Says what promotions hold now, for the product meant or for the shop."""

    def name(self) -> str:
        return "action_answer_promotion"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        product = meant_product(tracker, turn)
        offers = list(turn.shop.promotions(turn.now))
        if product is not None:
            offers = promotions_for(product, offers) or offers
        if not offers:
            say.utter_message(response="utter_no_promotions")
        else:
            say.utter_message(response="utter_promotions", promotions=promotions_in_words(offers))
        return None


class AnswerBargain(Answer):
    """Says that prices are fixed and what may really be had."""

    def name(self) -> str:
        return "action_answer_bargain"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        product = meant_product(tracker, turn)
        offers = list(turn.shop.promotions(turn.now))
        offers = promotions_for(product, offers) if product else offers
        words = f"不过这些优惠可以用：{promotions_in_words(offers)}。" if offers else "现在也没有进行中的优惠。"
        say.utter_message(response="utter_bargain", promotions=words)
        return None


class AdviseSize(AboutProduct):
    """Reads the product's own size table with the shopper's measures; says when they are between two sizes."""

    def name(self) -> str:
        return "action_advise_size"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> None:
        name, table = product.short_name, product.size_table
        if table is None:
            facts = attributes_in_words(
                {key: value for key, value in product.attributes.items() if re.search("尺寸|规格|容量|版型", key)}
            )
            say.utter_message(response="utter_no_size_table", name=name, facts=facts)
            return
        advice = advise(
            table,
            height=entity(tracker, "height"),
            weight=entity(tracker, "weight"),
            foot=entity(tracker, "foot_length"),
        )
        if not advice.measures:
            needed = "、".join(re.sub(r"[a-z]+$", "", column) for column in table.columns)
            say.utter_message(response="utter_size_table", name=name, table=advice.table, needed=needed)
        elif not advice.sizes:
            say.utter_message(response="utter_size_none", name=name, measures=advice.measures, table=advice.table)
        else:
            between = f"您正好在{advice.sizes[0]}和{advice.sizes[-1]}之间，喜欢宽松选大的。" if advice.between else ""
            say.utter_message(
                response="utter_size_advice", name=name, measures=advice.measures, sizes="、".join(advice.sizes),
                size=advice.sizes[0], between=between,
            )  # fmt: skip


class Recommend(Answer):
    """Shows up to three of the shop's best sellers that satisfy what was said of kind and budget."""

    def name(self) -> str:
        return "action_recommend"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        budget = _BUDGET.search(turn.text)
        limit_fen = int(budget.group(1)) * 100 if budget else None
        fitting = of_kind([product for product in turn.shop.products() if product.stock], turn.text)
        if not fitting:
            say.utter_message(response="utter_recommend_ask")
            return [SlotSet("pending", self.name()), SlotSet("asked", "kind")]
        chosen = best_of(fitting, limit_fen)
        if not chosen:
            say.utter_message(response="utter_recommend_none")
            return None
        words = "；".join(f"{product.short_name} {yuan(product.price_fen)}元" for product in chosen)
        say.utter_message(
            response="utter_recommend", products=words, json_message={"cards": [card(product) for product in chosen]}
        )
        return [SlotSet("pending", None), SlotSet("asked", None)]


class Compare(Answer):
    """Puts two products side by side in the fields in which they differ."""

    def name(self) -> str:
        return "action_compare"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        products = named_products(tracker, turn)
        here = product_at_hand(tracker, turn)
        if here is not None and here not in products:
            products.append(here)
        if len(products) < 2:
            say.utter_message(response="utter_compare_ask")
            return None
        one, two = products[:2]
        say.utter_message(
            response="utter_compare", one=one.short_name, two=two.short_name, differences=differences(one, two),
            json_message={"cards": [card(one), card(two)]},
        )  # fmt: skip
        return None


class AnswerAuthenticity(Answer):
    """Says what the shop warrants and what evidence the product's page has."""

    def name(self) -> str:
        return "action_answer_authenticity"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        product = meant_product(tracker, turn)
        evidence = (
            f"{product.short_name}的证明：{'；'.join(product.evidence)}。" if product and product.evidence else ""
        )
        say.utter_message(response="utter_authenticity", authenticity=turn.shop.terms().authenticity, evidence=evidence)
        return None


class AnswerShipping(Answer):
    """Says when, by whom and for how much the shop sends, and how long it takes to the shopper's province."""

    def name(self) -> str:
        return "action_answer_shipping"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        terms = turn.shop.terms()
        buyer = turn.shop.buyer(turn.buyer_id) if turn.buyer_id else None
        province = _province_in(turn.text, terms) or (buyer.province if buyer else None)
        say.utter_message(
            response="utter_shipping", dispatch=terms.dispatch_within_h, couriers="、".join(terms.couriers),
            free=yuan(terms.free_freight_from_fen), freight=yuan(terms.freight_fen),
            far=f"，{'、'.join(terms.far_provinces)}{yuan(terms.far_freight_fen)}元" if terms.far_provinces else "",
            days=_days_in_words(terms, province),
        )  # fmt: skip
        return None


class AnswerPayment(Answer):
    """Says how one can pay."""

    def name(self) -> str:
        return "action_answer_payment"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        say.utter_message(response="utter_payment", ways="、".join(turn.shop.terms().payment_ways))
        return None


class AnswerWarranty(Answer):
    """Says the product's warranty and whether it can be returned; without a product, the shop's rule."""

    def name(self) -> str:
        return "action_answer_warranty"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        days = turn.shop.terms().return_days
        product = meant_product(tracker, turn)
        if product is None:
            say.utter_message(response="utter_warranty_shop", days=days)
            return [SlotSet("pending", self.name()), SlotSet("asked", "product")]
        returns = f"支持签收后{days}天内无理由退货。" if product.returnable_7_days else "这款不支持无理由退货。"
        say.utter_message(
            response="utter_warranty",
            name=product.short_name,
            warranty=product.warranty or "详情里没有写",
            returns=returns,
        )
        return remember(product)


class AnswerInstallation(AboutProduct):
    """Says what the page says about installation."""

    def name(self) -> str:
        return "action_answer_installation"

    def about(self, product: Product, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> None:
        if product.installation:
            say.utter_message(response="utter_installation", name=product.short_name, installation=product.installation)
        else:
            say.utter_message(response="utter_installation_missing", name=product.short_name)


def show(product: Product, say: CollectingDispatcher) -> None:
    """Show a product in a line and a card."""
    say.utter_message(
        response="utter_product", name=product.short_name, price=yuan(product.price_fen),
        stock="有货" if product.stock else "暂时没货", facts=attributes_in_words(product.attributes, 3),
        json_message={"cards": [card(product)]},
    )  # fmt: skip


def _province_in(text: str, terms: ShopTerms) -> str | None:
    places = (*terms.not_delivered, *terms.days_to_arrive)
    return next((name for name in places if name != "default" and name in text), None)


def _days_in_words(terms: ShopTerms, province: str | None) -> str:
    if province in terms.not_delivered:
        return f"{province}暂时送不到。"
    few, most = terms.days_to_arrive.get(province or "default", terms.days_to_arrive["default"])
    place = f"发出后到{province}" if province else "发出后一般"
    return f"{place}{few}到{most}天到。"
