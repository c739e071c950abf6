"""Why a command cannot be done at a stage of its order, and what is the next best thing (row C6). Read it as a table.

A stage that a command does not name here is one at which it may be done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.shop.commands import CommandKind


class Stage(StrEnum):
    """How far an order is, for what can still be done about it."""

    UNPAID = "待付款"
    TO_PACK = "待发货"
    PACKED = "已打包待揽收"
    UNDER_WAY = "运输中"
    AT_THE_DOOR = "派送中或待取件"
    SIGNED = "已签收"
    DONE = "交易完成"
    REFUNDING = "退款中"
    CLOSED = "已关闭"


class Way(StrEnum):
    """What to do next; an action offers it."""

    PAY = "pay"
    CANCEL = "cancel"
    REORDER = "reorder"
    CHANGE_ADDRESS = "change_address"
    FORWARD = "forward"
    URGE_DISPATCH = "urge_dispatch"
    URGE_DELIVERY = "urge_delivery"
    REFUSE_PARCEL = "refuse_parcel"
    RETURN_GOODS = "return_goods"
    EXCHANGE_GOODS = "exchange_goods"
    REPORT_FAULT = "report_fault"
    NOT_RECEIVED = "not_received"
    APPLY_INVOICE = "apply_invoice"
    CHANGE_INVOICE_TITLE = "change_invoice_title"
    RESEND_INVOICE = "resend_invoice"
    PROTECT_PRICE = "protect_price"
    REFUND_PROGRESS = "refund_progress"
    SAY_MORE = "say_more"  #: the shopper says what is missing or wrong
    WAIT = "wait"
    HUMAN = "human"


@dataclass(frozen=True, slots=True)
class NextBest:
    """The next best thing."""

    way: Way
    words: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why, and what instead."""

    reason: str
    next_best: NextBest


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes."""


def no(reason: str, way: Way, words: str) -> Refused:
    """A refusal."""
    return Refused(reason, NextBest(way, words))


_AWAY = (Stage.UNDER_WAY, Stage.AT_THE_DOOR)
_CAME = (Stage.SIGNED, Stage.DONE)

_REFUNDING = no("这笔订单正在退款，不能再改", Way.REFUND_PROGRESS, "我可以帮您看退款到哪一步了")
_CLOSED = no("这笔订单已经关闭，不能再改", Way.REORDER, "还需要的话重新下单就行，我可以帮您找到商品")
_NO_INVOICE = no("这笔订单在退款或已经关闭，系统里开不了票", Way.HUMAN, "有实际付款的部分，我请同事核对后开")
_NOT_MINE = no("快递显示这笔订单已经签收", Way.NOT_RECEIVED, "如果您没有收到，我马上按“显示签收但没收到”帮您查")
_PAY_FIRST = no("这笔订单还没有付款", Way.PAY, "付款后我们就安排发货")
_PACKED = no("包裹已经打包，正等快递取件，系统里改不了", Way.HUMAN, "我请同事马上联系仓库，能拦下就帮您改")
_INVOICE_FIRST = no("这笔订单还没有付款，暂时不能开票", Way.PAY, "付款后随时可以申请，开票金额就是实付金额")
_COURIER = no("包裹已经交给快递，面单上的信息改不了", Way.HUMAN, "我请同事联系快递员，派送前按您的要求联系您")

_OF_KIND: Mapping[CommandKind, Mapping[tuple[Stage, ...], Refused]] = {
    CommandKind.CANCEL: {
        (Stage.PACKED,): no(
            "包裹已经打包，正等快递取件，系统里取消不了", Way.HUMAN, "我请同事联系仓库拦截；万一拦不住，派送时拒收也会原路退款",
        ),
        _AWAY: no("包裹已经交给快递，不能直接取消", Way.REFUSE_PARCEL, "派送时当面拒收就行，包裹退回仓库后货款原路退回"),
        _CAME: no("这笔订单已经签收，不能再取消", Way.RETURN_GOODS, "可以改为申请退货，我帮您看能不能退、运费谁出"),
    },
    CommandKind.CHANGE_ADDRESS: {
        (Stage.PACKED,): _PACKED,
        (Stage.UNDER_WAY,): no("包裹已经在路上，地址改不了", Way.FORWARD, "可以申请转寄到新地址，转寄费以快递公司为准，我可以帮您登记"),
        (Stage.AT_THE_DOOR,): no("快递员正在派送，地址改不了", Way.HUMAN, "直接打快递员电话最快，我也可以请同事马上联系快递"),
        _CAME: _NOT_MINE,
    },
    CommandKind.CHANGE_PHONE: {
        (Stage.PACKED,): _PACKED,
        _AWAY: no("包裹已经交给快递，面单上的电话改不了", Way.HUMAN, "我请同事把新电话告诉快递员"),
        _CAME: no("这笔订单已经送到，不用改电话了", Way.SAY_MORE, "如果是留在我们这里的联系电话要改，把新号码发我"),
    },
    CommandKind.CHANGE_DELIVERY_TIME: {_AWAY: _COURIER, _CAME: _NOT_MINE},
    CommandKind.CHANGE_SKU: {
        (Stage.PACKED,): _PACKED,
        _AWAY: no("包裹已经交给快递，规格换不了", Way.EXCHANGE_GOODS, "收到后没有使用就可以换货，也可以当面拒收后重新拍"),
        _CAME: no("已经签收的商品不能直接改规格", Way.EXCHANGE_GOODS, "可以申请换货，我帮您看能不能换、运费谁出"),
    },
    CommandKind.CHANGE_CONTENT: {
        (Stage.UNPAID,): no("还没付款的订单改不了件数", Way.CANCEL, "取消后按需要的件数重新拍最快，优惠会重新计算"),
        (Stage.PACKED,): _PACKED,
        _AWAY: no("包裹已经交给快递，件数改不了", Way.RETURN_GOODS, "收到后把不要的那件申请退货就行"),
        _CAME: no("已经签收的订单不能减少商品", Way.RETURN_GOODS, "不要的那件可以申请退货，我帮您看能不能退、运费谁出"),
    },
    CommandKind.URGE_DISPATCH: {
        (Stage.UNPAID,): _PAY_FIRST,
        _AWAY: no("这笔订单已经发出了", Way.URGE_DELIVERY, "我可以帮您催配送"),
        _CAME: _NOT_MINE,
    },
    CommandKind.URGE_DELIVERY: {
        (Stage.UNPAID,): _PAY_FIRST,
        (Stage.TO_PACK, Stage.PACKED): no("这笔订单还没有交给快递", Way.URGE_DISPATCH, "我可以帮您催发货"),
        _CAME: _NOT_MINE,
    },
    CommandKind.FORWARD: {
        (Stage.UNPAID, Stage.TO_PACK): no("这笔订单还没发货，不用转寄", Way.CHANGE_ADDRESS, "可以直接改地址，我帮您改"),
        (Stage.PACKED,): _PACKED,
        (Stage.AT_THE_DOOR,): no("快递员正在派送，这时转寄不了", Way.HUMAN, "直接打快递员电话最快，我也可以请同事马上联系快递"),
        _CAME: _NOT_MINE,
    },
    CommandKind.APPLY_INVOICE: {(Stage.UNPAID,): _INVOICE_FIRST, (Stage.REFUNDING, Stage.CLOSED): _NO_INVOICE},
    CommandKind.CHANGE_INVOICE_TITLE: {(Stage.UNPAID,): _INVOICE_FIRST, (Stage.REFUNDING, Stage.CLOSED): _NO_INVOICE},
    CommandKind.RESEND_INVOICE: {(Stage.UNPAID,): _INVOICE_FIRST},
    CommandKind.PROTECT_PRICE: {
        (Stage.UNPAID,): no("这笔订单还没有付款，付款时就按今天的价格", Way.PAY, "价格比下单时低的话，取消后重新拍更划算"),
    },
}  # fmt: skip


def refusal(kind: CommandKind, stage: Stage) -> Refused | None:
    """Why *kind* cannot be done at *stage*; None if the stage does not forbid it."""
    for stages, refused in _OF_KIND[kind].items():
        if stage in stages:
            return refused
    if kind is CommandKind.RESEND_INVOICE:
        return None  # an invoice that was issued may be sent again for ever
    return {Stage.REFUNDING: _REFUNDING, Stage.CLOSED: _CLOSED}.get(stage)
