"""Gossip (messages between instances) inside one process. A single instance needs no more.

The server does not use gossip yet: `docs/decisions/gossip.md` says what it is for.

`LocalSubscription` limits the waiting messages, and loses the oldest. `RedisGossip` uses it too.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from collab.ids import DocKey

# The empty message: a reader gets it instead of the messages that it lost.
LOST = b""


class LocalSubscription:
    """The messages of a document that were published since the subscription began.

    Invariant: at most `depth` messages wait. When the reader is too slow, it loses the oldest
    messages. Then it gets one empty message before the next one, however many messages it lost.
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


class MemoryGossip:
    """Gossip within the process. The publisher's own subscriptions get its messages too."""

    def __init__(self, depth: int = 256) -> None:
        self._depth = depth
        self._subscriptions: defaultdict[DocKey, set[LocalSubscription]] = defaultdict(set)

    async def run(self) -> None:
        """Return at once: `publish` delivers a message directly."""

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
