"""The mix of lines that a shop receives: how much each held-out sentence weighs in the mean cost of a line.

Shares are of 300 hand-read messages of shoppers with human staff on three desks (two shops of the marketplace kind and
an after-sale desk); half of what is sent asks for nothing. Within a row every sentence weighs the same, and the held-out
sentences are harder than what is sent most (好的, 谢谢): the true cost is rather lower than what this mix says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.twins import Twin

#: "How far is it" after other lines: a row of its own.
_FOLLOW_UP = "track_order aftersale_progress refund_progress"
#: Share of all lines in percent, and the intents among which it is spread.
MIX: dict[str, tuple[float, str]] = {
    "greeting, thanks, closing, ?": (14.3, "greet thank goodbye nudge"),
    "a word or two of answer": (14.3, "affirm deny"),
    "supplying information": (11.0, "inform"),
    "how far is it (follow-up)": (2.0, ""),
    "other": (4.7, "out_of_scope chitchat ask_if_bot"),
    "return, exchange, repair, progress": (8.0, "return_goods exchange_goods repair_goods aftersale_progress"),
    "goods": (8.0, "ask_product ask_usage ask_warranty ask_installation ask_size recommend compare ask_authenticity"),
    "logistics": (6.7, "track_order ask_shipping not_received"),
    "promotion, price, membership": (
        4.7, "ask_promotion bargain ask_price ask_my_coupons ask_tier ask_points redeem_points",
    ),
    "price protection": (4.0, "price_protection"),
    "invoice": (3.7, "ask_invoice"),
    "complaint, reproach": (3.3, "complain threaten claim_compensation"),
    "refund": (3.0, "refund_progress"),
    "fault, missing or wrong part": (3.0, "report_fault wrong_or_missing"),
    "payment, account": (
        2.7, "payment_problem ask_payment ask_my_data correct_my_data delete_my_data opt_out",
    ),
    "change of the order": (2.0, "modify_order"),
    "hurry up": (1.7, "urge_order"),
    "stock": (1.3, "ask_stock"),
    "cancel": (1.0, "cancel_order"),
    "a human": (0.7, "call_human"),
}  # fmt: skip
_ROW = {intent: row for row, (_, intents) in MIX.items() for intent in intents.split()}


def row_of(twin: Twin) -> str | None:
    """The row of the mix a sentence stands for; None for an intent that the mix does not know."""
    if twin.before and twin.intent in _FOLLOW_UP.split():
        return "how far is it (follow-up)"
    return _ROW.get(twin.intent)


def weights(twins: Sequence[Twin]) -> list[float]:
    """What each of *twins* weighs in the mix, in their order; they sum to 1."""
    rows = [row_of(twin) for twin in twins]
    often = Counter(rows)
    raw = [MIX[row][0] / often[row] if row else 0.0 for row in rows]
    return [weight / sum(raw) for weight in raw] if any(raw) else raw
