"""What things cost together, why a coupon fails, what more would save, and bargaining: reckoned by
`bot.shop.promotions`, told with the working to the fen (row B4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.advising import Recommend
from actions.base import Answer, Events, yuan
from actions.goods import (
    card,
    meant_product,
    named_products,
    on_sale,
    options_in,
    pointed_at,
    products_meant,
    promotions_for,
    promotions_in_words,
    remember,
    shown,
    shown_last,
    skus_meant,
)
from actions.knowing import told_or_unanswered
from bot.shop.facts import Product, Promotion
from bot.shop.promotions import BasketLine, Quote, Shopper, bargain, gaps, line_of, quote, sound
from bot.talk.turn import Turn
from bot.text.normalise import plain
from bot.text.numerals import NUMBER, number

_TOGETHER = re.compile(
    r"一起|一共|总共|合计|加起来|总价|都(?:要|买|拿)|到手|券后|折后|算下来|实付|最后(?:要|得)?付|满减后|减完|凑单后"
)
_PIECES = re.compile(rf"({NUMBER})\s?(?:件|双|条|个|台|瓶|盒|箱|包|罐|支|袋|套)(?![一-鿿]?套餐)")
_MORE = re.compile(r"再买|还差|凑单|凑[一个够到满单]|差多少|差几|够不够满减|怎么才能减|再加")
_WHY_NOT = re.compile(
    r"用不了|不能用|没法用|不可用|用不上|不给用|使用不了|为[什啥]么?[^,，。]{0,6}券|券[^,，。]{0,6}(?:为[什啥]么|咋|怎么(?:不|用不|没))"
)
_WHAT_OFFERS = re.compile(
    r"有(?:没有)?(?:什么|啥|哪些)?(?:优惠|活动|折扣|满减|促销|券)|(?:优惠|活动|打折|满减|券)(?:吗|么|有哪些|有啥|呢|没)?$|打几?折|折扣"
)
_CHEAPER_GOODS = re.compile(r"(?:便宜|实惠|价格?低)[一]?[点些]的(?![吗吧]?价)|(?:其他|别的)[^,，。]{0,4}便宜")
_LESS = re.compile(r"便宜|少[点收]|让[点利]|抹零|打个折|砍价|讲价|议价|优惠[点些]")
_WITH_POINTS = re.compile(r"积分")
_MOST_PIECES = 999


class AnswerPromotion(Answer):
    """Says what promotions hold now, for the product meant or for the shop; what more would save; why a coupon fails."""

    def name(self) -> str:
        return "action_answer_promotion"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        line = plain(turn.text).text
        for asks, tell in ((_WHY_NOT, tell_why_not), (_MORE, tell_gaps), (_TOGETHER, tell_quote)):
            if asks.search(line) and (events := tell(tracker, say, turn)) is not None:
                return events
        if _LESS.search(line):
            return AnswerBargain().answer(tracker, say, turn)
        product = meant_product(tracker, turn)
        if not _WHAT_OFFERS.search(line) and told_or_unanswered(say, turn, product):
            return None
        offers = open_to(turn)
        if product is not None:
            offers = promotions_for(product, offers) or offers
        if not offers:
            say.utter_message(response="utter_no_promotions")
        else:
            say.utter_message(response="utter_promotions", promotions=promotions_in_words(offers))
        return remember(product, turn) if product else None


class AnswerBargain(Answer):
    """Says what may really be given to who asks for less: the shop's published rules and promotions, nothing else."""

    def name(self) -> str:
        return "action_answer_bargain"

    def answer(self, tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
        if _CHEAPER_GOODS.search(plain(turn.text).text) and shown_last(tracker, turn):
            return Recommend().answer(tracker, say, turn)
        product = pointed_at(tracker, turn) or meant_product(tracker, turn)
        offers = open_to(turn)
        if product is None:
            words = f"现在可以用的优惠：{promotions_in_words(offers)}。" if offers else "现在没有进行中的优惠。"
            say.utter_message(response="utter_bargain", words=f"价格是店里统一定的，我改不了价。{words}")
            return None
        skus = skus_meant(tracker, turn, product) or list(product.skus)
        sku = min(skus, key=lambda sku: sku.price_fen)
        pieces = pieces_of(turn.text, product)
        found = bargain(
            product,
            sku.price_fen,
            pieces,
            shopper_of(turn).tier,
            turn.shop.terms(),
            sound(promotions_for(product, offers)),
        )
        say.utter_message(response="utter_bargain", words=f"{product.short_name}：{found.words}")
        return remember(product, turn)


def asks_for_all(tracker: Tracker, turn: Turn) -> bool:
    """Whether a line asks what several things, or one with all offers, come to."""
    if _TOGETHER.search(plain(turn.text).text):
        return True
    product = meant_product(tracker, turn)
    return product is not None and pieces_of(turn.text, product) > 1


def asks_why_not(text: str) -> bool:
    """Whether a line asks why a coupon cannot be used."""
    return bool(_WHY_NOT.search(plain(text).text))


def tell_quote(tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
    """Say what the goods meant come to, with the working; None if none are meant."""
    basket = basket_of(tracker, turn)
    if not basket:
        return None
    products, lines = basket
    found = quote(lines, shopper_of(turn), offers_now(turn), turn.shop.terms(), turn.now)
    goods = "、".join(f"{line.name}×{line.quantity}（{yuan(line.price_fen)}元）" for line in lines)
    say.utter_message(
        response="utter_quote", goods=goods, working="\n".join(_working(found)),
        sign_in="" if turn.buyer_id else "（登录后可以把您的优惠券和会员价也算进去。）",
        json_message={"cards": [card(product) for product in products]},
    )  # fmt: skip
    return kept_basket(products, lines, turn)


def tell_why_not(tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
    """Say of each coupon why it takes nothing off the goods meant; None if nobody is signed in or no goods are meant."""
    basket = basket_of(tracker, turn)
    if not basket or not turn.buyer_id:
        return None
    products, lines = basket
    shopper = shopper_of(turn)
    if not shopper.coupons:
        return None
    found = quote(lines, shopper, offers_now(turn), turn.shop.terms(), turn.now)
    rows = [f"「{coupon.title}」：{found.why_not(coupon.id) or '可以用'}" for coupon in shopper.coupons]
    goods = "、".join(f"{line.name}×{line.quantity}" for line in lines)
    say.utter_message(response="utter_coupons_on", goods=goods, coupons="\n".join(dict.fromkeys(rows)))
    return kept_basket(products, lines, turn)


def tell_gaps(tracker: Tracker, say: CollectingDispatcher, turn: Turn) -> Events | None:
    """Say how much more to buy until something more comes off; None if no goods are meant."""
    basket = basket_of(tracker, turn)
    if not basket:
        return None
    products, lines = basket
    shopper, offers, terms = shopper_of(turn), offers_now(turn), turn.shop.terms()
    found = gaps(lines, shopper, offers, terms, turn.now, most=3)
    now_fen = quote(lines, shopper, offers, terms, turn.now).total_fen
    goods = "、".join(f"{line.name}×{line.quantity}" for line in lines)
    words = "；".join(gap.words for gap in found) or "再多买也没有更多优惠了"
    say.utter_message(response="utter_gaps", goods=goods, total=yuan(now_fen), gaps=words)
    return kept_basket(products, lines, turn)


def basket_of(tracker: Tracker, turn: Turn) -> tuple[list[Product], list[BasketLine]] | None:
    """The goods a line speaks of as a basket: several named or shown, those reckoned before, or the one meant, in the
    number said."""
    if not named_products(tracker, turn) and (known := _known_basket(tracker, turn)):
        return known
    several = products_meant(tracker, turn) if _TOGETHER.search(plain(turn.text).text) else []
    one = None if len(several) > 1 else pointed_at(tracker, turn) or meant_product(tracker, turn)
    products = several if len(several) > 1 else [one] if one else []
    if not products:
        return None
    pieces = pieces_of(turn.text, products[0]) if len(products) == 1 else 1
    return products, [_line(tracker, turn, product, pieces) for product in products]


def kept_basket(products: Sequence[Product], lines: Sequence[BasketLine], turn: Turn) -> Events:
    """The slots by which 我的券为什么用不了 and 再买多少能减 speak of these goods."""
    kept = SlotSet("basket", [[line.product_id, line.sku_id, line.quantity] for line in lines])
    return [*remember(products[0], turn), kept] if len(products) == 1 else [*shown(products), kept]


def _known_basket(tracker: Tracker, turn: Turn) -> tuple[list[Product], list[BasketLine]] | None:
    """The goods reckoned before, as the shop sells them now; None if some are gone or the page is another's."""
    kept = tracker.get_slot("basket") or []
    products, lines = [], []
    for product_id, sku_id, quantity in kept:
        product = on_sale(turn, product_id)
        sku = next((sku for sku in product.skus if sku.id == sku_id), None) if product else None
        if product is None or sku is None:
            return None
        products.append(product)
        lines.append(line_of(product, sku, quantity))
    return (products, lines) if lines and pieces_in(turn.text) == 1 else None


def pieces_in(text: str) -> int:
    """How many pieces a line speaks of; 1 if it says none."""
    found = _PIECES.search(plain(text).text)
    value = number(found[1]) if found else None
    return int(min(max(value or 1, 1), _MOST_PIECES))


def pieces_of(text: str, product: Product) -> int:
    """How many pieces of *product* a line speaks of; 3罐 is its variant where it is sold by three."""
    line = plain(text).text
    for option in options_in(text, product):
        line = line.replace(plain(option).text, " ")
    return pieces_in(line)


def shopper_of(turn: Turn) -> Shopper:
    """Who asks, as the calculator needs them; nobody known if they are not signed in."""
    buyer = turn.shop.buyer(turn.buyer_id) if turn.buyer_id else None
    if buyer is None:
        return Shopper()
    return Shopper(
        buyer.tier, buyer.province, first_order=not turn.shop.orders_of(buyer.id, 1),
        points=buyer.points if _WITH_POINTS.search(turn.text) else 0, coupons=tuple(turn.shop.coupons_of(buyer.id)),
    )  # fmt: skip


def open_to(turn: Turn) -> list[Promotion]:
    """The promotions that hold now, without those of which it is known that the shopper is not meant."""
    offers = turn.shop.promotions(turn.now)
    if turn.buyer_id is None:
        return list(offers)
    shopper = shopper_of(turn)
    return [
        offer
        for offer in offers
        if (shopper.first_order or not offer.first_order_only) and (not offer.tiers or shopper.tier in offer.tiers)
    ]


def offers_now(turn: Turn) -> tuple[Promotion, ...]:
    """The promotions that hold now and make sense."""
    return sound(turn.shop.promotions(turn.now))


def _line(tracker: Tracker, turn: Turn, product: Product, pieces: int) -> BasketLine:
    skus = skus_meant(tracker, turn, product) or list(product.skus)
    there = [sku for sku in skus if sku.stock] or skus
    return line_of(product, min(there, key=lambda sku: sku.price_fen), pieces)


def _working(found: Quote) -> Iterator[str]:
    yield from found.words
    if found.gifts:
        yield f"赠品：{'、'.join(found.gifts)}"
