"""Pictures of the demo shop's products: flat drawings, the same for the same product, in its first colour.

What is drawn follows from the words of the name, or from the category when no word is known. The drawings stand in
storefront/shapes.txt and name their colours: {main} {dark} {light} of the product, {white}, {ink} and {glass}.
"""

from __future__ import annotations

from colorsys import hls_to_rgb, rgb_to_hls
from html import escape
from pathlib import Path
from zlib import crc32

from bot.shop.facts import Product

_SHAPES = dict(
    row.split(maxsplit=1)
    for row in (Path(__file__).parent / "storefront" / "shapes.txt").read_text(encoding="utf-8").splitlines()
    if not row.startswith("#")
)

#: Words of a product's name and what they show; the first that fits wins, so the longer word stands before its part.
_WORDS = tuple(
    (word, shape)
    for shape, words in (
        ("carseat", "安全座椅"), ("breastpump", "吸奶器"), ("stroller", "推车 伞车"), ("diaper", "纸尿裤 拉拉裤"),
        ("tin", "奶粉 龙井"), ("babybottle", "奶瓶"), ("romper", "连体衣 睡袋"), ("packet", "湿巾 面膜"),
        ("sweater", "打底衫 保暖内衣 毛衣"), ("coat", "羽绒服 大衣 冲锋衣"), ("tshirt", "T恤"), ("shirt", "衬衫"),
        ("trousers", "裤"), ("dress", "裙"), ("bra", "内衣"), ("socks", "袜"),
        ("slipper", "拖鞋 棉拖 洞洞鞋"), ("boot", "靴 登山鞋"), ("sneaker", "鞋 逐风"),
        ("headphones", "头戴"), ("earbuds", "耳机 轻音2 轻音Air"), ("keyboard", "键盘"), ("mouse", "鼠标"),
        ("powerbank", "能量块"), ("speaker", "音箱"), ("camera", "摄像头"), ("watch", "手表"), ("screen", "显示器 电视"),
        ("airfryer", "空气炸锅"), ("pot", "饭煲 煮锅"), ("blender", "破壁机"), ("kettle", "壶"), ("coffeemaker", "咖啡机"),
        ("robot", "扫拖"), ("vacuum", "吸尘器"), ("humidifier", "加湿器"), ("hairdryer", "吹风机"), ("toothbrush", "牙刷"),
        ("heater", "取暖器"), ("tower", "3匹 立式"), ("aircon", "空调"), ("fridge", "冰箱"), ("dishwasher", "洗碗机"),
        ("waterheater", "热水器"), ("washer", "洗衣机 洗烘"), ("jar", "面霜"), ("dropper", "精华"),
        ("pump", "洗发水 沐浴露 卸妆油"), ("tube", "洗面奶 防晒 牙膏"), ("lipstick", "口红"), ("compact", "气垫"),
        ("tissues", "抽纸"), ("shaver", "剃须刀"), ("sack", "大米"), ("giftbox", "礼盒"), ("bottle", "气泡水"),
        ("bread", "吐司"), ("bowl", "螺蛳粉"), ("phone", "手机"),
    )
    for word in words.split()
)  # fmt: skip

_USUAL = {"服装": "tshirt", "鞋靴": "sneaker", "手机数码": "phone", "小家电": "pot", "大家电": "fridge",
          "美妆个护": "pump", "食品": "bag", "母婴": "babybottle"}  # fmt: skip

_COLOURS = {
    "黑": "#43474d", "曜": "#43474d", "白": "#f3efe6", "燕麦": "#dccfb8", "红": "#b8433f", "枫": "#b8433f", "豆沙": "#b46a64",
    "粉": "#e2a9ab", "藕": "#d9b3ae", "玫瑰": "#c2606f", "橙": "#e08a4b", "黄": "#e3bd5b", "金": "#c8a968", "香槟": "#d9c39a",
    "军绿": "#6b7350", "绿": "#7d9c78", "薄荷": "#9cc5b0", "青": "#6fa3a0", "藏青": "#3d4d6b", "蓝": "#6f94b8", "紫": "#9a8bb5",
    "芋": "#a99bc0", "灰": "#8f969c", "银": "#c3c8cc", "钛": "#a7a39c", "棕": "#8a6248", "咖": "#9b7a60", "栗": "#7d5443",
    "驼": "#bd9468", "卡其": "#b39b72", "沙": "#cdb48c", "焦糖": "#a86f43",
}  # fmt: skip

_OWN = ("#7a9bb0", "#c08a6a", "#8aa37b", "#b98aa0", "#a99468", "#7f8fb5", "#bf7f6f", "#6f9e98")
_GROUNDS = ("#eef1ec", "#f3ede4", "#eaeff2", "#f4ecea", "#efedf3", "#eef0e6")
_DEEP_GROUNDS = ("#b9c6bf", "#cdbba4", "#b3c3ce", "#d0b5b0", "#bcb8cd", "#bfc6a8")  #: behind white things


def picture(product: Product) -> str:
    """An SVG of *product*; the same product always gives the same picture."""
    number = crc32(product.id.encode())
    colours = shown_colours(product) or [_OWN[number // 64 % len(_OWN)]]
    grounds = _DEEP_GROUNDS if _is_pale(colours[0]) else _GROUNDS
    ground = grounds[number // 7 % len(grounds)]
    drawing = _SHAPES[shape_of(product)].format(
        main=colours[0], dark=_shade(colours[0], 0.72), light=_shade(colours[0], 1.22),
        white="#ffffff", ink="#3c3a38", glass="#d9e4ea",
    )  # fmt: skip
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" role="img">'
        f'<title>{escape(product.short_name)}</title><rect width="200" height="200" fill="{ground}"/>'
        f'<ellipse cx="100" cy="170" rx="62" ry="7" fill="#000" opacity=".07"/>'
        f'<g fill="none" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round">{drawing}</g>'
        f"{_dots(colours)}</svg>"
    )


def shape_of(product: Product) -> str:
    """The name of the drawing that fits *product*."""
    for text in (product.short_name, product.name):
        for word, shape in _WORDS:
            if word in text:
                return shape
    return _USUAL.get(product.category, "giftbox")


def shown_colours(product: Product) -> list[str]:
    """The colours a product comes in, in order, each once, as #rrggbb; words that are no colour are left out."""
    words = [value for sku in product.skus for name, value in sku.options.items() if "色" in name]
    found = (_COLOURS[key] for word in words if (key := _colour_word(word)))
    return list(dict.fromkeys(found))


def _colour_word(words: str) -> str | None:
    """The colour in a shop's fancy name of it: the longest known word, of these the last."""
    known = [(len(word), words.rfind(word), word) for word in _COLOURS if word in words]
    return max(known)[2] if known else None


def _is_pale(colour: str) -> bool:
    return min(int(colour[place : place + 2], 16) for place in (1, 3, 5)) > 0xB0


def _shade(colour: str, by: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, lightness, saturation = rgb_to_hls(red, green, blue)
    parts = hls_to_rgb(hue, min(0.97, lightness * by), saturation)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _dots(colours: list[str]) -> str:
    """The colours to choose from, small, in the corner; nothing for a single one."""
    if len(colours) < 2:
        return ""
    dots = (
        f'<circle cx="{18 + 15 * place}" cy="184" r="5" fill="{colour}" stroke="#00000022"/>'
        for place, colour in enumerate(colours[:6])
    )
    return "".join(dots)
