"""What the demo shop promises: its terms, promotions and coupons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.shop.facts import Buyer, Coupon, Product, Promotion, PromotionKind, ShopTerms

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
        "普通": "消费1元积1分，100分抵1元。",
        "银卡": "近365天消费满1000元：1.2倍积分，生日券满99减15。",
        "金卡": "近365天消费满5000元：1.5倍积分，生日券满199减40，每月一张运费券，客服优先接入。",
        "黑金": "近365天消费满10000元：2倍积分，生日券满299减80，全年包邮，专属客服。",
    },
    phone="400-000-0000",
)


def promotions(products: Mapping[str, Product], midnight: datetime) -> tuple[Promotion, ...]:
    """All promotions around *midnight*, with which the day began (UTC, aware): nine run, two are over, one is to come.

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
            stacks_with=("券", "包邮", "赠品"), note="上不封顶，可与优惠券叠加，不与单品折扣、满减同享。",
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
            stacks_with=("每满减", "折扣", "包邮", "赠品"), note="每人限领1张，按优惠后金额判断是否满300元。",
        ),
        offer(
            -5, 20, "P06", kinds.COUPON, "大家电券满3000减200", threshold_fen=300000, off_fen=20000,
            categories=("大家电",), stacks_with=("每满减", "赠品"), note="只限大家电，每人限领1张。",
        ),
        offer(
            -300, 60, "P07", kinds.COUPON, "新人券满99减15", threshold_fen=9900, off_fen=1500,
            stacks_with=("包邮",), note="只限首单，不与其他优惠券和满减同享。",
        ),
        offer(
            -8, 21, "P08", kinds.FREE_FREIGHT, "母婴满59包邮", threshold_fen=5900, categories=("母婴",),
            stacks_with=("每满减", "满减", "折扣", "券", "赠品"), note="新疆、西藏、青海除外。",
        ),
        offer(
            -3, 11, "P09", kinds.GIFT, "买十字门冰箱送真空保鲜盒3件套", categories=("大家电",),
            product_ids=ids("十字门冰箱486", "法式冰箱532"), gift="真空保鲜盒3件套",
            stacks_with=("每满减", "券"), note="赠品随货发出，退货须一并寄回，送完为止。",
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
    )  # fmt: skip


def coupons(
    rng: Random, buyer: Buyer, offered: tuple[Promotion, ...], as_of: datetime
) -> Iterator[tuple[datetime, Coupon]]:
    """The coupons of *buyer* with the moment each was given: usable, used and expired ones."""
    claimable = [offer for offer in offered if offer.kind is PromotionKind.COUPON and offer.starts_at <= as_of]
    for offer in claimable:
        if rng.random() < 0.55:
            yield _claimed(rng, buyer, offer, as_of, used=rng.random() < 0.3)


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
