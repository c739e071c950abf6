"""Reading a product's own size table with a shopper's measures."""

from __future__ import annotations

import pytest

from bot.shop.facts import SizeTable
from bot.shop.sizes import advise

COAT = SizeTable(
    ("身高cm", "体重kg"),
    {"S": ((155, 160), (43, 50)), "M": ((160, 165), (50, 56)), "L": ((165, 170), (56, 63))},
)
SHOES = SizeTable(("脚长mm",), {"38": ((238, 242),), "39": ((243, 247),)})


@pytest.mark.parametrize(
    ("measures", "sizes"),
    [
        ({"height": "163", "weight": "53kg"}, ("M",)),
        ({"height": "163", "weight": "106斤"}, ("M",)),
        ({"height": "163", "weight": "53公斤"}, ("M",)),
        ({"height": "163cm", "weight": "106"}, ("M",)),  # nobody of 163 cm weighs 106 kg: it is jin
        ({"height": "163", "weight": "53"}, ("M",)),  # and nobody weighs 53 jin
        ({"weight": "45.5kg"}, ("S",)),
        ({"height": "168"}, ("L",)),
    ],
)
def test_the_size_is_the_row_that_holds_every_measure_given(measures, sizes):
    advice = advise(COAT, **measures)

    assert (sizes, False) == (advice.sizes, advice.between)


def test_on_the_edge_of_two_sizes_both_are_named():
    advice = advise(COAT, height="160", weight="100斤")

    assert (("S", "M"), True) == (advice.sizes, advice.between)


def test_measures_that_point_to_different_rows_fit_no_size():
    advice = advise(COAT, height="158", weight="62kg")

    assert ((), False) == (advice.sizes, advice.between)
    assert advice.measures == "身高cm 158、体重kg 62"


@pytest.mark.parametrize("foot", ["24.5", "24.5cm", "245", "245mm"])
def test_a_foot_is_measured_in_centimetres_or_millimetres(foot):
    advice = advise(SHOES, foot=foot)

    assert ("39",) == advice.sizes


@pytest.mark.parametrize("measures", [{}, {"foot": "245"}, {"height": None, "weight": "很瘦"}])
def test_without_a_measure_of_the_table_no_size_is_advised(measures):
    advice = advise(COAT, **measures)

    assert ("", (), False) == (advice.measures, advice.sizes, advice.between)


def test_the_table_is_told_in_one_line():
    advice = advise(SHOES)

    assert advice.table == "38 脚长mm238-242；39 脚长mm243-247"
