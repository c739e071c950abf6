"""What the shop's rules give for goods that came, found out and put into words (rows D1, D4). No action stands here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rasa_sdk import Tracker

from actions.base import yuan
from actions.changing import item_meant
from actions.wishing import Wish
from bot.errors import ProductNotFound
from bot.shop import aftersale
from bot.shop.aftersale import Payer, Problem, Remedy, RemedyKind, signed_at
from bot.shop.facts import Order, OrderItem, Product
from bot.shop.refusals import Refused
from bot.shop.rules import Rules
from bot.store import cases
from bot.talk.turn import Turn
from bot.text.numerals import whole

_KEPT_CLAIMS = "wrong_or_missing"  #: the cases of which goods or money went out and nothing came back
_CLAIMS_WITHIN = timedelta(days=90)

#: What the words say is the matter, the plainest first.
_PROBLEMS: tuple[tuple[Problem, re.Pattern[str]], ...] = (
    (Problem.MISSING, re.compile(r"少[发了寄送给装一两二三\d]|漏[发寄装]|缺[了少件一两]|没[给放装]|数量不[对够]|只[有来到收发](?:到|了|来)?[一两二三\d]")),
    (Problem.WRONG, re.compile(r"[发寄送拿装]错|错发|不是我[买拍要订下]|[发寄送]成|(?:颜色|尺码|型号|规格|款式|码数?)[^,，。]{0,4}(?:不对|错)|买的是[^,，。]{1,10}[来到发给收]")),
    (Problem.NOT_AS_DESCRIBED, re.compile(r"(?:描述|图片|页面|宣传|详情|照片)[^,，。]{0,6}(?:不符|不一样|不同|差太多|两回事)|色差|货不对板|假货|不是正品")),
    (Problem.DAMAGED, re.compile(r"碎|破损|摔[坏烂裂]|压[坏扁变烂]|磕|撞[坏凹]|(?:收到|到手|打开|拆开|送来|刚到|来的时候)[^,，。]{0,8}(?:破|裂|坏|烂|变形|漏|洒)")),
    (Problem.QUALITY, re.compile(
        r"坏|质量|毛病|故障|不(?:亮|响|转|动|出水|通电|开机|制热|制冷|工作|显示|充电|灵)|开胶|掉[色毛漆皮]|起球|脱[线胶]|开线|异味|发霉|变质|过期"
        r"|漏[水电气液]|瑕疵|划痕|有问题|失灵|黑屏|死机|断[了线]|裂|破|褪色|生锈|味道?[大重]"
    )),
)  # fmt: skip
_PIECES = re.compile(r"(?:退|换|修)(?:其中)?([一两二三四五六七八九\d])[件个双条盒包瓶袋只台套箱]")
_EVERYTHING = re.compile(r"都[要想]?[退换修]|全[部都]?[退换修]|整单|一起[退换]|[两三几]件都")
_ASKS = re.compile(
    r"[吗嘛?？]|(?<![什怎那这要])么|能不能|可不可以|(?:能|可以)[^,，。]{0,8}[不没]$|怎么[退换修弄申办]|咋[退换修弄]|谁[出付承掏给]|多久|几天|有没有|要(?:什么|啥)|哪"
)
#: Wanting it done is no question, however it is said: 怎么这么差 我要退货.
_WANTS = re.compile(r"(?:我要|[我就]想|要求|帮我|给我|必须|马上|赶紧|快点?)(?!问)[^,，。问能]{0,6}(?:退|换|修|申请)")
_FREIGHT: Mapping[Payer, str] = {
    Payer.BUYER: "寄回运费由您承担",
    Payer.BUYER_UNLESS_INSURED: "寄回运费由您承担，买了运费险的由运费险出",
    Payer.INSURER: "寄回运费由运费险出",
    Payer.SHOP: "寄回运费我们出",
    Payer.NOBODY: "不用寄回",
}
_NAMES: tuple[tuple[RemedyKind, re.Pattern[str]], ...] = (
    (RemedyKind.REFUND_ONLY, re.compile(r"[仅只光]退款|不退货|退钱就行|退差")),
    (RemedyKind.RESEND, re.compile(r"补[发寄一个上]|重新?[发寄]")),
    (RemedyKind.EXCHANGE, re.compile(r"换")),
    (RemedyKind.REPAIR, re.compile(r"修")),
    (RemedyKind.RETURN, re.compile(r"退")),
)
_REFUSED_OF: Mapping[RemedyKind, str] = {RemedyKind.RETURN: "退", RemedyKind.EXCHANGE: "换", RemedyKind.REPAIR: "修"}


@dataclass(frozen=True, slots=True)
class Decided:
    """What the rules say of one row of an order."""

    item: OrderItem
    quantity: int
    granted: tuple[Remedy, ...]
    refused: tuple[Refused, ...]

    def of(self, kind: RemedyKind) -> Remedy | None:
        """The granted remedy of a kind."""
        return next((remedy for remedy in self.granted if remedy.kind is kind), None)

    def refusal_of(self, kind: RemedyKind | None) -> Refused | None:
        """Why a kind is not granted; the first refusal if none speaks of it."""
        word = _REFUSED_OF.get(kind, "") if kind else ""
        return next((no for no in self.refused if word in no.reason), self.refused[0] if self.refused else None)


def problem_of(words: str) -> Problem | None:
    """What the matter is with the goods, as far as the words say it."""
    return next((problem for problem, pattern in _PROBLEMS if pattern.search(words)), None)


def remedy_named(words: str) -> RemedyKind | None:
    """The remedy that the words choose."""
    return next((kind for kind, pattern in _NAMES if pattern.search(words)), None)


def is_question(words: str) -> bool:
    """Whether the line asks what can be done, rather than wanting it done: 能退吗, 运费谁出."""
    return _ASKS.search(words.strip()) is not None and _WANTS.search(words) is None


def items_meant(order: Order, wish: Wish, tracker: Tracker) -> list[OrderItem]:
    """The rows meant: of those that came, or any one of an order of which none did or that is being refunded, for all
    are alike then. Empty if the shopper must say which."""
    there = [item for item in order.items if signed_at(order, item.sku_id)]
    item = item_meant(order, wish.said, tracker)
    if not there or order.refund:
        return [item or order.items[0]]
    if len(there) == 1 or _EVERYTHING.search(wish.said):
        return there
    return [item] if item else []


def decide(order: Order, item: OrderItem, problem: Problem, wish: Wish, rules: Rules, turn: Turn) -> Decided:
    """What the rules give for *item*."""
    named = _PIECES.search(wish.said)
    quantity = min(whole(named[1]) or 1, item.quantity) if named else item.quantity
    facts = aftersale.CaseFacts(
        order, item.sku_id, problem, quantity, _product(item.product_id, turn), wish.opened, _claims(turn)
    )
    granted, refused = aftersale.remedies(facts, rules, turn.now), aftersale.refusals(facts, rules, turn.now)
    return Decided(item, quantity, tuple(granted), tuple(refused))


def _product(product_id: str, turn: Turn) -> Product | None:
    try:
        return turn.shop.product(product_id)
    except ProductNotFound:
        return None


def _claims(turn: Turn) -> int:
    """Goods this customer kept in 90 days while money or goods went out again, as far as their cases are open."""
    opened = cases.open_of(turn.session, turn.claim.customer_id, limit=200)
    return sum(case.type == _KEPT_CLAIMS and turn.now - case.opened_at <= _CLAIMS_WITHIN for case in opened)


def terms_of(remedy: Remedy) -> str:
    """One remedy with all that belongs to it: 退货退款：…，还有6天；退回409元；寄回运费由运费险出."""
    back = [f"退回{yuan(remedy.amount_fen)}元"] if remedy.amount_fen else []
    condition = [f"条件是{remedy.condition}"] if remedy.condition else []
    return "；".join([f"{remedy.kind}（{remedy.reason}）", *back, _FREIGHT[remedy.freight], *condition])


def evidence_of(remedies: Iterable[Remedy]) -> str:
    """What the shopper is asked to send, once."""
    wanted = dict.fromkeys(thing for remedy in remedies for thing in remedy.evidence)
    return f"麻烦发一下{'、'.join(wanted)}，处理起来更快。" if wanted else ""


def all_terms(decided: Sequence[Decided], kind: RemedyKind | None) -> str:
    """The terms of all rows: of one *kind*, or of every kind that is granted."""
    rows = []
    for one in decided:
        granted = [remedy for remedy in one.granted if not remedy.approval and kind in (None, remedy.kind)]
        if granted:
            name = f"{one.item.name}{one.quantity}件，" if one.quantity > 1 or len(decided) > 1 else ""
            rows.append(name + "；或者".join(terms_of(remedy) for remedy in granted))
    return "。".join(rows)
