"""Gossip: messages between instances that may be late or lost without harm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from collab.ids import DocKey


class Subscription(Protocol):
    """A document's messages from the call on; an empty message means that some were lost."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


class Gossip(Protocol):
    """Publishes and subscribes to messages that may be late or lost without harm."""

    async def run(self) -> None:
        """Send and receive messages until cancelled; without it nothing goes out."""

    async def publish(self, key: DocKey, message: bytes) -> None: ...

    def subscribe(self, key: DocKey) -> Subscription: ...

    async def ping(self) -> bool: ...
