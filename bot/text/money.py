"""Money, coupons and points in a plain line: forms with a unit, and bare numbers that their neighbours make money."""

from __future__ import annotations

import re

from bot.text.numerals import DIGITS, LONG_CHINESE, NUMBER, ROUGHLY, in_digits

_NINE = "一二两三四五六七八九"
#: Words that a number counts or measures with: then it is no money.
_COUNTED = (
    r"(?!\s*(?:[-~到至]\d|个|件|天|日|号|次|双|条|张|份|箱|瓶|盒|包|套|台|部|只|支|根|片|颗|粒|袋|桶|罐|本|对|位|名|人|家|块[^钱，,。 的]|米|里|斤|两|克|千克|公|毫|厘|平|升"
    r"|寸|尺|码|匹|瓦|度|点|分|秒|时|小时|周|星期|月|年|岁|期|折|倍|层|楼|栋|幢|室|单元|路|段|款|种|遍|回|趟|下|成|%|％|后|级|档|系|代|mm|cm|kg|g|m|l|w|v|寸|英|万像|瓣|辆|把|顶|床|口|口径|单|笔|字|豆|多个|多天|多人"
    r"|[a-z]))"
)
#: Words before a number that make it a price, a payment, a difference.
_CUE = (
    r"(?:花|付|退|补|赔|差价?|少付?|便宜|优惠|降价?|涨价?|减|抵扣?|扣|收(?!到)费?|卖|标价?|预算|值|价格?|售价|原价|现价|券后|到手价?|凑个整|凑|才|只要|借|省|拍是|买成|买|一笔"
    r"|返现?|充值?|转账?|多收|多付|尾款|定金|押金|运费|邮费|给|说|点进来|直播间|出|膨胀到|加|贴|让|贵|交|报销|总共|一共|合计|总价|实付|应付|货款|金额)"
    r"(?:了|我|你|您|是|成|到|了我|我了|个|就|才|要|的|价|这|标|我成|大概|差不多|大约|整){0,3}\s*[:：]?\s*"
)
_CARD = r"(?:金额|实付款?|应付款?|合计|总价|总计|货款|付款|价格)\s*[】\])]?\s*[:：=]?\s*[¥￥]?\s*"
#: 三百二, 一千八, 两千多: said of money where nothing counted follows.
_BIG = rf"(?=[{_NINE}][{_NINE}十零]{{0,3}}[百千万])[{_NINE}][{_NINE}十百千万零]{{1,8}}(?:多|出头|来)?"
#: A number that its cue alone makes money: no single Chinese sign (少一个, 便宜一点).
_BARE = rf"(?:{DIGITS}(?:万|千|百)?|{LONG_CHINESE}){ROUGHLY}"
_NO_MORE = rf"(?![{_NINE}十百千万零\d.])"
_RANGE = rf"[{_NINE}十百\d]{{1,3}}块[{_NINE}十百\d]{{1,3}}"

#: (pattern, signs of which the line must have one); the first group is the amount without its unit.
AMOUNTS: tuple[tuple[str, str], ...] = (
    (r"[¥￥]\s*(\d{1,8}(?:\.\d{1,2})?)(?!\d)", "¥￥"),
    (rf"{_CARD}({DIGITS})", "额付计价款"),
    (
        rf"(?<![\d.{_NINE}十百千])((?:\d{{1,6}}|[{_NINE}十百]{{1,6}})块[\d{_NINE}半](?:毛|角)?)(?![{_NINE}\d十百千块个件])",
        "块",
    ),
    (rf"({_RANGE})(?=块|钱)", "块"),
    (
        rf"(?<![\d.几])(?!一块(?!钱))({NUMBER})\s*(?=元(?!旦|宵|素|气)|块(?:钱|多|来)?(?![肉布地方表砖板肌])|rmb|圆钱)",
        "元块rb圆",
    ),
    (rf"{_CUE}(?!一块|123[14]5)({_BARE}){_NO_MORE}{_COUNTED}", ""),
    (rf"(?<![\d.{_NINE}十百千万第前几])({_BIG}){_NO_MORE}{_COUNTED}", "百千万"),
    (
        rf"(?<![\d.\-a-z])({_BARE})(?=以内|以下|之内|行不行|行吗|成不成|得了|包邮|卖不卖|整|左右的|的?那台|我就(?:拍|买|要|下单)|就(?:拍|买)|的?(?:退款|差价|发票|货款|运费))",
        "",
    ),
)
#: Bare numbers of a line that speaks of an amount already: 昨天买2399今天2199.
MORE_AMOUNTS = re.compile(
    rf"(?<![\d.\-a-z/:{_NINE}十百千第满减id号])(\d{{2,5}}(?:\.\d{{1,2}})?)(?![\d.\-:/年]){_COUNTED}"
)

COUPONS: tuple[tuple[str, str], ...] = (
    (r"(满\d{1,6}(?:元|块)?[减\-送](?:\d{1,6}))(?:元|块)?(?:的?(?:优惠)?[券卷])?", "满"),
    (r"(\d{2,5}-\d{1,4})(?=的?券)", "券"),
    (
        rf"(满?(?:{NUMBER})(?:元|块钱?)?(?:的|无门槛|现金|优惠|满减|代金|抵扣|运费|打折){{0,2}}(?:券|优惠卷|现金卷))",
        "券卷",
    ),
    (r"(\d(?:\.\d)?折(?:的)?(?:优惠)?[券卷])", "折"),
    (
        r"((?:新人|运费|邮费|免邮|包邮|无门槛|店铺|平台|品类|生日|满减|代金|现金|抵扣|补贴|回归|签到|邀请|消费|会员日)(?:专享|优惠)?[券卷])",
        "券卷",
    ),
    (r"(无门槛的?)", "槛"),
)

POINTS: tuple[tuple[str, str], ...] = (
    (rf"({NUMBER})\s*(?:个)?(?=积分|京豆|金币|豆(?![浆腐沙子奶瓣芽角皮]))", "积豆币"),
    (
        rf"(?<![\d.第满打得])(\d{{2,7}}|[{_NINE}]{{1,2}}[百千万](?:[{_NINE}][百十]?)?多?)(?=分(?![钟期之类开别享成部手装解数期辨贝割歧析机层体担流离店]))",
        "分",
    ),
)


def money(text: str) -> str:
    """An amount or a count of points in digits: 三百二 is 320, 76块4 is 76.4, 十块八块 is 10."""
    whole, _, rest = text.replace(" ", "").partition("块")
    tenths = in_digits("5" if rest[:1] == "半" else rest[:1])
    return (
        f"{in_digits(whole)}.{tenths}"
        if len(tenths) == 1 and tenths.isdigit() and "块" not in rest
        else in_digits(whole)
    )
