"""The gateway as a process."""

from __future__ import annotations

import uvicorn

from bot.gateway.app import create_app
from bot.settings import Settings
from bot.store.database import open_store


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    app = create_app(settings, open_store(settings.database_url))
    uvicorn.run(
        app, host=settings.host, port=settings.port, log_level="warning", access_log=False, timeout_keep_alive=30,
        timeout_graceful_shutdown=3, server_header=False,
    )  # fmt: skip
