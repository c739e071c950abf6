"""Order cards and the numbers in them: orders, products, parcels, phones; and couriers by name.

Cards come in many shapes, with half of their fields empty; their signs are half-width here (`normalise.plain`).
"""

from __future__ import annotations

#: What shoppers call a courier -> its name.
COURIERS = {
    "顺丰": "顺丰速运", "中通": "中通快递", "圆通": "圆通速递", "申通": "申通快递", "韵达": "韵达速递", "极兔": "极兔速递",
    "京东物流": "京东物流", "京东快递": "京东物流", "京东": "京东物流", "德邦": "德邦快递", "邮政": "邮政EMS", "ems": "邮政EMS",
    "菜鸟": "菜鸟", "丹鸟": "丹鸟", "sf": "顺丰速运",
}  # fmt: skip
_COURIER = "|".join(name for name in COURIERS if name not in ("京东", "菜鸟", "sf"))
#: What may stand between a cue and its number: 【订单号】6610…, 单号#…, 订单号 ⟨…⟩, 订单号是那个….
_TO = r"\s{0,3}[】\])>」⟩]?\s{0,3}(?:[:：=#是为]|是那个|那个)?\s{0,3}[#<⟨【\[(「]?\s{0,3}"
_WAYBILL = r"(?:sf|jdv?|jt|yt|zt|sto|yd|ems|dpk|kk)[a-z]{0,3}\d{9,15}"
_NUMBER = r"(?:[a-z]{1,4}-?)?\d(?:-?\d){4,25}"
_SPOKEN = r"[零〇一幺二两三四五六七八九]"
_DIGITS = "0123456789"

#: (kind, pattern, signs of which the line must have one); the first group is the value.
NUMBERS: tuple[tuple[str, str, str], ...] = (
    ("product_id", r"(?:商品|宝贝|货)\s{0,3}(?:id|号|编号|编码|链接)" + _TO + r"(\d{7,12})(?!\d)", _DIGITS),
    ("product_id", r"sku\s{0,3}(?:id)?" + _TO + r"(\d{7,12})(?!\d)", _DIGITS),
    ("waybill", rf"(?<![a-z0-9])({_WAYBILL})(?![\da-z])", _DIGITS),
    ("waybill", r"(?:运单|快递单|物流单|快递|物流)号?" + _TO + r"([a-z]{0,4}\d{10,18})(?!\d)", _DIGITS),
    ("waybill", rf"(?:{_COURIER})(?:快递|速运|速递|物流)?(?:单号)?{_TO}(\d{{12,15}})(?!\d)", _DIGITS),
    ("phone", r"(?:电话|手机|手几|联系方式|号码)号?(?:码)?(?:是|为|换成|改成|打)?[:： ]{0,2}(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)", "1"),
    ("order_no", rf"(?:订单|单子)(?:编号|号码|单号|号)?{_TO}({_NUMBER})(?![\da-z])", _DIGITS),
    ("order_no", rf"(?<!服务)单号{_TO}({_NUMBER})(?![\da-z])", _DIGITS),
    ("order_no", rf"(?<![税账服务])(?:编号|号码|号){_TO}(\d{{8,24}})(?![\da-z])", _DIGITS),
    ("order_no", rf"单号?{_TO}(?:是|那个|就是)?({_SPOKEN}{{6,24}})(?!{_SPOKEN})", "零一二三四五六七八九"),
    ("phone", rf"(?<!{_SPOKEN})([一幺][三四五六七八九]{_SPOKEN}{{9}})(?!{_SPOKEN})", "一幺"),
    ("order_no", r"(?<![\da-z])(20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4,12})(?![\da-z])", "2"),
    ("phone_tail", r"(?:尾号|后四位|尾数|末四位|后4位|末4位|手机尾)\s{0,3}(?:是|为|[:：])?\s{0,3}(\d{4})(?!\d)", _DIGITS),
    ("phone", r"(?<![\da-z\-])(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)", "1"),
    ("order_no", r"(?<![\da-z.\-])(\d{12,24})(?![\da-z])", _DIGITS),
    ("courier", f"({_COURIER})", ""),
    ("courier", r"((?<![a-z])sf(?=快递|速运|到付|包邮)|菜鸟(?!驿站|裹裹)|京东(?=送|派|发|配送|小哥|寄|到付|上门)|(?<=[发寄走用换])京东(?!(?:商城|e卡|白条|自营|plus|会员|上|的店))|(?<=指定)京东)", "s菜京"),
)  # fmt: skip
