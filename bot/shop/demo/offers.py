"""What the demo shop promises: its terms, promotions and coupons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.shop.facts import BargainRule, Buyer, Coupon, PointsRule, Product, Promotion, PromotionKind, ShopTerms

_NEAR = ("浙江", "上海", "江苏", "安徽")
_MIDDLE = (
    *("北京", "天津", "河北", "山东", "河南", "湖北", "湖南", "江西", "福建", "广东", "重庆", "四川", "陕西"),
    *("广西", "山西"),
)
_OUTER = ("辽宁", "吉林", "黑龙江", "贵州", "云南", "海南", "甘肃", "宁夏", "内蒙古")
_FAR = ("新疆", "西藏", "青海")

#: Spending of the last 365 days, fen, that makes each tier; the words of `TERMS.tiers` say the same.
TIER_FROM_FEN: Mapping[str, int] = {"黑金": 1000000, "金卡": 500000, "银卡": 100000, "普通": 0}

TERMS = ShopTerms(
    name="留心生活旗舰店",
    service_hours="人工客服每天9:00到22:00，机器人全天在线",
    dispatch_within_h=48,
    couriers=("顺丰速运", "中通快递", "圆通速递", "京东物流", "邮政EMS", "极兔速递"),
    free_freight_from_fen=9900,
    freight_fen=800,
    far_freight_fen=1500,
    far_provinces=_FAR,
    not_delivered=("香港", "澳门", "台湾", "海外"),
    days_to_arrive={
        **dict.fromkeys(_NEAR, (1, 2)),
        **dict.fromkeys(_MIDDLE, (2, 4)),
        **dict.fromkeys(_OUTER, (3, 5)),
        **dict.fromkeys(_FAR, (5, 9)),
        "default": (2, 5),
    },
    payment_ways=("支付宝", "微信支付", "银联卡", "花呗分期（3、6、12期）"),
    invoice_kinds=("电子普通发票", "增值税专用发票"),
    price_protection_days=15,
    return_days=7,
    authenticity="全部商品品牌授权、正品保证，假一赔四；可凭防伪码在品牌官网查验。",
    tiers={
        "普通": "消费1元积1分，100分抵1元，每单最多抵商品金额的20%。",
        "银卡": "近365天消费满1000元：1.2倍积分，生日券满99减15。",
        "金卡": "近365天消费满5000元：1.5倍积分，生日券满199减40，每月一张运费券，客服优先接入。",
        "黑金": "近365天消费满10000元：2倍积分，生日券满299减80，全年包邮，专属客服。",
    },
    phone="400-000-0000",
    points=PointsRule(points_a_yuan=100, most_percent=20),
    bargaining=(
        BargainRule(
            "大家电同款2件让3%", percent_off=3, from_quantity=2, categories=("大家电",), note="不与活动、优惠券同享"
        ),
        BargainRule("服装同款3件送洗衣袋", gift="洗衣袋1个", from_quantity=3, categories=("服装",)),
    ),
)
_BIRTHDAY = ("P20", "P21", "P22")  #: coupons for members whose birthday is in this month
_MOST_COUPONS = 6  #: that one buyer can use at once


def promotions(products: Mapping[str, Product], midnight: datetime) -> tuple[Promotion, ...]:
    """All promotions around *midnight*, with which the day began (UTC, aware): two are over, one is to come, the others
    run.

    *products* are keyed by short name; days count from *midnight*, the last one included.
    """
    kinds = PromotionKind

    def offer(first_day: int, last_day: int, number: str, kind: PromotionKind, title: str, **rules: Any) -> Promotion:
        starts_at = midnight + timedelta(days=first_day)
        ends_at = midnight + timedelta(days=last_day + 1, seconds=-1)
        return Promotion(number, kind, title, starts_at, ends_at, **rules)

    def ids(*short_names: str) -> tuple[str, ...]:
        return tuple(products[name].id for name in short_names)

    return (
        offer(
            -4, 9, "P01", kinds.EACH_THRESHOLD_OFF, "全店每满200减20", threshold_fen=20000, off_fen=2000,
            stacks_with=("会员价", "券", "包邮", "赠品"),
            note="上不封顶，可与优惠券叠加，不与单品折扣、满减同享。",
        ),
        offer(
            -6, 4, "P02", kinds.THRESHOLD_OFF, "食品满99减20", threshold_fen=9900, off_fen=2000,
            categories=("食品",), stacks_with=("包邮",), note="每单限一次，不与优惠券同享。",
        ),
        offer(
            -2, 6, "P03", kinds.PERCENT_OFF, "鞋靴专场9折", percent=90, categories=("鞋靴",),
            stacks_with=("券", "包邮"), note="折后再用券，不与每满减同享。",
        ),
        offer(
            -1, 2, "P04", kinds.PERCENT_OFF, "轻音2系列85折", percent=85, categories=("手机数码",),
            product_ids=ids("轻音2", "轻音2 Pro"), stacks_with=("包邮",), note="限时三天，不可用券。",
        ),
        offer(
            -10, 14, "P05", kinds.COUPON, "店铺券满300减30", threshold_fen=30000, off_fen=3000,
            excludes=ids("芽芽兔1段奶粉"), limit_per_buyer=1, stacks_with=("会员价", "每满减", "折扣", "包邮", "赠品"),
            note="每人限领1张，按单品优惠后的金额判断是否满300元，1段奶粉不参加。",
        ),
        offer(
            -5, 20, "P06", kinds.COUPON, "大家电券满3000减200", threshold_fen=300000, off_fen=20000,
            categories=("大家电",), limit_per_buyer=1, stacks_with=("每满减", "赠品"),
            note="只限大家电，每人限领1张。",
        ),
        offer(
            -300, 60, "P07", kinds.COUPON, "新人券满99减15", threshold_fen=9900, off_fen=1500,
            first_order_only=True, stacks_with=("包邮",), note="只限首单，不与其他优惠券和满减同享。",
        ),
        offer(
            -8, 21, "P08", kinds.FREE_FREIGHT, "母婴满59包邮", threshold_fen=5900, categories=("母婴",),
            stacks_with=("会员价", "每满减", "满减", "折扣", "券", "赠品"), not_to=_FAR, note="新疆、西藏、青海除外。",
        ),
        offer(
            -3, 11, "P09", kinds.GIFT, "买十字门冰箱送真空保鲜盒3件套", categories=("大家电",),
            product_ids=ids("十字门冰箱486", "法式冰箱532"), gift="真空保鲜盒3件套",
            gift_stock=36, stacks_with=("每满减", "券", "包邮"), note="赠品随货发出，退货须一并寄回，送完为止。",
        ),
        offer(
            -32, -12, "P10", kinds.THRESHOLD_OFF, "上月返场满300减50", threshold_fen=30000, off_fen=5000,
            stacks_with=("包邮",), note="已结束。",
        ),
        offer(
            6, 13, "P11", kinds.EACH_THRESHOLD_OFF, "年终盛典每满300减50", threshold_fen=30000, off_fen=5000,
            stacks_with=("券", "包邮", "赠品"), note="开始前可先加购，不可提前享用。",
        ),
        offer(
            -45, -9, "P12", kinds.COUPON, "周年券满200减25", threshold_fen=20000, off_fen=2500,
            stacks_with=("每满减", "包邮"), note="已结束。",
        ),
        offer(
            -9, 12, "P13", kinds.PERCENT_OFF, "洗护第二件半价", percent=50, nth_piece=2, categories=("美妆个护",),
            product_ids=ids("益生菌牙膏", "香氛沐浴露"), stacks_with=("券", "包邮"),
            note="同一款每两件里便宜的一件半价，不与会员价、每满减同享。",
        ),
        offer(
            -200, 160, "P14", kinds.MEMBER_PRICE, "金卡会员价97折", percent=97, categories=("美妆个护", "母婴"),
            excludes=ids("芽芽兔1段奶粉"), tiers=("金卡",), stacks_with=("每满减", "券", "包邮", "赠品"),
            note="仅限金卡会员，1段奶粉不参加。",
        ),
        offer(
            -200, 160, "P15", kinds.MEMBER_PRICE, "黑金会员价95折", percent=95, categories=("美妆个护", "母婴"),
            excludes=ids("芽芽兔1段奶粉"), tiers=("黑金",), stacks_with=("每满减", "券", "包邮", "赠品"),
            note="仅限黑金会员，1段奶粉不参加。",
        ),
        offer(
            -12, 18, "P16", kinds.COUPON, "母婴券满159减20", threshold_fen=15900, off_fen=2000, categories=("母婴",),
            excludes=ids("芽芽兔1段奶粉"), stacks_with=("会员价", "每满减", "券", "包邮"),
            note="可与鞋服券叠加，1段奶粉不参加。",
        ),
        offer(
            -12, 18, "P17", kinds.COUPON, "鞋服券满200减15", threshold_fen=20000, off_fen=1500,
            categories=("服装", "鞋靴"), limit_per_buyer=1, stacks_with=("折扣", "每满减", "券", "包邮"),
            note="可与母婴券叠加，每人限用1次。",
        ),
        offer(
            -200, 160, "P18", kinds.FREE_FREIGHT, "黑金会员全年包邮", tiers=("黑金",),
            stacks_with=("会员价", "折扣", "满减", "每满减", "券", "赠品"), note="仅限黑金会员。",
        ),
        offer(
            -20, 25, "P19", kinds.FREE_FREIGHT, "金卡运费券", off_fen=800, tiers=("金卡",), by_coupon=True,
            stacks_with=("会员价", "折扣", "满减", "每满减", "券", "赠品"), note="每月一张，最多抵8元运费，仅限金卡会员。",
        ),
        *(
            offer(
                -30, 30, number, kinds.COUPON, f"{tier}生日券满{threshold}减{off}", threshold_fen=threshold * 100,
                off_fen=off * 100, tiers=(tier,), stacks_with=("会员价", "每满减", "包邮"),
                note=f"仅限{tier}会员生日当月，不与其他优惠券同享。",
            )
            for number, tier, threshold, off in zip(
                _BIRTHDAY, ("银卡", "金卡", "黑金"), (99, 199, 299), (15, 40, 80), strict=True
            )
        ),
        offer(
            -7, 5, "P23", kinds.GIFT, "咖啡满99元送随手杯", threshold_fen=9900, categories=("食品",),
            product_ids=ids("冷萃咖啡粉", "云南咖啡豆"), gift="随手杯", gift_stock=0,
            stacks_with=("每满减", "满减", "券", "包邮"), note="送完为止。",
        ),
    )  # fmt: skip


def coupons(
    rng: Random, buyer: Buyer, offered: tuple[Promotion, ...], as_of: datetime
) -> Iterator[tuple[datetime, Coupon]]:
    """The coupons of *buyer* with the moment each was given: usable, used and expired ones."""
    in_hand = 0
    for offer in offered:
        if _may_claim(buyer, offer, as_of) and rng.random() < 0.55 and in_hand < _MOST_COUPONS:
            given_at, coupon = _claimed(rng, buyer, offer, as_of, used=rng.random() < 0.3)
            in_hand += coupon.used_at is None
            yield given_at, coupon


def _may_claim(buyer: Buyer, offer: Promotion, as_of: datetime) -> bool:
    """Coupons of the buyer's tier; for a birthday only in its month."""
    has_coupon = offer.kind is PromotionKind.COUPON or offer.by_coupon
    if not has_coupon or offer.starts_at > as_of or (offer.tiers and buyer.tier not in offer.tiers):
        return False
    return offer.id not in _BIRTHDAY or (buyer.birthday is not None and buyer.birthday.month == as_of.month)


def one_of_each(
    rng: Random, buyer: Buyer, offered: tuple[Promotion, ...], as_of: datetime
) -> Iterator[tuple[datetime, Coupon]]:
    """A usable, a used and an expired coupon, for a demonstration."""
    by_id = {offer.id: offer for offer in offered}
    for offer_id, used in (("P05", False), ("P07", True), ("P12", False)):
        yield _claimed(rng, buyer, by_id[offer_id], as_of, used=used)


def _claimed(rng: Random, buyer: Buyer, offer: Promotion, as_of: datetime, *, used: bool) -> tuple[datetime, Coupon]:
    last = min(offer.ends_at, as_of)
    given_at = offer.starts_at + (last - offer.starts_at) * rng.uniform(0.1, 0.7)
    used_at = given_at + (last - given_at) * rng.uniform(0.1, 0.9) if used else None
    coupon = Coupon(
        id=f"C{buyer.id[1:]}{offer.id[1:]}",
        promotion_id=offer.id,
        title=offer.title,
        expires_at=offer.ends_at,
        used_at=used_at and used_at.replace(microsecond=0),
    )
    return given_at.replace(microsecond=0), coupon
