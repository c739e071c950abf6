"""How far a refund is, when the money is there, and whether somebody is late (pure; row D2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.shop.days import day_of, end_of, last_moment, said, said_exactly
from bot.shop.facts import Refund
from bot.shop.rules import Refunding

STEPS = ("待商家审核", "待寄回", "退货在途", "待退款", "已原路退回")


@dataclass(frozen=True, slots=True)
class RefundProgress:
    """One refund as it stands."""

    step: str
    number: int  #: 1 to 5 of `STEPS`; 0 for a step we do not know
    amount_fen: int
    waits_for: str  #: 商家 您 快递 银行
    by: datetime | None  #: when this step should be over; None if nothing was promised
    arrives: tuple[date, date] | None  #: first and last likely day in the shopper's account; None while it depends
    overdue: bool  #: the step should be over: a human looks at once
    words: str  #: what to expect, without a full stop


def progress(refund: Refund, pay_way: str | None, rules: Refunding, now: datetime) -> RefundProgress:
    """How far *refund* is; *pay_way* is how the order was paid and how the money goes back."""
    number = STEPS.index(refund.step) + 1 if refund.step in STEPS else 0
    by, arrives = _by(refund, number, rules), None
    fewest, most = rules.arrives(pay_way)
    if number in (4, 5):
        paid_on = day_of(refund.done_at or max(by or now, now))
        arrives = paid_on + timedelta(days=fewest), paid_on + timedelta(days=most)
    if number == 5 and arrives:
        by = end_of(arrives[1])
    overdue = number != 2 and by is not None and by < now
    waits_for = ("商家", "商家", "您", "快递", "商家", "银行")[number]
    seen = RefundProgress(refund.step, number, refund.amount_fen, waits_for, by, arrives, overdue, "")
    return replace(seen, words=_in_words(seen, pay_way))


def _by(refund: Refund, number: int, rules: Refunding) -> datetime | None:
    """When the step should be over: as the shop said, else by its rules from the day it was asked for."""
    if number == 5:
        return None
    if refund.expected_at:
        return refund.expected_at
    if number == 1:
        return refund.requested_at + timedelta(hours=rules.review_h)
    return last_moment(refund.requested_at, rules.send_back_days) if number == 2 else None


def _in_words(seen: RefundProgress, pay_way: str | None) -> str:
    late = f"原定{said_exactly(seen.by)}完成，已经超时，是我们没有做好，我请同事马上跟进" if seen.by else ""
    if seen.overdue and seen.number != 5:
        return late
    if seen.number == 2:
        return "请把商品寄回，寄出后把快递单号发我" + (f"，最晚{said(seen.by)}" if seen.by else "")
    if seen.arrives is None:
        return f"预计{said_exactly(seen.by)}前有结果" if seen.by else "这一步的时间还没有定，有进展我们会通知您"
    first, last = seen.arrives
    days = f"{said(first)}" if first == last else f"{said(first)}到{said(last)}之间"
    if seen.number == 5 and seen.overdue:
        return f"钱已经退出，{said(last)}前就该到账；没收到的话我请同事查退款流水"
    return f"{'钱已经退出，' if seen.number == 5 else ''}预计{days}到{pay_way or '原付款账户'}"
