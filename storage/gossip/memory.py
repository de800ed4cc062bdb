"""Gossip (messages between instances) inside one process. A single instance needs no more."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable

from collab.ports.gossip import LOST, Deliver

logger = logging.getLogger(__name__)


class Readers:
    """The subscriptions of a process, by channel. The adapters of gossip share this class."""

    def __init__(self) -> None:
        self._readers: defaultdict[str, dict[object, Deliver]] = defaultdict(dict)

    def __contains__(self, channel: str) -> bool:
        return channel in self._readers

    @property
    def channels(self) -> set[str]:
        return set(self._readers)

    def add(
        self, channel: str, deliver: Deliver, on_last: Callable[[], None]
    ) -> Callable[[], None]:
        """Add a subscription. Return a function that removes it.

        `on_last` is called after the last subscription of the channel was removed.
        """
        mark = object()
        self._readers[channel][mark] = deliver

        def remove() -> None:
            own = self._readers.get(channel, {})
            if own.pop(mark, None) is not None and not own:
                del self._readers[channel]
                on_last()

        return remove

    def deliver(self, channel: str, message: bytes) -> None:
        """Give a message to each subscription of its channel."""
        for deliver in list(self._readers.get(channel, {}).values()):
            try:
                deliver(message)
            except Exception:  # a reader's bug ends neither the connection, nor the gossip's task
                logger.exception("a message of the channel %s was not handled", channel)


class MemoryGossip:
    """Gossip within the process. The publisher's own subscriptions get its messages too."""

    is_connected = True

    def __init__(self, *, may_have_others: bool = False) -> None:
        """`may_have_others`: other instances may use the database. They do not hear this one."""
        self.reaches_others = not may_have_others
        self._readers = Readers()

    async def run(self) -> None:
        """Return at once: `publish` delivers a message without a task."""

    def publish(self, channel: str, message: bytes) -> None:
        if channel in self._readers:
            asyncio.get_running_loop().call_soon(self._readers.deliver, channel, message)

    def subscribe(self, channel: str, deliver: Deliver) -> Callable[[], None]:
        asyncio.get_running_loop().call_soon(deliver, LOST)
        return self._readers.add(channel, deliver, _nothing)

    async def ping(self) -> bool:
        return True


def _nothing() -> None:
    """Nothing follows the end of the last subscription."""
