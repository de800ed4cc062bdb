"""A connection's socket, whatever carries it: what its handler hears, what it can be told."""

from __future__ import annotations

import logging
import socket as sockets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from collab.errors import Close

logger = logging.getLogger(__name__)


class Handler(Protocol):
    """Who is told what a socket hears, synchronously, on the event loop.

    `opened` comes first, `closed` exactly once and last. Nothing is heard while reading is
    paused, and nothing but `closed` once `Socket.close` was called.
    """

    def opened(self, socket: Socket) -> None:
        """The socket to speak on; what the peer sent ahead of this is heard afterwards."""

    def text(self, message: bytes) -> None:
        """A whole text message: valid UTF-8, no longer than the limit."""

    def binary(self, message: bytes) -> None:
        """A whole binary message, no longer than the limit."""

    def pong(self, payload: bytes) -> None:
        """The peer answered a ping."""

    def writable(self) -> None:
        """The write buffer was above its high water mark and is below the low one again."""

    def closed(self, code: int) -> None:
        """It is over: the peer's code, ours when we closed first, 1006 when it vanished."""


class Socket(Protocol):
    """What a connection writes to. No call raises, whatever has become of the peer.

    What is written is buffered without a bound: who writes looks at `buffered` first.
    """

    sent: int  # bytes, so far
    received: int

    @property
    def peer(self) -> str:
        """The peer's address, for logs."""

    def write(self, frames: bytes) -> None:
        """Send frames made by `server.websocket.frames`; lost in silence after the close."""

    def buffered(self) -> int:
        """Bytes that were written and wait for the peer to take them."""

    def limit(self, max_message: int, code: int = 1009) -> None:
        """How long a message may be from the next one on, else `code`; 0 for no limit."""

    def gate(self, size: int, ask: Callable[[], None] | None) -> None:
        """Pause before a message of more than `size` bytes (0: none) is read, and `ask` once.

        What one read brought of it is held; `resume_reading` lets it in.
        """

    def ping(self, payload: bytes) -> None:
        """Ask for a pong; at most 125 bytes."""

    def pause_reading(self) -> None:
        """Hear nothing more, from this very call on, until `resume_reading`."""

    def resume_reading(self) -> None: ...

    def close(self, code: int, reason: str = "") -> None:
        """Flush, say why, and end; cut off when the peer takes too long. Later calls do nothing."""

    def abort(self) -> None:
        """End at once; what is buffered is lost."""

    async def carry(self) -> None:
        """What the endpoint must await before it returns.

        Over a transport this returns at once: the connection lives on callbacks, and no task or
        ASGI scope stays behind for it. Over plain ASGI it is the connection, to its end.
        """


class State(IntEnum):
    """Where the closing handshake stands (RFC 6455, 7.1); it only moves forward."""

    OPEN = 0
    CLOSING = 1  # our close frame is out, the peer's is awaited
    DONE = 2  # nothing more is heard or said, the transport is ending
    LOST = 3  # the transport is gone


@dataclass(frozen=True, slots=True)
class SocketBounds:
    """What a peer may cost before it is cut off; sizes in bytes, times in seconds."""

    max_message: int = 1 << 20
    max_fragments: int = 64
    fragmented_within: float = 10.0
    control_frames_per_second: float = 10.0
    control_frames_burst: float = 20.0
    high_water: int = 64 * 1024
    low_water: int = 16 * 1024
    unsent: int = 64 * 1024
    ping_every: float = 20.0
    close_within: float = 5.0
    # The close frame of a stop has reached every living peer by then; a stop waits for no other.
    restart_within: float = 0.5
    request_head_within: float = 10.0
    max_request_head: int = 64 * 1024
    max_headers: int = 100
    unread_within: float = 30.0
    max_unread: int = 64 << 20

    def answered_within(self, code: int) -> float:
        """How long the peer has to answer a close with this code."""
        return self.restart_within if code == Close.RESTARTING else self.close_within


def bound_kernel(socket: sockets.socket | None, bounds: SocketBounds) -> None:
    """Let the kernel hold little that is not on its way, where the platform can.

    Left alone it takes megabytes for a reader that has stopped: memory that nobody counts, and a
    reader that is minutes behind while it seems level.
    """
    option = getattr(sockets, "TCP_NOTSENT_LOWAT", None)
    if option and socket is not None and socket.family in (sockets.AF_INET, sockets.AF_INET6):
        with suppress(OSError):  # of a peer that is gone already
            socket.setsockopt(sockets.IPPROTO_TCP, option, bounds.unsent)


class _Nobody:
    """Stands in for a handler that was told `closed`."""

    def opened(self, socket: object) -> None: ...
    def text(self, message: bytes) -> None: ...
    def binary(self, message: bytes) -> None: ...
    def pong(self, payload: bytes) -> None: ...
    def writable(self) -> None: ...
    def closed(self, code: int) -> None: ...


NOBODY: Handler = _Nobody()


class Lender(Protocol):
    """What a server puts in `scope["extensions"]["weft"]`: it gives its transport away."""

    def take_over(self, handler: Handler) -> Socket: ...


EXTENSION = "weft"
