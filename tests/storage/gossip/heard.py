"""The messages that a subscription of a test has received."""

from __future__ import annotations

import asyncio

from collab.ports.gossip import LOST, Gossip


class Heard:
    """Subscribes to a channel, and keeps what comes."""

    def __init__(self, gossip: Gossip, channel: str) -> None:
        self._came: asyncio.Queue[bytes] = asyncio.Queue()
        self.end = gossip.subscribe(channel, self._came.put_nowait)

    def waiting(self) -> list[bytes]:
        """Return the messages that came since the last call."""
        return [self._came.get_nowait() for _ in range(self._came.qsize())]

    async def lost(self) -> None:
        """Wait for `LOST`; skip other messages."""
        async with asyncio.timeout(10):
            while await self._came.get() != LOST:
                pass

    async def next(self) -> bytes:
        """Return the next message that is not `LOST`."""
        async with asyncio.timeout(10):
            while (message := await self._came.get()) == LOST:
                pass
            return message
