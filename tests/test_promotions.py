"""The promotion calculator: what it promises of every basket, forty baskets reckoned by hand, and what it refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadBasket, BadPromotion
from bot.shop.demo import DemoShop, build
from bot.shop.demo.catalogue import catalogue
from bot.shop.demo.offers import TERMS
from bot.shop.facts import (
    BargainRule,
    Coupon,
    FreightRule,
    PointsRule,
    Promotion,
    PromotionKind,
    ShopTerms,
)
from bot.shop.promotions import (
    BasketLine,
    Shopper,
    bargain,
    checked,
    covers,
    gaps,
    line_of,
    quote,
    sound,
)
from bot.shop.promotions.applying import fee
from bot.shop.shares import part

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
BEGAN, ENDS = NOW - timedelta(days=5), NOW + timedelta(days=5)
K = PromotionKind
STEP = {
    K.MEMBER_PRICE: 1, K.PERCENT_OFF: 2, K.THRESHOLD_OFF: 3, K.EACH_THRESHOLD_OFF: 4, K.COUPON: 5,
    None: 6, K.FREE_FREIGHT: 7, K.GIFT: 8,
}  # fmt: skip
PLAIN = replace(
    TERMS, free_freight_from_fen=9900, freight_fen=800, far_freight_fen=1500, far_provinces=("新疆",),
    freight_rules=(FreightRule(("青海",), first_fen=1200, first_g=1000, more_fen=500),),
    not_delivered=("海外",), points=PointsRule(100, 50), bargaining=(),
)  # fmt: skip


# What is promised of every basket


def offer(number: int, kind: PromotionKind, **rules: Any) -> Promotion:
    return Promotion(f"T{number}", kind, f"优惠{number}", BEGAN, ENDS, **rules)


CATEGORIES = ("甲", "乙", "丙")
LINES = st.builds(
    lambda number, spec, quantity, price, grams: BasketLine(
        f"p{number}-{spec}", f"p{number}", CATEGORIES[number % 3], f"商品{number}", quantity, price, grams
    ),
    st.integers(0, 4), st.integers(0, 1), st.integers(1, 3),
    st.sampled_from([0, 1, 333, 999, 1990, 2500, 3000, 4990, 5000, 7777, 9900]), st.sampled_from([None, 0, 700]),
)  # fmt: skip
BASKETS = st.lists(LINES, min_size=1, max_size=6, unique_by=lambda line: line.sku_id)


@st.composite
def promotions(draw: st.DrawFn, most: int = 5) -> list[Promotion]:
    """Up to *most* promotions of any kind, scope and company."""
    return [draw(one_promotion(number)) for number in range(draw(st.sampled_from([most, most - 1, most - 2, 1])))]


@st.composite
def one_promotion(draw: st.DrawFn, number: int) -> Promotion:
    kind = draw(st.sampled_from([*K, K.COUPON, K.COUPON, K.THRESHOLD_OFF]))
    rules: dict[str, Any] = {}
    scope = draw(st.sampled_from(["all", "all", "categories", "products"]))
    if scope == "categories":
        rules["categories"] = tuple(draw(st.sets(st.sampled_from(CATEGORIES), min_size=1, max_size=2)))
    elif scope == "products":
        rules["product_ids"] = tuple(draw(st.sets(st.sampled_from(["p0", "p1", "p2", "p3"]), min_size=1, max_size=2)))
    others = [one.value for one in K if one is not kind or kind in (K.COUPON, K.GIFT)]
    left_out = draw(st.sets(st.sampled_from(others), max_size=3))
    rules["stacks_with"] = tuple(one for one in others if one not in left_out)
    threshold = draw(st.sampled_from([1, 10, 20, 30, 40, 50, 60, 80, 100, 150])) * 100
    if kind in (K.MEMBER_PRICE, K.PERCENT_OFF):
        rules["percent"] = draw(st.sampled_from([50, 85, 90, 97]))
    if kind is K.MEMBER_PRICE:
        rules["tiers"] = ("金卡",)
    elif kind is K.PERCENT_OFF:
        rules["nth_piece"] = draw(st.sampled_from([1, 1, 2, 3]))
        rules["threshold_fen"] = draw(st.sampled_from([0, 0, threshold]))
    elif kind in (K.THRESHOLD_OFF, K.EACH_THRESHOLD_OFF, K.COUPON):
        rules |= {
            "threshold_fen": threshold,
            "off_fen": draw(st.one_of(st.integers(1, threshold), st.integers(1, threshold // 5))),
        }
        if kind is K.EACH_THRESHOLD_OFF:
            rules["most_off_fen"] = draw(st.sampled_from([None, None, rules["off_fen"] * 2]))
    else:
        rules["threshold_fen"] = draw(st.sampled_from([0, threshold]))
        if kind is K.FREE_FREIGHT:
            rules["off_fen"] = draw(st.sampled_from([0, 500]))
        else:
            rules["gift"] = "赠品"
    return offer(number, kind, **rules)


def holding(offers: Iterable[Promotion], **known: Any) -> Shopper:
    """A gold member with a coupon of each of *offers* that is one."""
    coupons = (Coupon(f"C{one.id}", one.id, one.title, ENDS) for one in offers if one.kind is K.COUPON)
    return Shopper(tier="金卡", coupons=tuple(coupons), **known)


SHOPPERS = {"province": st.sampled_from([None, "浙江", "新疆", "青海"]), "points": st.sampled_from([0, 7, 3000])}


@given(lines=BASKETS, offers=promotions(), **SHOPPERS)
@settings(max_examples=150, deadline=None)
def test_no_legal_combination_is_cheaper(lines, offers, province, points):
    is_the_cheapest(lines, offers, holding(offers, province=province, points=points))


@pytest.mark.parametrize("seed", range(8))
def test_no_legal_combination_is_cheaper_where_offers_are_much_at_odds(seed):
    rng = Random(seed)
    for _ in range(50):
        lines, offers = tangled(rng)
        is_the_cheapest(
            lines, offers, holding(offers, province=rng.choice((None, "新疆")), points=rng.choice((0, 3000)))
        )


def tangled(rng: Random) -> tuple[list[BasketLine], list[Promotion]]:
    """A basket, and offers with thresholds it is near to and little company."""
    lines = [
        BasketLine(
            f"p{n}", f"p{n}", CATEGORIES[n % 3], f"商品{n}", rng.randint(1, 3), rng.choice((333, 1990, 4990, 9900))
        )
        for n in range(rng.randint(2, 5))
    ]
    whole_fen = sum(line.marked_fen for line in lines)
    return lines, [_tangled_offer(rng, number, whole_fen) for number in range(rng.randint(3, 7))]


def _tangled_offer(rng: Random, number: int, whole_fen: int) -> Promotion:
    kind = rng.choice(
        (K.PERCENT_OFF, K.THRESHOLD_OFF, K.THRESHOLD_OFF, K.EACH_THRESHOLD_OFF, K.COUPON, K.COUPON, K.FREE_FREIGHT)
    )
    share = rng.choice((0.4, 1, 1))
    rules: dict[str, Any] = {
        "stacks_with": tuple(one for one in K if (one is not kind or one is K.COUPON) and rng.random() < share),
        "categories": rng.choice(((), (), (), ("甲",), ("乙", "丙"))),
    }
    if kind is K.PERCENT_OFF:
        rules |= {"percent": rng.choice((50, 85, 95)), "nth_piece": rng.choice((1, 1, 2))}
    else:
        rules["threshold_fen"] = max(1, int(whole_fen * rng.uniform(0.05, 0.9)))
    if kind not in (K.PERCENT_OFF, K.FREE_FREIGHT):
        rules["off_fen"] = max(1, int(rules["threshold_fen"] * rng.uniform(0.02, rng.choice((0.3, 0.3, 1)))))
    return offer(number, kind, **rules)


def is_the_cheapest(lines: list[BasketLine], offers: list[Promotion], shopper: Shopper) -> None:
    """Tried out against every choice of offers that is legal."""
    said = quote(lines, shopper, offers, PLAIN, NOW)

    totals = [total for some in subsets(offers) for total in by_hand(lines, some, shopper)]
    cheapest, something_became_free = min(totals)
    rounding_fen = len(offers) if something_became_free or any(free for _, free in totals) else 0
    assert said.proven
    assert cheapest - rounding_fen <= said.total_fen <= cheapest + rounding_fen


@given(lines=BASKETS, offers=promotions(most=8), **SHOPPERS)
@settings(max_examples=150, deadline=None)
def test_the_shares_sum_to_the_fen_and_nothing_is_negative(lines, offers, province, points):
    said = quote(lines, holding(offers, province=province, points=points), offers, PLAIN, NOW)

    taken = defaultdict(int)
    for step in said.steps:
        if step.kind not in (K.FREE_FREIGHT, K.GIFT):
            assert step.off_fen == sum(step.shares.values()) > 0
        for sku_id, fen in step.shares.items():
            assert fen > 0
            taken[sku_id] += fen
    assert {line.sku_id: line.paid_fen + taken[line.sku_id] for line in said.lines} == {
        line.sku_id: line.marked_fen for line in lines
    }
    assert min(line.paid_fen for line in said.lines) >= 0
    assert sum(line.paid_fen for line in said.lines) == said.goods_fen <= said.marked_fen
    assert 0 <= said.freight_fen <= fee(lines, province, PLAIN)
    assert 0 <= said.points <= points


@given(lines=BASKETS, offers=promotions(most=8))
@settings(max_examples=100, deadline=None)
def test_steps_come_in_the_order_the_docstring_states(lines, offers):
    said = quote(lines, holding(offers, points=500), offers, PLAIN, NOW)

    by_id = {one.id: one for one in offers}
    steps = [_place(by_id[step.promotion_id]) if step.promotion_id else (6,) for step in said.steps]
    assert steps == sorted(steps)


@given(lines=BASKETS, offers=promotions(most=8), dice=st.randoms(use_true_random=False), **SHOPPERS)
@settings(max_examples=100, deadline=None)
def test_the_order_of_lines_and_offers_changes_nothing(lines, offers, dice, province, points):
    shopper = holding(offers, province=province, points=points)
    pieces = [replace(line, quantity=1) for line in lines for _ in range(line.quantity)]
    mixed, turned, coupons = list(pieces), list(offers), list(shopper.coupons)
    for rows in (mixed, turned, coupons):
        dice.shuffle(rows)

    one = quote(lines, shopper, offers, PLAIN, NOW)
    other = quote(mixed, replace(shopper, coupons=tuple(coupons)), turned, PLAIN, NOW)

    assert replace(one, unused=()) == replace(other, unused=())
    assert set(one.unused) == set(other.unused)


@given(lines=BASKETS, added=LINES, offers=promotions(most=7), **SHOPPERS)
@settings(max_examples=200, deadline=None)
def test_one_item_more_never_raises_what_the_others_cost(lines, added, offers, province, points):
    """What is paid beyond the item's own marked price, and beyond what its weight adds to the marked freight."""
    prices = {line.sku_id: line.price_fen for line in lines}
    added = replace(added, price_fen=prices.get(added.sku_id, added.price_fen), weight_g=None)
    lines = [replace(line, weight_g=None) for line in lines]
    shopper = holding(offers, province=province, points=points)

    before = quote(lines, shopper, offers, PLAIN, NOW)
    after = quote([*lines, added], shopper, offers, PLAIN, NOW)

    became_free = any(line.paid_fen == 0 < line.price_fen for line in (*before.lines, *after.lines))
    rounding_fen = len(offers) if became_free else 0
    assert after.total_fen - added.marked_fen <= before.total_fen + rounding_fen


