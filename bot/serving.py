"""The brain as a process: puts its parts together."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from bot.brain import Brain, only_brain
from bot.engine.agent import Engine
from bot.engine.training import usable_model
from bot.settings import Settings
from bot.shop.demo import DemoShop
from bot.shop.facts import Shop
from bot.shop.patience import PatientShop
from bot.store.database import migrate, open_store

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
