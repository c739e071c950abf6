"""The demo shop: its pages, its orders, and the file they stand in."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median

import pytest

from bot.errors import OrderNotFound, ProductNotFound, ShopUnavailable
from bot.shop.demo import DEMO_BUYERS, DemoShop
from bot.shop.demo.build import Told, tell
from bot.shop.demo.ledger import DONE_AFTER, freight
from bot.shop.demo.offers import TERMS, TIER_FROM_FEN
from bot.shop.demo.parcels import CHINA
from bot.shop.facts import Order, OrderState, Parcel, ParcelState, PromotionKind

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
DAYS = (NOW.date(), date(2028, 2, 29))
UNDER_WAY = {ParcelState.WAITING, ParcelState.COLLECTED, ParcelState.IN_TRANSIT, ParcelState.ARRIVED}
ON_THE_WAY = UNDER_WAY | {ParcelState.OUT_FOR_DELIVERY, ParcelState.AT_PICKUP_POINT, ParcelState.PROBLEM}
ROOT = Path(__file__).parents[1]


@cache
def shop_on(day: date) -> Told:
    """The shop of a day, made once for all tests."""
    return tell(day, 7)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("shop") / "demo.sqlite"


@pytest.fixture(scope="module")
def shop(path) -> DemoShop:
    return DemoShop(path, now=NOW)


@pytest.fixture(scope="module", params=DAYS, ids=str)
def told(request) -> Told:
    return shop_on(request.param)


@pytest.fixture
def as_of(told) -> datetime:
    return next(offer.starts_at for offer in told.promotions if offer.id == "P01") + timedelta(days=4, hours=8)


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory) -> Callable[[], Path]:
    """A file name nobody has used."""
    return lambda: tmp_path_factory.mktemp("other") / "demo.sqlite"


def slow_calls_ms(call: Callable[[], object]) -> float:
    """The median of 60 calls, milliseconds."""
    spent = []
    for _ in range(60):
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1000)
    return median(spent)


# The pages


def test_the_shop_has_120_products_in_8_categories(shop):
    count = Counter(product.category for product in shop.products())

    assert 120 <= sum(count.values())
    assert 8 <= len(count)
    assert 14 <= min(count.values())


def test_every_product_and_variant_has_its_own_name_and_number(shop):
    products = shop.products()
    skus = [sku for product in products for sku in product.skus]

    for names in ([p.id for p in products], [p.name for p in products], [p.short_name for p in products]):
        assert len(names) == len(set(names))
    assert len(skus) == len({sku.id for sku in skus})
    assert all(re.fullmatch(r"\d{8,11}", product.id) for product in products)


def test_every_page_has_10_to_18_fields(shop):
    assert [] == [p.short_name for p in shop.products() if not 10 <= len(p.attributes) <= 18]


def test_prices_end_as_shops_end_them(shop):
    prices = {sku.price_fen for product in shop.products() for sku in product.skus}

    assert {price for price in prices if price % 1000 not in (900, 990, 490, 590)} == set()
    assert all(product.list_price_fen >= product.price_fen for product in shop.products())


def test_some_variants_are_sold_out_with_and_without_a_day_of_return(shop):
    empty = [sku for product in shop.products() for sku in product.skus if sku.stock == 0]

    assert 10 < sum(sku.restock_on is None for sku in empty)
    assert 10 < sum(sku.restock_on is not None for sku in empty)
    assert all(sku.restock_on > NOW.date() for sku in empty if sku.restock_on)


def test_size_tables_name_exactly_the_sizes_on_sale_with_ranges_in_order(shop):
    tables = [product for product in shop.products() if product.size_table]

    assert {"服装", "鞋靴", "母婴"} <= {product.category for product in tables}
    for product in tables:
        table = product.size_table
        assert {sku.options["尺码"] for sku in product.skus} == set(table.rows), product.short_name
        for ranges in table.rows.values():
            assert len(table.columns) == len(ranges)
            assert all(low < high for low, high in ranges)


def test_every_shoe_has_foot_lengths(shop):
    shoes = [product for product in shop.products() if product.category == "鞋靴"]

    assert all(product.size_table.columns == ("脚长mm",) for product in shoes)


def test_a_large_appliance_says_how_it_is_installed_and_most_pages_a_drawback(shop):
    large = [product for product in shop.products() if product.category == "大家电"]
    frank = [product for product in shop.products() if product.drawback]

    assert all(product.installation for product in large)
    assert 0.8 * len(shop.products()) < len(frank) < len(shop.products())


def test_some_pages_leave_something_unsaid(shop):
    products = shop.products()

    assert 5 < sum("产地" not in product.attributes for product in products)
    assert any(product.warranty is None and product.category == "手机数码" for product in products)
    assert any(product.care is None for product in products)


def test_some_names_are_parts_of_others(shop):
    names = {product.short_name for product in shop.products()}

    assert {"轻音2", "轻音2 Pro", "青羽X5", "青羽X5 Pro", "逐风3", "逐风3 Pro"} <= names
    assert 6 <= sum(any(a != b and a in b for b in names) for a in names)


def test_no_two_products_share_an_alias(shop):
    count = Counter(alias for product in shop.products() for alias in product.aliases)

    assert [] == [alias for alias, times in count.items() if times > 1]


def test_a_product_is_found_by_its_id_and_a_wrong_id_is_told(shop):
    first = shop.products()[0]

    assert first is shop.product(first.id)
    with pytest.raises(ProductNotFound):
        shop.product("00000000")


# The orders


def test_300_buyers_made_2500_orders_and_a_fifth_of_them_most(told):
    count = Counter(order.buyer_id for order in told.orders)

    assert 300 == len(told.buyers)
    assert 2500 == len(told.orders) == len({order.order_no for order in told.orders})
    assert 1250 < sum(times for _, times in count.most_common(60))


def test_orders_stand_in_every_state_and_parcels_too(told):
    assert set(OrderState) == {order.state for order in told.orders}
    assert set(ParcelState) == {parcel.state for order in told.orders for parcel in order.parcels}


def test_money_adds_up_and_freight_follows_the_terms(told):
    province = {buyer.id: buyer.province for buyer in told.buyers}

    for order in told.orders:
        assert order.goods_fen == sum(item.price_fen * item.quantity for item in order.items)
        assert order.freight_fen == freight(order.goods_fen, province[order.buyer_id])
        assert order.total_fen == order.goods_fen + order.freight_fen - order.discount_fen
        assert 0 <= order.discount_fen < order.goods_fen


def test_state_parcels_and_refund_agree(told, as_of):
    for order in told.orders:
        states = {parcel.state for parcel in order.parcels}
        if order.state in (OrderState.UNPAID, OrderState.CANCELLED):
            assert (None, (), None) == (order.paid_at, order.parcels, order.refund)
        elif order.state is OrderState.PAID:
            assert order.paid_at and not order.parcels and not order.refund
        elif order.state in (OrderState.SIGNED, OrderState.DONE):
            assert {ParcelState.SIGNED} == states and not order.refund
            done = as_of - max(parcel.traces[-1].at for parcel in order.parcels) >= DONE_AFTER
            assert done == (order.state is OrderState.DONE)
        elif order.state in (OrderState.REFUNDING, OrderState.REFUNDED):
            assert (order.refund.done_at is not None) == (order.state is OrderState.REFUNDED)
            assert (order.refund.step == "已原路退回") == (order.refund.done_at is not None)
            assert 0 < order.refund.amount_fen <= order.total_fen
        else:
            assert states & ON_THE_WAY and not order.refund
            assert (ParcelState.OUT_FOR_DELIVERY in states) == (order.state is OrderState.OUT_FOR_DELIVERY)


def test_times_are_in_order_and_nothing_lies_in_the_future(told, as_of):
    for order in told.orders:
        scans = [[trace.at for trace in parcel.traces] for parcel in order.parcels]
        known = [order.placed_at, *([order.paid_at] if order.paid_at else [])]
        assert known == sorted(known)
        for times in scans:
            assert times == sorted(set(times)), order.order_no
            assert known[-1] < times[0] and times[-1] <= as_of
        if order.refund:
            asked_at, done_at = order.refund.requested_at, order.refund.done_at
            assert order.paid_at < asked_at <= (done_at or as_of) <= as_of
        assert known[-1] <= as_of
        assert all(moment.microsecond == 0 for times in scans for moment in times)


def test_every_parcel_ends_with_its_state_and_holds_what_was_ordered(told):
    for order in told.orders:
        ordered = {item.sku_id for item in order.items}
        for parcel in order.parcels:
            assert parcel.state is parcel.traces[-1].state
            assert set(parcel.sku_ids) <= ordered
        if order.parcels:
            assert ordered == {sku_id for parcel in order.parcels for sku_id in parcel.sku_ids}


def test_numbers_look_as_they_should(told):
    heads = {"顺丰速运": "SF", "京东物流": "JD", "圆通速递": "YT", "极兔速递": "JT", "中通快递": "78", "邮政EMS": "12"}
    waybills = [parcel.waybill for order in told.orders for parcel in order.parcels]

    assert len(waybills) == len(set(waybills))
    for order in told.orders:
        assert re.fullmatch(r"\d{18}", order.order_no)
        assert order.order_no.startswith(f"{order.placed_at.astimezone(CHINA):%Y%m%d}")
        assert re.fullmatch(r"1[3-9]\d{9}", order.phone)
        assert all(parcel.waybill.startswith(heads[parcel.courier]) for parcel in order.parcels)


def test_enough_goes_wrong(told, as_of):
    parcels = [parcel for order in told.orders for parcel in order.parcels]
    late = [box for box in parcels if box.state in ON_THE_WAY and box.promised_at < as_of]
    stuck = [box for box in parcels if box.state in UNDER_WAY and silence(box, as_of) >= timedelta(hours=48)]
    overdue = [order for order in told.orders if order.state is OrderState.REFUNDING and refund_is_late(order, as_of)]
    not_sent = [one for one in told.orders if one.state is OrderState.PAID and one.dispatch_by < as_of]

    assert 30 <= len(late)
    assert 15 <= len(stuck)
    assert 10 <= sum(box.state is ParcelState.PROBLEM for box in parcels)
    assert 5 <= len(overdue)
    assert 5 <= len(not_sent)


def silence(parcel: Parcel, as_of: datetime) -> timedelta:
    return as_of - parcel.traces[-1].at


def refund_is_late(order: Order, as_of: datetime) -> bool:
    return order.refund.expected_at is not None and order.refund.expected_at < as_of


def test_a_refund_stands_at_every_step(told):
    steps = {order.refund.step for order in told.orders if order.refund}

    assert {"待商家审核", "待寄回", "退货在途", "待退款", "已原路退回"} == steps


def test_tiers_are_what_the_last_year_earned(told, as_of):
    spent: Counter[str] = Counter()
    for order in told.orders:
        recent = order.placed_at.date() > as_of.date() - timedelta(days=365)
        if recent and order.state in (OrderState.SIGNED, OrderState.DONE):
            spent[order.buyer_id] += order.total_fen

    for buyer in told.buyers:
        assert buyer.tier == next(t for t, from_fen in TIER_FROM_FEN.items() if spent[buyer.id] >= from_fen)
    assert set(TIER_FROM_FEN) == {buyer.tier for buyer in told.buyers}


def test_buyers_have_true_looking_numbers_and_some_were_born_on_a_leap_day(told):
    phones = [buyer.phone for buyer in told.buyers]

    assert 300 == len(set(phones))
    assert all(re.fullmatch(r"1[3-9]\d{9}", number) for number in phones)
    assert any(buyer.birthday and (buyer.birthday.month, buyer.birthday.day) == (2, 29) for buyer in told.buyers)
    assert any(buyer.birthday is None for buyer in told.buyers)
    assert all(buyer.member_since <= order.placed_at.date() for buyer, order in first_orders(told))


def first_orders(told: Told):
    buyers = {buyer.id: buyer for buyer in told.buyers}
    return [(buyers[order.buyer_id], order) for order in told.orders]


# The buyers of the demonstration


def orders_of(told: Told, buyer_id: str) -> list[Order]:
    found = [order for order in told.orders if order.buyer_id == buyer_id]
    return sorted(found, key=lambda order: order.placed_at, reverse=True)


def test_the_demo_buyers_are_in_the_situation_their_line_says(told, as_of):
    buyers = {buyer.id: buyer for buyer in told.buyers}
    newest = {buyer_id: orders_of(told, buyer_id) for buyer_id, _ in DEMO_BUYERS}

    assert all(words.startswith(buyers[buyer_id].name) for buyer_id, words in DEMO_BUYERS)
    assert "金卡" == buyers["u1001"].tier
    assert [OrderState.SHIPPED] == [o.state for o in newest["u1001"] if o.state is not OrderState.DONE]
    open_states = {OrderState.UNPAID, OrderState.PAID, OrderState.SHIPPED, OrderState.OUT_FOR_DELIVERY}
    assert open_states <= {order.state for order in newest["u1002"]}
    (silent,) = newest["u1003"][0].parcels
    assert timedelta(days=4) < silence(silent, as_of) < timedelta(days=5) and silent.promised_at < as_of
    waiting = newest["u1004"][0]
    assert "待退款" == waiting.refund.step and refund_is_late(waiting, as_of)
    assert [] == newest["u1005"]
    assert [OrderState.UNPAID, OrderState.SIGNED] == [order.state for order in newest["u1006"]]
    assert [ParcelState.SIGNED, ParcelState.IN_TRANSIT] == [box.state for box in newest["u1007"][0].parcels]
    signed_on = newest["u1008"][0].parcels[0].traces[-1].at.astimezone(CHINA).date()
    assert as_of.date() - timedelta(days=1) == signed_on


def test_the_same_people_shop_on_every_day(told):
    first = {buyer.id: (buyer.name, buyer.phone, buyer.province) for buyer in shop_on(DAYS[0]).buyers}

    assert first == {buyer.id: (buyer.name, buyer.phone, buyer.province) for buyer in told.buyers}


# Terms, promotions, coupons


def test_the_terms_know_a_time_of_arrival_for_every_province(shop):
    days = shop.terms().days_to_arrive

    assert 32 == len(days) and "default" in days
    assert {buyer.province for buyer in shop_on(DAYS[0]).buyers} <= set(days)
    assert all(1 <= fewest <= most for fewest, most in days.values())
    assert set(TERMS.tiers) == set(TIER_FROM_FEN)


def test_promotions_hold_only_in_their_time(shop):
    running = shop.promotions(NOW)

    assert 6 <= len(running)
    assert set(PromotionKind) == {offer.kind for offer in running}
    assert all(offer.starts_at <= NOW <= offer.ends_at for offer in running)
    assert not {"P10", "P11", "P12"} & {offer.id for offer in running}
    assert "P11" in {offer.id for offer in shop.promotions(NOW + timedelta(days=7))}


def test_stacking_names_known_kinds(shop):
    kinds = {kind.value for kind in PromotionKind}

    assert all(set(offer.stacks_with) <= kinds for offer in shop.promotions(NOW))


def test_a_coupon_can_be_usable_used_or_expired(shop):
    coupons = shop.coupons_of("u1001")

    assert 1 == sum(one.used_at is None and one.expires_at > NOW for one in coupons)
    assert 1 == sum(one.used_at is not None for one in coupons)
    assert 1 == sum(one.used_at is None and one.expires_at < NOW for one in coupons)
    assert () == shop.coupons_of("nobody")


# Asking for orders


def test_what_was_written_is_what_is_read(shop):
    told = shop_on(NOW.date())

    assert tuple(told.products) == tuple(shop.products())
    for order in told.orders[:400]:
        assert order == shop.order(order.order_no, order.buyer_id)
    assert all(buyer == shop.buyer(buyer.id) for buyer in told.buyers[:40])
    assert shop.buyer("nobody") is None


def test_orders_come_newest_first_and_no_more_than_asked(shop):
    orders = shop.orders_of("u1001")

    assert list(orders) == sorted(orders, key=lambda order: order.placed_at, reverse=True)
    assert orders[:3] == shop.orders_of("u1001", limit=3)
    assert () == shop.orders_of("u1001", limit=-1)


def test_somebody_elses_order_is_not_there(shop):
    theirs = shop.orders_of("u1001")[0]

    with pytest.raises(OrderNotFound):
        shop.order(theirs.order_no, "u1002")


def test_the_phone_tail_opens_an_order_and_nothing_else_does(shop):
    order = shop.orders_of("u1003")[0]
    tail = order.phone[-4:]

    assert order == shop.order_by_phone_tail(order.order_no, tail)
    for wrong in (f"{(int(tail) + 1) % 10000:04d}", "", tail[1:], order.phone, "none", "％", "' OR 1=1 --"):
        with pytest.raises(OrderNotFound):
            shop.order_by_phone_tail(order.order_no, wrong)


def test_an_unknown_number_and_a_wrong_tail_cannot_be_told_apart(shop):
    order = shop.orders_of("u1003")[0]
    wrong = f"{(int(order.phone[-4:]) + 1) % 10000:04d}"
    unknown_no = order.order_no[:-4] + f"{(int(order.order_no[-4:]) + 1) % 10000:04d}"

    def refusal(order_no: str, tail: str) -> Exception:
        with pytest.raises(OrderNotFound) as caught:
            shop.order_by_phone_tail(order_no, tail)
        return caught.value

    assert type(refusal(order.order_no, wrong)) is type(refusal(unknown_no, wrong))
    wrong_ms = slow_calls_ms(lambda: refusal(order.order_no, wrong))
    unknown_ms = slow_calls_ms(lambda: refusal(unknown_no, wrong))
    assert 0.5 < wrong_ms / unknown_ms < 2
    with pytest.raises(OrderNotFound):
        shop.order_by_phone_tail(unknown_no, "none")


def test_reading_is_quick(shop):
    order = shop.orders_of("u1001")[0]

    assert slow_calls_ms(lambda: shop.orders_of("u1001")) < 5  # about 0.3 ms; a busy machine is allowed for
    assert slow_calls_ms(lambda: shop.order(order.order_no, "u1001")) < 2
    assert slow_calls_ms(shop.catalogue_version) < 1


def test_many_threads_read_the_same(shop):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.orders_of("u1001"), range(64)))

    assert [shop.orders_of("u1001")] * 64 == answers


# The file


def test_the_same_day_and_seed_give_the_same_shop():
    assert shop_on(NOW.date()) == tell(NOW.date(), 7)
    assert shop_on(NOW.date()).orders != tell(NOW.date(), 8).orders


def test_the_file_is_kept_all_day(path, shop):
    first = path.stat().st_ino

    DemoShop(path, now=NOW + timedelta(hours=12))

    assert first == path.stat().st_ino


def test_the_next_day_makes_it_anew_and_an_open_shop_sees_that(small_shop, path, shop):
    other = small_shop()
    other.write_bytes(path.read_bytes())
    open_shop = DemoShop(other, now=NOW)
    before = open_shop.catalogue_version()
    assert before == shop.catalogue_version()

    DemoShop(other, now=NOW + timedelta(days=1))

    assert before != open_shop.catalogue_version()
    assert open_shop.products() is open_shop.products()


def test_a_shop_whose_file_is_gone_does_not_answer(small_shop, path, shop):
    other = small_shop()
    other.write_bytes(path.read_bytes())
    lost = DemoShop(other, now=NOW)
    other.unlink()

    for call in (lost.products, lambda: lost.orders_of("u1001"), lambda: lost.promotions(NOW)):
        with pytest.raises(ShopUnavailable):
            call()


def test_nobody_can_write_through_a_reader(shop):
    with shop._reading("test") as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM orders")


def start(path: Path) -> subprocess.Popen[bytes]:
    code = (
        "import sys; from pathlib import Path; from datetime import datetime; from bot.shop.demo import DemoShop;"
        "print(len(DemoShop(Path(sys.argv[1]), now=datetime.fromisoformat(sys.argv[2])).orders_of('u1001')))"
    )
    return subprocess.Popen([sys.executable, "-c", code, path, NOW.isoformat()], cwd=ROOT, stdout=subprocess.PIPE)


def test_two_processes_may_start_at_once_and_a_killed_one_leaves_no_half_file(small_shop, shop):
    path = small_shop()
    killed, first, second = start(path), start(path), start(path)
    while not list(path.parent.glob("*.tmp")) and killed.poll() is None:
        time.sleep(0.005)
    killed.kill()

    counts = [int(process.communicate(timeout=20)[0]) for process in (first, second)]
    killed.communicate()

    assert [len(shop.orders_of("u1001"))] * 2 == counts
    assert DemoShop(path, now=NOW).catalogue_version() == shop.catalogue_version()


def test_a_spoilt_file_is_made_anew_and_what_a_killed_process_left_is_swept_away(small_shop):
    path = small_shop()
    path.write_bytes(b"not a shop")
    leftover = path.with_name(f".{path.name}.dead.tmp")
    leftover.write_bytes(b"half")
    long_ago = time.time() - 3600
    os.utime(leftover, (long_ago, long_ago))

    assert DemoShop(path, now=NOW).orders_of("u1001")

    assert [path] == list(path.parent.iterdir())


def test_records_are_frozen(shop):
    order = shop.orders_of("u1001")[0]

    assert replace(order, remark="x") != order
    with pytest.raises(AttributeError):
        order.remark = "x"  # type: ignore[misc]
