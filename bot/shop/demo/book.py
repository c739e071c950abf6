"""The demo shop's book of commands: what was executed, by key, and the orders as they stand since.

The shop's own file is made anew every day and never written to, so the book is a file beside it, made at the first
command. One row is the command, its receipt and the order after it: one insert, so either all of it happened or nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.errors import OrderNotFound, ShopRefused
from bot.shop.commands import CommandKind, OrderCommand, Receipt, as_json
from bot.shop.demo import effects
from bot.shop.demo.schema import COMMANDS, COMMANDS_BY_ORDER, body, order_from
from bot.shop.facts import Order
from bot.shop.orders import Grounds, may
from bot.shop.refusals import Refused, Way, no

_LOCKED_S = 2.0  #: longest wait for another writer; below the budget of a turn


@dataclass(frozen=True, slots=True)
class Book:
    """The book in the file at *path*."""

    path: Path

    def newest(self, orders: Sequence[Order]) -> tuple[Order, ...]:
        """*orders* as they stand after the commands on them."""
        if not orders or not self.path.exists():
            return tuple(orders)
        with closing(_opened(self.path)) as connection:
            return tuple(_newest(connection, order) for order in orders)

    def phone_tail(self, order_no: str) -> str | None:
        """The phone tail of an order that was changed; None if it was not."""
        if not self.path.exists():
            return None
        last = "SELECT phone_tail FROM commands WHERE order_no = ? ORDER BY number DESC LIMIT 1"
        with closing(_opened(self.path)) as connection:
            row = connection.execute(last, (order_no,)).fetchone()
        return row[0] if row else None

    def execute(
        self, order: Order | None, command: OrderCommand, key: str, now: datetime, grounds: Callable[[Order], Grounds]
    ) -> Receipt:
        """Execute *command* on *order*, or give the receipt of *key*.

        *order* is as the shop's file tells it, None if the file does not know it, any more, as this buyer's.
        """
        with self.writing() as connection:
            known = _known(connection, command, key)
            if known:
                return known
            if order is None:
                raise OrderNotFound(command.order_no)
            before = _newest(connection, order)
            since = grounds(before)
            decided = may(before, command, now, since)
            if isinstance(decided, Refused):
                raise _refused(command, decided)
            after, receipt = effects.execute(before, command, key, now, since)
            _insert(connection, command, receipt, after)
        return receipt

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that excludes other writers from its beginning; raising within it undoes all of it."""
        with closing(_opened(self.path, create=True)) as connection:
            connection.execute(COMMANDS)
            connection.execute(COMMANDS_BY_ORDER)
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _opened(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection that may write: after a kill, whoever comes next rolls the half transaction back, reader or not."""
    mode = "rwc" if create else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=_LOCKED_S, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _newest(connection: sqlite3.Connection, order: Order) -> Order:
    last = "SELECT after FROM commands WHERE order_no = ? ORDER BY number DESC LIMIT 1"
    row = connection.execute(last, (order.order_no,)).fetchone()
    return order_from(row[0]) if row else order


def _known(connection: sqlite3.Connection, command: OrderCommand, key: str) -> Receipt | None:
    row = connection.execute("SELECT command, receipt FROM commands WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row[0] != body(as_json(command)):
        raise _refused(command, no("这一步已经办过别的事情", Way.SAY_MORE, "请重新说一下要办什么"))
    return replace(_receipt_from(row[1]), replayed=True)


def _refused(command: OrderCommand, no_: Refused) -> ShopRefused:
    best = no_.next_best
    return ShopRefused(str(command.kind), command.order_no, no_.reason, best.words, str(best.way))


def _insert(connection: sqlite3.Connection, command: OrderCommand, receipt: Receipt, after: Order) -> None:
    row = (receipt.key, command.order_no, after.phone[-4:], body(as_json(command)), body(receipt), body(after))
    connection.execute(
        "INSERT INTO commands (key, order_no, phone_tail, command, receipt, after) VALUES (?, ?, ?, ?, ?, ?)", row
    )


def _receipt_from(text: str) -> Receipt:
    told: dict[str, Any] = json.loads(text)
    expected_at = told["expected_at"] and datetime.fromisoformat(told["expected_at"])
    return Receipt(
        **told
        | {"kind": CommandKind(told["kind"]), "at": datetime.fromisoformat(told["at"]), "expected_at": expected_at}
    )