@given(BASKETS, LINES, st.sampled_from([None, "青海"]))
@settings(deadline=None)
def test_a_heavier_basket_costs_what_its_weight_adds_and_no_more(lines, added, province):
    others = [line for line in lines if line.sku_id != added.sku_id]
    if not others:
        return
    more_fen = fee([*others, added], province, PLAIN) - fee(others, province, PLAIN)

    before = quote(others, Shopper(province=province), (), PLAIN, NOW).total_fen
    after = quote([*others, added], Shopper(province=province), (), PLAIN, NOW).total_fen

    assert after <= before + added.marked_fen + max(0, more_fen)


@given(lines=BASKETS, offers=promotions(most=8))
@settings(max_examples=100, deadline=None)
def test_every_coupon_in_hand_is_used_or_says_why_not(lines, offers):
    shopper = holding(offers)

    said = quote(lines, shopper, offers, PLAIN, NOW)

    used = {step.coupon_id for step in said.steps if step.coupon_id}
    for coupon in shopper.coupons:
        assert (coupon.id in used) == (said.why_not(coupon.id) is None)
        assert coupon.id in used or said.why_not(coupon.id)


@given(lines=BASKETS, offers=promotions(most=6))
@settings(max_examples=150, deadline=None)
def test_what_is_said_of_the_next_step_comes_true(lines, offers):
    shopper = holding(offers)
    before = quote(lines, shopper, offers, PLAIN, NOW)

    for gap in gaps(lines, shopper, offers, PLAIN, NOW):
        assert gap.missing_fen > 0
        assert gap.saves_fen > 0 or gap.gift
        assert gap.saves_fen <= before.total_fen + gap.missing_fen


