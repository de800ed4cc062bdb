"""A reader's end of gossip, whatever carries the messages."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

# What a reader gets in place of messages that it has not got.
LOST = b""


class LocalSubscription:
    """What was published since it was made, the newest `depth` of it.

    Invariant: never more than `depth` messages wait. Whoever is later than that loses the
    oldest, and is told by an empty message before the rest; several losses are told once.
    """

    def __init__(self, depth: int, leave: Callable[[LocalSubscription], None]) -> None:
        self._waiting: deque[bytes] = deque(maxlen=depth)
        self._lost = False
        self._closed = False
        self._changed = asyncio.Event()
        self._leave = leave

    def put(self, message: bytes) -> None:
        if message == LOST or len(self._waiting) == self._waiting.maxlen:
            self._lost = True
        if message != LOST:
            self._waiting.append(message)
        self._changed.set()

    def __aiter__(self) -> LocalSubscription:
        return self

    async def __anext__(self) -> bytes:
        while not self._closed:
            if self._lost:
                self._lost = False
                return LOST
            if self._waiting:
                return self._waiting.popleft()
            self._changed.clear()
            await self._changed.wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._closed = True
        self._changed.set()
        self._leave(self)
