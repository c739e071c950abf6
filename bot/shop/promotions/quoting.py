"""What a basket costs: checks what it is given, chooses, applies, explains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.shop.facts import Promotion, PromotionKind, ShopTerms
from bot.shop.promotions.applying import Applied, Case, Taken, apply, case_of
from bot.shop.promotions.basket import BasketLine, Shopper, merged
from bot.shop.promotions.records import PaidLine, Quote, Step, Unused, yuan
from bot.shop.promotions.rules import check_terms, checked
from bot.shop.promotions.search import best
from bot.shop.promotions.usable import STEPS, Offer, offers_for
from bot.shop.promotions.words import freight_words, reasons, step_words, title_of

_COUPON, _GIFT = STEPS[PromotionKind.COUPON], STEPS[PromotionKind.GIFT]


def quote(
    lines: Iterable[BasketLine], shopper: Shopper, promotions: Sequence[Promotion], terms: ShopTerms, now: datetime
) -> Quote:
    """What *lines* cost *shopper* at *now* with the best combination of all that may be used, and the working.

    Parameters
    ----------
    promotions
        All that the shop has; what does not hold at *now* is told among `unused`.
    terms
        Freight and points are theirs.
    now
        UTC, aware.

    Raises
    ------
    BadBasket
        A quantity below 1, a negative price, a variant at two prices.
    BadPromotion
        One of *promotions*, or a rule of *terms*, makes no sense (see `rules.checked`).
    """
    case, offers, applied, proven, unused = reckon(lines, shopper, promotions, terms, now)
    points = _points_spent(applied, terms)
    return Quote(
        lines=tuple(
            PaidLine(line.sku_id, line.name, line.quantity, line.price_fen, left)
            for line, left in zip(case.lines, applied.left, strict=True)
        ),
        steps=tuple(_steps(case, applied, points)),
        marked_fen=sum(case.marked),
        goods_fen=sum(applied.left),
        freight_fen=applied.freight_fen,
        freight_words=freight_words(applied, case, shopper.province, terms),
        points=points,
        gifts=tuple(one.offer.promotion.gift or "" for one in applied.taken if one.offer.step == _GIFT),
        unused=(*reasons(case, applied, offers), *unused),
        proven=proven,
    )


def reckon(
    lines: Iterable[BasketLine], shopper: Shopper, promotions: Sequence[Promotion], terms: ShopTerms, now: datetime
) -> tuple[Case, list[Offer], Applied, bool, list[Unused]]:
    """The case, its offers, the best of them applied, whether that is proven, and what may not be used; as `quote`."""
    checked(promotions)
    check_terms(terms)
    basket = merged(lines)
    case = case_of(basket, shopper, terms)
    offers, unused = offers_for(basket, shopper, promotions, now)
    found = best(case, offers)
    gifts = (offer for offer in offers if offer.step == _GIFT)
    return case, offers, apply(case, (*found.offers, *gifts)), found.proven, unused


def _points_spent(applied: Applied, terms: ShopTerms) -> int:
    """Points for the fen they pay; a part of a point counts as a whole one."""
    paid_fen = sum(applied.points.values())
    return -(-paid_fen * terms.points.points_a_yuan // 100) if terms.points else 0


def _steps(case: Case, applied: Applied, points: int) -> list[Step]:
    steps = [_step(case, one) for one in applied.taken]
    if points:
        paid_fen = sum(applied.points.values())
        words = f"积分：用{points}分抵{yuan(paid_fen)}元"
        place = sum(one.offer.step <= _COUPON for one in applied.taken)
        steps.insert(place, Step(None, "积分", paid_fen, _by_sku(case, applied.points), words))
    return steps


def _step(case: Case, taken: Taken) -> Step:
    promotion, coupon = taken.offer.promotion, taken.offer.coupon
    return Step(
        promotion.kind, title_of(taken.offer), taken.off_fen, _by_sku(case, taken.shares), step_words(taken),
        promotion.id, coupon.id if coupon else None,
    )  # fmt: skip


def _by_sku(case: Case, shares: Mapping[int, int]) -> Mapping[str, int]:
    return {case.lines[place].sku_id: fen for place, fen in shares.items()}
