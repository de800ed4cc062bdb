"""Gossip within one process: all that a single instance needs, and a model of what may be lost."""

from __future__ import annotations

from collections import defaultdict

from collab.ids import DocKey
from storage.gossip.subscription import LocalSubscription


class MemoryGossip:
    """Every subscription of a document gets what is published for it, its publisher's too."""

    def __init__(self, depth: int = 256) -> None:
        self._depth = depth
        self._subscriptions: defaultdict[DocKey, set[LocalSubscription]] = defaultdict(set)

    async def run(self) -> None:
        """Nothing to carry: a message is there when it is published."""

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
