"""Gossip within one process: all that a single instance needs, and a model of what may be lost.

A reader's end is the same however the messages come, so Redis hands its messages out by it too.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from collab.ids import DocKey

# What a reader gets in place of messages that it has not got.
LOST = b""


class LocalSubscription:
    """What was published since it was made, the newest `depth` of it.

    Invariant: never more than `depth` messages wait. A reader that is later than that loses the
    oldest, and gets an empty message before the rest; several losses give one empty message.
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
    """Every subscription of a document gets what is published for it, its publisher's too."""

    def __init__(self, depth: int = 256) -> None:
        self._depth = depth
        self._subscriptions: defaultdict[DocKey, set[LocalSubscription]] = defaultdict(set)

    async def run(self) -> None:
        """Nothing to send: a message is there when it is published."""

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
