"""What can be done about goods that came: remedies, why, until when, who pays the freight, how much (pure; rows D1,
D2, D4, S36).

The same facts give the same remedies: what the shopper says and how is no input, nor is who they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.shop.days import days_left, last_moment, said, said_exactly
from bot.shop.facts import Order, OrderItem, OrderState, ParcelState, Product
from bot.shop.orders import item_of
from bot.shop.refusals import Refused, Way, no
from bot.shop.rules import Exclusion, Rules
from bot.shop.shares import kept_fen, refundable_fen
from bot.shop.warranty import repair_until

_BACK = (ParcelState.RETURNING, ParcelState.RETURNED)


class Problem(StrEnum):
    """What is the matter with the goods."""

    NO_REASON = "不想要了"
    QUALITY = "质量问题"
    NOT_AS_DESCRIBED = "与描述不符"
    DAMAGED = "收到时破损"
    WRONG = "发错货"
    MISSING = "少发漏发"


class RemedyKind(StrEnum):
    """What the shop does about it."""

    RETURN = "退货退款"
    REFUND_ONLY = "仅退款"
    EXCHANGE = "换货"
    RESEND = "补发"
    REPAIR = "维修"


class Payer(StrEnum):
    """Who pays for the way back."""

    BUYER = "买家"
    BUYER_UNLESS_INSURED = "买家，有运费险的由运费险出"
    INSURER = "运费险"
    SHOP = "商家"
    NOBODY = "不用寄回"


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The facts of a case; None is what is not known yet."""

    order: Order
    sku_id: str
    problem: Problem
    quantity: int = 1
    product: Product | None = None  #: None: not on sale any more
    opened: bool | None = None
    claims_in_90_days: int = 0  #: goods the buyer kept while money or goods went out again


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing the shop does, and its terms."""

    kind: RemedyKind
    reason: str
    deadline: datetime  #: last moment to ask for it
    freight: Payer
    amount_fen: int  #: what goes back to the shopper; 0 if nothing does
    evidence: tuple[str, ...] = ()  #: what the shopper is asked to show
    condition: str = ""  #: what must hold and is not known yet
    approval: bool = False  #: a human decides first (row D4)


def remedies(facts: CaseFacts, rules: Rules, now: datetime) -> list[Remedy]:
    """What the shop does in this case, what serves the shopper best first; if empty, `refusals` says why."""
    return [one for one in _considered(facts, rules, now) if isinstance(one, Remedy)]


def refusals(facts: CaseFacts, rules: Rules, now: datetime) -> list[Refused]:
    """What the shop does not do in this case: why not, and what instead."""
    return [one for one in _considered(facts, rules, now) if isinstance(one, Refused)]


def signed_at(order: Order, sku_id: str) -> datetime | None:
    """When the last box with this variant was signed for; None while one of them has not come."""
    boxes = [p for p in order.parcels if sku_id in p.sku_ids and p.state not in _BACK]
    came = [trace.at for box in boxes for trace in box.traces if trace.state is ParcelState.SIGNED]
    return max(came) if boxes and all(box.state is ParcelState.SIGNED for box in boxes) else None


@dataclass(frozen=True, slots=True)
class _Case:
    """The facts of a case that can be decided, with what was found of them in the order."""

    facts: CaseFacts
    rules: Rules
    now: datetime
    item: OrderItem
    signed_at: datetime


_Considered = list[Remedy | Refused]


def _considered(facts: CaseFacts, rules: Rules, now: datetime) -> _Considered:
    """Every remedy that could be thought of, each granted or refused."""
    order, item = facts.order, item_of(facts.order, facts.sku_id)
    if item is None:
        return [no("订单里没有这件商品", Way.SAY_MORE, "告诉我是订单里的哪一件")]
    if not 1 <= facts.quantity <= item.quantity:
        return [no(f"这件商品买了{item.quantity}件", Way.SAY_MORE, "告诉我其中有几件要处理")]
    if order.state in (OrderState.REFUNDING, OrderState.REFUNDED):
        return [no("这笔订单已经在退款", Way.REFUND_PROGRESS, "我可以帮您看退款到哪一步了")]
    came_at = signed_at(order, facts.sku_id)
    if came_at is None:
        return [_not_come(order)]
    case = _Case(facts, rules, now, item, came_at)
    return [_with_approval(case, one) for one in _OF_PROBLEM[facts.problem](case)]


def _not_come(order: Order) -> Refused:
    if order.state is OrderState.CANCELLED:
        return no("这笔订单已经取消，没有付款", Way.REORDER, "还需要的话重新下单就行")
    if order.paid_at is None:
        return no("这笔订单还没有付款", Way.CANCEL, "不想要的话直接取消就行")
    if order.state is OrderState.PAID:
        return no("这笔订单还没有发货", Way.CANCEL, "不想要的话直接取消就行，货款原路退回")
    return no("这件商品还没有签收", Way.REFUSE_PARCEL, "不想要的话派送时当面拒收就行，货款原路退回；收到后有问题再找我")


def _no_reason(case: _Case) -> _Considered:
    rule, product, spec = case.rules.no_reason, case.facts.product, case.item.spec
    name, deadline = _no_reason_name(rule.days), last_moment(case.signed_at, rule.days)
    if product is None:
        return [no(f"商品已经下架，是否支持{name}要核对", Way.HUMAN, "我请同事核对后答复您")]
    never, sealed = _why(rule.never, product, spec), _why(rule.opened_never, product, spec)
    if never:
        return [no(f"{never}，不支持{name}", Way.REPORT_FAULT, _FAULTS_ARE_OURS)]
    if not product.returnable_7_days:
        return [no(f"商品页标明不支持{name}", Way.REPORT_FAULT, _FAULTS_ARE_OURS)]
    if case.now > deadline:
        return [no(f"{name}到{said(deadline)}已经结束", Way.REPORT_FAULT, _FAULTS_ARE_OURS)]
    if sealed and case.facts.opened:
        return [no(f"{sealed}，拆封后不支持{name}", Way.REPORT_FAULT, _FAULTS_ARE_OURS)]
    condition = "包装没有拆封" if sealed and case.facts.opened is None else "商品完好，不影响再次销售"
    back = Remedy(
        RemedyKind.RETURN, _within(case, name, deadline), deadline, _no_reason_payer(case), _goods_fen(case),
        condition=condition,
    )  # fmt: skip
    payer = Payer(rule.payer)  # an insurance of the way back need not cover an exchange
    return [back, replace(back, kind=RemedyKind.EXCHANGE, amount_fen=0, freight=payer)]


def _quality(case: _Case) -> _Considered:
    product = case.facts.product
    rule = case.rules.quality_of(product.category if product else None)
    show = case.rules.evidence.quality
    until = repair_until(product.warranty if product else None, rule.repair_months, case.signed_at)
    return [
        _ours(case, RemedyKind.RETURN, "质量问题退货", last_moment(case.signed_at, rule.return_days), show),
        _ours(case, RemedyKind.EXCHANGE, "质量问题换货", last_moment(case.signed_at, rule.exchange_days), show),
        _ours(case, RemedyKind.REPAIR, "保修", until, show)
        if until
        else no("商品页没有写保修", Way.HUMAN, "我请同事问品牌方能不能修"),
    ]


def _not_as_described(case: _Case) -> _Considered:
    deadline = last_moment(case.signed_at, case.rules.not_as_described.days)
    show = case.rules.evidence.not_as_described
    kinds = (RemedyKind.RETURN, RemedyKind.EXCHANGE)
    return [_ours(case, kind, "与描述不符", deadline, show) for kind in kinds]


def _damaged(case: _Case) -> _Considered:
    deadline = case.signed_at + timedelta(hours=case.rules.damaged.hours)
    kinds = [RemedyKind.EXCHANGE, RemedyKind.RETURN]
    if _goods_fen(case) <= case.rules.limits.yuan_each * 100:  # sending it back costs more than it is worth
        kinds.insert(0, RemedyKind.REFUND_ONLY)
    return [_ours(case, kind, "破损报告", deadline, case.rules.evidence.damaged) for kind in kinds]


def _wrong(case: _Case) -> _Considered:
    deadline, show = last_moment(case.signed_at, case.rules.wrong_or_missing.days), case.rules.evidence.wrong
    return [_ours(case, kind, "发错货处理", deadline, show) for kind in (RemedyKind.EXCHANGE, RemedyKind.RETURN)]


def _missing(case: _Case) -> _Considered:
    deadline, show = last_moment(case.signed_at, case.rules.wrong_or_missing.days), case.rules.evidence.missing
    return [_ours(case, kind, "少发漏发处理", deadline, show) for kind in (RemedyKind.RESEND, RemedyKind.REFUND_ONLY)]


_OF_PROBLEM: Mapping[Problem, Callable[[_Case], _Considered]] = {
    Problem.NO_REASON: _no_reason,
    Problem.QUALITY: _quality,
    Problem.NOT_AS_DESCRIBED: _not_as_described,
    Problem.DAMAGED: _damaged,
    Problem.WRONG: _wrong,
    Problem.MISSING: _missing,
}
_FAULTS_ARE_OURS = "如果是质量、破损或发错的问题，告诉我，我看能退、能换还是能修"


def _ours(case: _Case, kind: RemedyKind, name: str, deadline: datetime, evidence: tuple[str, ...]) -> Remedy | Refused:
    """A remedy for a fault of the shop's, who then pays the way back; refused when its time is over."""
    if case.now > deadline:
        return no(f"{name}到{said_exactly(deadline)}已经结束", Way.HUMAN, "把情况和照片发我，我请同事核实还能怎么处理")
    kept = kind in (RemedyKind.REFUND_ONLY, RemedyKind.RESEND)
    amount_fen = {
        RemedyKind.RETURN: _goods_fen(case, with_freight=True),
        RemedyKind.REFUND_ONLY: _goods_fen(case),
    }.get(kind, 0)
    payer = Payer.NOBODY if kept else Payer.SHOP
    return Remedy(kind, _within(case, name, deadline), deadline, payer, amount_fen, evidence)


