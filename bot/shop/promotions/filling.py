"""凑单: how much more to buy until something more comes off; each is tried out with goods of that price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.shop.facts import Promotion, PromotionKind, ShopTerms
from bot.shop.promotions.applying import Applied, Case, claims_of, open_goods, products_in, summed
from bot.shop.promotions.basket import BasketLine, Shopper
from bot.shop.promotions.quoting import reckon
from bot.shop.promotions.records import yuan
from bot.shop.promotions.usable import PRICE_STEPS, Offer
from bot.shop.promotions.words import title_of

_TRIED = "凑单"  #: number of the goods that are tried


@dataclass(frozen=True, slots=True)
class Gap:
    """A step that is nearly reached."""

    title: str
    missing_fen: int  #: goods to add, as marked
    saves_fen: int  #: of all that is then paid; 0 if only a gift comes
    gift: str | None
    words: str
    promotion_id: str | None = None  #: None: the shop's own free freight


def gaps(
    lines: Sequence[BasketLine],
    shopper: Shopper,
    promotions: Sequence[Promotion],
    terms: ShopTerms,
    now: datetime,
    most: int = 5,
) -> tuple[Gap, ...]:
    """The *most* nearest steps at which something more comes off or a gift comes; the nearest first.

    Steps of offers for goods of which the basket has none are left out. Raises like `quote`.
    """
    case, offers, applied, _, _ = reckon(lines, shopper, promotions, terms, now)
    found = []
    for added, offer in sorted(_additions(case, offers, applied), key=lambda one: one[0].price_fen)[:most]:
        _, _, after, _, _ = reckon([*lines, added], shopper, promotions, terms, now)
        saves_fen = applied.total_fen + added.price_fen - after.total_fen
        promotion = offer and offer.promotion
        takes_part = promotion is None or any(one.offer.promotion is promotion for one in after.taken)
        gift = promotion.gift if promotion else None
        if takes_part and (saves_fen > 0 or gift):
            found.append(_gap(added, offer, saves_fen, gift))
    return tuple(found)


def _additions(case: Case, offers: Sequence[Offer], applied: Applied) -> Iterator[tuple[BasketLine, Offer | None]]:
    """What to add to reach the next step of each offer, and of the shop's free freight (None)."""
    for offer in offers:
        others = [one for one in claims_of(applied.taken) if one[0] is not offer]
        goods = open_goods(offer, others)
        if offer.promotion.nth_piece > 1:
            yield from ((line, offer) for line in _one_more(case, offer, goods))
            continue
        counted_fen = summed(case.marked if offer.step <= PRICE_STEPS else applied.base, goods)
        missing_fen = _missing(offer.promotion, counted_fen)
        if missing_fen and offer.goods:
            yield _goods_for(offer.promotion, missing_fen, case), offer
    missing_fen = case.free_from_fen - sum(applied.base)
    if applied.freight_fen and missing_fen > 0:
        yield BasketLine(_TRIED, _TRIED, "", "", 1, missing_fen), None


def _missing(promotion: Promotion, counted_fen: int) -> int:
    """Fen to the next step; 0 if there is none."""
    threshold_fen = promotion.threshold_fen
    if counted_fen < threshold_fen:
        return threshold_fen - counted_fen
    if promotion.kind is not PromotionKind.EACH_THRESHOLD_OFF:
        return 0
    times = counted_fen // threshold_fen
    most_fen = promotion.most_off_fen
    full = most_fen is not None and times * promotion.off_fen >= most_fen
    return 0 if full else (times + 1) * threshold_fen - counted_fen


def _goods_for(promotion: Promotion, price_fen: int, case: Case) -> BasketLine:
    """Goods of the promotion's scope; of its products one that is not in the basket, if there is one."""
    in_basket = {line.product_id for line in case.lines}
    listed = [one for one in promotion.product_ids if one not in promotion.excludes]
    product_id = next((one for one in listed if one not in in_basket), listed[0] if listed else _TRIED)
    category = next((one for one in promotion.categories if one not in promotion.excludes), "")
    return BasketLine(_TRIED, product_id, category, "", 1, price_fen)


def _one_more(case: Case, offer: Offer, goods: int) -> Iterator[BasketLine]:
    """Of a product that lacks one piece to the n-th, one more of its cheapest variant."""
    for product in products_in(goods):
        lines = [case.lines[place] for place in case.places[product]]
        if (sum(line.quantity for line in lines) + 1) % offer.promotion.nth_piece == 0:
            line = min(lines, key=lambda line: line.price_fen)
            yield BasketLine(line.sku_id, line.product_id, line.category, line.name, 1, line.price_fen, line.weight_g)


def _gap(added: BasketLine, offer: Offer | None, saves_fen: int, gift: str | None) -> Gap:
    price = yuan(added.price_fen)
    what = f"再买1件{added.name}（{price}元）" if added.name else f"再买{price}元{_scope(offer)}"
    gains = [f"能省{yuan(saves_fen)}元"] if saves_fen > 0 else []
    gains += [f"送{gift}"] if gift else []
    title = title_of(offer) if offer else "满额包邮"
    words = f"{what}，可享「{title}」，{'，'.join(gains)}"
    return Gap(title, added.price_fen, max(0, saves_fen), gift, words, offer.promotion.id if offer else None)


def _scope(offer: Offer | None) -> str:
    if offer is None:
        return "任意商品"
    promotion = offer.promotion
    return "指定商品" if promotion.product_ids else "、".join(promotion.categories) or "任意商品"
