"""Makes the demo shop's file: all of it in memory, into a file of another name, and renamed when it is complete.

Whoever starts at the same time writes the same bytes under a name of their own; the last rename wins and nobody ever
sees half a file. What a killed process leaves behind is swept away later.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from uuid import uuid4

from bot.shop.demo.catalogue import catalogue, products_by_short_name
from bot.shop.demo.ledger import Ledger
from bot.shop.demo.offers import TERMS, coupons, one_of_each, promotions
from bot.shop.demo.orders import buyers, eventful_count, eventful_orders, habits, ordinary_orders
from bot.shop.demo.parcels import CHINA
from bot.shop.demo.people import Person, people
from bot.shop.demo.scenes import CAST, scenes
from bot.shop.demo.schema import TABLES, body, reader
from bot.shop.facts import Buyer, Coupon, Order, Product, Promotion
from bot.shop.promotions.rules import check_terms, checked

BUYER_COUNT = 300
ORDER_COUNT = 2500
_LEFTOVER_AFTER_S = 600


@dataclass(frozen=True, slots=True)
class Told:
    """The whole shop on one day."""

    products: Sequence[Product]
    buyers: Sequence[Buyer]
    orders: Sequence[Order]
    promotions: Sequence[Promotion]
    coupons: Sequence[tuple[str, datetime, Coupon]]  #: buyer, when given, coupon


def make_sure(path: Path, now: datetime, seed: int) -> None:
    """The file at *path* is complete and tells the shop of *now*'s day and of *seed*."""
    day = now.astimezone(UTC).date()
    stamp = f"{source_mark()}:{seed}:{day}"
    if _mark(path, "stamp") != stamp:
        _write(path, tell(day, seed), stamp)


def tell(day: date, seed: int) -> Told:
    """The shop as of 00:00 UTC of *day*, eight in the morning in China: nothing is later than any `now` of the day."""
    rng, as_of = Random(f"{seed}:{day}"), datetime(day.year, day.month, day.day, tzinfo=UTC)
    products = catalogue(day)
    by_name = products_by_short_name(products)
    persons = list(people(Random(seed), CAST, BUYER_COUNT, day))  # the same people on every day
    book = Ledger(rng, as_of, products)
    orders = list(_orders(book, persons, by_name))
    everybody = list(buyers(rng, _joined(persons, day), orders, day))
    offered = checked(promotions(by_name, as_of.astimezone(CHINA).replace(hour=0).astimezone(UTC)), products)
    check_terms(TERMS)
    return Told(products, everybody, orders, offered, list(_coupons(rng, everybody, offered, as_of)))


def _orders(book: Ledger, persons: Sequence[Person], by_name: dict[str, Product]) -> Iterator[Order]:
    shown = list(scenes(book, {person.id: person for person in persons}, by_name))
    others = habits(book.rng, [person for person in persons if person.id not in CAST], book.products)
    yield from shown
    yield from eventful_orders(book, others)
    yield from ordinary_orders(book, others, ORDER_COUNT - eventful_count() - len(shown))


def _joined(persons: Sequence[Person], day: date) -> list[Person]:
    """The new member of the scenes joined only now."""
    return [replace(one, member_since=day - timedelta(days=3)) if one.id == "u1005" else one for one in persons]


def _coupons(
    rng: Random, everybody: Sequence[Buyer], offered: tuple[Promotion, ...], as_of: datetime
) -> Iterator[tuple[str, datetime, Coupon]]:
    for buyer in everybody:
        deal = one_of_each if buyer.id == "u1001" else coupons
        for given_at, coupon in deal(rng, buyer, offered, as_of):
            yield buyer.id, given_at, coupon


@cache
def source_mark() -> str:
    """Changes with any line of the demo shop's code, so that an old file is never taken for a new one."""
    here = Path(__file__).parent
    sources = [*sorted(here.rglob("*.py")), here.parent / "facts.py", here.parent / "offers.py"]
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


def _mark(path: Path, name: str) -> str | None:
    """What the file notes of itself; None if there is no such note or no such file."""
    try:
        with closing(reader(path)) as connection:
            row = connection.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    except sqlite3.Error:
        return None
    return row and row[0]


def _write(path: Path, told: Told, stamp: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with closing(sqlite3.connect(unfinished)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.executescript(TABLES)
            _fill(connection, told, stamp)
            connection.commit()
        _flush(unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, told: Told, stamp: str) -> None:
    products = [(product.id, place, body(product)) for place, product in enumerate(told.products)]
    version = sha256("".join(text for _, _, text in products).encode()).hexdigest()[:16]
    rows: Iterable[tuple[str, Iterable[Sequence[object]]]] = (
        ("products VALUES (?, ?, ?)", products),
        ("buyers VALUES (?, ?)", ((buyer.id, body(buyer)) for buyer in told.buyers)),
        ("promotions VALUES (?, ?)", ((offer.id, body(offer)) for offer in told.promotions)),
        ("coupons VALUES (?, ?, ?, ?)", ((one.id, who, at.isoformat(), body(one)) for who, at, one in told.coupons)),
        ("orders VALUES (?, ?, ?, ?, ?)", (_order_row(order) for order in told.orders)),
        ("marks VALUES (?, ?)", (("stamp", stamp), ("catalogue", version))),
    )
    for target, values in rows:
        connection.executemany(f"INSERT INTO {target}", values)


def _order_row(order: Order) -> tuple[str, str, str, str, str]:
    return order.order_no, order.buyer_id, order.phone[-4:], order.placed_at.isoformat(), body(order)


def _flush(path: Path) -> None:
    """The bytes are on the disk before the name is."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sweep(path: Path) -> None:
    """Unfinished files that nobody can still be writing go away."""
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        try:
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_AFTER_S:
                leftover.unlink()
        except FileNotFoundError:
            continue
