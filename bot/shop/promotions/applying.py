"""Takes chosen offers off a basket, in the order of application, to the fen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.shop.facts import Promotion, PromotionKind, ShopTerms
from bot.shop.promotions.basket import BasketLine, Shopper, by_product
from bot.shop.promotions.usable import CLAIMING_STEPS, PRICE_STEPS, STEPS, Offer, may_stand_beside
from bot.shop.shares import split

_FREIGHT_STEP = STEPS[PromotionKind.FREE_FREIGHT]


@dataclass(frozen=True, slots=True)
class Case:
    """A basket with all that does not depend on the choice of offers."""

    lines: tuple[BasketLine, ...]
    places: tuple[tuple[int, ...], ...]  #: of each product: the places of its lines
    marked: tuple[int, ...]  #: of each product: its price as marked, fen
    fee_fen: int  #: freight as marked
    free_from_fen: int  #: goods after step 2 from which the shop asks no freight
    points_fen: int  #: what the points to spend are worth
    points_percent: int  #: share of the goods that points may pay

    def by_points(self, goods_fen: int) -> int:
        """How much of *goods_fen* points pay."""
        return min(self.points_fen, goods_fen * self.points_percent // 100)

    def fee_after(self, base_fen: int) -> int:
        """Freight for goods that cost *base_fen* after step 2, before 包邮."""
        return 0 if base_fen >= self.free_from_fen else self.fee_fen


@dataclass(frozen=True, slots=True)
class Taken:
    """What one offer took off."""

    offer: Offer
    off_fen: int
    goods: int  #: products it counted and claimed
    counted_fen: int  #: what they cost, as its threshold measures it
    shares: Mapping[int, int]  #: place of a line -> fen


@dataclass(frozen=True, slots=True)
class Applied:
    """All that was taken off."""

    taken: tuple[Taken, ...]
    base: tuple[int, ...]  #: of each product: its price after step 2
    points: Mapping[int, int]  #: place of a line -> fen that points pay
    left: tuple[int, ...]  #: of each line: fen still to pay
    freight_fen: int

    @property
    def total_fen(self) -> int:
        return sum(self.left) + self.freight_fen


def case_of(lines: tuple[BasketLine, ...], shopper: Shopper, terms: ShopTerms) -> Case:
    """The case of *lines*, as `merged` gives them."""
    places = tuple(by_product(lines).values())
    marked = tuple(sum(lines[place].marked_fen for place in of_one) for of_one in places)
    points = terms.points
    return Case(
        lines, places, marked,
        fee_fen=fee(lines, shopper.province, terms), free_from_fen=terms.free_freight_from_fen,
        points_fen=max(0, shopper.points) * 100 // points.points_a_yuan if points else 0,
        points_percent=points.most_percent if points else 0,
    )  # fmt: skip


def fee(lines: Sequence[BasketLine], province: str | None, terms: ShopTerms) -> int:
    """Freight as marked, before anything makes it free; 0 for no goods and for where the shop does not deliver."""
    if not lines or province in terms.not_delivered:
        return 0
    rule = next((one for one in terms.freight_rules if province in one.provinces), None)
    if rule is None:
        return terms.far_freight_fen if province in terms.far_provinces else terms.freight_fen
    weight_g = sum(line.quantity * (line.weight_g or 0) for line in lines)
    beyond_g = max(0, weight_g - rule.first_g) if rule.first_g else 0
    return rule.first_fen + -(-beyond_g // rule.per_g) * rule.more_fen


def apply(case: Case, offers: Sequence[Offer]) -> Applied:
    """*offers*, which come in the order of application, on *case*; those that take nothing off are left out.

    Whoever chooses sees to it that coupons and 包邮 may stand beside each other; of gifts only those are given that may.
    """
    left, units = [line.marked_fen for line in case.lines], [line.price_fen for line in case.lines]
    taken: list[Taken] = []
    for offer in offers:
        if offer.step <= PRICE_STEPS:
            _note(taken, _on_prices(case, offer, taken, units), left)
    base = tuple(sum(left[place] for place in of_one) for of_one in case.places)
    for offer in offers:
        if PRICE_STEPS < offer.step < _FREIGHT_STEP:
            _note(taken, _on_sums(case, offer, taken, base, left), left)
    points = _shared(case.by_points(sum(left)), dict(enumerate(left)))
    left = [fen - points.get(place, 0) for place, fen in enumerate(left)]
    freight_fen = case.fee_after(sum(base))
    for offer in offers:
        if offer.step >= _FREIGHT_STEP:
            found = _on_order(offer, taken, base, freight_fen)
            _note(taken, found, left)
            freight_fen -= found.off_fen if found else 0
    return Applied(tuple(taken), base, points, tuple(left), freight_fen)


def price_offs(units: Sequence[int], pieces: Sequence[int], percent: int, nth: int) -> tuple[list[int], list[int]]:
    """What a 会员价 or 折扣 takes off the lines of one product, and the prices of one piece that later steps see.

    *percent* of the price of every *nth* piece remains, half a fen rounded upwards. Of "every second piece" the
    dearest piece is the first, the next dearest the second, and so on.
    """
    cheaper = [(unit * percent + 50) // 100 for unit in units]
    if nth == 1:
        return [(unit - new) * count for unit, new, count in zip(units, cheaper, pieces, strict=True)], cheaper
    offs, before = [0] * len(units), 0
    for place in sorted(range(len(units)), key=lambda place: -units[place]):
        times = (before + pieces[place]) // nth - before // nth
        offs[place] = times * (units[place] - cheaper[place])
        before += pieces[place]
    return offs, list(units)


def off_of(promotion: Promotion, counted_fen: int) -> int:
    """What a 满减, 每满减 or 券 takes off goods that cost *counted_fen*, if there is so much left."""
    if counted_fen < promotion.threshold_fen:
        return 0
    if promotion.kind is not PromotionKind.EACH_THRESHOLD_OFF:
        return promotion.off_fen
    off_fen = counted_fen // promotion.threshold_fen * promotion.off_fen
    return off_fen if promotion.most_off_fen is None else min(off_fen, promotion.most_off_fen)


def open_goods(offer: Offer, claims: Iterable[tuple[Offer, int]]) -> int:
    """The goods of *offer* that no other has claimed beside which it may not stand; *claims* are offers and goods."""
    goods = offer.goods
    for other, claimed in claims:
        if goods & claimed and not may_stand_beside(offer, other):
            goods &= ~claimed
    return goods


def claims_of(taken: Iterable[Taken]) -> list[tuple[Offer, int]]:
    """What offers of the claiming steps have claimed."""
    return [(one.offer, one.goods) for one in taken if one.offer.step <= CLAIMING_STEPS]


def products_in(goods: int) -> Iterator[int]:
    """Numbers of the products whose bits are set."""
    while goods:
        low = goods & -goods
        yield low.bit_length() - 1
        goods ^= low


def summed(amounts: Sequence[int], goods: int) -> int:
    """The sum of *amounts* of the products in *goods*."""
    return sum(amounts[number] for number in products_in(goods))


def _note(taken: list[Taken], found: Taken | None, left: list[int]) -> None:
    if found:
        taken.append(found)
        for place, off_fen in found.shares.items():
            left[place] -= off_fen


def _on_prices(case: Case, offer: Offer, taken: Sequence[Taken], units: list[int]) -> Taken | None:
    goods = open_goods(offer, claims_of(taken))
    counted_fen = summed(case.marked, goods)
    if counted_fen < offer.promotion.threshold_fen:
        return None
    shares: dict[int, int] = {}
    for number in products_in(goods):
        places = case.places[number]
        pieces = [case.lines[place].quantity for place in places]
        offs, later = price_offs(
            [units[place] for place in places], pieces, offer.promotion.percent, offer.promotion.nth_piece
        )
        shares |= {place: off for place, off in zip(places, offs, strict=True) if off}
        for place, unit in zip(places, later, strict=True):
            units[place] = unit
    return Taken(offer, sum(shares.values()), goods, counted_fen, shares) if shares else None


def _on_sums(
    case: Case, offer: Offer, taken: Sequence[Taken], base: Sequence[int], left: Sequence[int]
) -> Taken | None:
    goods = open_goods(offer, claims_of(taken))
    counted_fen = summed(base, goods)
    lines = {place: left[place] for number in products_in(goods) for place in case.places[number]}
    off_fen = min(off_of(offer.promotion, counted_fen), sum(lines.values()))
    return Taken(offer, off_fen, goods, counted_fen, _shared(off_fen, lines)) if off_fen else None


def _on_order(offer: Offer, taken: Sequence[Taken], base: Sequence[int], freight_fen: int) -> Taken | None:
    goods = open_goods(offer, claims_of(taken))
    counted_fen = summed(base, goods)
    if not goods or counted_fen < offer.promotion.threshold_fen:
        return None
    if offer.step != _FREIGHT_STEP:
        on_order = (one.offer for one in taken if one.offer.step > CLAIMING_STEPS)
        welcome = all(may_stand_beside(offer, other) for other in on_order)
        return Taken(offer, 0, goods, counted_fen, {}) if welcome else None
    off_fen = min(offer.promotion.off_fen or freight_fen, freight_fen)
    return Taken(offer, off_fen, goods, counted_fen, {}) if off_fen else None


def _shared(amount_fen: int, weights: Mapping[int, int]) -> dict[int, int]:
    """*amount_fen* split over places by *weights*; shares of nothing are left out."""
    if not amount_fen:
        return {}
    shares = split(amount_fen, list(weights.values()))
    return {place: share for place, share in zip(weights, shares, strict=True) if share}
