"""The tables of the customer profile store. Every column says its meaning and unit.

Money in fen, time in UTC and aware, ids random 128 bit (32 hex digits) where a stranger may see them.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time; a naive one is refused. SQLite, which keeps no zone, gives it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of the store."""

    type_annotation_map = {datetime: UtcTime(), dict[str, Any]: JSON(), list[str]: JSON(), list[dict[str, Any]]: JSON()}


def table_of(model: type[Base]) -> Table:
    """The table below a class, for statements that need no objects."""
    return cast(Table, model.__table__)


def new_id() -> str:
    """128 random bits as 32 hex digits: not to be guessed."""
    return secrets.token_hex(16)


class Customer(Base):
    """Somebody who writes to us, known by name or not."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id, comment="random id")
    created_at: Mapped[datetime] = mapped_column(comment="first seen, UTC")
    seen_at: Mapped[datetime] = mapped_column(comment="last line or visit, UTC")
    name: Mapped[str | None] = mapped_column(String(64), comment="name as the shop gave it; null for the anonymous")
    tier: Mapped[str | None] = mapped_column(String(16), comment="membership tier as the shop gave it")
    erased_at: Mapped[datetime | None] = mapped_column(comment="erased on the shopper's wish, UTC; null if not")


class Identity(Base):
    """One name a channel knows a customer by."""

    __tablename__ = "identities"
    __table_args__ = (Index("identities_of_channel", "channel", "external_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True, comment="row number")
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True, comment="whose name it is")
    channel: Mapped[str] = mapped_column(String(32), comment="web, rest, wecom …")
    external_id: Mapped[str] = mapped_column(String(128), comment="the channel's own id: buyer id, open id …")
    created_at: Mapped[datetime] = mapped_column(comment="linked at, UTC")


class Conversation(Base):
    """One thread of lines with one customer: who owns it, who is working on it, what Rasa remembers of it."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index(
            "conversations_waiting",
            "waiting_since",
            sqlite_where=text("waiting_since is not null"),
            postgresql_where=text("waiting_since is not null"),
        ),
    )

    id: Mapped[str] = mapped_column(
        String(32), primary_key=True, default=new_id, comment="random id, seen by strangers"
    )
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True, comment="who is talking")
    channel: Mapped[str] = mapped_column(String(32), comment="where: web, rest …")
    buyer_id: Mapped[str | None] = mapped_column(
        String(128), comment="the shop's id of the signed-in shopper; null while not proven"
    )
    opened_at: Mapped[datetime] = mapped_column(comment="UTC")
    closed_at: Mapped[datetime | None] = mapped_column(comment="UTC; null while open")
    owner: Mapped[str] = mapped_column(String(8), default="bot", comment="bot, queue or agent: who answers")
    agent: Mapped[str | None] = mapped_column(String(64), comment="the agent who owns it; null unless owner is agent")
    epoch: Mapped[int] = mapped_column(
        Integer, default=0, comment="counts changes of owner; a reply names the one it saw"
    )
    last_seq: Mapped[int] = mapped_column(Integer, default=0, comment="number of the newest line")
    waiting_since: Mapped[datetime | None] = mapped_column(
        comment="time of the oldest unhandled line, UTC; null if none"
    )
    lease_by: Mapped[str | None] = mapped_column(String(64), comment="the brain at work on it")
    lease_until: Mapped[datetime | None] = mapped_column(comment="until when others leave it alone, UTC")
    fence: Mapped[int] = mapped_column(
        Integer, default=0, comment="counts claims; a turn commits only under its own number"
    )
    attempts: Mapped[int] = mapped_column(Integer, default=0, comment="claims since the last committed turn")
    state: Mapped[str | None] = mapped_column(Text, deferred=True, comment="Rasa's events, JSON; a cache of `lines`")


