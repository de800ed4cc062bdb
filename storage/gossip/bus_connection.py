"""One end of a connection between two processes of the local bus."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from collab.ports.gossip import LOST
from storage.gossip.bus_frames import BadFrame, Frame, FrameReader, Kind, encode_frame

# Bytes that wait for a process which does not read. Later messages are left out.
MOST_WAITING: Final = 8 * 1024 * 1024
_LOW: Final = MOST_WAITING // 4


class Owner(Protocol):
    """Handles the events of a connection. The event loop calls its methods."""

    def on_open(self, connection: BusConnection) -> None:
        """The connection is open."""

    def on_frame(self, connection: BusConnection, frame: Frame) -> None:
        """A frame has come. Raise `BadFrame` to close the connection."""

    def on_writable(self, connection: BusConnection) -> None:
        """The other process reads again, after `is_full` was true."""

    def on_close(self, connection: BusConnection) -> None:
        """The connection has ended, and is not used again."""


class BusConnection(asyncio.Protocol):
    """Sends and receives frames.

    Invariant: when a message is left out, its channel gets `LOST` as soon as the other process
    reads again. Writing never waits, and about `MOST_WAITING` bytes wait at most.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._channels_with_loss: set[str] = set()
        self.is_full = False
        self.is_greeted = False  # whether the other process has said HELLO
        self.heard_at = asyncio.get_running_loop().time()

    def send(self, kind: int, channel: str = "", message: bytes = b"") -> None:
        """Write a frame that must not be left out."""
        self._write(encode_frame(kind, channel, message))

    def publish(self, channel: str, frame: bytes) -> None:
        """Write the frame of a message. When the other process does not read, note the loss."""
        if self.is_full:
            self._channels_with_loss.add(channel)
        else:
            self._write(frame)

    def _write(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    def close(self) -> None:
        """Close the connection after the waiting bytes were sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio calls these methods ----------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop has no common base class
        self._transport.set_write_buffer_limits(high=MOST_WAITING, low=_LOW)
        self._owner.on_open(self)

    def data_received(self, data: bytes) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        try:
            for frame in self._reader.read(data):
                self._handle(frame)
        except BadFrame:
            self.abort()

    def _handle(self, frame: Frame) -> None:
        if not self.is_greeted and frame.kind != Kind.HELLO:
            raise BadFrame("the first frame must be HELLO")
        self._owner.on_frame(self, frame)

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False
        lost, self._channels_with_loss = self._channels_with_loss, set()
        for channel in lost:
            self.publish(channel, encode_frame(Kind.MESSAGE, channel, LOST))
        self._owner.on_writable(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._owner.on_close(self)
