"""Who is listening to which conversation, and the bell that wakes them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from bot.store import bells


class Hub:
    """Turns the store's bell into wake-ups of the streams of this process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.bell: bells.Bell | None = None
        self.closing = asyncio.Event()

    def start(self) -> None:
        """Listen from now on; to be called in the event loop."""
        self.bell = bells.listen(self.engine, "gateway")
        asyncio.get_running_loop().add_reader(self.bell.fileno(), self._rung)

    def stop(self) -> None:
        """Wake everybody a last time and listen no more."""
        self.closing.set()
        for events in self.waiting.values():
            for event in events:
                event.set()
        if self.bell is not None:
            asyncio.get_running_loop().remove_reader(self.bell.fileno())
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
        assert self.bell is not None
        loop, before = asyncio.get_running_loop(), self.bell.fileno()
        for conversation_id in self.bell.take():
            for event in self.waiting.get(conversation_id, ()):
                event.set()
        if self.bell.fileno() != before:  # the server closed the connection and a new one was opened
            loop.remove_reader(before)
            loop.add_reader(self.bell.fileno(), self._rung)


async def woken(event: asyncio.Event, timeout_s: float) -> None:
    """Until the event is set or the time is over; the event is clear afterwards."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        pass
    event.clear()