class Line(Base):
    """One thing said. Append-only: journal, inbox (unhandled lines) and outbox (what a reader has not seen)."""

    __tablename__ = "lines"
    __table_args__ = (
        Index("lines_client_id", "conversation_id", "client_msg_id", unique=True),
        Index("lines_reply", "conversation_id", "reply_to", "part", unique=True),
        Index(
            "lines_unhandled",
            "conversation_id",
            "seq",
            sqlite_where=text("handled_at is null"),
            postgresql_where=text("handled_at is null"),
        ),
    )

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True, comment="its thread")
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, comment="1, 2, 3 … within the thread, without gaps")
    at: Mapped[datetime] = mapped_column(comment="when it was stored, UTC")
    author: Mapped[str] = mapped_column(String(8), comment="shopper, bot, agent or system")
    text: Mapped[str] = mapped_column(Text, comment="what was said, unchanged")
    payload: Mapped[dict[str, Any] | None] = mapped_column(comment="cards, quick replies, the page the shopper was on")
    client_msg_id: Mapped[str | None] = mapped_column(String(64), comment="the sender's own id; unique in the thread")
    handled_at: Mapped[datetime | None] = mapped_column(
        comment="when it was understood and answered or passed on, UTC; null: still in the inbox"
    )
    outcome: Mapped[str | None] = mapped_column(
        String(16), comment="of a shopper's line: answered, passed (a human owns), escalated or dead"
    )
    reply_to: Mapped[int | None] = mapped_column(Integer, comment="of a reply: seq of the newest line it answers")
    part: Mapped[int | None] = mapped_column(Integer, comment="of a reply: 0, 1, 2 … within one answer")
    intent: Mapped[str | None] = mapped_column(String(64), comment="of a shopper's line: what was understood")
    confidence: Mapped[float | None] = mapped_column(Float, comment="of the intent, 0 to 1, calibrated")
    entities: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSON, comment="of a shopper's line: kind, value, start, end (offsets into text)"
    )


class Assessment(Base):
    """What one line says about the risk of losing the customer."""

    __tablename__ = "assessments"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True, comment="its thread")
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, comment="the shopper's line it was made at")
    at: Mapped[datetime] = mapped_column(comment="UTC")
    p_dissatisfied: Mapped[float] = mapped_column(
        Float, comment="probability that this conversation ends badly, 0 to 1"
    )
    hard_trigger: Mapped[str | None] = mapped_column(
        String(16), comment="request, safety, self_harm, law or fraud; null"
    )
    reasons: Mapped[list[str]] = mapped_column(comment="up to four sentences an agent reads, strongest first")
    model_version: Mapped[str] = mapped_column(String(32), comment="which weights made it")


class Escalation(Base):
    """A customer waiting for, or with, a human. At most one open per conversation."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index(
            "escalations_open",
            "conversation_id",
            unique=True,
            sqlite_where=text("closed_at is null"),
            postgresql_where=text("closed_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, comment="row number")
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), comment="its thread")
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True, comment="who is waiting")
    skill: Mapped[str] = mapped_column(
        String(32), comment="which agents: general, orders, aftersale, complaints, safety"
    )
    priority: Mapped[int] = mapped_column(Integer, comment="0 before 1 before 2; equal: longest waiting first")
    reasons: Mapped[list[str]] = mapped_column(comment="sentences an agent reads, most serious first; at least one")
    queued_at: Mapped[datetime] = mapped_column(comment="UTC")
    claimed_by: Mapped[str | None] = mapped_column(String(64), comment="the agent; null while waiting")
    claimed_at: Mapped[datetime | None] = mapped_column(comment="UTC; null while waiting")
    closed_at: Mapped[datetime | None] = mapped_column(comment="UTC; null while open")
    outcome: Mapped[str | None] = mapped_column(String(32), comment="how it ended; null while open")


class Case(Base):
    """A matter that outlives its conversation: complaint, after-sale, or a request staff must do."""

    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(primary_key=True, comment="row number")
    number: Mapped[str] = mapped_column(String(24), unique=True, comment="what the shopper is told: TS261122-7F3K2")
    idem_key: Mapped[str] = mapped_column(
        String(64), unique=True, comment="conversation:line:type: the same turn opens one"
    )
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True, comment="whose matter")
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id"), index=True, comment="where it was raised"
    )
    type: Mapped[str] = mapped_column(String(32), comment="the intent that opened it: complain, return_goods …")
    severity: Mapped[int] = mapped_column(Integer, comment="1 high, 2 ordinary, 3 low")
    order_no: Mapped[str | None] = mapped_column(String(32), comment="the order it is about; null if none was named")
    product_id: Mapped[str | None] = mapped_column(String(32), comment="the product it is about; null if none")
    summary: Mapped[str] = mapped_column(Text, comment="the shopper's own words, oldest first")
    opened_at: Mapped[datetime] = mapped_column(comment="UTC")
    promised_at: Mapped[datetime] = mapped_column(comment="answer promised by, UTC")
    closed_at: Mapped[datetime | None] = mapped_column(comment="UTC; null while open")
    outcome: Mapped[str | None] = mapped_column(String(64), comment="how it ended; null while open")


class ProofTry(Base):
    """One try to prove an order by number and phone tail; counted to lock out guessing (row C1)."""

    __tablename__ = "proof_tries"

    id: Mapped[int] = mapped_column(primary_key=True, comment="row number")
    key: Mapped[str] = mapped_column(String(80), comment="what is limited: conversation:<id> or order:<hash>")
    at: Mapped[datetime] = mapped_column(index=True, comment="UTC")


class UsedToken(Base):
    """A signed identity that was shown once; a second time it is refused."""

    __tablename__ = "used_tokens"

    jti: Mapped[str] = mapped_column(String(128), primary_key=True, comment="the token's own id, with its issuer")
    expires_at: Mapped[datetime] = mapped_column(index=True, comment="UTC; the row may be purged after")


class Audit(Base):
    """Who did what to whom. Each row holds the hash of the one before it: a changed row is found."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, comment="row number, in order of writing")
    at: Mapped[datetime] = mapped_column(comment="UTC")
    actor: Mapped[str] = mapped_column(String(64), comment="bot, gateway, agent:<name>, operator")
    action: Mapped[str] = mapped_column(String(32), comment="open_case, call_human, take, give_back, link_identity …")
    subject: Mapped[str] = mapped_column(String(64), comment="table:id of what it was done to")
    detail: Mapped[dict[str, Any]] = mapped_column(comment="facts, never a shopper's words, phone or address")
    hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 over the previous hash and this row, hex")


