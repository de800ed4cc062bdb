"""The broker of the local bus: one process that passes on the messages of all others."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final

from collab.ports.gossip import LOST
from storage.gossip.bus_connection import BusConnection
from storage.gossip.bus_frames import VERSION, BadFrame, Frame, Kind, encode_frame
from storage.gossip.memory import Readers

_MOST_PROCESSES: Final = 256
_MOST_CHANNELS: Final = 200_000  # of one process
_GREETING_SECONDS: Final = 5.0


class Broker:
    """Sends each message to every process that has subscribed to its channel, also to this one.

    Invariant: all processes get the messages of a channel in the same order. A process that does
    not read delays no other process.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._loop = asyncio.get_running_loop()
        self._channels: dict[BusConnection, set[str]] = {}
        # A dict keeps the order, and has each connection once.
        self._subscribed: defaultdict[str, dict[BusConnection, None]] = defaultdict(dict)
        self._is_closed = False

    def accept(self) -> BusConnection:
        """Return the connection for a process that connects."""
        return BusConnection(self)

    def publish(self, channel: str, message: bytes) -> None:
        """Pass on a message."""
        subscribed = self._subscribed.get(channel)
        if subscribed:
            frame = encode_frame(Kind.MESSAGE, channel, message)
            for connection in subscribed:
                connection.publish(channel, frame)
        if channel in self._readers:
            # Not at once: the publisher must not be called while it publishes. All messages take
            # this way, so their order is the same here as in the other processes.
            self._loop.call_soon(self._readers.deliver, channel, message)

    def close(self) -> None:
        """Close all connections. A connection that opens later is closed at once."""
        self._is_closed = True
        for connection in list(self._channels):
            connection.close()

    # --- the events of a connection -----------------------------------------------------------

    def on_open(self, connection: BusConnection) -> None:
        if self._is_closed or len(self._channels) >= _MOST_PROCESSES:
            connection.abort()
            return
        self._channels[connection] = set()
        self._loop.call_later(_GREETING_SECONDS, self._close_silent, connection)

    def on_frame(self, connection: BusConnection, frame: Frame) -> None:
        channels = self._channels[connection]
        match frame.kind:
            case Kind.HELLO:
                self._greet(connection, frame)
            case Kind.MESSAGE:
                self.publish(frame.channel, frame.message)
            case Kind.SUBSCRIBE:
                if len(channels) >= _MOST_CHANNELS:
                    raise BadFrame("too many channels")
                channels.add(frame.channel)
                self._subscribed[frame.channel][connection] = None
                connection.send(Kind.SUBSCRIBED, frame.channel)
            case Kind.UNSUBSCRIBE:
                channels.discard(frame.channel)
                self._unsubscribe(connection, frame.channel)
            case Kind.PING:
                connection.send(Kind.PONG)
            case _:
                raise BadFrame("a broker gets no such frame")

    def on_writable(self, connection: BusConnection) -> None:
        """Do nothing: the connection has announced the losses itself."""

    def on_close(self, connection: BusConnection) -> None:
        """Forget a process. It may have died with unsent messages, so its channels lose some."""
        channels = self._channels.pop(connection, set())
        for channel in channels:
            self._unsubscribe(connection, channel)
        for channel in channels:
            self.publish(channel, LOST)

    def _greet(self, connection: BusConnection, frame: Frame) -> None:
        # A process of another release may have other rules. It hears the version, and closes.
        connection.send(Kind.HELLO, message=VERSION)
        if frame.message != VERSION:
            connection.close()
        connection.is_greeted = True

    def _unsubscribe(self, connection: BusConnection, channel: str) -> None:
        subscribed = self._subscribed.get(channel, {})
        subscribed.pop(connection, None)
        if not subscribed:
            self._subscribed.pop(channel, None)

    def _close_silent(self, connection: BusConnection) -> None:
        if not connection.is_greeted:
            connection.abort()
