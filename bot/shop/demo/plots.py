"""What can become of an order in the demo shop: one function for every way it can stand.

Each plot takes the ledger, the buyer and the basket and writes one order that stands as its name says. `PLOTS` says
how many of each are written beside the ordinary orders of `orders`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.shop.demo.ledger import Basket, Ledger, route, state, write
from bot.shop.demo.offers import TERMS
from bot.shop.demo.parcels import Route, cut, pack, refused, sent_back, stuck, troubled, waiting_for_pickup
from bot.shop.demo.people import Person
from bot.shop.facts import Order, Parcel, Refund

Plot = Callable[[Ledger, Person, Basket], Order]

STEPS = ("待商家审核", "待寄回", "退货在途", "待退款", "已原路退回")
_REASONS = ("尺码不合适", "质量问题", "与描述不符", "七天无理由退货", "少件漏发", "买多了", "颜色有色差")


def boxes(book: Ledger, person: Person, basket: Basket, way: Route) -> list[Parcel]:
    """The basket in boxes: a large appliance has its own, other goods share one; one in four is split."""
    large = [sku.id for product, sku, _ in basket if product.category == "大家电"]
    small = [sku.id for product, sku, _ in basket if product.category != "大家电"]
    lots = [[sku_id] for sku_id in large]
    if len(small) > 1 and book.rng.random() < 0.25:
        lots += [small[:1], small[1:]]
    elif small:
        lots.append(small)
    return [pack(book.rng, person, lot, way, large=lot[0] in large) for lot in lots]


def known(parcels: Sequence[Parcel | None]) -> list[Parcel]:
    """The boxes that are there."""
    return [parcel for parcel in parcels if parcel]


def arriving(book: Ledger, person: Person, basket: Basket, out_offset: int, *, slow_days: int = 0) -> Order:
    """An order that goes out for delivery *out_offset* days from today, as it stands now."""
    paid_at, way = route(book, person.province, out_offset, slow_days=slow_days)
    parcels = known([cut(box, book.as_of) for box in boxes(book, person, basket, way)])
    return write(book, person, basket, paid_at, parcels=parcels)


def unpaid(book: Ledger, person: Person, basket: Basket) -> Order:
    """Placed within the last day, not paid."""
    placed_at = book.as_of - timedelta(minutes=book.rng.randint(5, 1200))
    return write(book, person, basket, None, placed_at=placed_at)


def cancelled(book: Ledger, person: Person, basket: Basket) -> Order:
    """Never paid, and closed."""
    placed_at = book.as_of - timedelta(minutes=book.rng.randint(2000, 540 * 1440))
    return write(book, person, basket, None, placed_at=placed_at)


def paid(book: Ledger, person: Person, basket: Basket) -> Order:
    """Paid within the last day and a half, not packed."""
    return write(book, person, basket, book.as_of - timedelta(minutes=book.rng.randint(10, 2100)))


def dispatch_overdue(book: Ledger, person: Person, basket: Basket) -> Order:
    """Paid, not packed, and the promised hour of dispatch is past."""
    return write(book, person, basket, book.as_of - timedelta(minutes=book.rng.randint(2950, 5200)))


def packed(book: Ledger, person: Person, basket: Basket) -> Order:
    """Packed, and the courier has not come yet."""
    paid_at, way = route(book, person.province, 1, days=1)
    boxed_at = paid_at + (book.as_of - paid_at) * book.rng.uniform(0.2, 0.9)
    way = Route(boxed_at.replace(microsecond=0), way.collected_at, way.out_on, way.promised_at)
    parcels = known([cut(box, book.as_of) for box in boxes(book, person, basket, way)])
    return write(book, person, basket, paid_at, parcels=parcels)


def just_collected(book: Ledger, person: Person, basket: Basket) -> Order:
    """Fetched by the courier yesterday evening, no scan since."""
    days = TERMS.days_to_arrive[person.province][1]
    paid_at, way = route(book, person.province, days - 1, days=days)
    moment = way.collected_at + timedelta(minutes=1)
    parcels = known([cut(box, moment) for box in boxes(book, person, basket, way)])
    return write(book, person, basket, paid_at, parcels=parcels)


def on_its_way(book: Ledger, person: Person, basket: Basket) -> Order:
    """With the courier, in good time."""
    days = max(2, TERMS.days_to_arrive[person.province][1])
    paid_at, way = route(book, person.province, book.rng.randint(1, days - 1), days=days)
    parcels = known([cut(box, book.as_of) for box in boxes(book, person, basket, way)])
    return write(book, person, basket, paid_at, parcels=parcels)


def out_for_delivery(book: Ledger, person: Person, basket: Basket) -> Order:
    """On the courier's tricycle this morning."""
    return arriving(book, person, basket, 0)


