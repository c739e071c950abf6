"""A shop that may be slow, down or talking nonsense, made safe to ask: a budget per turn and a breaker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from contextlib import contextmanager
from datetime import datetime
from typing import ParamSpec, TypeVar

from bot.errors import ShopError, ShopUnavailable
from bot.shop.commands import OrderCommand, Receipt
from bot.shop.facts import Buyer, Coupon, Order, Product, Promotion, Shop, ShopTerms

P = ParamSpec("P")
T = TypeVar("T")

#: Failures in a row after which the shop is left alone, and for how long.
FAILURES = 3
REST_S = 10.0
#: How old the answer may be to whether the catalogue changed; every line asks.
VERSION_S = 1.0


class PatientShop:
    """Asks another shop, each call in a thread, all calls of one turn within one budget.

    A call that is late, or raises anything but a `ShopError`, is `ShopUnavailable`. After three of those in a row the
    shop is not asked for ten seconds: a broken shop must not cost every shopper the whole budget. Nothing is asked
    twice but commands, whose key lets the shop execute them once.
    """

    def __init__(self, shop: Shop, budget_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.shop = shop
        self.budget_s = budget_s
        self.clock = clock
        self.deadline: float | None = None
        self.failures = 0
        self.resting_until = 0.0
        self.version: tuple[float, str] | None = None  #: of the catalogue: when it was asked for, and what was said
        self.threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="shop")

    @contextmanager
    def one_turn(self) -> Iterator[None]:
        """All calls inside share one budget."""
        self.deadline = self.clock() + self.budget_s
        try:
            yield
        finally:
            self.deadline = None

    def _ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._within(self._left_s(), call, *args, **kwargs)

    def _left_s(self) -> float:
        """What the turn has left, seconds."""
        return self.budget_s if self.deadline is None else self.deadline - self.clock()

    def _within(self, left_s: float, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        name = getattr(call, "__name__", "call")
        started = self.clock()
        if started < self.resting_until:
            raise ShopUnavailable(name, 0.0)
        try:
            answer = self.threads.submit(call, *args, **kwargs).result(timeout=max(left_s, 0.0))
        except ShopUnavailable:
            self._count_failure()
            raise
        except ShopError:
            self.failures = 0
            raise
        except (NotInTime, Exception) as cause:
            self._count_failure()
            raise ShopUnavailable(name, self.clock() - started) from cause
        self.failures = 0
        return answer

    def _count_failure(self) -> None:
        self.failures += 1
        if self.failures >= FAILURES:
            self.resting_until = self.clock() + REST_S
            self.failures = FAILURES - 1  # the first call after the rest decides

    def terms(self) -> ShopTerms:
        return self._ask(self.shop.terms)

    def catalogue_version(self) -> str:
        now = self.clock()
        if self.version is None or now - self.version[0] >= VERSION_S:
            self.version = now, self._ask(self.shop.catalogue_version)
        return self.version[1]

    def products(self) -> Sequence[Product]:
        return self._ask(self.shop.products)

    def product(self, product_id: str) -> Product:
        return self._ask(self.shop.product, product_id)

    def buyer(self, buyer_id: str) -> Buyer | None:
        return self._ask(self.shop.buyer, buyer_id)

    def orders_of(self, buyer_id: str, limit: int = 20) -> Sequence[Order]:
        return self._ask(self.shop.orders_of, buyer_id, limit)

    def order(self, order_no: str, buyer_id: str) -> Order:
        return self._ask(self.shop.order, order_no, buyer_id)

    def order_by_phone_tail(self, order_no: str, phone_tail: str) -> Order:
        return self._ask(self.shop.order_by_phone_tail, order_no, phone_tail)

    def execute(self, command: OrderCommand, key: str) -> Receipt:
        """Execute it; tried at most twice with the same key, each try within half of what the turn has left."""
        half_s = self._left_s() / 2
        try:
            return self._within(half_s, self.shop.execute, command, key)
        except ShopUnavailable:
            return self._within(half_s, self.shop.execute, command, key)

    def promotions(self, now: datetime) -> Sequence[Promotion]:
        return self._ask(self.shop.promotions, now)

    def coupons_of(self, buyer_id: str) -> Sequence[Coupon]:
        return self._ask(self.shop.coupons_of, buyer_id)
