"""A catalogue of 20,000 products: CPU seconds to build the linker's index, CPU ms to look up a line (`python -m bench.catalogue`)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.figures import Figure, machine_ms, show
from bot.nlu.linker import Index
from bot.shop.facts import Product, Sku

PRODUCTS = 20_000
_BRANDS = "云栖里 北漠 素野 行岸 踏青山 青羽 澜图 禾暖 小灶台 凌川 海澄 芷序 白露集 舒源 山有味 麦溪 云雾间 贝初 芽芽兔 星海 远帆 朴木 知更 晴川 半夏".split()
_MANNERS = "轻薄 加厚 防水 静音 便携 迷你 智能 恒温 无线 可折叠 儿童 女士 男士 复古 商务 户外 家用 车载 抗菌 高腰 宽松 修身 一级能效 大容量 免安装".split()
_GOODS = (
    "羽绒服 冲锋衣 牛仔裤 衬衫 连衣裙 毛衣 跑鞋 登山鞋 凉鞋 短靴 手机 蓝牙耳机 智能手表 机械键盘 充电宝 显示器 空气炸锅 破壁机 电饭煲 养生壶 电热水壶 "
    "咖啡机 扫地机器人 吸尘器 加湿器 吹风机 电动牙刷 取暖器 空调 冰箱 洗衣机 电视 热水器 洗碗机 面霜 精华液 洗面奶 防晒霜 口红 面膜 洗发水 坚果礼盒 咖啡豆 "
    "大米 牛肉干 绿茶 月饼 纸尿裤 奶粉 奶瓶 婴儿车 安全座椅 睡袋 湿巾 床垫 四件套 台灯 书桌 行李箱 保温杯"
).split()
_SERIES = "云 风 山 海 光 影 星 月 雪 竹 松 荷 岚 霁 曜 澄 朗 逸 宁 悦".split()
_EXACT = "{}还有货吗，什么时候能发"
_SLIP = "那个{}多少钱啊"
_NONE = "我昨天下午买的那个到底什么时候能发货，都等了三天了"
_ROUNDS = 200


def products(count: int = PRODUCTS, seed: int = 7) -> tuple[Product, ...]:
    """*count* invented products with a title, a short name, two aliases and a model number each."""
    dice = random.Random(seed)
    return tuple(_product(number, dice) for number in range(count))


def _product(number: int, dice: random.Random) -> Product:
    brand, manner, goods = dice.choice(_BRANDS), dice.choice(_MANNERS), dice.choice(_GOODS)
    series = dice.choice(_SERIES) + dice.choice(_SERIES) + str(dice.randrange(1, 100))
    id_ = str(70_000_000 + number)
    return Product(
        id=id_, name=f"{brand}{series}{manner}{goods}{dice.choice(_MANNERS)}{dice.choice(_MANNERS)}新款官方正品", short_name=f"{series}{goods}",
        aliases=(f"{manner}{goods}", f"{brand}{series}"), category="商品", brand=brand, model=f"{chr(65 + number % 26)}{chr(65 + number // 26 % 26)}-{number}",
        attributes={}, in_the_box=(), skus=(Sku(f"{id_}-1", id_, {}, 9900, 5),), list_price_fen=9900, warranty=None,
        returnable_7_days=True,
    )  # fmt: skip


def figures() -> Iterator[Figure]:
    """Build once, then look up lines that name a product, nearly name one, and name none."""
    goods = products()
    Index(goods[:50])  # dictionaries and spaCy are loaded once for all
    index, built_s = _timed(lambda: Index(goods))
    how = f"{PRODUCTS} products, {len(index.ids)} names"
    yield Figure("index of the catalogue", built_s, "CPU s", 5.0, how, machine_ms())
    for name, target, lines in (
        ("line with a name", 2.0, [_EXACT.format(each.short_name) for each in goods[:_ROUNDS]]),
        ("line with a slip of a name", 2.0, [_SLIP.format(_slip(each.name)) for each in goods[:_ROUNDS]]),
        ("line without a name", 2.0, [_NONE] * _ROUNDS),
        ("line of 2,000 characters", None, [_NONE * 80] * 10),
    ):
        yield Figure(name, _lookup_ms(index, lines), "CPU ms", target, f"mean of {len(lines)}; {how}", machine_ms())


def _slip(name: str) -> str:
    """The first ten characters of *name* with one wrong."""
    return name[:5] + "错" + name[6:10]


def _lookup_ms(index: Index, lines: Sequence[str]) -> float:
    _, took_s = _timed(lambda: [index.read(line) for line in lines])
    return took_s * 1000 / len(lines)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.process_time()
    return work(), time.process_time() - begun


if __name__ == "__main__":
    show(figures)
