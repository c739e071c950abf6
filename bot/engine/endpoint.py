"""Rasa's action endpoint, without a server: actions run in this process, each inside a savepoint of the turn."""

from __future__ import annotations

from typing import Any

import sqlalchemy.exc
import structlog
from rasa_sdk.executor import ActionExecutor

from bot.talk.turn import AbortTurn, Turn, current_turn

log = structlog.get_logger()


class InProcessActions:
    """Stands where Rasa expects an `EndpointConfig`: it asks `request`, `url` and `kwargs` of it and nothing else.

    An action that raises loses what it wrote (its savepoint), and the shopper is told. A database error ends the whole
    turn: it is an `AbortTurn`, which is no `Exception`, because Rasa goes on after any `Exception` as if nothing was.
    """

    url = "in-process"
    kwargs = {"enable_selective_domain": True}

    def __init__(self) -> None:
        self.executor = ActionExecutor()
        self.executor.register_package("actions")

    async def request(self, json: dict[str, Any], **_: Any) -> dict[str, Any]:
        turn = current_turn.get()
        try:
            answer = await self.executor.run(json)
        except (sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError) as cause:
            raise AbortTurn(json["next_action"]) from cause
        except Exception as fault:
            turn.undo_action()
            return _said_instead(turn, json["next_action"], fault)
        turn.keep_action()
        return answer or {"events": [], "responses": []}


def _said_instead(turn: Turn, action: str, fault: Exception) -> dict[str, Any]:
    log.error("action failed", action=action, fault=f"{type(fault).__name__}", conversation=turn.conversation_id)
    turn.failed.append(action)
    return {"events": [], "responses": [{"response": "utter_something_failed"}]}
