"""Gossip: messages between instances. A message may be late or lost without harm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from collab.ids import DocKey


class Subscription(Protocol):
    """The messages of a document since `subscribe`. An empty message means that some were lost."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


class Gossip(Protocol):
    """Sends and receives messages that may be late or lost without harm."""

    async def run(self) -> None:
        """Send and receive messages until cancelled. While it does not run, no message is sent."""

    async def publish(self, key: DocKey, message: bytes) -> None: ...

    def subscribe(self, key: DocKey) -> Subscription: ...

    async def ping(self) -> bool: ...
