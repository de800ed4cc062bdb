"""Gossip within one process: all that a single instance needs, and a model of what may be lost."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from collab.ids import DocKey


class LocalSubscription:
    """What was published since it was made, the newest `depth` of it.

    Invariant: never more than `depth` messages wait; a reader who is later than that loses the
    oldest, as gossip may.
    """

    def __init__(self, depth: int, leave: Callable[[LocalSubscription], None]) -> None:
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(depth)
        self._leave = leave

    def put(self, message: bytes | None) -> None:
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(message)

    def __aiter__(self) -> LocalSubscription:
        return self

    async def __anext__(self) -> bytes:
        message = await self._waiting.get()
        if message is None:
            self.put(None)
            raise StopAsyncIteration
        return message

    async def aclose(self) -> None:
        self._leave(self)
        self.put(None)


class MemoryGossip:
    """Every subscription of a document gets what is published for it, its publisher's too."""

    def __init__(self, depth: int = 256) -> None:
        self._depth = depth
        self._subscriptions: defaultdict[DocKey, set[LocalSubscription]] = defaultdict(set)

    async def publish(self, key: DocKey, message: bytes) -> None:
        for subscription in self._subscriptions.get(key, ()):
            subscription.put(message)

    def subscribe(self, key: DocKey) -> LocalSubscription:
        def leave(subscription: LocalSubscription) -> None:
            self._subscriptions[key].discard(subscription)
            if not self._subscriptions[key]:
                del self._subscriptions[key]

        subscription = LocalSubscription(self._depth, leave)
        self._subscriptions[key].add(subscription)
        return subscription

    async def ping(self) -> bool:
        return True
