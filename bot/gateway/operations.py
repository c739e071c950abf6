"""For whoever runs it: is it alive, is it ready, what does it count."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from bot.gateway.shoppers import Gateway, Here
from bot.store import conversations
from bot.store.database import reading

routes = APIRouter(tags=["operations"])
ANSWERS = Counter("liuxin_http_responses_total", "Responses of the gateway", ["route", "status"])
WAITING = Gauge("liuxin_waiting_conversations", "Conversations with a line that no brain has handled yet")
REASSURED = Counter("liuxin_reassured_total", "Shoppers told that their line is still waiting")


@routes.get("/healthz")
def alive() -> dict[str, bool]:
    """The process runs."""
    return {"ok": True}


@routes.get("/readyz")
def ready(here: Here) -> Response:
    """The store answers, and lines do not wait long for a brain; else 503 and why."""
    try:
        why = _why_not(here)
    except SQLAlchemyError as fault:
        why = f"store: {type(fault).__name__}"
    return JSONResponse({"ready": why is None, "why": why}, 200 if why is None else 503)


@routes.get("/metrics")
def metrics(here: Here) -> Response:
    """Prometheus text."""
    with reading(here.engine) as session:
        WAITING.set(conversations.waiting_count(session))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _why_not(here: Gateway) -> str | None:
    late = here.clock() - timedelta(seconds=here.settings.human_after_s)
    with reading(here.engine) as session:
        waiting = conversations.waiting_since_before(session, late, limit=1)
    return "brain: lines are waiting for an answer" if waiting else None