# Baskets reckoned by hand

CASES = yaml.safe_load((Path(__file__).parent / "baskets.yml").read_text(encoding="utf-8"))
WORDS = {
    "threshold": "threshold_fen", "minus": "off_fen", "nth": "nth_piece", "most": "most_off_fen",
    "first_order": "first_order_only", "limit": "limit_per_buyer", "stock": "gift_stock", "products": "product_ids",
    "with": "stacks_with",
}  # fmt: skip


def test_there_are_forty_baskets_and_each_shows_its_arithmetic():
    assert 40 <= len(CASES)
    assert all(case["why"] and "total" in case for case in CASES)
    assert {kind.value for kind in K} <= {rules["kind"] for case in CASES for rules in case.get("offers", {}).values()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_basket_costs_what_was_reckoned_by_hand(case):
    said = quote(goods_of(case), shopper_of(case), offers_of(case), PLAIN, NOW)

    assert case["total"] == said.total_fen, said.words
    paid = {line.name: line.paid_fen for line in said.lines}
    assert case.get("lines", {}).items() <= paid.items()
    for name in ("freight", "points", "gifts"):
        if name in case:
            found = {"freight": said.freight_fen, "points": said.points, "gifts": list(said.gifts)}[name]
            assert case[name] == found
    for words in case.get("says", ()):
        assert any(words in line for line in said.words), said.words
    for title, reason in case.get("unused", {}).items():
        reasons = [one.reason for one in said.unused if one.title == title]
        assert any(reason in one for one in reasons), reasons
    assert said.proven


def goods_of(case: dict[str, Any]) -> list[BasketLine]:
    grams = case.get("grams", {})
    return [
        BasketLine(name, name.split("/")[0], category, name, pieces, price_fen, grams.get(name))
        for name, category, price_fen, pieces in case["goods"]
    ]


def offers_of(case: dict[str, Any]) -> list[Promotion]:
    return [_offer_of(title, dict(rules)) for title, rules in case.get("offers", {}).items()]


def _offer_of(title: str, rules: dict[str, Any]) -> Promotion:
    kind = K(rules.pop("kind"))
    first, last = rules.pop("days", (-5, 5))
    if rules.get("with") == "all":
        rules["with"] = [one.value for one in K if one is not kind]
    told = {WORDS.get(name, name): tuple(value) if isinstance(value, list) else value for name, value in rules.items()}
    return Promotion(title, kind, title, NOW + timedelta(days=first), NOW + timedelta(days=last), **told)


def shopper_of(case: dict[str, Any]) -> Shopper:
    in_hand = [{"of": title} for title, rules in case.get("offers", {}).items() if rules["kind"] == "券"]
    coupons = tuple(_coupon(number, told) for number, told in enumerate(case.get("coupons", in_hand)))
    return Shopper(**case.get("shopper", {}), coupons=coupons)


def _coupon(number: int, told: dict[str, Any]) -> Coupon:
    def moment(name: str) -> datetime | None:
        return NOW + timedelta(days=told[name]) if name in told else None

    return Coupon(f"C{number}", told["of"], told["of"], moment("expires") or ENDS, moment("used"), moment("starts"))


# Big baskets, other ways to ask


def test_a_search_that_is_cut_short_says_so_and_is_no_worse_than_the_simple_choices():
    lines = [BasketLine(f"s{n}", f"p{n}", "甲", f"商品{n}", 1 + n % 2, 7000 + 1357 * n) for n in range(20)]
    own = [offer(n, K.PERCENT_OFF, percent=80 + n % 4 * 5, product_ids=(f"p{n}",)) for n in range(20)]
    each = offer(20, K.EACH_THRESHOLD_OFF, threshold_fen=20000, off_fen=2500)

    said = quote(lines, Shopper(), [*own, each], PLAIN, NOW)

    assert not said.proven
    assert said.total_fen <= quote(lines, Shopper(), own, PLAIN, NOW).total_fen
    assert said.total_fen <= quote(lines, Shopper(), [each], PLAIN, NOW).total_fen


def test_a_refund_of_single_pieces_gives_back_exactly_what_was_paid():
    said = quote(
        [line("甲", 3333, 3)], Shopper(), [offer(1, K.THRESHOLD_OFF, threshold_fen=9000, off_fen=1000)], PLAIN, NOW
    )

    paid_fen = said.lines[0].paid_fen
    back = [part(paid_fen, pieces, 3) for pieces in range(4)]
    assert paid_fen == 8999
    assert [0, 2999, 5999, 8999] == back


def test_an_empty_basket_costs_nothing():
    said = quote([], Shopper(), [offer(1, K.FREE_FREIGHT)], PLAIN, NOW)

    assert (0, ()) == (said.total_fen, said.steps)


def test_where_the_shop_does_not_deliver_freight_is_not_reckoned():
    said = quote([line("甲", 1000)], Shopper(province="海外"), [], PLAIN, NOW)

    assert "海外暂时送不到，运费没有算" in said.words


def line(name: str, price_fen: int, pieces: int = 1, category: str = "甲") -> BasketLine:
    return BasketLine(name, name, category, name, pieces, price_fen)


# 凑单


def test_the_next_step_says_how_much_is_missing_and_what_it_saves():
    offers = [
        offer(1, K.EACH_THRESHOLD_OFF, threshold_fen=20000, off_fen=2000, stacks_with=("券",)),
        offer(2, K.COUPON, threshold_fen=50000, off_fen=6000, stacks_with=("每满减",)),
    ]

    found = gaps([line("大衣", 47000)], holding(offers), offers, PLAIN, NOW)

    # 470 yuan is twice 200: 430. With 30 more the coupon of 500: 500 - 40 - 60 = 400, that is 60 less than 430 + 30.
    # With 130 more the third 200 too: 600 - 60 - 60 = 480, that is 80 less than 430 + 130.
    assert [("优惠2", 3000, 6000), ("优惠1", 13000, 8000)] == [(g.title, g.missing_fen, g.saves_fen) for g in found]
    assert "再买30元任意商品，可享「优惠2」，能省60元" == found[0].words


def test_one_more_piece_is_named_where_the_second_is_cheaper():
    offers = [offer(1, K.PERCENT_OFF, percent=50, nth_piece=2)]

    found = gaps([line("牙膏", 2990)], Shopper(), offers, PLAIN, NOW)

    assert "再买1件牙膏（29.9元），可享「优惠1」，能省14.95元" in [gap.words for gap in found]


def test_free_freight_is_a_step_too():
    found = gaps([line("袜子", 9000)], Shopper(), [], PLAIN, NOW)

    assert ["再买9元任意商品，可享「满额包邮」，能省8元"] == [gap.words for gap in found]


def test_a_step_that_would_save_nothing_is_not_named():
    offers = [
        offer(1, K.THRESHOLD_OFF, threshold_fen=10000, off_fen=3000),
        offer(2, K.THRESHOLD_OFF, threshold_fen=12000, off_fen=1000),
    ]

    assert () == gaps([line("大衣", 11000)], Shopper(), offers, PLAIN, NOW)


# Bargaining

RULES = replace(
    PLAIN,
    bargaining=(
        BargainRule("同款2件让3%", percent_off=3, from_quantity=2, categories=("大家电",), note="不与活动同享"),
        BargainRule("满1件送抹布", gift="抹布", categories=("大家电",)),
        BargainRule("金卡让5%", percent_off=5, categories=("大家电",), tiers=("金卡",)),
    ),
)


def product(short_name: str):
    return next(one for one in catalogue(NOW.date()) if one.short_name == short_name)


def test_bargaining_gives_what_the_published_rules_give_and_no_fen_more():
    fridge = product("双门小冰箱")

    one = bargain(fridge, 69990, 1, "普通", RULES, [])
    two = bargain(fridge, 69990, 2, "普通", RULES, [])

    assert [("满1件送抹布", 69990, "抹布")] == [(c.title, c.price_fen, c.gift) for c in one.granted]
    assert ["同款2件让3%"] == [c.title for c in one.for_more]
    assert 67891 == two.granted[0].price_fen  # 69990 × 97% = 67890.3, rounded up: never more than 3% off
    assert "不与活动同享" in two.words
    assert 66491 == bargain(fridge, 69990, 1, "金卡", RULES, []).granted[0].price_fen  # 66490.5


def test_where_nothing_is_published_the_price_stands_and_the_real_promotions_are_named():
    coat, real = product("云感羽绒服"), offer(1, K.THRESHOLD_OFF, threshold_fen=20000, off_fen=2000)
    others = [
        offer(2, K.COUPON, threshold_fen=100, off_fen=10, categories=("食品",)),
        offer(3, K.GIFT, gift="杯", tiers=("黑金",)),
    ]

    said = bargain(coat, 39900, 5, "普通", RULES, [real, *others])

    assert ((), ()) == (said.granted, said.for_more)
    assert (real,) == said.promotions
    assert "价格是店里统一定的，没有另外的议价。现在可以用的优惠：「优惠1」。" == said.words
    assert "没有进行中的优惠" in bargain(coat, 39900, 5, "普通", RULES, []).words


# What makes no sense is refused

BAD = [
    ({"product_ids": ("p1",), "excludes": ("p1",)}, "适用范围是空的"),
    ({"categories": ("甲",), "excludes": ("甲", "乙")}, "适用范围是空的"),
    ({"ends_at": BEGAN}, "结束时间不晚于开始时间"),
    ({"ends_at": BEGAN - timedelta(days=1)}, "结束时间不晚于开始时间"),
    ({"starts_at": BEGAN.replace(tzinfo=None)}, "没有时区"),
    ({"threshold_fen": 0}, "门槛是0"),
    ({"threshold_fen": 999}, "门槛9.99元低于减免的10元"),
    ({"threshold_fen": -1}, "不能是负数"),
    ({"off_fen": 0}, "减免金额是0"),
    ({"off_fen": -5}, "不能是负数"),
    ({"limit_per_buyer": -1}, "不能是负数"),
    ({"stacks_with": ("秒杀",)}, "不认识的优惠：秒杀"),
    ({"stacks_with": ("满减",)}, "满减不能和满减叠加"),
    ({"kind": K.EACH_THRESHOLD_OFF, "most_off_fen": 999}, "最多减的金额低于减一次的金额"),
    ({"kind": K.PERCENT_OFF, "percent": 0}, "折后比例是0%"),
    ({"kind": K.PERCENT_OFF, "percent": 100}, "折后比例是100%"),
    ({"kind": K.PERCENT_OFF, "percent": 90, "nth_piece": 0}, "第几件"),
    ({"kind": K.MEMBER_PRICE, "percent": 90}, "哪些等级"),
    ({"kind": K.GIFT}, "没有写送什么"),
    ({"kind": K.GIFT, "gift": "杯", "gift_stock": -1}, "库存不能是负数"),
    ({"by_coupon": True}, "只有包邮"),
]


@pytest.mark.parametrize(("change", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_promotion_that_makes_no_sense_is_refused_with_the_reason(change, reason):
    good = offer(1, K.THRESHOLD_OFF, threshold_fen=2000, off_fen=1000)
    bad = replace(good, id="T2", title="坏的", **change)

    with pytest.raises(BadPromotion) as caught:
        checked([good, bad])
    with pytest.raises(BadPromotion):
        quote([line("甲", 5000)], Shopper(), [good, bad], PLAIN, NOW)

    assert "坏的" == caught.value.title
    assert reason in caught.value.reason
    assert (good,) == sound([good, bad])


def test_two_promotions_of_one_number_and_a_scope_nobody_sells_are_refused():
    good = offer(1, K.THRESHOLD_OFF, threshold_fen=2000, off_fen=1000)

    with pytest.raises(BadPromotion, match="重复"):
        checked([good, good])
    with pytest.raises(BadPromotion, match="没有任何在售商品"):
        checked([replace(good, categories=("军火",))], catalogue(NOW.date()))


@pytest.mark.parametrize(
    ("basket", "reason"),
    [
        ([line("甲", -1)], "不能是负数"),
        ([line("甲", 100, 0)], "至少要1件"),
        ([replace(line("甲", 100), weight_g=-1)], "不能是负数"),
        ([line("甲", 100), line("甲", 200)], "两种价格"),
    ],
)
def test_a_basket_nobody_can_buy_is_refused(basket, reason):
    with pytest.raises(BadBasket) as caught:
        quote(basket, Shopper(), [], PLAIN, NOW)

    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "change",
    [
        {"freight_fen": -1},
        {"free_freight_from_fen": -1},
        {"freight_rules": (FreightRule(("青海",), -1),)},
        {"freight_rules": (FreightRule(("青海",), 1, 1000, 1, 0),)},
        {"points": PointsRule(0)},
        {"points": PointsRule(100, 101)},
        {"bargaining": (BargainRule("空", 0),)},
        {"bargaining": (BargainRule("全让", 100),)},
        {"bargaining": (BargainRule("零件", 3, from_quantity=0),)},
        {"bargaining": (BargainRule("没有范围", 3, categories=("甲",), excludes=("甲",)),)},
    ],
)
def test_terms_that_make_no_sense_are_refused(change):
    terms: ShopTerms = replace(PLAIN, **change)

    with pytest.raises(BadPromotion):
        quote([line("甲", 100)], Shopper(), [], terms, NOW)


def test_a_shop_with_a_bad_promotion_is_not_half_saved(tmp_path, monkeypatch):
    good = build.promotions

    def with_a_slip(*about: Any) -> tuple[Promotion, ...]:
        return (*good(*about)[:-1], replace(good(*about)[-1], ends_at=BEGAN, starts_at=NOW))

    monkeypatch.setattr(build, "promotions", with_a_slip)
    with pytest.raises(BadPromotion):
        DemoShop(tmp_path / "demo.sqlite", now=NOW)

    assert [] == list(tmp_path.iterdir())


# The demo shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> DemoShop:
    return DemoShop(tmp_path_factory.mktemp("shop") / "demo.sqlite", now=NOW)


def test_every_kind_of_promotion_of_the_demo_shop_can_be_used(shop):
    offers = shop.promotions(NOW)
    tiers = ("黑金", "金卡", "银卡")
    used: set[PromotionKind | None] = set()
    for product in shop.products():
        for tier in tiers:
            coupons = tuple(
                Coupon(one.id, one.id, one.title, ENDS) for one in offers if one.kind is K.COUPON or one.by_coupon
            )
            shopper = Shopper(tier, "浙江", first_order=True, points=500, coupons=coupons)
            for pieces in (1, 2):
                said = quote([line_of(product, product.skus[0], pieces)], shopper, offers, shop.terms(), NOW)
                used |= {step.kind for step in said.steps}
                assert said.proven

    assert {*K, None} == used


def test_what_the_file_keeps_of_promotions_and_coupons_is_what_was_told(shop):
    told = build.tell(NOW.date(), 7)

    assert {one.id: one for one in shop.promotions(NOW)}.items() <= {one.id: one for one in told.promotions}.items()
    holders = {buyer_id for buyer_id, _, _ in told.coupons}
    for buyer_id in sorted(holders)[:40]:
        in_hand = {coupon for who, _, coupon in told.coupons if who == buyer_id}
        assert in_hand == set(shop.coupons_of(buyer_id))


def test_coupons_of_a_tier_are_in_the_hands_of_that_tier_only(shop):
    told = build.tell(NOW.date(), 7)
    rules = {one.id: one for one in told.promotions}
    tiers = {buyer.id: buyer.tier for buyer in told.buyers}

    wrong = [
        (buyer_id, coupon.title)
        for buyer_id, _, coupon in told.coupons
        if rules[coupon.promotion_id].tiers and tiers[buyer_id] not in rules[coupon.promotion_id].tiers
    ]
    assert [] == wrong
    assert {"P19", "P16"} <= {coupon.promotion_id for _, _, coupon in told.coupons}


# How a total is reckoned by hand


def subsets(offers: Sequence[Promotion]) -> Iterator[tuple[Promotion, ...]]:
    for count in range(len(offers) + 1):
        yield from combinations(offers, count)


def by_hand(lines: Sequence[BasketLine], chosen: Sequence[Promotion], shopper: Shopper) -> Iterator[tuple[int, bool]]:
    """What *chosen* leave to pay, piece by piece as the package's docstring says, and whether something became free.

    Yields nothing if coupons and 包邮 that may not stand beside each other both take something off.
    """
    pieces = [
        {"product": line.product_id, "category": line.category, "marked": line.price_fen, "now": line.price_fen}
        for line in lines for _ in range(line.quantity)
    ]  # fmt: skip
    used: list[tuple[Promotion, set[str]]] = []
    free = False
    base: dict[int, int] = {}
    freight_fen = 0
    for promotion in [*sorted(chosen, key=_place), None]:
        step = STEP[promotion.kind] if promotion else 9
        if step > 2 and not base:
            base = {id(piece): piece["now"] for piece in pieces}
            base_fen = sum(base.values())
            freight_fen = 0 if base_fen >= PLAIN.free_freight_from_fen else fee(lines, shopper.province, PLAIN)
        if promotion is None or promotion.kind is K.GIFT:
            continue
        open_ = {piece["product"] for piece in pieces if covers(promotion, piece["product"], piece["category"])}
        for other, goods in used:
            if STEP[other.kind] <= 4 and not beside(other, promotion):
                open_ -= goods
        mine = [piece for piece in pieces if piece["product"] in open_]
        counted = sum(piece["marked"] if step <= 2 else base[id(piece)] for piece in mine)
        if not mine or counted < promotion.threshold_fen:
            continue
        off: Any = 0
        if step <= 2:
            for product in open_:
                of_one = sorted((p for p in mine if p["product"] == product), key=lambda p: -p["now"])
                for piece in of_one[promotion.nth_piece - 1 :: promotion.nth_piece]:
                    cheaper = int(Fraction(piece["now"] * promotion.percent, 100) + Fraction(1, 2))
                    off += piece["now"] - cheaper
                    piece["now"] = cheaper
        elif step == 7:
            off = min(promotion.off_fen or freight_fen, freight_fen)
            freight_fen -= off
        else:
            wanted = promotion.off_fen * (counted // promotion.threshold_fen if step == 4 else 1)
            wanted = min(wanted, promotion.most_off_fen or wanted)
            left = sum(piece["now"] for piece in mine)
            off = min(wanted, left)
            free |= wanted > left - len(pieces)
            for piece in mine:
                piece["now"] -= Fraction(off * piece["now"], 1) / left if left else 0
        if off:
            used.append((promotion, open_))
    on_order = [one for one, _ in used if STEP[one.kind] >= 5]
    if any(not beside(one, other) for one, other in combinations(on_order, 2)):
        return
    goods_fen = sum(piece["now"] for piece in pieces)
    assert free or goods_fen == int(goods_fen)
    points_fen = min(shopper.points, int(goods_fen) * 50 // 100)
    yield int(goods_fen) - points_fen + freight_fen, free


def beside(one: Promotion, other: Promotion) -> bool:
    return one.kind.value in other.stacks_with and other.kind.value in one.stacks_with


def _place(one: Promotion) -> tuple[Any, ...]:
    width = 0 if one.product_ids else 1 if one.categories else 2
    return STEP[one.kind], width, -one.off_fen, one.percent, one.id
