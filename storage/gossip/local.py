"""Gossip between the processes of one machine, over a Unix socket. It needs no other service.

The first process that takes the lock of the bus is the broker. The other processes connect to it.
When the broker ends, its lock is free, and another process becomes the broker. Each subscription
then gets `LOST`, because messages on the way are lost.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from collab.ports.gossip import LOST, Deliver
from storage.gossip.broker import Broker
from storage.gossip.bus_connection import BusConnection
from storage.gossip.bus_frames import VERSION, BadFrame, Frame, Kind, encode_frame
from storage.gossip.bus_socket import BusSocket
from storage.gossip.memory import Readers

logger = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 0.05
_LOOK_SECONDS: Final = 1.0
# When the broker has sent nothing for this time, it is frozen, though it gets a PING every second.
_SILENCE_SECONDS: Final = 3.0
_ANSWER_SECONDS: Final = 2.0


class LocalGossip:
    """Sends and receives messages while `run` runs, as the broker or through the broker.

    Invariant: a channel whose message was not sent gets `LOST` later. A connection to a frozen
    broker stays: its messages arrive later, or `LOST` does.
    """

    reaches_others = True

    def __init__(self, path: Path) -> None:
        self._socket = BusSocket(path)
        self._readers = Readers()
        self._broker: Broker | None = None
        self._connection: BusConnection | None = None  # to the broker, once both have said HELLO
        self._ended = asyncio.Event()  # the connection to the broker has ended
        self._changed: set[str] = set()  # the channels that the broker must hear about
        self._announced: set[str] = set()  # the channels that the broker has heard of
        self._confirmed: set[str] = set()  # the channels whose messages the broker sends
        self._channels_with_loss: set[str] = set()
        # The channels of messages that the broker may not have got: before and after the last PING.
        self._pinged: set[str] = set()
        self._sent: set[str] = set()
        self._missing_pongs = 0
        self._pongs: list[asyncio.Future[None]] = []
        self._is_other_release = False
        self._has_fault = False

    @property
    def is_connected(self) -> bool:
        if self._broker is not None:
            return True
        if self._connection is None:
            return False
        silent = asyncio.get_running_loop().time() - self._connection.heard_at
        return silent < _SILENCE_SECONDS

    async def run(self) -> None:
        while True:
            wait = _RETRY_SECONDS
            try:
                if self._socket.acquire():
                    await self._be_broker()
                else:
                    with suppress(FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                        # On these errors, the broker is about to listen, or has just ended.
                        await self._be_connected()
            except OSError as error:
                self._note_fault(error)
                wait = _LOOK_SECONDS
            await asyncio.sleep(wait)

    async def ping(self) -> bool:
        if self._broker is not None:
            return True
        if self._connection is None:
            return False
        pong: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pongs.append(pong)
        self._send_ping(self._connection)
        await asyncio.wait([pong], timeout=_ANSWER_SECONDS)
        if not pong.done():
            self._pongs.remove(pong)
        return pong.done()

    def publish(self, channel: str, message: bytes) -> None:
        if self._broker is not None:
            self._broker.publish(channel, message)
        elif self._connection is not None:
            self._sent.add(channel)
            self._connection.publish(channel, encode_frame(Kind.MESSAGE, channel, message))
        else:
            self._channels_with_loss.add(channel)

    def subscribe(self, channel: str, deliver: Deliver) -> Callable[[], None]:
        end = self._readers.add(channel, deliver, lambda: self._announce(channel))
        if self._broker is not None or channel in self._confirmed:
            asyncio.get_running_loop().call_soon(deliver, LOST)
        self._announce(channel)
        return end

    # --- as the broker ------------------------------------------------------------------------

    async def _be_broker(self) -> None:
        """Listen until cancelled, or until the lock file is no longer ours.

        Listen again when the file of the socket was removed.
        """
        broker = Broker(self._readers)
        try:
            while self._socket.holds_lock:
                async with self._listening(broker):
                    if self._broker is None:
                        self._begin(broker)
                    while self._socket.is_bound and self._socket.holds_lock:
                        await asyncio.sleep(_LOOK_SECONDS)
        finally:
            self._broker = None
            broker.close()
            self._socket.release()

    @asynccontextmanager
    async def _listening(self, broker: Broker) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(
            broker.accept, sock=self._socket.bind(), start_serving=False
        )
        try:
            await server.start_serving()
            yield
        finally:
            server.close()

    def _begin(self, broker: Broker) -> None:
        """Say to each subscription that messages may have been lost."""
        self._broker, self._has_fault = broker, False
        self._channels_with_loss.clear()
        for channel in self._readers.channels:
            self._readers.deliver(channel, LOST)

    # --- through the broker -------------------------------------------------------------------

    async def _be_connected(self) -> None:
        """Use the broker until the connection ends."""
        self._ended.clear()
        loop = asyncio.get_running_loop()
        with self._socket.address() as address:
            transport, _ = await loop.create_unix_connection(lambda: BusConnection(self), address)
        try:
            while not self._ended.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._ended.wait()
                connection = self._connection
                if connection is not None and not connection.is_full:
                    self._send_ping(connection)
        finally:
            self._forget()
            transport.close()
        if self._is_other_release:
            self._is_other_release = False
            raise OSError("another server on this database is of another release")

    def on_open(self, connection: BusConnection) -> None:
        connection.send(Kind.HELLO, message=VERSION)

    def on_frame(self, connection: BusConnection, frame: Frame) -> None:
        match frame.kind:
            case Kind.HELLO:
                self._join(connection, frame)
            case Kind.MESSAGE:
                self._readers.deliver(frame.channel, frame.message)
            case Kind.SUBSCRIBED:
                self._confirm(frame.channel)
            case Kind.PONG:
                self._handle_pong()
            case _:
                raise BadFrame("only a broker gets such a frame")

    def on_writable(self, connection: BusConnection) -> None:
        self._announce_changes()

    def on_close(self, connection: BusConnection) -> None:
        self._forget()
        self._ended.set()

    def _join(self, connection: BusConnection, frame: Frame) -> None:
        if frame.message != VERSION:
            self._is_other_release = True
            raise BadFrame("the broker is of another release")
        connection.is_greeted = True
        self._connection, self._has_fault = connection, False
        self._changed = self._readers.channels
        self._announce_changes()
        lost, self._channels_with_loss = self._channels_with_loss, set()
        for channel in lost:
            connection.send(Kind.MESSAGE, channel, LOST)

    def _send_ping(self, connection: BusConnection) -> None:
        self._pinged |= self._sent
        self._sent.clear()
        self._missing_pongs += 1
        connection.send(Kind.PING)

    def _handle_pong(self) -> None:
        """Note that the broker is alive, and has got all messages before the last PING."""
        self._missing_pongs -= 1
        if self._missing_pongs == 0:
            self._pinged.clear()
        while self._pongs:
            self._pongs.pop().set_result(None)

    def _forget(self) -> None:
        """Forget the connection, and note which messages it may have lost.

        The next connection announces all channels.
        """
        self._connection = None
        self._channels_with_loss |= self._pinged | self._sent
        self._pinged.clear()
        self._sent.clear()
        self._missing_pongs = 0
        self._announced.clear()
        self._confirmed.clear()

    def _announce(self, channel: str) -> None:
        """Tell the broker whether this process has a subscription of a channel."""
        if self._broker is None and self._connection is not None:
            self._changed.add(channel)
            self._announce_changes()

    def _announce_changes(self) -> None:
        connection = self._connection
        if connection is None or connection.is_full:
            return  # `on_writable` or `_join` calls this again
        changed, self._changed = self._changed, set()
        for channel in changed:
            if channel in self._readers and channel not in self._announced:
                self._announced.add(channel)
                connection.send(Kind.SUBSCRIBE, channel)
            elif channel not in self._readers and channel in self._announced:
                self._announced.discard(channel)
                self._confirmed.discard(channel)
                connection.send(Kind.UNSUBSCRIBE, channel)

    def _confirm(self, channel: str) -> None:
        if channel in self._announced:
            self._confirmed.add(channel)
            self._readers.deliver(channel, LOST)

    def _note_fault(self, error: OSError) -> None:
        """Log the first fault after a success: a full disk may last for days."""
        if not self._has_fault:
            self._has_fault = True
            reason = os.strerror(error.errno) if error.errno else str(error)
            reason += f": {error.filename}" if error.filename else ""
            logger.warning("the local bus does not work; the server tries again: %s", reason)
