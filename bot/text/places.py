"""Places and addresses in a plain line: provinces and cities by name, what follows them by its shape."""

from __future__ import annotations

_PROVINCES = (
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 "
    "台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门"
)
#: Cities of prefecture rank and some others to which parcels go; words that mean something else besides are left out.
_CITIES = (
    "石家庄 唐山 秦皇岛 邯郸 邢台 张家口 承德 沧州 廊坊 衡水 雄安 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁 呼和浩特 包头 乌海 "
    "赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 锡林浩特 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 葫芦岛 长春 辽源 通化 "
    "松原 白城 延边 延吉 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 "
    "镇江 泰州 宿迁 昆山 江阴 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 "
    "六安 亳州 池州 宣城 福州 厦门 莆田 泉州 漳州 南平 龙岩 宁德 晋江 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶 济南 青岛 淄博 枣庄 "
    "东营 烟台 潍坊 济宁 泰安 威海 临沂 德州 聊城 滨州 菏泽 郑州 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 "
    "武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施 仙桃 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 广州 韶关 "
    "深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 云浮 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 "
    "贺州 河池 崇左 海口 三亚 儋州 成都 自贡 攀枝花 泸州 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 阿坝 甘孜 凉山 西昌 贵阳 "
    "六盘水 遵义 安顺 毕节 铜仁 昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏 怒江 迪庆 拉萨 日喀则 昌都 林芝 那曲 西安 铜川 宝鸡 咸阳 "
    "渭南 延安 汉中 榆林 商洛 兰州 嘉峪关 天水 武威 张掖 平凉 酒泉 庆阳 陇南 西宁 玉树 银川 石嘴山 吴忠 固原 中卫 乌鲁木齐 克拉玛依 "
    "吐鲁番 哈密 阿克苏 喀什 和田 伊犁 塔城 阿勒泰 石河子 库尔勒 台北 高雄"
)
#: `_CITIES` is ordered by province: the city with which each begins.
_FIRST_CITIES = {
    "石家庄": "河北", "太原": "山西", "呼和浩特": "内蒙古", "沈阳": "辽宁", "长春": "吉林", "哈尔滨": "黑龙江", "南京": "江苏", "杭州": "浙江",
    "合肥": "安徽", "福州": "福建", "南昌": "江西", "济南": "山东", "郑州": "河南", "武汉": "湖北", "长沙": "湖南", "广州": "广东", "南宁": "广西",
    "海口": "海南", "成都": "四川", "贵阳": "贵州", "昆明": "云南", "拉萨": "西藏", "西安": "陕西", "兰州": "甘肃", "西宁": "青海", "银川": "宁夏",
    "乌鲁木齐": "新疆", "台北": "台湾",
}  # fmt: skip
_REGIONS = "江浙沪 珠三角 长三角 京津冀 东三省 东北 西北 港澳台 川渝 云贵川 两广"
#: What a place gives its name to: then it is no address.
_NOT_AFTER = (
    r"(?![石楼衣裤帽治方]|产|特产|风味|口味|正宗|红枣|大枣|螺蛳粉|螺狮粉|咖啡|小粒|烤鸭|火腿|龙井|茶|哈密瓜|葡萄|核桃|牛肉|羊|棉|玉|话|路|街|装|银行|号|大米|地板|人参"
    r"|广式|五常|米粉|米线|过桥|豆|瓜|柿|橙|苹果|小吃|扒鸡|拉面|手撕|家具|刺绣|丝绸)"
)
#: Signs that no name of a street, quarter or house has.
_SIGN = r"[^\W\d_a-z的了吗呢啊吧嘛哦呀是不没能到发送寄得有要几多么邮换改写收退买卖付给把被让请我你您他她它这那哪谁怎什为和跟与在住就都也还再很太]"
_ROOM = r"(?:\d{1,5}(?:号|栋|幢|座|室|单元|楼|弄|层|巷|组|队|院|区|期)?[ \-#]?|[a-z]座?|[一二三四五六七八九十]{1,3}(?:号|栋|幢|单元|楼|层|段|组|区|期))"
_STREET = (
    rf"{_SIGN}{{1,8}}?(?:省|自治[区州县]|市|盟|地区|新区|开发区|园区|[区县旗镇乡村]|街道|社区|大道|大街|小区|花园|公寓|大厦|广场|中心|家园|新城"
    r"|(?=\d{1,4}[号栋幢座室单])|[路街道巷苑园里庄湾府城](?=\d|[一二三四五六七八九十]{1,3}[段号]))"
)


def _names(words: str) -> str:
    return "|".join(sorted(words.split(), key=len, reverse=True))


_CITY = rf"(?:{_names(_CITIES)})(?:市|州|地区)?"
_PLACE = rf"(?:(?:{_names(_PROVINCES)})(?:省|市|特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区)?(?:{_CITY})?|{_CITY}|{_names(_REGIONS)})"
#: A place by name, or with all that follows of an address.
PLACE = rf"{_PLACE}(?:(?:{_STREET}|{_ROOM}){{1,12}}|{_NOT_AFTER})"
#: An address without a name we know: a street or quarter, and a number in it.
HOUSE = (
    rf"(?:(?:{_SIGN}{{2,4}}[市县])?{_SIGN}{{1,6}}[区县镇乡村])?{_SIGN}{{1,8}}?(?:路|街|大道|道|巷|胡同|小区|花园|大厦|广场|村|镇|苑|公寓|家园|新城|佳苑)"
    rf"(?:\d{{1,4}}|[一二三四五六七八九十]{{1,3}})(?:号|栋|幢|座|室|单元|楼|弄|期)(?:{_ROOM}|{_SIGN}{{2,8}}?(?:小区|花园|公寓|大厦|广场|村)){{0,8}}"
)
#: Signs of which a house's address has one at least.
HOUSE_SIGNS = "号栋幢座室元楼弄期"


def _provinces_of_cities() -> dict[str, str]:
    provinces, province = {}, ""
    for city in _CITIES.split():
        province = _FIRST_CITIES.get(city, province)
        provinces[city] = province
    return provinces


PROVINCE_OF = _provinces_of_cities()  #: city -> province


def province_in(text: str) -> str | None:
    """The province that *text* names, itself or by one of its cities, whichever comes first; None if it names none."""
    places = {**PROVINCE_OF, **{province: province for province in _PROVINCES.split()}}
    named = sorted((text.index(place), -len(place), place) for place in places if place in text)
    return places[named[0][2]] if named else None
