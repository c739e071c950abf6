"""Looks for the offers that leave least to pay: branch and bound along the order of application.

First the offers of steps 1 and 2 are chosen or left, then 满减 and 每满减, then coupons and 包邮. A branch is left as
soon as even the most that could still be taken off would not beat the best choice known; that most lets every offer
have all goods still open to it, so it is never too small. Sums are taken as if goods never became free, which is never
too dear either; where they might have, the choice is applied in earnest before it counts. With many offers of steps 1
and 2 a good choice is climbed to first, so that a search that is cut short has something to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.shop.facts import PromotionKind
from bot.shop.promotions.applying import Case, apply, open_goods, price_offs, products_in, summed
from bot.shop.promotions.reach import Claims, Cut, Sums, alike, most, reached_coupons, reached_cuts, reaches, sets
from bot.shop.promotions.usable import PRICE_STEPS, STEPS, Offer, may_stand_beside

BRANCHES = 2000  #: looked at before the search is cut short
_MANY_PRICES = 6  #: more offers of steps 1 and 2: too many choices to begin with just any
_COUPON, _FREIGHT = STEPS[PromotionKind.COUPON], STEPS[PromotionKind.FREE_FREIGHT]

Chain = tuple[tuple[int, int], ...]  #: percentages and nth pieces, in the order of application


@dataclass(frozen=True, slots=True)
class Found:
    """The best choice."""

    offers: tuple[Offer, ...]  #: in the order of application, gifts left out
    proven: bool  #: the search was not cut short


@dataclass(frozen=True, slots=True)
class Prices:
    """A choice of steps 1 and 2."""

    claims: Claims
    base: Sequence[int]  #: of each product, fen
    chains: Sequence[Chain]  #: of each product: what led to its price


@dataclass(frozen=True, slots=True)
class Rest:
    """What the other steps can do after such a choice."""

    sums: Sums
    cuts: tuple[Offer, ...]  #: 满减 and 每满减 that reach their threshold
    coupons_most: int
    fee_fen: int
    freights: tuple[Cut, ...]  #: 包邮 that may be used, and what it saves
    least_freight_fen: int


def best(case: Case, offers: Sequence[Offer]) -> Found:
    """The best choice of *offers*, which come in the order of application; of equally good ones the first found."""
    search = _Search(case, offers)
    search.run()
    return Found(search.best, search.branches_left > 0)


class _Search:
    def __init__(self, case: Case, offers: Sequence[Offer]) -> None:
        self.case = case
        self.prices = [one for one in offers if one.step <= PRICE_STEPS]
        self.cuts = [one for one in offers if PRICE_STEPS < one.step < _COUPON]
        self.alike = list(alike([one for one in offers if one.step == _COUPON]))
        self.freights = [one for one in offers if one.step == _FREIGHT]
        self.contested = {cut for cut in self.cuts if self._contested(cut)}
        self.place = {offer: place for place, offer in enumerate(offers)}
        self.branches_left = BRANCHES
        self.best: tuple[Offer, ...] = ()
        self.best_fen = apply(case, ()).total_fen
        self.amounts: dict[tuple[int, Chain], int] = {}
        self.prices_most = self._prices_most()
        as_marked = self._rest(Prices((), case.marked, ()))
        self.others_most = most(reached_cuts(as_marked.cuts, as_marked.sums, ())) + as_marked.coupons_most

    def run(self) -> None:
        """Leave the best choice in `best`."""
        nothing = Prices((), self.case.marked, ((),) * len(self.case.marked))
        if len(self.prices) > _MANY_PRICES:
            self._climb(nothing)
        self._choose_prices(0, nothing)

    def _climb(self, nothing: Prices) -> None:
        """Begin with all offers of steps 1 and 2, and leave or take one as long as that is better."""
        used, better = set(self.prices), True
        self._choose_rest(self._with(used, nothing))
        while better and self.branches_left > BRANCHES // 2:
            better = False
            for offer in self.prices:
                before_fen = self.best_fen
                self._choose_rest(self._with(used ^ {offer}, nothing))
                if self.best_fen < before_fen:
                    used, better = used ^ {offer}, True

    def _with(self, used: set[Offer], prices: Prices) -> Prices:
        for offer in self.prices:
            if offer in used:
                prices = self._priced(offer, prices) or prices
        return prices

    def _choose_prices(self, number: int, prices: Prices) -> None:
        """Choose from the *number*-th offer of steps 1 and 2 on."""
        self.branches_left -= 1
        least_fen = sum(prices.base) - self.prices_most[number] - self.others_most
        if self.branches_left <= 0 or self._total(least_fen, 0) >= self.best_fen:
            return
        if number == len(self.prices):
            self._choose_rest(prices)
            return
        changed = self._priced(self.prices[number], prices)
        if changed:
            self._choose_prices(number + 1, changed)
        self._choose_prices(number + 1, prices)

    def _priced(self, offer: Offer, prices: Prices) -> Prices | None:
        """*prices* after *offer* of step 1 or 2; None if it changes nothing."""
        goods = open_goods(offer, prices.claims)
        if not goods or summed(self.case.marked, goods) < offer.promotion.threshold_fen:
            return None
        base, chains = list(prices.base), list(prices.chains)
        for product in products_in(goods):
            chains[product] = (*chains[product], (offer.promotion.percent, offer.promotion.nth_piece))
            base[product] = self._amount(product, chains[product])
        return Prices((*prices.claims, (offer, goods)), base, chains) if base != list(prices.base) else None

    def _choose_rest(self, prices: Prices) -> None:
        rest = self._rest(prices)
        self._choose_cuts(rest.cuts, rest, prices.claims, 0)

    def _choose_cuts(self, cuts: tuple[Offer, ...], rest: Rest, claims: Claims, off_fen: int) -> None:
        """Choose among *cuts*, 满减 and 每满减; *off_fen* is what those chosen before take off."""
        self.branches_left -= 1
        reached = reached_cuts(cuts, rest.sums, claims)
        least_fen = rest.sums.base_fen - off_fen - most(reached) - rest.coupons_most
        if self.branches_left <= 0 or self._total(least_fen, rest.least_freight_fen) >= self.best_fen:
            return
        if not reached:
            self._choose_coupons(rest, claims, off_fen)
            return
        (cut_fen, offer), *others = reached
        later = tuple(one for _, one in others)
        rivals = [fen for fen, one in others if offer.goods & one.goods and not may_stand_beside(offer, one)]
        leave_first = max(rivals, default=0) > cut_fen
        if leave_first:
            self._choose_cuts(later, rest, claims, off_fen)
        self._choose_cuts(later, rest, (*claims, (offer, open_goods(offer, claims))), off_fen + cut_fen)
        if not leave_first and (rivals or offer in self.contested):
            self._choose_cuts(later, rest, claims, off_fen)

    def _choose_coupons(self, rest: Rest, claims: Claims, off_fen: int) -> None:
        """The best set of coupons with each 包邮 and without."""
        usable = reached_coupons(self.alike, rest.sums, claims)
        options: list[tuple[int, Offer | None]] = [(0, None), *rest.freights]
        for save_fen, freight in options:
            if freight and not reaches(freight, rest.sums, claims):
                continue
            for coupons in sets([one for one in usable if freight is None or may_stand_beside(one, freight)]):
                cut_fen = off_fen + sum(one.promotion.off_fen for one in coupons)
                total_fen = self._total(rest.sums.base_fen - cut_fen, rest.fee_fen - save_fen)
                if total_fen < self.best_fen:
                    self._try(claims, (*coupons, *([freight] if freight else ())), total_fen, cut_fen, rest.sums)

    def _try(self, claims: Claims, others: tuple[Offer, ...], total_fen: int, cut_fen: int, sums: Sums) -> None:
        """Keep a choice if it is better than all before."""
        cuts = [goods for one, goods in claims if one.step > PRICE_STEPS]
        cuts += [open_goods(one, claims) for one in others if one.step == _COUPON]
        chosen = tuple(sorted((*(one for one, _ in claims), *others), key=self.place.__getitem__))
        if any(sums[goods] < cut_fen for goods in cuts):  # something may become free
            total_fen = apply(self.case, chosen).total_fen
        if total_fen < self.best_fen:
            self.best, self.best_fen = chosen, total_fen

    def _rest(self, prices: Prices) -> Rest:
        sums, claims = Sums(prices.base), prices.claims
        fee_fen = self.case.fee_after(sums.base_fen)
        cuts = tuple(one for _, one in reached_cuts(self.cuts, sums, claims))
        coupons_most = max(
            sum(one.promotion.off_fen for one in some) for some in sets(reached_coupons(self.alike, sums, claims))
        )
        freights = tuple(
            (min(one.promotion.off_fen or fee_fen, fee_fen), one)
            for one in self.freights if fee_fen and reaches(one, sums, claims)
        )  # fmt: skip
        least_freight_fen = fee_fen - max((fen for fen, _ in freights), default=0)
        return Rest(sums, cuts, coupons_most, fee_fen, freights, least_freight_fen)

    def _prices_most(self) -> list[int]:
        """The most that the offers of steps 1 and 2 from the n-th on can take off."""
        rest = [0]
        for offer in reversed(self.prices):
            chain = ((offer.promotion.percent, offer.promotion.nth_piece),)
            gains = (self.case.marked[product] - self._amount(product, chain) for product in products_in(offer.goods))
            rest.insert(0, rest[0] + sum(gains))
        return rest

    def _contested(self, cut: Offer) -> bool:
        """A coupon or 包邮 may not stand beside *cut*."""
        others = (*(group.one for group in self.alike), *self.freights)
        return any(cut.goods & other.goods and not may_stand_beside(cut, other) for other in others)

    def _amount(self, product: int, chain: Chain) -> int:
        """What a product costs after the offers of *chain*, each (percent, nth piece)."""
        known = self.amounts.get((product, chain))
        if known is None:
            lines = [self.case.lines[place] for place in self.case.places[product]]
            units, pieces = [line.price_fen for line in lines], [line.quantity for line in lines]
            known = self.case.marked[product]
            for percent, nth in chain:
                offs, units = price_offs(units, pieces, percent, nth)
                known -= sum(offs)
            self.amounts[product, chain] = known
        return known

    def _total(self, goods_fen: int, freight_fen: int) -> int:
        """What is paid when the goods come to *goods_fen* before points."""
        goods_fen = max(0, goods_fen)
        return goods_fen - self.case.by_points(goods_fen) + max(0, freight_fen)
