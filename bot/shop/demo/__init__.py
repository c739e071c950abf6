"""The demo shop: a whole invented shop in one SQLite file, standing for a shop's own system.

The file is made on the first start of a day (`build`) and only read afterwards, each call over a connection of its
own; so any thread may call, and a file that another process renewed is seen at once. What shoppers have had done to
their orders since stands in a second file beside it (`book`) and outlives the day.
"""

from __future__ import annotations

import hmac
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import OrderNotFound, ProductNotFound, ShopUnavailable
from bot.shop.commands import OrderCommand, Receipt
from bot.shop.demo.book import Book
from bot.shop.demo.build import make_sure
from bot.shop.demo.offers import TERMS
from bot.shop.demo.scenes import DEMO_BUYERS
from bot.shop.demo.schema import buyer_from, coupon_from, order_from, product_from, promotion_from, reader
from bot.shop.facts import Buyer, Coupon, Order, Product, Promotion, ShopTerms
from bot.shop.orders import Grounds

__all__ = ["DEMO_BUYERS", "DemoShop"]

_NOBODYS_TAIL = "none"  #: what an unknown order is compared with; four signs, and no phone ends like this


@dataclass(frozen=True, slots=True)
class _Catalogue:
    file_mark: tuple[int, int]  #: inode and time of the file it was read from
    version: str
    products: tuple[Product, ...]
    by_id: Mapping[str, Product]


class DemoShop:
    """The shop of the file at *path*, made anew if it is missing or of another day, seed or version of the code.

    Dates count from the day of *now* (UTC, aware); the same day and *seed* always give the same shop, and nothing in
    it lies later than 00:00 UTC of that day, eight in the morning in China. *clock* is the shop's own: it dates what
    is executed.
    """

    def __init__(
        self, path: Path, *, now: datetime, seed: int = 7, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        make_sure(path, now, seed)
        self.path = path
        self.clock = clock
        self.book = Book(path.with_name(f"{path.stem}.commands{path.suffix}"))
        self._catalogue: _Catalogue | None = None

    def terms(self) -> ShopTerms:
        return TERMS

    def catalogue_version(self) -> str:
        return self._known("catalogue_version").version

    def products(self) -> Sequence[Product]:
        return self._known("products").products

    def product(self, product_id: str) -> Product:
        try:
            return self._known("product").by_id[product_id]
        except KeyError:
            raise ProductNotFound(product_id) from None

    def buyer(self, buyer_id: str) -> Buyer | None:
        with self._reading("buyer") as shop:
            row = shop.execute("SELECT body FROM buyers WHERE id = ?", (buyer_id,)).fetchone()
        return buyer_from(row[0]) if row else None

    def orders_of(self, buyer_id: str, limit: int = 20) -> Sequence[Order]:
        newest = "SELECT body FROM orders WHERE buyer_id = ? ORDER BY placed_at DESC LIMIT ?"
        with self._reading("orders_of") as shop:
            rows = shop.execute(newest, (buyer_id, max(0, limit))).fetchall()
            return self.book.newest([order_from(text) for (text,) in rows])

    def order(self, order_no: str, buyer_id: str) -> Order:
        with _answering("order"):
            told = self._told(order_no, buyer_id)
            if told is None:
                raise OrderNotFound(order_no)
            return self.book.newest([told])[0]

    def execute(self, command: OrderCommand, key: str) -> Receipt:
        with _answering("execute"):
            order = self._told(command.order_no, command.buyer_id)
            return self.book.execute(order, command, key, self.clock(), self._grounds)

    def order_by_phone_tail(self, order_no: str, phone_tail: str) -> Order:
        with self._reading("order_by_phone_tail") as shop:
            row = shop.execute("SELECT phone_tail FROM orders WHERE order_no = ?", (order_no,)).fetchone()
            changed_tail = self.book.phone_tail(order_no)
            true_tail = (changed_tail or row[0]) if row else _NOBODYS_TAIL
            proven = hmac.compare_digest(true_tail.encode(), phone_tail.encode())
            if not (proven and row):
                raise OrderNotFound(order_no)
            (text,) = shop.execute("SELECT body FROM orders WHERE order_no = ?", (order_no,)).fetchone()
            return self.book.newest([order_from(text)])[0]

    def promotions(self, now: datetime) -> Sequence[Promotion]:
        with self._reading("promotions") as shop:
            rows = shop.execute("SELECT body FROM promotions ORDER BY id").fetchall()
        offers = (promotion_from(text) for (text,) in rows)
        return tuple(offer for offer in offers if offer.starts_at <= now <= offer.ends_at)

    def coupons_of(self, buyer_id: str) -> Sequence[Coupon]:
        newest = "SELECT body FROM coupons WHERE buyer_id = ? ORDER BY given_at DESC"
        with self._reading("coupons_of") as shop:
            rows = shop.execute(newest, (buyer_id,)).fetchall()
        return tuple(coupon_from(text) for (text,) in rows)

    def _told(self, order_no: str, buyer_id: str) -> Order | None:
        """The order as the day's file tells it; None if there is no such order of this buyer."""
        theirs = "SELECT body FROM orders WHERE order_no = ? AND buyer_id = ?"
        with self._reading("order") as shop:
            row = shop.execute(theirs, (order_no, buyer_id)).fetchone()
        return order_from(row[0]) if row else None

    def _grounds(self, order: Order) -> Grounds:
        by_id = self._known("product").by_id
        return Grounds.of(TERMS, [by_id[item.product_id] for item in order.items if item.product_id in by_id])

    @contextmanager
    def _reading(self, call: str) -> Iterator[sqlite3.Connection]:
        """A connection for one *call*."""
        with _answering(call), closing(reader(self.path)) as connection:
            yield connection

    def _known(self, call: str) -> _Catalogue:
        """The catalogue in memory, read again when the file is another one."""
        mark = self._file_mark(call)
        if self._catalogue is None or self._catalogue.file_mark != mark:
            self._catalogue = self._read_catalogue(call, mark)
        return self._catalogue

    def _file_mark(self, call: str) -> tuple[int, int]:
        try:
            status = self.path.stat()
        except OSError as cause:
            raise ShopUnavailable(call, 0.0) from cause
        return status.st_ino, status.st_mtime_ns

    def _read_catalogue(self, call: str, mark: tuple[int, int]) -> _Catalogue:
        with self._reading(call) as shop:
            (version,) = shop.execute("SELECT value FROM marks WHERE name = 'catalogue'").fetchone()
            rows = shop.execute("SELECT body FROM products ORDER BY place").fetchall()
        products = tuple(product_from(text) for (text,) in rows)
        return _Catalogue(mark, version, products, {product.id: product for product in products})


@contextmanager
def _answering(call: str) -> Iterator[None]:
    """A file that cannot be read or written is a shop that does not answer."""
    began = time.monotonic()
    try:
        yield
    except sqlite3.Error as cause:
        raise ShopUnavailable(call, time.monotonic() - began) from cause
