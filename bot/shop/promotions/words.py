"""The working of a quote, and why an offer is not in it, as the shopper reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.shop.facts import Promotion, PromotionKind, ShopTerms
from bot.shop.promotions.applying import Applied, Case, Taken, claims_of, open_goods, products_in, summed
from bot.shop.promotions.records import Unused, yuan
from bot.shop.promotions.usable import CLAIMING_STEPS, PRICE_STEPS, Offer, may_stand_beside

_K = PromotionKind


def title_of(offer: Offer) -> str:
    """What the shopper knows the offer by."""
    return offer.coupon.title if offer.coupon else offer.promotion.title


def step_words(taken: Taken) -> str:
    """The working of one step: 「全店每满200减20」：参加的商品698元，满3个200元，减60元."""
    promotion = taken.offer.promotion
    head = f"{'用券' if taken.offer.coupon else ''}「{title_of(taken.offer)}」："
    if promotion.kind is _K.FREE_FREIGHT:
        return f"{head}免运费{yuan(taken.off_fen)}元"
    if promotion.kind is _K.GIFT:
        return f"{head}送{promotion.gift}"
    return (
        f"{head}参加的商品{yuan(taken.counted_fen)}元，{_rule(promotion, taken.counted_fen)}减{yuan(taken.off_fen)}元"
    )


def _rule(promotion: Promotion, counted_fen: int) -> str:
    threshold = yuan(promotion.threshold_fen)
    if promotion.kind is _K.EACH_THRESHOLD_OFF:
        return f"满{counted_fen // promotion.threshold_fen}个{threshold}元，"
    reached = f"满{threshold}元，" if promotion.threshold_fen else ""
    if promotion.kind in (_K.MEMBER_PRICE, _K.PERCENT_OFF):
        which = f"每第{promotion.nth_piece}件" if promotion.nth_piece > 1 else ""
        return f"{reached}{which}按{promotion.percent}%算，"
    return reached


def freight_words(applied: Applied, case: Case, province: str | None, terms: ShopTerms) -> str:
    """What freight costs and why."""
    if province in terms.not_delivered:
        return f"{province}暂时送不到，运费没有算"
    if applied.freight_fen:
        place = f"到{province}的" if province in _special(terms) else ""
        return f"{place}运费{yuan(applied.freight_fen)}元（商品满{yuan(case.free_from_fen)}元包邮）"
    return "运费0元"


def _special(terms: ShopTerms) -> set[str | None]:
    return {*terms.far_provinces, *(province for rule in terms.freight_rules for province in rule.provinces)}


def reasons(case: Case, applied: Applied, offers: Sequence[Offer]) -> Iterator[Unused]:
    """Why each of *offers* that took nothing off did not."""
    used = {id(one.offer) for one in applied.taken}
    for offer in offers:
        if id(offer) not in used:
            coupon_id = offer.coupon.id if offer.coupon else None
            yield Unused(title_of(offer), _reason(case, applied, offer), offer.promotion.id, coupon_id)


def _reason(case: Case, applied: Applied, offer: Offer) -> str:
    promotion = offer.promotion
    if promotion.kind is _K.FREE_FREIGHT and case.fee_after(sum(applied.base)) == 0:
        return "这单本来就不用运费"
    if promotion.nth_piece > 1 and promotion.nth_piece > max(_pieces(case, offer)):
        return f"同一款要买满{promotion.nth_piece}件"
    amounts = case.marked if offer.step <= PRICE_STEPS else applied.base
    whole_fen = summed(amounts, offer.goods)
    if whole_fen < promotion.threshold_fen:
        measured = "按单品优惠后的价格算，" if summed(case.marked, offer.goods) >= promotion.threshold_fen else ""
        return f"{_missing(promotion, whole_fen)}：{measured}参加的商品现在{yuan(whole_fen)}元，满{yuan(promotion.threshold_fen)}元可用"
    rivals = "、".join(f"「{title_of(one.offer)}」" for one in applied.taken if _excludes(one.offer, offer))
    if not rivals:
        return "现在的搭配最省，用了也不会更便宜"
    open_fen = summed(amounts, open_goods(offer, claims_of(applied.taken)))
    if 0 < open_fen < promotion.threshold_fen:
        return f"不能和{rivals}同用；其余商品{yuan(open_fen)}元，{_missing(promotion, open_fen)}"
    return f"不能和{rivals}同用，现在的搭配最省"


def _missing(promotion: Promotion, counted_fen: int) -> str:
    return f"差{yuan(promotion.threshold_fen - counted_fen)}元"


def _pieces(case: Case, offer: Offer) -> Iterator[int]:
    for product in products_in(offer.goods):
        yield sum(case.lines[place].quantity for place in case.places[product])


def _excludes(one: Offer, other: Offer) -> bool:
    """The two may not be used on the same goods and have some in common, or not on the same order."""
    by_goods = min(one.step, other.step) <= CLAIMING_STEPS
    return not may_stand_beside(one, other) and (not by_goods or bool(one.goods & other.goods))
