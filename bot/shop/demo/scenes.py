"""The buyers at the head of the list, each in a situation worth showing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from bot.shop.demo.ledger import Basket, Ledger, route, write
from bot.shop.demo.parcels import cut, pack
from bot.shop.demo.people import Person
from bot.shop.demo.plots import arriving, in_refund, known, no_scan, on_its_way, out_for_delivery, paid, unpaid
from bot.shop.facts import Order, Product, Sku

DEMO_BUYERS: tuple[tuple[str, str], ...] = (
    ("u1001", "林知夏：金卡会员，一个包裹正在路上"),
    ("u1002", "周予安：同时有待付款、待发货、运输中、派送中的订单"),
    ("u1003", "何沐晴：包裹4天没有物流更新，已超过承诺时间"),
    ("u1004", "郑书言：退货已签收，退款超过承诺时间未到账"),
    ("u1005", "苏念：新会员，没有订单"),
    ("u1006", "唐可盈：一个待付款订单，一个已签收订单"),
    ("u1007", "罗一鸣：一单分两个包裹，到了一个"),
    ("u1008", "秦若溪：昨天签收了一双跑鞋"),
)
_PROVINCES = ("广东", "浙江", "四川", "山东", "江苏", "北京", "湖北", "福建")

#: buyer_id -> name and province: the same on every day, so that a demonstration can be rehearsed
CAST: Mapping[str, tuple[str, str]] = {
    buyer_id: (words.split("：")[0], province)
    for (buyer_id, words), province in zip(DEMO_BUYERS, _PROVINCES, strict=True)
}


def scenes(book: Ledger, persons: Mapping[str, Person], products: Mapping[str, Product]) -> Iterator[Order]:
    """All orders of the demo buyers; *products* by short name."""

    def things(*wanted: str) -> Basket:
        """A basket from notes like "逐风3/黑白 42"."""
        return [_thing(products, note) for note in wanted]

    gold, many, silent, waiting, both, half, fresh = (
        persons[buyer_id] for buyer_id in ("u1001", "u1002", "u1003", "u1004", "u1006", "u1007", "u1008")
    )
    yield on_its_way(book, gold, things("云感羽绒服/黑色 M"))
    for out_day, note in (
        (-330, "净风1.5匹空调"), (-270, "有机燕麦片"), (-210, "扫拖机器人"), (-150, "云柔抽纸"), (-96, "轻音2/白色"),
        (-61, "青羽X5/湖青 8GB+128GB"), (-30, "云柔抽纸"), (-14, "积雪草面霜"),
    ):  # fmt: skip
        yield arriving(book, gold, things(note), out_day)

    yield unpaid(book, many, things("轻音2 Pro/黑色"))
    yield paid(book, many, things("可视空气炸锅/奶油白"))
    yield on_its_way(book, many, things("重磅T恤/黑色 L", "抗菌中筒袜"))
    yield out_for_delivery(book, many, things("每日坚果"))
    yield arriving(book, many, things("氨基酸洗面奶"), -40)

    yield no_scan(book, silent, things("中帮登山鞋/炭灰 41"), silent_h=97)
    yield arriving(book, silent, things("溯溪鞋/墨绿 41"), -120)

    yield in_refund(book, waiting, things("硬壳冲锋衣/黑色 L"), 3, 72 + 75, -14)
    yield arriving(book, waiting, things("冰丝T恤/黑色 L"), -88)

    yield unpaid(book, both, things("旋转安全座椅/星空灰"))
    yield arriving(book, both, things("云薄纸尿裤/L", "手口湿巾"), -3)

    yield half_arrived(book, half, things("K87机械键盘/线性红轴 灰白", "静音鼠标/黑色"))
    yield arriving(book, half, things("27寸2K显示器"), -75)

    yield arriving(book, fresh, things("逐风3/冰蓝 38"), -1)
    yield arriving(book, fresh, things("水感防晒霜"), -64)


def half_arrived(book: Ledger, person: Person, basket: Basket) -> Order:
    """Two boxes: the first was signed the day before yesterday, the second is still under way."""
    paid_at, way = route(book, person.province, -2, days=2)
    _, slower = route(book, person.province, 1, days=4)
    first, second = ((sku.id,) for _, sku, _ in basket)
    parcels = [pack(book.rng, person, first, way), pack(book.rng, person, second, slower)]
    paid_at = min(paid_at, min(box.traces[0].at for box in parcels) - timedelta(hours=3))
    return write(book, person, basket, paid_at, parcels=known([cut(box, book.as_of) for box in parcels]))


def _thing(products: Mapping[str, Product], note: str) -> tuple[Product, Sku, int]:
    short_name, _, spec = note.partition("/")
    product = products[short_name]
    sku = next(sku for sku in product.skus if not spec or sku.spec == spec)
    return product, sku, 1
