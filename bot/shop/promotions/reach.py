"""Which offers reach their thresholds, and the most they can take off together: what the search measures with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.shop.promotions.applying import off_of, open_goods, summed
from bot.shop.promotions.usable import Offer

Claims = tuple[tuple[Offer, int], ...]  #: offers chosen, and the goods each has claimed
Cut = tuple[int, Offer]  #: fen, and what takes them off


@dataclass(frozen=True, slots=True)
class Alike:
    """Coupons for the same goods with the same company: they differ in threshold and sum only."""

    one: Offer
    coupons: tuple[Offer, ...]  #: what takes off most first


class Sums(dict[int, int]):
    """What goods cost after steps 1 and 2, each set of them summed once."""

    def __init__(self, base: Sequence[int]) -> None:
        super().__init__()
        self.base = base
        self.base_fen = sum(base)

    def __missing__(self, goods: int) -> int:
        self[goods] = found = summed(self.base, goods)
        return found


def reached_coupons(groups: Sequence[Alike], sums: Sums, claims: Claims) -> list[Offer]:
    """The coupons that reach their threshold; of those alike that exclude each other, the best."""
    found = []
    for group in groups:
        counted_fen = sums[open_goods(group.one, claims)]
        for coupon in group.coupons:
            if coupon.promotion.threshold_fen <= counted_fen:
                found.append(coupon)
                if not _many(coupon):
                    break
    return found


def reaches(freight: Offer, sums: Sums, claims: Claims) -> bool:
    """Whether a 包邮 has goods open to it that reach its threshold."""
    goods = open_goods(freight, claims)
    return bool(goods) and sums[goods] >= freight.promotion.threshold_fen


def alike(coupons: Sequence[Offer]) -> Iterator[Alike]:
    """*coupons* in groups; of those that take off as much, the order given is kept."""

    def nature(one: Offer) -> tuple[int, int]:
        return one.goods, one.beside

    ranked = sorted(coupons, key=lambda one: (*nature(one), -one.promotion.off_fen))
    for _, found in groupby(ranked, nature):
        group = tuple(found)
        yield Alike(group[0], group)


def _many(coupon: Offer) -> bool:
    """Several coupons of its kind may be used at once."""
    return bool(coupon.beside & coupon.bit)


def sets(usable: Sequence[Offer]) -> Iterator[tuple[Offer, ...]]:
    """All that may be used together, and each of the others alone; all are no worse than some of them."""
    yield tuple(one for one in usable if _many(one))
    yield from ((one,) for one in usable if not _many(one))


def reached_cuts(cuts: Sequence[Offer], sums: Sums, claims: Claims) -> list[Cut]:
    """Those of *cuts* that reach their threshold, with what each takes off if the others leave it its goods."""
    found = ((off_of(one.promotion, sums[open_goods(one, claims)]), one) for one in cuts)
    return [(fen, one) for fen, one in found if fen]


def most(cuts: Sequence[Cut]) -> int:
    """A bound for what *cuts* take off together: of those of one kind for the same goods only one can count."""
    best: dict[tuple[int, int, int], int] = {}
    for fen, offer in cuts:
        nature = offer.goods, offer.bit, offer.beside
        best[nature] = max(fen, best.get(nature, 0))
    return sum(best.values())
