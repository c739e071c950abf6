"""Advice before buying: which size, which of all goods, which of two (rows B2, B5, B6, S20-S22)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Answer, Events, entity, yuan
from actions.goods import (
    ask_which,
    attributes_in_words,
    card,
    meant_product,
    products_meant,
    remember,
    shown,
    shown_last,
)
from actions.knowing import told, told_or_unanswered
from actions.needing import adds_to_wants, budget_in, kept, wants_before, wants_of
from bot.shop.choosing import (
    MOST_OPTIONS,
    Option,
    Wants,
    bestsellers,
    choose,
    drawback,
    in_the_way,
    of_kind,
    reason,
    side_by_side,
)
from bot.shop.facts import Product
from bot.shop.sizes import Body, Worn, advise, row_in_words, worn_before
from bot.talk.turn import Turn
from bot.text.normalise import plain

_MEASURES = ("height", "weight", "foot_length")
_USUAL = re.compile(r"平时|一般|通常|以前|之前|日常|平常|都是?穿|我穿|我是|本来|正常")
_GIRTH = re.compile(r"(下胸围|胸围|腰围|臀围)\D{0,3}(\d{2,3}(?:\.\d)?)(?:cm|公分|厘米)?")
_CHOOSES = re.compile(r"多大|[什啥]么?码|几码|哪个?码|尺码|码数|选|穿|合[适身]|大小|号|偏[大小]|标准")
_MOST_CHIPS = 4


class AdviseSize(Answer):
    """Reads the product's own size table with the shopper's measures and what fitted them before; says when they are
    between two sizes."""

    def name(self) -> str:
        return "action_advise_size"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        body = body_of(tracker, turn)
        keeps = SlotSet("body", {name: getattr(body, name) for name in Body.__slots__})
        product = meant_product(tracker, turn)
        if product is None and budget_in(plain(turn.text).text):
            return [keeps, *(Recommend().answer(tracker, say, turn) or [])]
        if product is None:
            return [keeps, *(() if told(say, turn) else ask_which(say, self.name()))]
        waits = self._advise(product, body, say, turn)
        return [*remember(product, turn), keeps, *waits]

    def _advise(self, product: Product, body: Body, say: CollectingDispatcher, turn: Turn) -> Events:
        name, table = product.short_name, product.size_table
        if table is None:
            sizes = {
                key: value
                for key, value in product.attributes.items()
                if re.search("尺寸|规格|容量|版型|适合脚长", key)
            }
            facts = f"详情里写的是：{attributes_in_words(sizes)}。" if sizes else ""
            say.utter_message(response="utter_no_size_table", name=name, facts=facts)
            return []
        girths = {kind: float(value) for kind, value in _GIRTH.findall(plain(turn.text).text)}
        advice = advise(table, body, worn_by(turn, product), girths)
        needed = "、".join(advice.needed)
        if advice.size:
            between = f"您在{advice.sizes[0]}和{advice.sizes[-1]}之间，" if advice.between else ""
            say.utter_message(
                response="utter_size_advice", name=name, measures=advice.measures, size=advice.size, between=between,
                row=row_in_words(table, advice.size), why=f"{advice.why}。" if advice.why else "",
            )  # fmt: skip
            return []
        if advice.measures:
            say.utter_message(response="utter_size_none", name=name, measures=advice.measures, table=advice.table)
            return []
        if not _CHOOSES.search(turn.text) and told(say, turn, product):
            return []
        usual = body.usual.upper()
        if usual in table.rows:
            row = row_in_words(table, usual)
            say.utter_message(response="utter_size_usual", name=name, size=usual, row=row, needed=needed)
        else:
            say.utter_message(response="utter_size_table", name=name, table=advice.table, needed=needed)
        return [SlotSet("pending", self.name()), SlotSet("asked", "measures")]


class Recommend(Answer):
    """Shows two or three goods that satisfy all that was said so far, each with a drawback; to who says nothing, what
    sells best and one question."""

    def name(self) -> str:
        return "action_recommend"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        products = turn.shop.products()
        before = wants_before(tracker)
        wants = wants_of(tracker, turn.text, products, shown_last(tracker, turn))
        keeps = [*kept(wants), SlotSet("pending", None), SlotSet("asked", None)]
        if wants.kind and not of_kind(products, wants.kind):
            say.utter_message(response="utter_recommend_not_sold", kind=wants.kind.replace(" ", ""))
            return [*kept(Wants(never=wants.never)), *keeps[1:]]
        if not wants.kind and not wants.constraints:
            return [*self._cold(bestsellers(products, wants.never), say), *kept(wants)]
        options = choose(products, wants)
        if not options:
            self._none(products, wants, say, exhausted=len(wants.never) > len(before.never))
            return keeps
        self._show(options, wants, say)
        return [*keeps, *shown([option.product for option in options])]

    def _cold(self, options: Sequence[Option], say: CollectingDispatcher) -> Events:
        words = "；".join(f"{option.product.short_name} {yuan(option.sku.price_fen)}元" for option in options)
        categories = dict.fromkeys(option.product.category for option in options)
        say.utter_message(
            response="utter_recommend_ask", products=words,
            json_message={"cards": [card(option.product) for option in options]},
            buttons=[{"title": f"推荐{name}", "payload": f"推荐{name}"} for name in list(categories)[:_MOST_CHIPS]],
        )  # fmt: skip
        found = shown([option.product for option in options])
        return [SlotSet("pending", self.name()), SlotSet("asked", "kind"), *found]

    def _none(self, products: Sequence[Product], wants: Wants, say: CollectingDispatcher, *, exhausted: bool) -> None:
        loose = in_the_way(products, wants)
        say.utter_message(
            response="utter_recommend_none", wants=in_words(wants), buttons=chips(loose)[:-1],
            more="看过的都不再推荐给您，" if exhausted else "",
            loose=f"放宽其中一项就有：{'、'.join(loose)}。" if loose else "换个品类或条件告诉我，我再找。",
        )  # fmt: skip

    def _show(self, options: Sequence[Option], wants: Wants, say: CollectingDispatcher) -> None:
        products = [option.product for option in options]
        rows = [f"{number}. {_in_short(option, wants, products)}" for number, option in enumerate(options, 1)]
        table = (
            f"\n对比：\n{table_in_words(products, [option.sku.price_fen for option in options])}"
            if len(options) > 1
            else ""
        )
        few = f"满足的只有{len(options)}款。" if len(options) < 2 else ""
        say.utter_message(
            response="utter_recommend", wants=in_words(wants), products="\n".join(rows), table=table, few=few,
            json_message={"cards": [card(product) for product in products]}, buttons=chips(wants.constraints),
        )  # fmt: skip


class Compare(Answer):
    """Puts two or three products side by side in the fields in which their pages differ, with a drawback of each."""

    def name(self) -> str:
        return "action_compare"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        products = products_meant(tracker, turn)[:MOST_OPTIONS]
        if len(products) < 2:
            if not told_or_unanswered(say, turn, products[0] if products else None):
                say.utter_message(response="utter_compare_ask")
            return None
        drawbacks = "；".join(
            f"{product.short_name}：{drawback(product, [other for other in products if other != product]).rstrip('。')}"
            for product in products
        )
        say.utter_message(
            response="utter_compare", names="、".join(product.short_name for product in products),
            table=table_in_words(products, [product.price_fen for product in products]), drawbacks=drawbacks,
            json_message={"cards": [card(product) for product in products]},
        )  # fmt: skip
        return shown(products)


def says_more(tracker: Tracker, turn: Turn) -> bool:
    """Whether goods are being chosen and this line says something more about them: 要黑色的, 不喜欢这个."""
    return wants_before(tracker) != Wants() and adds_to_wants(
        tracker, turn.text, turn.shop.products(), shown_last(tracker, turn)
    )


def body_of(tracker: Tracker, turn: Turn) -> Body:
    """What the shopper said of their measures, now or before."""
    before = Body(**(tracker.get_slot("body") or {}))
    measures = {name: entity(tracker, name) or getattr(before, name) for name in _MEASURES}
    size = entity(tracker, "size") if _USUAL.search(turn.text) else None
    return Body(**measures, usual=size or before.usual)


def worn_by(turn: Turn, product: Product) -> list[Worn]:
    """Sizes the signed-in shopper bought before in goods of this kind."""
    if not turn.buyer_id:
        return []
    products = {other.id: other for other in turn.shop.products()}
    return worn_before(turn.shop.orders_of(turn.buyer_id, 50), product, products)


def in_words(wants: Wants) -> str:
    """All that is wanted: "空气炸锅、300元以内"."""
    return "、".join(filter(None, (wants.kind.replace(" ", ""), *wants.constraints)))


def chips(constraints: Sequence[str]) -> list[dict[str, str]]:
    """Quick replies that drop a constraint each; the last asks for other goods."""
    titles = [*(f"不限{one}的推荐几款" for one in constraints[: _MOST_CHIPS - 1]), "换一批"]
    return [{"title": title, "payload": title} for title in titles]


def table_in_words(products: Sequence[Product], prices_fen: Sequence[int]) -> str:
    """Products side by side, a line a field: "降噪：42分贝 / 50分贝"; where a page has no word, it says so."""
    head = " / ".join(product.short_name for product in products)
    rows = [f"价格：{' / '.join(f'{yuan(fen)}元' for fen in prices_fen)}"]
    for row in side_by_side(products):
        rows.append(f"{row.name}：{' / '.join(value or '详情里没有写' for value in row.values)}")
    return "\n".join([head, *rows])


def _in_short(option: Option, wants: Wants, products: Sequence[Product]) -> str:
    """An option in a line: price, why it satisfies, its drawback."""
    others = [other for other in products if other != option.product]
    why = f"，{reason(option, wants)}" if wants.needs or not others else ""
    return f"{_called(option)} {yuan(option.sku.price_fen)}元{why}。要留意：{drawback(option.product, others)}"


def _called(option: Option) -> str:
    """The product, with the variant where only some satisfy."""
    cheapest = option.sku.price_fen == option.product.price_fen
    return option.product.short_name if cheapest else f"{option.product.short_name}（{option.sku.spec}）"
