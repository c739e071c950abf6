"""The demo shop's catalogue: every page of every category, as it stands on one day."""

from __future__ import annotations

from datetime import date

from bot.shop.demo.goods import Goods
from bot.shop.demo.pages import (
    appliances,
    baby,
    beauty,
    clothes,
    digital,
    food,
    kitchen,
    shoes,
)
from bot.shop.facts import Product

GOODS: tuple[Goods, ...] = (
    *clothes.GOODS,
    *shoes.GOODS,
    *digital.GOODS,
    *kitchen.GOODS,
    *appliances.GOODS,
    *beauty.GOODS,
    *food.GOODS,
    *baby.GOODS,
)


def catalogue(day: date) -> tuple[Product, ...]:
    """All products as shown on *day*: restock days count from it."""
    return tuple(goods.product(day) for goods in GOODS)


def products_by_short_name(products: tuple[Product, ...]) -> dict[str, Product]:
    """Products by what a shopper calls them; names are unique."""
    return {product.short_name: product for product in products}