class KnowledgeEntry(Base):
    """One thing the shop knows, as it stands now: how it is asked, what is answered, for what and how long it holds."""

    __tablename__ = "knowledge"

    id: Mapped[str] = mapped_column(String(64), primary_key=True, comment="short name, never changes: dispatch-time")
    title: Mapped[str] = mapped_column(String(120), comment="the question as staff and shoppers read it")
    questions: Mapped[list[str]] = mapped_column(comment="other ways to ask it, as shoppers type")
    answer: Mapped[str] = mapped_column(Text, comment="what the shopper reads; empty if state is refused")
    category: Mapped[str | None] = mapped_column(String(64), comment="only for products of this category; null: all")
    product_id: Mapped[str | None] = mapped_column(String(32), comment="only for this product; null: all")
    valid_from: Mapped[datetime | None] = mapped_column(comment="served from then on, UTC; null: always")
    valid_until: Mapped[datetime | None] = mapped_column(comment="not served from then on, UTC; null: for ever")
    state: Mapped[str] = mapped_column(
        String(16), comment="draft, approved (served), refused (known to be without an answer) or retired"
    )
    version: Mapped[int] = mapped_column(Integer, comment="1, 2, 3 … of this entry; each is kept in knowledge_versions")
    author: Mapped[str] = mapped_column(String(64), comment="who wrote this version: agent:<name>, or seed")
    changed_at: Mapped[datetime] = mapped_column(comment="when this version was saved, UTC")
    change: Mapped[int] = mapped_column(
        Integer, unique=True, comment="counts saves of all entries; a reader asks for what is above the last it saw"
    )


class KnowledgeVersion(Base):
    """One version of an entry as it was saved. Append-only: what was served when can be told, and brought back."""

    __tablename__ = "knowledge_versions"

    entry_id: Mapped[str] = mapped_column(ForeignKey("knowledge.id"), primary_key=True, comment="whose version")
    version: Mapped[int] = mapped_column(Integer, primary_key=True, comment="1, 2, 3 …")
    content: Mapped[dict[str, Any]] = mapped_column(comment="every field of the entry that staff write; times in ISO")
    author: Mapped[str] = mapped_column(String(64), comment="who wrote it")
    changed_at: Mapped[datetime] = mapped_column(comment="UTC")


class KnowledgeVector(Base):
    """The sentence vector of one text, made once and shared by all brains."""

    __tablename__ = "knowledge_vectors"

    key: Mapped[str] = mapped_column(String(32), primary_key=True, comment="first half of the text's SHA-256, hex")
    vector: Mapped[bytes] = mapped_column(LargeBinary, comment="float16, little end first, length 1")


class Unanswered(Base):
    """A shopper's question that the knowledge had no answer to; material for new entries."""

    __tablename__ = "unanswered"
    __table_args__ = (Index("unanswered_of_line", "conversation_id", "seq", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True, comment="row number")
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), comment="where it was asked")
    seq: Mapped[int] = mapped_column(Integer, comment="the shopper's line")
    question: Mapped[str] = mapped_column(Text, comment="the shopper's words, long numbers made unreadable")
    at: Mapped[datetime] = mapped_column(index=True, comment="UTC")
    settled_at: Mapped[datetime | None] = mapped_column(comment="when staff dealt with it, UTC; null while open")
    entry_id: Mapped[str | None] = mapped_column(
        ForeignKey("knowledge.id"), comment="the entry that answers it now; null while open or if it was dismissed"
    )