def _goods_fen(case: _Case, *, with_freight: bool = False) -> int:
    """What goes back for the pieces: their share of what was paid; with the way there if the whole order goes back."""
    order, facts = case.facts.order, case.facts
    whole = len(order.items) == 1 and facts.quantity == case.item.quantity
    freight_fen = order.freight_fen if with_freight and whole else 0
    return min(kept_fen(order, facts.sku_id, facts.quantity) + freight_fen, refundable_fen(order))


def _with_approval(case: _Case, one: Remedy | Refused) -> Remedy | Refused:
    """Money or goods for which nothing comes back need a human above the shop's limits (row D4)."""
    if isinstance(one, Refused) or one.freight is not Payer.NOBODY:
        return one
    limits = case.rules.limits
    too_much = _goods_fen(case) > limits.yuan_each * 100
    return replace(one, approval=too_much or case.facts.claims_in_90_days >= limits.times_in_90_days)


def _no_reason_payer(case: _Case) -> Payer:
    if case.rules.no_reason.payer == "商家":
        return Payer.SHOP
    insured = case.facts.order.freight_insured
    return Payer.BUYER_UNLESS_INSURED if insured is None else Payer.INSURER if insured else Payer.BUYER


def _no_reason_name(days: int) -> str:
    return "七天无理由" if days == 7 else f"{days}天无理由"


def _why(exclusions: Iterable[Exclusion], product: Product, spec: str) -> str | None:
    return next((part.why for part in exclusions if part.fits(product, spec)), None)


def _within(case: _Case, name: str, deadline: datetime) -> str:
    """Since when and how long: 11月15日签收，七天无理由到11月22日，还有3天."""
    left = days_left(deadline, case.now)
    words = f"还有{left}天" if left else "今天是最后一天"
    return f"{said(case.signed_at)}签收，{name}到{said(deadline)}，{words}"
