"""When an invoice can be had, changed and sent again (pure)."""

from __future__ import annotations

import re

from bot.shop.commands import ApplyInvoice, ChangeInvoiceTitle
from bot.shop.facts import Order, ShopTerms
from bot.shop.refusals import Refused, Way, no

SPECIAL = "增值税专用发票"
_COMPANY = re.compile(r"公司|企业|厂|店|中心|事务所|工作室|学校|医院|协会|合作社|集团")


def applying(order: Order, wanted: ApplyInvoice, terms: ShopTerms | None) -> Refused | None:
    """Why the invoice *wanted* cannot be applied for."""
    if order.invoice and order.invoice.issued_at:
        return no("这笔订单的发票已经开好", Way.RESEND_INVOICE, "没收到的话我帮您重发，抬头不对可以换开")
    if order.invoice:
        return no("这笔订单的发票已经申请，正在开", Way.CHANGE_INVOICE_TITLE, "抬头要改的话现在还可以改")
    if terms and wanted.invoice_kind not in terms.invoice_kinds:
        return no(f"店里开不了{wanted.invoice_kind}", Way.SAY_MORE, f"可以开{'、'.join(terms.invoice_kinds)}，要哪一种")
    return _bad_title(wanted.title, wanted.tax_no, wanted.invoice_kind)


def changing_title(order: Order, wanted: ChangeInvoiceTitle) -> Refused | None:
    """Why the title cannot be changed to the one *wanted*."""
    invoice = order.invoice
    if invoice is None:
        return no("这笔订单还没有申请过发票", Way.APPLY_INVOICE, "可以直接按新抬头申请，我帮您登记")
    if invoice.issued_at and invoice.kind == SPECIAL:
        return no("专用发票开好后要先确认有没有抵扣", Way.HUMAN, "我请同事跟您核对后换开")
    if (wanted.title, wanted.tax_no) == (invoice.title, invoice.tax_no):
        return no("新抬头和现在的一样", Way.RESEND_INVOICE if invoice.issued_at else Way.SAY_MORE, _same_title(order))
    return _bad_title(wanted.title, wanted.tax_no, invoice.kind)


def resending(order: Order) -> Refused | None:
    """Why no invoice can be sent again."""
    if order.invoice is None:
        if order.paid_at is None or order.refund:
            return no("这笔订单没有开过发票", Way.HUMAN, "需要的话我请同事核对")
        return no("这笔订单还没有申请过发票", Way.APPLY_INVOICE, "告诉我抬头，我帮您申请")
    if order.invoice.issued_at is None:
        return no("发票已经申请，还没有开好", Way.WAIT, "开好后会自动发给您，不用再申请")
    return None


def _same_title(order: Order) -> str:
    issued = order.invoice and order.invoice.issued_at
    return "没收到的话我帮您重发" if issued else "把要改成的抬头发我就行"


def _bad_title(title: str, tax_no: str, kind: str) -> Refused | None:
    if not title.strip():
        return no("还缺发票抬头", Way.SAY_MORE, "告诉我个人姓名或公司全称，公司请带税号")
    needs_number = kind == SPECIAL or bool(_COMPANY.search(title))
    if (needs_number or tax_no) and not re.fullmatch(r"[0-9A-Z]{15,20}", tax_no.upper()):
        return no("公司抬头要有完整的税号", Way.SAY_MORE, "请把15到20位的纳税人识别号发我")
    return None
