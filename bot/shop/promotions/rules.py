"""Which promotions make sense, and which goods they are for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from bot.errors import BadPromotion
from bot.shop.facts import BargainRule, FreightRule, PointsRule, Product, Promotion, PromotionKind, ShopTerms
from bot.shop.promotions.records import yuan

_K = PromotionKind
_KINDS = frozenset(kind.value for kind in PromotionKind)
_MONEY_OFF = frozenset({_K.THRESHOLD_OFF, _K.EACH_THRESHOLD_OFF, _K.COUPON})
_PERCENT = frozenset({_K.MEMBER_PRICE, _K.PERCENT_OFF})
_MANY_AT_ONCE = frozenset({_K.COUPON, _K.GIFT})  #: kinds of which several may stand side by side


class Scoped(Protocol):
    """What is for some goods only."""

    @property
    def categories(self) -> tuple[str, ...]: ...
    @property
    def product_ids(self) -> tuple[str, ...]: ...
    @property
    def excludes(self) -> tuple[str, ...]: ...


def covers(offer: Scoped, product_id: str, category: str) -> bool:
    """Whether *offer* is for this product: listed, or of a listed category, or nothing is listed; and not excluded."""
    if offer.excludes and (product_id in offer.excludes or category in offer.excludes):
        return False
    if offer.product_ids:
        return product_id in offer.product_ids
    return not offer.categories or category in offer.categories


def checked(promotions: Iterable[Promotion], products: Iterable[Product] | None = None) -> tuple[Promotion, ...]:
    """All *promotions*, if each makes sense and no id stands twice; else raises `BadPromotion` with the first fault.

    With *products*, the whole catalogue, each must be for at least one of them.
    """
    goods = None if products is None else {(product.id, product.category) for product in products}
    seen: dict[str, Promotion] = {}
    for promotion in promotions:
        fault = next(_faults(promotion), None)
        if fault is None and goods is not None and not any(covers(promotion, *one) for one in goods):
            fault = "适用范围是空的：没有任何在售商品"
        if fault is None and promotion.id in seen:
            fault = f"编号{promotion.id}重复了"
        if fault:
            raise BadPromotion(promotion.title or promotion.id, fault)
        seen[promotion.id] = promotion
    return tuple(seen.values())


def sound(promotions: Iterable[Promotion]) -> tuple[Promotion, ...]:
    """Those of *promotions* that make sense: for a shop whose one slip must not cost every answer."""
    return tuple(one for one in promotions if next(_faults(one), None) is None)


def check_terms(terms: ShopTerms) -> None:
    """Freight, points and bargaining of *terms* make sense; else raises `BadPromotion`."""
    flat = (terms.free_freight_from_fen, terms.freight_fen, terms.far_freight_fen)
    if min(flat) < 0:
        raise BadPromotion("运费", "运费和包邮门槛不能是负数")
    for freight in terms.freight_rules:
        _check_freight(freight)
    if terms.points is not None:
        _check_points(terms.points)
    for rule in terms.bargaining:
        _check_bargain(rule)


def _check_freight(rule: FreightRule) -> None:
    if min(rule.first_fen, rule.first_g, rule.more_fen) < 0 or rule.per_g < 1:
        raise BadPromotion("运费", f"{'、'.join(rule.provinces)}的运费规则有负数，或续重单位不到1克")


def _check_points(rule: PointsRule) -> None:
    if rule.points_a_yuan < 1 or not 0 <= rule.most_percent <= 100:
        raise BadPromotion("积分抵扣", "每元的积分至少是1，抵扣上限要在0%到100%之间")


def _check_bargain(rule: BargainRule) -> None:
    if not 0 <= rule.percent_off < 100 or rule.from_quantity < 1:
        raise BadPromotion(rule.title, "让利要在0%到99%之间，件数至少是1")
    if rule.percent_off == 0 and not rule.gift:
        raise BadPromotion(rule.title, "既没有让利也没有赠品")
    if _empty(rule):
        raise BadPromotion(rule.title, "适用范围是空的")


def _faults(offer: Promotion) -> Iterator[str]:
    if offer.starts_at.tzinfo is None or offer.ends_at.tzinfo is None:
        yield "起止时间没有时区"
        return
    if offer.ends_at <= offer.starts_at:
        yield "结束时间不晚于开始时间"
    if _empty(offer):
        yield "适用范围是空的：列出的都被排除了"
    unknown = set(offer.stacks_with) - _KINDS
    if unknown:
        yield f"叠加规则里有不认识的优惠：{'、'.join(sorted(unknown))}"
    if offer.kind not in _MANY_AT_ONCE and offer.kind in offer.stacks_with:
        yield f"{offer.kind}不能和{offer.kind}叠加"
    if min(offer.threshold_fen, offer.off_fen, offer.limit_per_buyer) < 0:
        yield "门槛、减免金额和次数不能是负数"
    yield from _faults_of_kind(offer)


def _faults_of_kind(offer: Promotion) -> Iterator[str]:
    kind = offer.kind
    if kind in _MONEY_OFF:
        yield from _money_faults(offer)
    if kind in _PERCENT:
        if not 1 <= offer.percent <= 99:
            yield f"折后比例是{offer.percent}%，要在1%到99%之间"
        if offer.nth_piece < 1 or (offer.nth_piece > 1 and kind is _K.MEMBER_PRICE):
            yield "第几件的规则不对"
    if kind is _K.MEMBER_PRICE and not offer.tiers:
        yield "会员价没有写哪些等级可以享受"
    if kind is _K.GIFT and not offer.gift:
        yield "没有写送什么"
    if offer.gift_stock is not None and offer.gift_stock < 0:
        yield "赠品库存不能是负数"
    if offer.by_coupon and kind is not _K.FREE_FREIGHT:
        yield "只有包邮可以另外要求凭券"


def _money_faults(offer: Promotion) -> Iterator[str]:
    if offer.off_fen == 0:
        yield "减免金额是0"
    if offer.threshold_fen == 0:
        yield "门槛是0"
    elif offer.threshold_fen < offer.off_fen:
        yield f"门槛{yuan(offer.threshold_fen)}元低于减免的{yuan(offer.off_fen)}元"
    if offer.most_off_fen is not None and offer.most_off_fen < offer.off_fen:
        yield "最多减的金额低于减一次的金额"


def _empty(offer: Scoped) -> bool:
    """What is listed is excluded again, all of it."""
    listed = offer.product_ids or offer.categories
    return bool(listed) and all(one in offer.excludes for one in listed)