def at_pickup_point(book: Ledger, person: Person, basket: Basket) -> Order:
    """At the pick-up point for a day or more."""
    paid_at, way = route(book, person.province, -book.rng.randint(1, 3))
    parcels = known([waiting_for_pickup(box, person) for box in boxes(book, person, basket, way)])
    return write(book, person, basket, paid_at, parcels=parcels)


def signed(book: Ledger, person: Person, basket: Basket) -> Order:
    """Signed within the last days."""
    return arriving(book, person, basket, -book.rng.randint(1, 9))


def late(book: Ledger, person: Person, basket: Basket) -> Order:
    """Under way with fresh scans, but the promised day is past."""
    most = TERMS.days_to_arrive[person.province][1]
    paid_at, way = route(book, person.province, book.rng.randint(1, 2), days=most, slow_days=5)
    parcels = known([cut(box, book.as_of) for box in boxes(book, person, basket, way)])
    return write(book, person, basket, paid_at, parcels=parcels)


def no_scan(book: Ledger, person: Person, basket: Basket, *, silent_h: float | None = None) -> Order:
    """Under way, and no scan for more than two days."""
    silent_h = silent_h or book.rng.uniform(50, 110)
    days = max(4, TERMS.days_to_arrive[person.province][1])
    paid_at, way = route(book, person.province, -int(silent_h / 24), days=days)
    since = (book.as_of - timedelta(hours=silent_h)).replace(microsecond=0)
    parcels = known([stuck(box, since) for box in boxes(book, person, basket, way)])
    return write(book, person, basket, paid_at, parcels=parcels)


def problem(book: Ledger, person: Person, basket: Basket) -> Order:
    """Something happened to the box, and the courier said so."""
    paid_at, way = route(book, person.province, book.rng.randint(0, 1), days=3)
    moment = (book.as_of - timedelta(hours=book.rng.uniform(3, 15))).replace(microsecond=0)
    parcels = known([troubled(book.rng, box, moment) for box in boxes(book, person, basket, way)])
    return write(book, person, basket, paid_at, parcels=parcels)


def refused_at_door(book: Ledger, person: Person, basket: Basket) -> Order:
    """Turned away at the door; the box goes back and the money after it."""
    paid_at, way = route(book, person.province, -2)
    parcels = known([refused(box) for box in boxes(book, person, basket, way)])
    asked_at = max(parcel.traces[-1].at for parcel in parcels)
    order = write(book, person, basket, paid_at)
    refund = Refund(order.total_fen, STEPS[2], "拒收", asked_at, asked_at + timedelta(days=6))
    return _again(book, person, order, parcels, refund)


def refunded_before_dispatch(book: Ledger, person: Person, basket: Basket) -> Order:
    """Paid, thought better of, and the money is back."""
    paid_at = book.as_of - timedelta(minutes=book.rng.randint(4 * 1440, 500 * 1440))
    order = write(book, person, basket, paid_at)
    asked_at = paid_at + timedelta(minutes=book.rng.randint(5, 600))
    done_at = asked_at + timedelta(minutes=book.rng.randint(20, 1400))
    reason = book.rng.choice(("不想要了", "拍错了", "信息填错重新拍"))
    return _again(book, person, order, (), Refund(order.total_fen, STEPS[4], reason, asked_at, done_at, done_at))


