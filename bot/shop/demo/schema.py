"""The tables of the demo shop's file, and records to JSON and back.

A row holds what is searched by in columns of its own and the whole record in `body`. The file is written once, under
another name, and renamed; afterwards it is only read, so `immutable=1` lets SQLite skip every lock.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.shop.commands import CommandKind, Invoice, Repayment
from bot.shop.facts import (
    Buyer,
    Coupon,
    Order,
    OrderItem,
    OrderState,
    Parcel,
    ParcelState,
    Product,
    Promotion,
    PromotionKind,
    Refund,
    SizeTable,
    Sku,
    Trace,
)

TABLES = """
CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE products (id TEXT PRIMARY KEY, place INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE buyers (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE promotions (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE coupons (id TEXT PRIMARY KEY, buyer_id TEXT NOT NULL, given_at TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX coupons_by_buyer ON coupons (buyer_id, given_at);
CREATE TABLE orders (
    order_no TEXT PRIMARY KEY, buyer_id TEXT NOT NULL, phone_tail TEXT NOT NULL, placed_at TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX orders_by_buyer ON orders (buyer_id, placed_at);
"""

#: In a file of its own, `book.Book`: what was executed. `number` says the order of execution.
COMMANDS = """
CREATE TABLE IF NOT EXISTS commands (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, order_no TEXT NOT NULL,
    phone_tail TEXT NOT NULL, command TEXT NOT NULL, receipt TEXT NOT NULL, after TEXT NOT NULL
)
"""
COMMANDS_BY_ORDER = "CREATE INDEX IF NOT EXISTS commands_by_order ON commands (order_no, number)"


def reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read the finished file at *path*."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def body(record: object) -> str:
    """Any record of `facts` as JSON; the same record always gives the same text."""
    return json.dumps(record, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """What JSON has no word for: days, moments, and records as their fields."""
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return {field.name: getattr(value, field.name) for field in fields(value)}


def product_from(text: str) -> Product:
    """The product that `body` wrote."""
    told = json.loads(text)
    table = told["size_table"]
    return Product(
        **told
        | {name: tuple(told[name]) for name in ("aliases", "in_the_box", "evidence")}
        | {"skus": tuple(_sku(sku) for sku in told["skus"])}
        | {"size_table": table and SizeTable(tuple(table["columns"]), _ranges(table["rows"]))}
    )


def _sku(told: dict[str, Any]) -> Sku:
    return Sku(**told | {"restock_on": _day(told["restock_on"])})


def _ranges(rows: Mapping[str, Any]) -> dict[str, tuple[tuple[float, float], ...]]:
    return {size: tuple((low, high) for low, high in ranges) for size, ranges in rows.items()}


def buyer_from(text: str) -> Buyer:
    """The buyer that `body` wrote."""
    told = json.loads(text)
    return Buyer(**told | {"member_since": _day(told["member_since"]), "birthday": _day(told["birthday"])})


def promotion_from(text: str) -> Promotion:
    """The promotion that `body` wrote."""
    told = json.loads(text)
    return Promotion(
        **told
        | {"kind": PromotionKind(told["kind"])}
        | {name: _moment(told[name]) for name in ("starts_at", "ends_at")}
        | {
            name: tuple(told[name])
            for name in ("categories", "product_ids", "stacks_with", "excludes", "tiers", "not_to")
        }
    )


def coupon_from(text: str) -> Coupon:
    """The coupon that `body` wrote."""
    told = json.loads(text)
    return Coupon(**told | {name: _moment(told[name]) for name in ("expires_at", "used_at", "starts_at")})


def order_from(text: str) -> Order:
    """The order that `body` wrote."""
    told = json.loads(text)
    refund = told["refund"]
    told |= {name: _moment(told[name]) for name in ("placed_at", "paid_at", "dispatch_by", "urged_at")}
    told["state"] = OrderState(told["state"])
    told["items"] = tuple(OrderItem(**item) for item in told["items"])
    told["parcels"] = tuple(_parcel(parcel) for parcel in told["parcels"])
    told["refund"] = refund and _refund(refund)
    told["invoice"] = told["invoice"] and _invoice(told["invoice"])
    told["repayments"] = tuple(_repayment(repayment) for repayment in told["repayments"])
    return Order(**told)


def _invoice(told: dict[str, Any]) -> Invoice:
    return Invoice(**told | {name: _moment(told[name]) for name in ("applied_at", "issued_at")})


def _repayment(told: dict[str, Any]) -> Repayment:
    moments = {name: datetime.fromisoformat(told[name]) for name in ("at", "expected_at")}
    return Repayment(**told | moments | {"kind": CommandKind(told["kind"])})


def _parcel(told: dict[str, Any]) -> Parcel:
    return Parcel(
        courier=told["courier"],
        waybill=told["waybill"],
        state=ParcelState(told["state"]),
        traces=tuple(_trace(trace) for trace in told["traces"]),
        promised_at=_moment(told["promised_at"]),
        sku_ids=tuple(told["sku_ids"]),
    )


def _trace(told: dict[str, str]) -> Trace:
    return Trace(datetime.fromisoformat(told["at"]), ParcelState(told["state"]), told["place"], told["text"])


def _refund(told: dict[str, Any]) -> Refund:
    return Refund(**told | {name: _moment(told[name]) for name in ("requested_at", "expected_at", "done_at")})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
