"""Which product of the live catalogue a line speaks of."""

from __future__ import annotations

import time

import pytest

from bot.errors import ShopUnavailable
from bot.nlu.linker import Linker
from bot.shop.facts import Product, Sku
from bot.text.patterns import find


def product(id_: str, name: str, *aliases: str, model: str | None = None) -> Product:
    """A product of which only the names matter."""
    return Product(
        id=id_, name=f"{name} 官方正品", short_name=name, aliases=aliases, category="数码", brand="未来", model=model,
        attributes={}, in_the_box=(), skus=(Sku(f"{id_}-1", id_, {}, 9900, 5),), list_price_fen=9900, warranty=None,
        returnable_7_days=True,
    )  # fmt: skip


PHONE = product("10000001", "星海 X20 Pro", "星海手机", model="XH-2040P")
SMALL_PHONE = product("10000002", "星海 X20")
JACKET = product("10000003", "云感羽绒服", "云感", "小白鸭")
OTHER_JACKET = product("10000004", "轻暖羽绒服", "小白鸭")
KETTLE = product("13822045671", "恒温电热烧水壶", model="DK1817")


class FixedShop:
    """A shop that has these products; raises *fault* if it is given one."""

    def __init__(self, *products: Product, fault: Exception | None = None) -> None:
        self.goods, self.fault, self.asked = products, fault, 0

    def catalogue_version(self) -> str:
        if self.fault:
            raise self.fault
        return str([each.id for each in self.goods])

    def products(self) -> tuple[Product, ...]:
        self.asked += 1
        return self.goods


@pytest.fixture
def linker() -> Linker:
    return Linker(FixedShop(PHONE, SMALL_PHONE, JACKET, OTHER_JACKET, KETTLE))


def linked(linker: Linker, text: str) -> list[dict]:
    """Product entities of *text*, as the engine gets them."""
    by_shape = [{"entity": hit.kind, "value": hit.value, "start": hit.start, "end": hit.end} for hit in find(text)]
    return linker.entities(text, by_shape)


def products_in(linker: Linker, text: str) -> list[str]:
    return [entity["value"] for entity in linked(linker, text) if entity["entity"] == "product"]


def goods_in(linker: Linker, text: str) -> list[str]:
    return [text[entity["start"] : entity["end"]] for entity in linked(linker, text) if entity["entity"] == "goods"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("云感羽绒服有货吗", [JACKET]),
        ("星海手机续航多久", [PHONE]),
        ("xh-2040p 支持快充不", [PHONE]),
        ("XH2040P支持快充不", [PHONE]),
        ("dk1817坏了", [KETTLE]),
        ("星海x20pro多少钱", [PHONE]),
        ("星海 X20　PRO 多少钱", [PHONE]),
        ("雲感羽絨服有貨嗎", [JACKET]),
        ("星海X20和恒温电热烧水壶一起买有优惠吗", [SMALL_PHONE, KETTLE]),
        ("有没有洗衣机", []),
        ("", []),
        ("？？？", []),
    ],
)
def test_a_product_is_known_by_name_alias_and_model_however_it_is_typed(linker, text, meant):
    assert [each.id for each in meant] == products_in(linker, text)


def test_of_overlapping_names_the_longest_is_meant(linker):
    assert [PHONE.id] == products_in(linker, "星海X20 Pro有没有优惠")
    assert [SMALL_PHONE.id] == products_in(linker, "星海X20有没有优惠")


def test_a_name_that_fits_two_products_gives_both(linker):
    (entity,) = linked(linker, "小白鸭掉毛吗")

    assert {JACKET.id, OTHER_JACKET.id} == {entity["value"], *entity["also"]}


def test_a_slip_of_the_pen_is_linked_nearly(linker):
    (entity,) = linked(linker, "恒温电热烧水湖多大")

    assert (KETTLE.id, True) == (entity["value"], entity["nearly"])


def test_a_name_written_right_is_not_nearly(linker):
    (entity,) = linked(linker, "恒温电热烧水壶多大")

    assert not entity["nearly"]


@pytest.mark.parametrize("text", ["热水", "今天下雨了吗", "我要退货", "羽绒", "x2"])
def test_no_product_is_guessed_from_a_little_likeness(linker, text):
    assert [] == linked(linker, text)


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ("亲，云感羽绒服有货吗", "云感羽绒服"),
        ("  亲　　星海　X20   Pro 有货吗", "星海　X20   Pro"),
        ("ＸＨ－２０４０Ｐ怎么样", "ＸＨ－２０４０Ｐ"),
        ("👍👍云感羽绒服👍", "云感羽绒服"),
        ("想买\u200b星海\u200bX20", "星海\u200bX20"),
        ("这个恒温电热绕水壶多大", "恒温电热绕水壶"),
    ],
)
def test_the_place_of_a_name_is_in_the_shoppers_own_text(linker, text, stretch):
    (entity,) = linked(linker, text)

    assert stretch == text[entity["start"] : entity["end"]]


def test_eleven_digits_after_a_cue_are_a_product_and_without_one_a_phone(linker):
    assert [KETTLE.id] == products_in(linker, "商品ID：13822045671 还有吗")
    assert [] == products_in(linker, "我手机13822045671")


