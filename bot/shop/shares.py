"""What was paid for which row of an order, in fen, pure: promotions are shared out and nothing is lost by rounding."""

from __future__ import annotations

from collections.abc import Sequence

from bot.shop.facts import Order


def split(amount_fen: int, weights: Sequence[int]) -> tuple[int, ...]:
    """*amount_fen* shared out by *weights*, whole fen, sum exact; the fen left over go to the largest remainders.

    Parameters
    ----------
    amount_fen
        0 or more.
    weights
        0 or more each; if all are 0 the shares are equal.

    >>> split(100, [1, 1, 1])
    (34, 33, 33)
    """
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    shares = [amount_fen * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(amount_fen * weights[place] % whole))
    for place in by_remainder[: amount_fen - sum(shares)]:
        shares[place] += 1
    return tuple(shares)


def part(amount_fen: int, pieces: int, of: int) -> int:
    """The share of *pieces* of *of* equal pieces, rounded down; all pieces have all of it."""
    return amount_fen * pieces // of


def paid_shares(order: Order) -> tuple[int, ...]:
    """What was paid for each row, freight left out: as the shop says, else shared out by price."""
    told = [item.paid_fen for item in order.items]
    known = [fen for fen in told if fen is not None]
    if len(known) == len(told):
        return tuple(known)
    return split(order.total_fen - order.freight_fen, [item.price_fen * item.quantity for item in order.items])


def share_of(order: Order, sku_id: str, pieces: int) -> tuple[int, int]:
    """Of *pieces* of one row: fen paid, and fen of it given back since. The second is never more than the first."""
    for item, paid_fen in zip(order.items, paid_shares(order), strict=True):
        if item.sku_id == sku_id:
            pieces = min(pieces, item.quantity)
            return part(paid_fen, pieces, item.quantity), part(item.repaid_fen, pieces, item.quantity)
    return 0, 0


def kept_fen(order: Order, sku_id: str, pieces: int) -> int:
    """What the shop still holds for *pieces* of one row."""
    paid_fen, repaid_fen = share_of(order, sku_id, pieces)
    return paid_fen - repaid_fen


def refundable_fen(order: Order) -> int:
    """The most that can still be given back on the whole order."""
    refunded_fen = order.refund.amount_fen if order.refund else 0
    return max(0, order.total_fen - order.repaid_fen - refunded_fen) if order.paid_at else 0
