"""What may really be given to who asks for less: the shop's published rules and its promotions, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.shop.facts import BargainRule, Product, Promotion, ShopTerms
from bot.shop.promotions.records import yuan
from bot.shop.promotions.rules import check_terms, checked, covers


@dataclass(frozen=True, slots=True)
class Concession:
    """What one rule gives for so many pieces."""

    title: str
    from_quantity: int
    price_fen: int  #: of one piece, the least that may be asked
    gift: str | None
    words: str


@dataclass(frozen=True, slots=True)
class Bargain:
    """An answer to "便宜点"."""

    granted: tuple[Concession, ...]  #: hold for the pieces asked for; the lowest price first
    for_more: tuple[Concession, ...]  #: would hold for more pieces; the fewest first
    promotions: tuple[Promotion, ...]  #: hold for the product
    words: str


def bargain(
    product: Product, price_fen: int, quantity: int, tier: str, terms: ShopTerms, promotions: Sequence[Promotion]
) -> Bargain:
    """What may be offered for *quantity* pieces of *product* at *price_fen* as marked; the same for whoever asks.

    *promotions* hold now; those for other tiers than *tier* are left out. Raises `BadPromotion` like `quote`.
    """
    check_terms(terms)
    real = tuple(one for one in checked(promotions) if _is_for(one, product, tier))
    rules = [rule for rule in terms.bargaining if _is_for(rule, product, tier)]
    given = sorted((_concession(rule, price_fen) for rule in rules), key=lambda one: (one.price_fen, one.from_quantity))
    granted = tuple(one for one in given if one.from_quantity <= quantity)
    for_more = tuple(sorted((one for one in given if one not in granted), key=lambda one: one.from_quantity))
    return Bargain(granted, for_more, real, _words(granted, for_more, real))


def _is_for(rule: BargainRule | Promotion, product: Product, tier: str) -> bool:
    return covers(rule, product.id, product.category) and (not rule.tiers or tier in rule.tiers)


def _concession(rule: BargainRule, price_fen: int) -> Concession:
    """The price is rounded up to the fen: a rule's percentage is the most that may be given."""
    lowest_fen = -(-price_fen * (100 - rule.percent_off) // 100)
    gives = [f"每件{yuan(lowest_fen)}元（减{rule.percent_off}%）"] if rule.percent_off else []
    gives += [f"送{rule.gift}"] if rule.gift else []
    note = f"（{rule.note}）" if rule.note else ""
    words = f"「{rule.title}」：满{rule.from_quantity}件，{'，'.join(gives)}{note}"
    return Concession(rule.title, rule.from_quantity, lowest_fen, rule.gift, words)


def _words(granted: Sequence[Concession], for_more: Sequence[Concession], real: Sequence[Promotion]) -> str:
    said = [f"可以给您{one.words}" for one in granted] + [f"多买可以享{one.words}" for one in for_more[:1]]
    if not said:
        said = ["价格是店里统一定的，没有另外的议价"]
    titles = "、".join(f"「{one.title}」" for one in real[:4])
    return "。".join([*said, f"现在可以用的优惠：{titles}" if titles else "这款现在没有进行中的优惠"]) + "。"