def test_the_number_of_a_product_the_shop_has_not_is_no_product(linker):
    assert [] == products_in(linker, "商品ID:19999999999 还有吗")


def test_a_new_product_is_known_at_once_and_a_removed_one_forgotten(linker):
    before = products_in(linker, "有没有降噪耳机Q1")

    linker.shop.goods = (product("10000009", "降噪耳机Q1"),)

    assert [] == before
    assert ["10000009"] == products_in(linker, "有没有降噪耳机Q1")
    assert [] == products_in(linker, "云感羽绒服有货吗")


def test_the_catalogue_is_read_once_while_it_does_not_change(linker):
    for _ in range(5):
        products_in(linker, "云感羽绒服有货吗")

    assert linker.shop.asked == 1


def test_while_the_shop_is_away_the_names_known_so_far_serve(linker):
    products_in(linker, "云感羽绒服有货吗")

    linker.shop.fault = ShopUnavailable("catalogue_version", 3.0)

    assert [JACKET.id] == products_in(linker, "云感羽绒服有货吗")


def test_a_shop_that_was_never_there_stops_no_line():
    linker = Linker(FixedShop(fault=ShopUnavailable("catalogue_version", 3.0)))

    assert [] == products_in(linker, "云感羽绒服有货吗")


def test_a_line_of_two_thousand_characters_finds_the_name_at_its_end(linker):
    text = "这个问题我想了很久" * 220 + "云感羽绒服"

    (entity,) = linked(linker, text)

    assert (JACKET.id, len(text)) == (entity["value"], entity["end"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("空气炸锅烤多久", ["空气炸锅"]),
        ("有没有洗衣机", ["洗衣机"]),
        ("爽肤水跟精华哪个先擦", ["爽肤水", "精华"]),
        ("那双鞋发没发货", ["鞋"]),
        ("推荐个电饭堡", ["电饭堡"]),
        ("tuijian yige dianfanguo", ["dianfanguo"]),
        ("iPhone 15 Pro 现在有吗", ["iPhone 15 Pro"]),
        ("手机号13800138000", []),
        ("手机13800138000收货", []),
        ("包邮吗", []),
        ("水印怎么去", []),
        ("云感羽绒服有货吗", []),
        ("电视几个接口", ["电视"]),
        ("手机壳有吗", ["手机壳"]),
    ],
)
def test_goods_are_named_where_no_product_is(linker, text, words):
    assert words == goods_in(linker, text)


def test_what_three_products_end_on_is_a_word_for_goods():
    linker = Linker(
        FixedShop(*(product(str(10_000_020 + n), name) for n, name in enumerate(("云朵灯笼", "海盐灯笼", "松木灯笼"))))
    )

    assert ["灯笼"] == goods_in(linker, "想买个灯笼")


def test_a_word_that_ends_on_a_products_name_is_that_product_and_one_that_goes_on_from_it_is_not():
    linker = Linker(FixedShop(product("10000031", "安全座椅"), product("10000032", "手机")))

    (seat,) = linked(linker, "婴儿安全座椅多少钱")

    assert ("10000031", 0, 6) == (seat["value"], seat["start"], seat["end"])
    assert [] == products_in(linker, "手机壳多少钱")


@pytest.mark.parametrize("text", ["恒温店热水壶", "hengwendianreshuihu"])
def test_a_name_that_sounds_right_is_linked_nearly(text):
    linker = Linker(FixedShop(product("10000041", "恒温电热水壶")))

    (entity,) = linked(linker, f"请问 {text} 多大")

    assert ("10000041", True, text) == (
        entity["value"],
        entity["nearly"],
        f"请问 {text} 多大"[entity["start"] : entity["end"]],
    )


def test_another_number_is_another_product(linker):
    assert [] == products_in(linker, "月影X30 Pro多少钱")


def test_the_product_of_the_page_is_meant_where_a_name_fits_several_or_none_is_named(linker):
    page = {"product_id": OTHER_JACKET.id}

    (named,) = linker.entities("小白鸭掉毛吗", [], page)
    (pointed,) = linker.entities("亲，这款掉毛吗", [], page)

    assert (OTHER_JACKET.id, [JACKET.id]) == (named["value"], named["also"])
    assert (OTHER_JACKET.id, 2, 4) == (pointed["value"], pointed["start"], pointed["end"])
    assert [] == linker.entities("这款掉毛吗", [], {"product_id": "99999999"})
    assert [KETTLE.id] == [each["value"] for each in linker.entities("这款和dk1817比呢", [], page)]


@pytest.mark.parametrize("unit", ["1", "👍", "\u200b", "羽绒", "a", "xh", "云感羽绒", "鞋"])
def test_no_line_is_too_long_or_too_odd_to_be_looked_up(linker, unit):
    begun = time.process_time()

    linked(linker, unit * (10_000 // len(unit)))

    assert time.process_time() - begun < 2


def test_every_product_of_the_demo_shop_is_found_by_its_name_and_aliases(shop):
    linker = Linker(shop)

    lost = [
        (each.id, name)
        for each in shop.products()
        for name in (each.short_name, *each.aliases)
        if all(each.id not in (found["value"], *found["also"]) for found in linker.entities(f"请问{name}怎么样", []))
    ]

    assert [] == lost
