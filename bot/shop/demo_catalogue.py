"""The demo shop's catalogue: every page of every category, as it stands on one day."""

from __future__ import annotations

from datetime import date

from bot.shop import (
    demo_goods_appliances,
    demo_goods_baby,
    demo_goods_beauty,
    demo_goods_clothes,
    demo_goods_digital,
    demo_goods_food,
    demo_goods_kitchen,
    demo_goods_shoes,
)
from bot.shop.demo_goods import Goods
from bot.shop.facts import Product

GOODS: tuple[Goods, ...] = (
    *demo_goods_clothes.GOODS,
    *demo_goods_shoes.GOODS,
    *demo_goods_digital.GOODS,
    *demo_goods_kitchen.GOODS,
    *demo_goods_appliances.GOODS,
    *demo_goods_beauty.GOODS,
    *demo_goods_food.GOODS,
    *demo_goods_baby.GOODS,
)


def catalogue(day: date) -> tuple[Product, ...]:
    """All products as shown on *day*: restock days count from it."""
    return tuple(goods.product(day) for goods in GOODS)


def products_by_short_name(products: tuple[Product, ...]) -> dict[str, Product]:
    """Products by what a shopper calls them; names are unique."""
    return {product.short_name: product for product in products}