def returning(step: int, since_h: tuple[float, float], out_offset: tuple[int, int]) -> Plot:
    """A plot: sent back, and the refund has stood at `STEPS[step]` for *since_h* hours (least, most).

    *out_offset*, least and most, is the day it came, counted from today.
    """

    def plot(book: Ledger, person: Person, basket: Basket) -> Order:
        return in_refund(book, person, basket, step, book.rng.uniform(*since_h), book.rng.randint(*out_offset))

    return plot


def refunded(book: Ledger, person: Person, basket: Basket) -> Order:
    """Sent back, and the money came within a week or two."""
    out_offset = -book.rng.randint(16, 500)
    return in_refund(book, person, basket, 4, -24 * out_offset - book.rng.uniform(170, 330), out_offset)


def in_refund(book: Ledger, person: Person, basket: Basket, step: int, since_h: float, out_offset: int) -> Order:
    """An order that came *out_offset* days from today and whose refund entered `STEPS[step]` *since_h* hours ago."""
    paid_at, way = route(book, person.province, out_offset)
    parcels = boxes(book, person, basket, way)
    signed_at = max(box.traces[-1].at for box in parcels)
    entered_at = book.as_of - timedelta(hours=since_h)
    moments = [signed_at + (entered_at - signed_at) * ((number + 1) / (step + 1)) for number in range(step + 1)]
    if step >= 2:
        back = sent_back(book.rng, person, _skus(basket), moments[2], moments[3] if step > 2 else _home(moments[2]))
        parcels += known([cut(back, book.as_of)])
    order = write(book, person, basket, paid_at)
    return _again(book, person, order, parcels, _refund(book, order, step, moments))


def _home(sent_at: datetime) -> datetime:
    return sent_at + timedelta(days=3)


def _refund(book: Ledger, order: Order, step: int, moments: Sequence[datetime]) -> Refund:
    asked_at, entered_at = (moment.replace(microsecond=0) for moment in (moments[0], moments[-1]))
    wait_h = (48, None, 120, 72, 0)[step]  # 待寄回 waits for the buyer: no day can be promised
    return Refund(
        amount_fen=order.total_fen - order.freight_fen or order.total_fen,
        step=STEPS[step],
        reason=book.rng.choice(_REASONS),
        requested_at=asked_at,
        expected_at=None if wait_h is None else entered_at + timedelta(hours=wait_h),
        done_at=entered_at if step == 4 else None,
    )


def _again(book: Ledger, person: Person, order: Order, parcels: Sequence[Parcel], refund: Refund) -> Order:
    """*order* with its boxes and its refund, and the state that follows."""
    now = state(order.paid_at, parcels, refund, order.placed_at, book.as_of)
    return replace(order, parcels=tuple(parcels), refund=refund, state=now)


def _skus(basket: Basket) -> tuple[str, ...]:
    return tuple(sku.id for _, sku, _ in basket)


PLOTS: tuple[tuple[int, Plot], ...] = (
    (14, unpaid),
    (70, cancelled),
    (24, paid),
    (6, dispatch_overdue),
    (12, packed),
    (8, just_collected),
    (60, on_its_way),
    (18, out_for_delivery),
    (11, at_pickup_point),
    (70, signed),
    (34, late),
    (17, no_scan),
    (12, problem),
    (6, refused_at_door),
    (20, refunded_before_dispatch),
    (8, returning(0, (2, 40), (-5, -3))),
    (3, returning(0, (52, 90), (-6, -5))),
    (8, returning(1, (2, 60), (-7, -5))),
    (8, returning(2, (20, 60), (-9, -6))),
    (8, returning(3, (3, 60), (-12, -8))),
    (6, returning(3, (80, 160), (-16, -11))),
    (80, refunded),
)
