"""Who buys in the demo shop: invented names, numbers and addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random


def _words(text: str) -> list[str]:
    return text.split()


_FAMILY = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹"
    "彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈姜崔谭陆范汪廖石金"
)
_GIVEN = _words(
    "子涵 雨桐 思远 佳怡 浩然 欣妍 俊杰 静怡 梓轩 晓雯 志强 丽娟 建国 秀英 海燕 文博 "
    "雪梅 明辉 婷婷 鹏飞 慧敏 国庆 春兰 宇航 诗琪 嘉豪 美玲 天佑 若兰 立伟 小芳 永康 "
    "淑芬 一诺 乐瑶 泽宇 安琪 振华 玉珍 晨曦 薇 磊 敏 超 倩 勇 琳 刚 洁 峰"
)
_PREFIXES = _words(
    "130 131 132 133 135 136 137 138 139 150 151 152 157 158 159 166 173 176 177 178 180 182 "
    "185 186 187 188 189 191 198 199"
)
#: province -> (share, city, districts); a real map, invented streets
_PLACES: dict[str, tuple[int, str, str]] = {
    "浙江": (10, "杭州市", "西湖区 余杭区 滨江区"),
    "江苏": (9, "南京市", "鼓楼区 江宁区 建邺区"),
    "上海": (7, "上海市", "浦东新区 闵行区 杨浦区"),
    "广东": (12, "广州市", "天河区 番禺区 白云区"),
    "山东": (7, "济南市", "历下区 槐荫区 天桥区"),
    "河南": (6, "郑州市", "金水区 二七区 中原区"),
    "四川": (6, "成都市", "武侯区 锦江区 成华区"),
    "湖北": (5, "武汉市", "洪山区 江岸区 汉阳区"),
    "湖南": (4, "长沙市", "岳麓区 雨花区 天心区"),
    "北京": (6, "北京市", "朝阳区 海淀区 丰台区"),
    "福建": (4, "福州市", "鼓楼区 仓山区 晋安区"),
    "安徽": (4, "合肥市", "蜀山区 包河区 庐阳区"),
    "河北": (4, "石家庄市", "长安区 裕华区 桥西区"),
    "辽宁": (3, "沈阳市", "和平区 铁西区 沈河区"),
    "陕西": (3, "西安市", "雁塔区 未央区 碑林区"),
    "江西": (2, "南昌市", "红谷滩区 青山湖区"),
    "重庆": (3, "重庆市", "渝北区 沙坪坝区 南岸区"),
    "广西": (2, "南宁市", "青秀区 兴宁区"),
    "黑龙江": (2, "哈尔滨市", "南岗区 道里区"),
    "吉林": (1, "长春市", "朝阳区 南关区"),
    "天津": (2, "天津市", "南开区 河西区"),
    "云南": (2, "昆明市", "五华区 盘龙区"),
    "贵州": (1, "贵阳市", "南明区 云岩区"),
    "山西": (2, "太原市", "小店区 迎泽区"),
    "甘肃": (1, "兰州市", "城关区 七里河区"),
    "内蒙古": (1, "呼和浩特市", "赛罕区 新城区"),
    "宁夏": (1, "银川市", "兴庆区 金凤区"),
    "海南": (1, "海口市", "龙华区 美兰区"),
    "新疆": (2, "乌鲁木齐市", "天山区 水磨沟区"),
    "青海": (1, "西宁市", "城西区 城中区"),
    "西藏": (1, "拉萨市", "城关区 堆龙德庆区"),
}
_CITY_PROVINCES = ("北京", "上海", "天津", "重庆")
_REGIONS = {
    "内蒙古": "内蒙古自治区",
    "广西": "广西壮族自治区",
    "宁夏": "宁夏回族自治区",
    "新疆": "新疆维吾尔自治区",
    "西藏": "西藏自治区",
}
_ROADS = _words("春晖路 锦绣大道 望湖街 梧桐路 银杏街 听雨巷 朝霞路 松涛街 稻香路 云锦路")
_ESTATES = _words("翠湖花园 阳光里小区 江畔雅居 金色家园 桂香苑 书香门第 紫竹新村 明月湾")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may buy: what is known of them before their first order."""

    id: str
    name: str
    phone: str
    province: str
    city: str
    district: str
    address: str
    member_since: date
    birthday: date | None


def people(rng: Random, cast: Mapping[str, tuple[str, str]], count: int, today: date) -> Iterator[Person]:
    """*count* people from "u1001" on; those in *cast* have the name and province given there."""
    phones: set[str] = set()
    for number in range(1001, 1001 + count):
        buyer_id = f"u{number}"
        name, province = cast.get(buyer_id) or (full_name(rng), _province(rng))
        yield _person(rng, buyer_id, name, province, _unused(rng, phones), today)


def full_name(rng: Random) -> str:
    """An invented name."""
    return rng.choice(_FAMILY) + rng.choice(_GIVEN)


def phone(rng: Random) -> str:
    """An invented number: 11 digits."""
    return f"{rng.choice(_PREFIXES)}{rng.randrange(10**8):08d}"


def _unused(rng: Random, taken: set[str]) -> str:
    while (number := phone(rng)) in taken:
        pass
    taken.add(number)
    return number


def _province(rng: Random) -> str:
    return rng.choices(list(_PLACES), [share for share, _, _ in _PLACES.values()])[0]


def _person(rng: Random, buyer_id: str, name: str, province: str, number: str, today: date) -> Person:
    _, city, districts = _PLACES[province]
    district = rng.choice(districts.split())
    return Person(
        id=buyer_id,
        name=name,
        phone=number,
        province=province,
        city=city,
        district=district,
        address=_region(province) + city * (province not in _CITY_PROVINCES) + district + _door(rng),
        member_since=today - timedelta(days=rng.randint(560, 1600)),
        birthday=_birthday(rng),
    )


def _region(province: str) -> str:
    return _REGIONS.get(province) or province + ("市" if province in _CITY_PROVINCES else "省")


def _door(rng: Random) -> str:
    home = f"{rng.randint(1, 20)}幢{rng.randint(1, 4)}单元{rng.randint(1, 26)}0{rng.randint(1, 4)}室"
    return f"{rng.choice(_ROADS)}{rng.randint(1, 399)}号{rng.choice(_ESTATES)}{home}"


def _birthday(rng: Random) -> date | None:
    """Two in five do not tell; one in forty of the rest was born on a leap day."""
    if rng.random() < 0.4:
        return None
    if rng.random() < 0.025:
        return date(rng.choice((1984, 1988, 1992, 1996, 2000)), 2, 29)
    return date(1962, 1, 1) + timedelta(days=rng.randrange(44 * 365))
