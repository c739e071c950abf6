"""Talking to the bot in the terminal."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import typer
from sqlalchemy import Engine as Database

from bot.brain import Brain
from bot.serving import load_engine, open_shop
from bot.settings import Settings
from bot.shop.patience import PatientShop
from bot.store import conversations, customers, lines
from bot.store.database import begin, migrate, open_store, reading
from bot.talk.accept import Pace, accept

_ANY_PACE = Pace(1_000_000, 1_000_000)


def talk(settings: Settings, *, buyer: str | None, product: str | None) -> None:
    """Read lines and print the replies until the input ends or /quit is typed."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_store(f"sqlite:///{Path(folder) / 'chat.db'}")
        migrate(database)
        shop = PatientShop(open_shop(settings), settings.action_budget_s)
        brain = Brain(database, load_engine(settings, shop), shop, settings)
        conversation_id = _begin(database, buyer)
        typer.echo("说点什么吧（/quit 结束）")
        seen = 0
        for number, words in enumerate(_typed()):
            _say(database, conversation_id, words, number, product)
            while brain.one():
                pass
            seen = _print_news(database, conversation_id, seen)


def _begin(database: Database, buyer: str | None) -> str:
    now = datetime.now(UTC)
    with begin(database) as session:
        known = customers.known_as(session, "web", buyer, now=now) if buyer else customers.anonymous(session, now=now)
        return conversations.start(session, known.id, "web", buyer_id=buyer, now=now).id


def _typed():  # type: ignore[no-untyped-def]
    while True:
        try:
            words = input("> ").strip()
        except (EOFError, KeyboardInterrupt):
            return
        if words == "/quit":
            return
        if words:
            yield words


def _say(database: Database, conversation_id: str, words: str, number: int, product: str | None) -> None:
    payload = {"page": {"product_id": product}} if product else None
    accept(
        database, conversation_id, words, client_msg_id=str(number), payload=payload, pace=_ANY_PACE, limit_chars=2000,
        now=datetime.now(UTC),
    )  # fmt: skip


def _print_news(database: Database, conversation_id: str, seen: int) -> int:
    with reading(database) as session:
        for line in lines.after(session, conversation_id, seen):
            seen = line.seq
            if line.author == "shopper":
                typer.secho(f"    [{line.intent}]", dim=True)
            else:
                typer.echo(f"{line.author}: {line.text}")
                for reply in (line.payload or {}).get("quick_replies", []):
                    typer.secho(f"    · {reply}", dim=True)
    return seen
