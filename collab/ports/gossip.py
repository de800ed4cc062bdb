"""Gossip: messages between instances. A message may be late, repeated or lost without harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

# The empty message: some messages of the channel were lost, or may have been.
LOST: Final = b""

Deliver = Callable[[bytes], None]


class Gossip(Protocol):
    """Sends messages to every instance that has subscribed to a channel.

    A subscription gets `LOST` when messages may have been lost, and when it begins: the messages
    before this moment did not reach it.
    """

    @property
    def reaches_others(self) -> bool:
        """Whether messages reach all instances that may use the database, while it is connected."""

    @property
    def is_connected(self) -> bool:
        """Whether messages now reach the other instances, as far as this instance knows."""

    async def run(self) -> None:
        """Send and receive messages until cancelled. While it does not run, no message is sent."""

    def publish(self, channel: str, message: bytes) -> None:
        """Send a message soon. This never waits, and never raises."""

    def subscribe(self, channel: str, deliver: Deliver) -> Callable[[], None]:
        """Call `deliver` with each message of the channel. Return a function that ends this.

        The event loop calls `deliver`; it must not wait and must not raise. The instance that
        publishes a message gets it too.
        """

    async def ping(self) -> bool:
        """Whether the other side answers now."""


@runtime_checkable
class Keeper(Protocol):
    """Keeps a value outside of all instances for some time, when the gossip has a place for it."""

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a value soon, in place of the earlier value. This never waits, and never raises."""

    async def kept(self, name: str) -> bytes | None:
        """Return the value; None when there is none, or when the other side does not answer."""
