"""Invoices made from what the shopper said. No action stands here."""

from __future__ import annotations

import re

from actions.commanding import about
from actions.wishing import Wish
from bot.shop.commands import ApplyInvoice, ChangeInvoiceTitle, CommandKind, OrderCommand, ResendInvoice
from bot.shop.facts import Order, ShopTerms

_AGAIN = re.compile(
    r"重发|再发|补发|没收到|找不到|下载|打不开|看不到|在哪[看下]|[发寄]到.{0,12}(?:邮箱|@)|(?:票|发票)(?:呢|在哪)"
)
_TITLE = re.compile(
    r"(?:抬头|税号|名头)[^,，。]{0,8}(?:改|换|错|不对|少)|(?:改|换|错)[^,，。]{0,6}(?:抬头|税号|名头)|换开|重开|重新开"
)
_COMPANY = re.compile(r"公司|单位|企业|对公|报销抬头")


def invoice_kind(said: str) -> CommandKind:
    """What is wanted about an invoice."""
    if _TITLE.search(said):
        return CommandKind.CHANGE_INVOICE_TITLE
    return CommandKind.RESEND_INVOICE if _AGAIN.search(said) else CommandKind.APPLY_INVOICE


def invoice_command(kind: CommandKind, order: Order, wish: Wish, terms: ShopTerms) -> OrderCommand:
    """The command; to the receiver's own name unless a company is spoken of."""
    if kind is CommandKind.RESEND_INVOICE:
        return ResendInvoice(**about(order), send_to=wish.send_to)
    if kind is CommandKind.CHANGE_INVOICE_TITLE:
        return ChangeInvoiceTitle(**about(order), title=wish.title, tax_no=wish.tax_no)
    title = wish.title or ("" if _COMPANY.search(wish.said) or wish.invoice_kind else order.receiver)
    kind_of_paper = wish.invoice_kind or terms.invoice_kinds[0]
    return ApplyInvoice(
        **about(order), invoice_kind=kind_of_paper, title=title, tax_no=wish.tax_no, send_to=wish.send_to
    )
