"""Reading a product's own size table with a shopper's measures and what fitted them before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.shop.facts import ParcelState, SizeTable
from bot.shop.sizes import Body, Worn, advise, worn_before

COAT = SizeTable(
    ("身高cm", "体重kg"),
    {"S": ((155, 160), (43, 50)), "M": ((160, 165), (50, 56)), "L": ((165, 170), (56, 63))},
)
SHOES = SizeTable(("脚长mm",), {"38": ((238, 242),), "39": ((243, 247),)})
TIGHT = SizeTable(("脚长mm",), {"38": ((234, 238),), "39": ((239, 243),), "40": ((244, 248),)})


@pytest.mark.parametrize(
    ("body", "sizes"),
    [
        (Body(height="163", weight="53kg"), ("M",)),
        (Body(height="163", weight="106斤"), ("M",)),
        (Body(height="163", weight="53公斤"), ("M",)),
        (Body(height="163cm", weight="106"), ("M",)),  # nobody of 163 cm weighs 106 kg: it is jin
        (Body(height="163", weight="53"), ("M",)),  # and nobody weighs 53 jin
        (Body(weight="45.5kg"), ("S",)),
        (Body(height="168"), ("L",)),
    ],
)
def test_the_size_is_the_row_that_holds_every_measure_given(body, sizes):
    advice = advise(COAT, body)

    assert (sizes, False, sizes[0]) == (advice.sizes, advice.between, advice.size)


def test_on_the_edge_of_two_sizes_both_are_named():
    advice = advise(COAT, Body(height="160", weight="100斤"))

    assert (("S", "M"), True, "M") == (advice.sizes, advice.between, advice.size)
    assert "想合身选S，想宽松选M" in advice.why


def test_a_tall_and_light_shopper_is_between_two_neighbouring_sizes():
    advice = advise(COAT, Body(height="168", weight="52kg"))

    assert (("M", "L"), True, "L") == (advice.sizes, advice.between, advice.size)
    assert advice.why.startswith("身高在L，体重在M")


def test_measures_that_point_to_rows_far_apart_fit_no_size():
    advice = advise(COAT, Body(height="158", weight="62kg"))

    assert ((), "", False) == (advice.sizes, advice.size, advice.between)
    assert advice.measures == "身高158cm、体重62kg"


def test_a_measure_beyond_the_table_fits_no_size():
    assert () == advise(COAT, Body(height="190")).sizes


@pytest.mark.parametrize("foot", ["24.5", "24.5cm", "245", "245mm"])
def test_a_foot_is_measured_in_centimetres_or_millimetres(foot):
    assert ("39",) == advise(SHOES, Body(foot_length=foot)).sizes


def test_a_foot_in_the_gap_between_two_rows_is_between_two_sizes():
    advice = advise(SHOES, Body(foot_length="242.5mm"))

    assert (("38", "39"), "39") == (advice.sizes, advice.size)


def test_the_usual_shoe_size_is_read_as_the_foot_it_is_made_for():
    advice = advise(TIGHT, Body(usual="39"))

    assert (("39",), "平时39码（约合脚长241-245mm）") == (advice.sizes, advice.measures)


def test_the_foot_counts_more_than_the_usual_size():
    assert ("40",) == advise(TIGHT, Body(usual="39", foot_length="246")).sizes


def test_a_girth_of_the_table_counts_as_every_other_measure():
    bra = SizeTable(("体重kg", "下胸围cm"), {"M": ((42, 52), (70, 76)), "L": ((52, 60), (76, 82))})

    assert ("L",) == advise(bra, Body(weight="55kg"), girths={"下胸围": 78.0}).sizes


@pytest.mark.parametrize("body", [Body(), Body(foot_length="245"), Body(weight="很瘦"), Body(usual="M")])
def test_without_a_measure_of_the_table_no_size_is_advised(body):
    advice = advise(COAT, body)

    assert ("", (), False) == (advice.measures, advice.sizes, advice.between)
    assert advice.needed == ("身高", "体重")


def test_the_table_is_told_in_one_line():
    assert "38：脚长238-242mm；39：脚长243-247mm" == advise(SHOES, Body()).table


EDGE = Body(height="160", weight="50kg")


def test_between_two_sizes_the_one_the_shopper_kept_before_decides():
    advice = advise(COAT, EDGE, [Worn("重磅T恤", "S", same_product=False, sent_back=False)])

    assert ("S", "您留下的重磅T恤是S码，照着选") == (advice.size, advice.why)


def test_a_size_of_this_product_that_was_sent_back_is_not_advised_again():
    advice = advise(COAT, EDGE, [Worn("云感羽绒服", "M", same_product=True, sent_back=True)])

    assert advice.size == "S"
    assert "M码，因为尺码不合适退了" in advice.why


def test_where_only_the_size_sent_back_fits_the_shopper_is_told_so():
    advice = advise(
        COAT, Body(height="163", weight="53kg"), [Worn("云感羽绒服", "M", same_product=True, sent_back=True)]
    )

    assert advice.size == "M"
    assert "偏小就选大一码" in advice.why


def test_the_shoppers_own_sizes_are_read_from_their_orders(shop):
    products = {product.id: product for product in shop.products()}
    coat = next(product for product in products.values() if product.short_name == "硬壳冲锋衣")
    order = next(order for order in shop.orders_of("u1004", 50) if order.items[0].product_id == coat.id)
    assert order.refund is not None
    for_size = replace(order, refund=replace(order.refund, reason="尺码不合适"))
    broken = replace(order, refund=replace(order.refund, reason="质量问题"))
    shirt = next(order for order in shop.orders_of("u1004", 50) if order.items[0].name == "冰丝T恤")
    coming = replace(shirt, parcels=tuple(replace(box, state=ParcelState.IN_TRANSIT) for box in shirt.parcels))

    worn = worn_before([for_size, broken, shirt, coming], coat, products)

    assert [Worn("硬壳冲锋衣", "L", True, True), Worn("冰丝T恤", "L", False, False)] == worn
