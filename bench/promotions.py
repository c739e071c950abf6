"""What a quote costs: 20 lines, 15 promotions and 30 coupons, all of which could be used on the basket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from statistics import median
from typing import Any

from bench.figures import Figure, machine_ms, show
from bot.shop.demo.catalogue import catalogue
from bot.shop.demo.offers import TERMS
from bot.shop.facts import Coupon, Product, Promotion, PromotionKind
from bot.shop.promotions import BasketLine, Shopper, line_of, quote

LINES, PROMOTIONS, COUPONS, TIMES = 20, 15, 30, 40
_TARGET_MS = 5.0
_NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
_CATEGORIES = ("服装", "鞋靴", "手机数码", "小家电", "美妆个护", "食品", "母婴")
_K = PromotionKind
_COMPANY = ("会员价", "每满减", "包邮", "赠品")


def measure() -> Iterator[Figure]:
    """The same basket many times, with other coupons in hand each time."""
    lines = list(islice(_lines(catalogue(_NOW.date())), LINES))
    activities = _activities(lines)
    spent_ms, cut_short = [], 0
    for seed in range(TIMES):
        coupons = list(_coupons(Random(seed)))
        in_hand = tuple(Coupon(f"C{one.id}", one.id, one.title, one.ends_at) for one in coupons)
        shopper = Shopper("金卡", "广东", points=3000, coupons=in_hand)
        begun = time.process_time()
        said = quote(lines, shopper, [*activities, *coupons], TERMS, _NOW)
        spent_ms.append((time.process_time() - begun) * 1000)
        cut_short += not said.proven
    how = (
        f"median of {TIMES} quotes of {LINES} lines, {PROMOTIONS} promotions, {COUPONS} coupons; "
        f"dearest {max(spent_ms):.1f} ms, {cut_short} searches cut short"
    )
    yield Figure("a quote", median(spent_ms), "CPU ms", _TARGET_MS, how, machine_ms())


def _lines(products: tuple[Product, ...]) -> Iterator[BasketLine]:
    """Three products of each category, one or two pieces of each."""
    for category in _CATEGORIES:
        for number, product in enumerate(islice((one for one in products if one.category == category), 3)):
            yield line_of(product, product.skus[0], 1 + number % 2)


def _activities(lines: list[BasketLine]) -> list[Promotion]:
    """Fifteen that are at odds with one another."""
    one, other = lines[4].product_id, lines[13].product_id
    rules: list[tuple[_K, dict[str, Any]]] = [
        (_K.MEMBER_PRICE, {"percent": 97, "tiers": ("金卡",), "categories": ("美妆个护", "母婴")}),
        (_K.PERCENT_OFF, {"percent": 90, "categories": ("鞋靴",), "stacks_with": ("券", "包邮")}),
        (_K.PERCENT_OFF, {"percent": 85, "product_ids": (one,), "stacks_with": ("包邮",)}),
        (_K.PERCENT_OFF, {"percent": 50, "nth_piece": 2, "product_ids": (other,)}),
        (_K.PERCENT_OFF, {"percent": 95, "categories": ("小家电",), "stacks_with": ("券",)}),
        (_K.THRESHOLD_OFF, {"threshold_fen": 9900, "off_fen": 2000, "categories": ("食品",), "stacks_with": ("包邮",)}),
        (_K.THRESHOLD_OFF, {"threshold_fen": 30000, "off_fen": 3500, "stacks_with": ("包邮",)}),
        (_K.THRESHOLD_OFF, {"threshold_fen": 60000, "off_fen": 8000, "stacks_with": ("包邮",)}),
        (_K.THRESHOLD_OFF, {"threshold_fen": 20000, "off_fen": 2600, "categories": ("服装", "鞋靴")}),
        (_K.EACH_THRESHOLD_OFF, {"threshold_fen": 20000, "off_fen": 2000, "stacks_with": ("会员价", "券", "包邮")}),
        (_K.EACH_THRESHOLD_OFF, {"threshold_fen": 10000, "off_fen": 900, "categories": ("母婴", "食品")}),
        (_K.FREE_FREIGHT, {"threshold_fen": 5900, "categories": ("母婴",)}),
        (_K.FREE_FREIGHT, {"off_fen": 800}),
        (_K.GIFT, {"gift": "保鲜盒", "categories": ("小家电",), "threshold_fen": 50000}),
        (_K.GIFT, {"gift": "随手杯", "categories": ("食品",), "threshold_fen": 9900}),
    ]
    assert len(rules) == PROMOTIONS
    return [
        _offer(f"A{place:02d}", kind, **{"stacks_with": ("券", *_COMPANY)} | told)
        for place, (kind, told) in enumerate(rules)
    ]


def _coupons(rng: Random) -> Iterator[Promotion]:
    """Ten for the whole shop and twenty for one or two categories; one in three may be used beside others."""
    for number in range(COUPONS):
        threshold_fen = rng.choice((9900, 15900, 19900, 29900, 49900, 99900, 200000))
        off_fen = threshold_fen * rng.randint(5, 15) // 10000 * 100
        categories = tuple(rng.sample(_CATEGORIES, rng.randint(1, 2))) if number % 3 else ()
        company = (
            ("券", *_COMPANY) if number % 3 == 1 else rng.choice((_COMPANY, ("折扣", "每满减", "包邮"), ("包邮",)))
        )
        yield _offer(
            f"B{number:02d}", _K.COUPON, threshold_fen=threshold_fen, off_fen=off_fen, categories=categories,
            stacks_with=company,
        )  # fmt: skip


def _offer(number: str, kind: PromotionKind, *, stacks_with: tuple[str, ...], **rules: Any) -> Promotion:
    own = () if kind is _K.COUPON else (kind.value,)
    beside = tuple(word for word in stacks_with if word not in own)
    day = timedelta(days=3)
    return Promotion(number, kind, f"优惠{number}", _NOW - day, _NOW + day, stacks_with=beside, **rules)


if __name__ == "__main__":
    show(measure)
