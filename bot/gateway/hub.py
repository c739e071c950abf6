"""Who is listening to which conversation, and the bell that wakes them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from bot.store import bells

_DEAF_S = 1.0


class Hub:
    """Turns the store's bell into wake-ups of the streams of this process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.bell: bells.Bell | None = None
        self.watched = -1  #: the bell's file descriptor as the event loop knows it
        self.closing = asyncio.Event()

    def start(self) -> None:
        """Listen from now on; to be called in the event loop."""
        self.bell = bells.listen(self.engine, "gateway")
        self._watch(self.bell)

    def stop(self) -> None:
        """Wake everybody a last time and listen no more."""
        self.closing.set()
        for events in self.waiting.values():
            for event in events:
                event.set()
        if self.bell is not None:
            self._unwatch()
            self.bell.close()
            self.bell = None

    @contextmanager
    def listening(self, conversation_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happened in the conversation."""
        event = asyncio.Event()
        self.waiting[conversation_id].add(event)
        try:
            yield event
        finally:
            self.waiting[conversation_id].discard(event)
            if not self.waiting[conversation_id]:
                del self.waiting[conversation_id]

    def _rung(self) -> None:
        if self.bell is None:
            return
        self._unwatch()  # before it is closed: a new connection may have the number of the old one
        for conversation_id in self.bell.take():
            for event in self.waiting.get(conversation_id, ()):
                event.set()
        self._watch(self.bell)

    def _watch(self, bell: bells.Bell) -> None:
        """Have the loop call `_rung` when the bell rings; after a while if it hears nothing, for the store is away."""
        self.watched = bell.fileno()
        if self.watched < 0:
            asyncio.get_running_loop().call_later(_DEAF_S, self._rung)
        else:
            asyncio.get_running_loop().add_reader(self.watched, self._rung)

    def _unwatch(self) -> None:
        if self.watched >= 0:
            asyncio.get_running_loop().remove_reader(self.watched)


async def woken(event: asyncio.Event, timeout_s: float) -> None:
    """Until the event is set or the time is over; the event is clear afterwards."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        pass
    event.clear()
