"""Which offers a shopper may use on a basket at all, and why not the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.shop.days import said
from bot.shop.facts import Coupon, Promotion, PromotionKind
from bot.shop.promotions.basket import BasketLine, Shopper, by_product
from bot.shop.promotions.records import Unused
from bot.shop.promotions.rules import covers

_K = PromotionKind
#: The step in which a kind applies; the head of the package says what each does. 6 is points.
STEPS: Mapping[PromotionKind, int] = {
    _K.MEMBER_PRICE: 1, _K.PERCENT_OFF: 2, _K.THRESHOLD_OFF: 3, _K.EACH_THRESHOLD_OFF: 4, _K.COUPON: 5,
    _K.FREE_FREIGHT: 7, _K.GIFT: 8,
}  # fmt: skip
PRICE_STEPS, CLAIMING_STEPS = 2, 4  #: steps up to these change prices of pieces; claim goods
_BITS = {kind.value: 1 << STEPS[kind] for kind in PromotionKind}


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """A promotion, or a coupon of one, and the goods of the basket it is for."""

    promotion: Promotion
    coupon: Coupon | None
    goods: int  #: bit n: the n-th product of the basket
    step: int
    bit: int  #: of its kind
    beside: int  #: bits of the kinds it names in `stacks_with`


def may_stand_beside(one: Offer, other: Offer) -> bool:
    """Each names the other's kind."""
    return bool(one.beside & other.bit and other.beside & one.bit)


def offers_for(
    lines: Sequence[BasketLine], shopper: Shopper, promotions: Sequence[Promotion], now: datetime
) -> tuple[list[Offer], list[Unused]]:
    """What may be used on *lines*, in the order of application; and what may not, with the reason.

    *lines* as `merged` gives them. A promotion that needs a coupon is an offer once for each coupon in hand; without
    one it is neither.
    """
    offers, unused = [], []
    products = [(lines[places[0]].product_id, lines[places[0]].category) for places in by_product(lines).values()]
    for promotion, coupon, reason in _candidates(shopper, promotions, now):
        title, coupon_id = (coupon.title, coupon.id) if coupon else (promotion.title, None)
        offer = _offer(promotion, coupon, products)
        if reason is None and not offer.goods:
            reason = _scope_in_words(promotion, lines)
        if reason is None:
            offers.append(offer)
        else:
            unused.append(Unused(title, reason, promotion.id, coupon_id))
    known = {promotion.id for promotion in promotions}
    for coupon in shopper.coupons:
        if coupon.promotion_id not in known:
            reason = _coupon_bar(coupon, now) or "对应的活动现在没有进行"
            unused.append(Unused(coupon.title, reason, coupon.promotion_id, coupon.id))
    return sorted(offers, key=_place), unused


def _candidates(
    shopper: Shopper, promotions: Iterable[Promotion], now: datetime
) -> Iterator[tuple[Promotion, Coupon | None, str | None]]:
    """Promotions and coupons with what bars them whatever is bought; of a limited one the coupons that expire first."""
    times = Counter(coupon.promotion_id for coupon in shopper.coupons if coupon.used_at)
    in_hand: dict[str, list[Coupon]] = {}
    for coupon in sorted(shopper.coupons, key=lambda one: (one.expires_at, one.id)):
        in_hand.setdefault(coupon.promotion_id, []).append(coupon)
    for promotion in promotions:
        bar = _bar(promotion, shopper, now)
        if not (promotion.kind is _K.COUPON or promotion.by_coupon):
            yield promotion, None, bar
            continue
        for coupon in in_hand.get(promotion.id, ()):
            reason = _coupon_bar(coupon, now) or bar
            if reason is None and promotion.limit_per_buyer:
                times[promotion.id] += 1
                if times[promotion.id] > promotion.limit_per_buyer:
                    reason = f"每人限用{promotion.limit_per_buyer}次"
            yield promotion, coupon, reason


def _coupon_bar(coupon: Coupon, now: datetime) -> str | None:
    if coupon.used_at:
        return f"{said(coupon.used_at)}已经用过了"
    if coupon.expires_at < now:
        return f"已过期（{said(coupon.expires_at)}到期）"
    if coupon.starts_at and now < coupon.starts_at:
        return f"还没到使用时间，{said(coupon.starts_at)}起可用"
    return None


def _bar(promotion: Promotion, shopper: Shopper, now: datetime) -> str | None:
    if now < promotion.starts_at:
        return f"活动还没开始，{said(promotion.starts_at)}起"
    if promotion.ends_at < now:
        return f"已过期（活动{said(promotion.ends_at)}结束）"
    if promotion.tiers and shopper.tier not in promotion.tiers:
        return f"只限{'、'.join(promotion.tiers)}会员"
    if promotion.first_order_only and not shopper.first_order:
        return "只限首单"
    if shopper.province in promotion.not_to:
        return f"{'、'.join(promotion.not_to)}除外"
    if promotion.gift_stock == 0:
        return "赠品已经送完了"
    return None


def _scope_in_words(promotion: Promotion, lines: Sequence[BasketLine]) -> str:
    left_out = [line.name for line in lines if line.product_id in promotion.excludes]
    if left_out:
        return f"{'、'.join(left_out)}不参加"
    goods = f"指定的{len(promotion.product_ids)}款商品" if promotion.product_ids else "、".join(promotion.categories)
    what = "这张券" if promotion.kind is _K.COUPON else "这个优惠"
    return f"{what}只能用于{goods or '其他商品'}"


def _offer(promotion: Promotion, coupon: Coupon | None, products: Iterable[tuple[str, str]]) -> Offer:
    goods = sum(covers(promotion, *product) << number for number, product in enumerate(products))
    beside = sum(_BITS[word] for word in set(promotion.stacks_with))
    return Offer(promotion, coupon, goods, STEPS[promotion.kind], _BITS[promotion.kind], beside)


def _place(offer: Offer) -> tuple[object, ...]:
    """Where an offer stands in the order of application."""
    promotion, coupon = offer.promotion, offer.coupon
    width = 0 if promotion.product_ids else 1 if promotion.categories else 2
    until = coupon.expires_at if coupon else promotion.ends_at
    return offer.step, width, -promotion.off_fen, promotion.percent, until, promotion.id, coupon.id if coupon else ""
