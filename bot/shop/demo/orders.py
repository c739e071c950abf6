"""Who buys what and when in the demo shop: habits, and the ordinary orders that follow from them.

A fifth of the buyers makes most orders, each at a pace of their own; some have stopped coming, some are new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from bot.shop.demo.ledger import Basket, Ledger
from bot.shop.demo.offers import TIER_FROM_FEN
from bot.shop.demo.people import Person
from bot.shop.demo.plots import PLOTS, arriving
from bot.shop.facts import Buyer, Order, OrderState, Product, Sku

HISTORY_DAYS = 540
_STAPLES = ("食品", "母婴", "美妆个护")
_KEPT = (OrderState.SIGNED, OrderState.DONE)


@dataclass(frozen=True, slots=True)
class Habit:
    """How somebody buys."""

    person: Person
    share: float  #: of all orders, relative to others
    first_day: int  #: days from today, negative
    last_day: int
    favourites: tuple[str, ...]  #: categories
    staple: Product | None  #: bought again and again


def habits(rng: Random, persons: Sequence[Person], products: Sequence[Product]) -> list[Habit]:
    """A habit for everybody: one in five regular, one in six lapsed, one in ten new."""
    return [_habit(rng, person, products) for person in persons]


def _habit(rng: Random, person: Person, products: Sequence[Product]) -> Habit:
    regular, fate = rng.random() < 0.2, rng.random()
    first_day, last_day = -rng.randint(300, HISTORY_DAYS), -12
    if fate < 0.16:
        last_day = -rng.randint(150, 280)
    elif fate > 0.9 and not regular:
        first_day = -rng.randint(20, 60)
    share = rng.uniform(8, 20) if regular else rng.uniform(0.3, 2.5)
    categories = sorted({product.category for product in products})
    staples = [product for product in products if product.category in _STAPLES and product.price_fen < 30000]
    staple = rng.choice(staples) if rng.random() < (0.7 if regular else 0.2) else None
    return Habit(person, share, first_day, last_day, tuple(rng.sample(categories, 3)), staple)


def ordinary_orders(book: Ledger, everybody: Sequence[Habit], count: int) -> Iterator[Order]:
    """*count* orders that came and were kept, spread over each buyer's own days."""
    for habit, number in zip(everybody, _counts(everybody, count), strict=True):
        for out_day in _days(book.rng, habit, number):
            slow_days = 3 if book.rng.random() < 0.04 else 0
            yield arriving(book, habit.person, basket(book, habit), out_day, slow_days=slow_days)


def eventful_orders(book: Ledger, everybody: Sequence[Habit]) -> Iterator[Order]:
    """The orders of `PLOTS`, spread over those who still buy."""
    active = [habit for habit in everybody if habit.last_day > -60]
    shares = [habit.share for habit in active]
    for count, plot in PLOTS:
        for habit in book.rng.choices(active, shares, k=count):
            yield plot(book, habit.person, basket(book, habit))


def eventful_count() -> int:
    """How many orders `eventful_orders` yields."""
    return sum(count for count, _ in PLOTS)


def _counts(everybody: Sequence[Habit], count: int) -> list[int]:
    """*count* shared out by share, rounded so that the sum is exact."""
    whole, before, counts = sum(habit.share for habit in everybody), 0.0, []
    for habit in everybody:
        after = before + habit.share / whole * count
        counts.append(round(after) - round(before))
        before = after
    return counts


def _days(rng: Random, habit: Habit, number: int) -> Iterator[int]:
    """*number* days at an even pace with some slack, oldest first."""
    pace = (habit.last_day - habit.first_day) / max(1, number)
    for place in range(number):
        yield min(habit.last_day, round(habit.first_day + (place + rng.uniform(0.1, 0.9)) * pace))


def basket(book: Ledger, habit: Habit) -> Basket:
    """One to four different things, the staple often among them."""
    rng, chosen = book.rng, {}
    if habit.staple and rng.random() < 0.45:
        chosen[habit.staple.id] = habit.staple
    for _ in range(rng.choices((1, 2, 3), (70, 22, 8))[0]):
        product = _pick(rng, book.products, habit)
        chosen[product.id] = product
    return [(product, _sku(rng, product), _quantity(rng, product)) for product in chosen.values()]


def _pick(rng: Random, products: Sequence[Product], habit: Habit) -> Product:
    """A product, more often a favourite, a cheap one or one that sells."""
    weights = [
        (5 if product.category in habit.favourites else 1)
        * (0.15 if product.category == "大家电" else 1)
        * (400 + product.sold) / (6000 + product.price_fen)
        for product in products
    ]  # fmt: skip
    return rng.choices(products, weights)[0]


def _sku(rng: Random, product: Product) -> Sku:
    return rng.choice(product.skus)


def _quantity(rng: Random, product: Product) -> int:
    return rng.choices((1, 2, 3), (80, 15, 5))[0] if product.price_fen < 10000 else 1


def buyers(rng: Random, persons: Sequence[Person], orders: Sequence[Order], today: date) -> Iterator[Buyer]:
    """Everybody with tier and points as their orders earn them."""
    spent = _spent(orders, today)
    for person in persons:
        year_fen, whole_fen = spent[person.id]
        yield Buyer(
            id=person.id,
            name=person.name,
            phone=person.phone,
            tier=next(tier for tier, from_fen in TIER_FROM_FEN.items() if year_fen >= from_fen),
            points=int(whole_fen / 100 * rng.uniform(0.3, 1)),
            member_since=person.member_since,
            province=person.province,
            birthday=person.birthday,
        )


def _spent(orders: Sequence[Order], today: date) -> Mapping[str, tuple[int, int]]:
    """Fen spent on orders that were kept: in the last 365 days, and ever."""
    spent: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for order in orders:
        if order.state in _KEPT:
            year_fen, whole_fen = spent[order.buyer_id]
            recent = order.placed_at.date() > today - timedelta(days=365)
            spent[order.buyer_id] = (year_fen + order.total_fen * recent, whole_fen + order.total_fen)
    return spent
