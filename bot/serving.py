"""The brain as a process: puts its parts together."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine as Database

from bot.brain import Brain, only_brain
from bot.engine.agent import Engine
from bot.engine.training import usable_model
from bot.knowledge.editing import Scopes
from bot.knowledge.seeding import seed
from bot.settings import ROOT, Settings
from bot.shop.demo import DemoShop
from bot.shop.facts import Shop
from bot.shop.patience import PatientShop
from bot.store.database import migrate, open_store

_KNOWLEDGE = ROOT / "data/knowledge"

log = structlog.get_logger()


def open_shop(settings: Settings) -> Shop:
    """The shop of these settings: the demo shop, the only one there is yet."""
    return DemoShop(settings.var / "shop.db", now=datetime.now(UTC))


def load_engine(settings: Settings, shop: Shop) -> Engine:
    """The trained bot over *shop*, with the newest model if none fits the data; raises `NoModel` if there is none."""
    model, fits = usable_model(settings.models)
    if not fits:
        log.warning("the model is older than data, domain.yml or config.yml: run `make train`", model=model.name)
    return Engine(model, shop, settings.window_turns)


def seed_knowledge(database: Database, shop: Shop) -> int:
    """Bring the demo shop's questions and answers into the store; what staff edited stays. How many were written."""
    products = shop.products()
    known = Scopes(frozenset(product.category for product in products), frozenset(product.id for product in products))
    return seed(database, _KNOWLEDGE, datetime.now(UTC), known=known)


def serve_brain(settings: Settings) -> None:
    """Answer until told to stop."""
    database = open_store(settings.database_url)
    migrate(database)
    lock = only_brain(database)
    shop = PatientShop(open_shop(settings), settings.action_budget_s)
    if settings.demo:
        seed_knowledge(database, shop)
    brain = Brain(database, load_engine(settings, shop), shop, settings)
    brain.engine.warm_up()
    brain.run()
    if lock is not None:
        lock.close()
