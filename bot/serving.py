"""The brain as a process: puts its parts together."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.brain import Brain, only_brain
from bot.engine.agent import Engine
from bot.engine.training import fitting_model
from bot.settings import Settings
from bot.shop.demo import DemoShop
from bot.shop.facts import Shop
from bot.shop.patience import PatientShop
from bot.store.database import migrate, open_store


def open_shop(settings: Settings) -> Shop:
    """The shop of these settings: the demo shop, the only one there is yet."""
    return DemoShop(settings.var / "shop.db", now=datetime.now(UTC))


def load_engine(settings: Settings, shop: Shop) -> Engine:
    """The trained bot over *shop*; raises `NoModel` if none fits the data."""
    return Engine(fitting_model(settings.models), shop, settings.window_turns)


def serve_brain(settings: Settings) -> None:
    """Answer until told to stop."""
    database = open_store(settings.database_url)
    migrate(database)
    lock = only_brain(database)
    shop = PatientShop(open_shop(settings), settings.action_budget_s)
    brain = Brain(database, load_engine(settings, shop), shop, settings)
    brain.engine.warm_up()
    brain.run()
    if lock is not None:
        lock.close()
