"""A WebSocket as its connection sees it: the events of its handler, and the calls on it."""

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
    """Receives the events of a socket, synchronously, on the event loop.

    `on_open` comes first, `on_close` exactly once and last. No message comes while reading is
    paused, and nothing but `on_close` after a call of `Socket.close`.
    """

    def on_open(self, socket: Socket) -> None:
        """The socket is open; messages that the peer sent ahead of this come afterwards."""

    def on_text(self, message: bytes) -> None:
        """A whole text message: valid UTF-8, no longer than the limit."""

    def on_binary(self, message: bytes) -> None:
        """A whole binary message, no longer than the limit."""

    def on_pong(self, payload: bytes) -> None:
        """The peer answered a ping."""

    def on_writable(self) -> None:
        """The write buffer was above its high water mark and is below the low one again."""

    def on_close(self, code: int) -> None:
        """The end: the peer's code, ours when we closed first, 1006 when the peer vanished."""


class Socket(Protocol):
    """The calls of a connection on its socket. None raises, also when the peer is gone.

    Writes are buffered without a bound: callers check `buffered` first.
    """

    sent: int  # bytes, so far
    received: int

    @property
    def peer(self) -> str:
        """The peer's address, for logs."""

    def write(self, frames: bytes) -> None:
        """Send frames made by `server.websocket.frames`; dropped in silence after the close."""

    def buffered(self) -> int:
        """Bytes that were written and that the peer has not received."""

    def limit(self, max_message: int, code: int = 1009) -> None:
        """Close with `code` for a message of more than `max_message` bytes; 0 for no limit."""

    def pause_before_large(self, size: int, on_large: Callable[[], None] | None) -> None:
        """Pause before a message of more than `size` bytes (0: none), and call `on_large` once.

        The bytes that one read brought of it are held; `resume_reading` reads on.
        """

    def ping(self, payload: bytes) -> None:
        """Ask for a pong; at most 125 bytes."""

    def pause_reading(self) -> None:
        """Let no message come, from this call on, until `resume_reading`."""

    def resume_reading(self) -> None: ...

    def close(self, code: int, reason: str = "") -> None:
        """Flush and close; abort when the peer takes too long. Later calls do nothing."""

    def abort(self) -> None:
        """End at once; buffered bytes are lost."""

    async def run(self) -> None:
        """The endpoint awaits this before it returns.

        Over a transport this returns at once: the connection lives on callbacks, and no task or
        ASGI scope stays behind for it. Over plain ASGI it is the connection, to its end.
        """


class State(IntEnum):
    """The state of the closing handshake (RFC 6455, 7.1); it only moves forward."""

    OPEN = 0
    CLOSING = 1  # our close frame is out, the peer's is awaited
    DONE = 2  # no message goes in or out, the transport is ending
    LOST = 3  # the transport is gone


@dataclass(frozen=True, slots=True)
class SocketBounds:
    """What a peer may cost before its connection ends; sizes in bytes, times in seconds."""

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

    By default it takes megabytes for a reader that has stopped. We cannot count that memory, and
    the reader seems level while it is minutes behind.
    """
    option = getattr(sockets, "TCP_NOTSENT_LOWAT", None)
    if option and socket is not None and socket.family in (sockets.AF_INET, sockets.AF_INET6):
        with suppress(OSError):  # of a peer that is gone already
            socket.setsockopt(sockets.IPPROTO_TCP, option, bounds.unsent)


class _NullHandler:
    """Takes the place of a handler after `on_close`."""

    def on_open(self, socket: object) -> None: ...
    def on_text(self, message: bytes) -> None: ...
    def on_binary(self, message: bytes) -> None: ...
    def on_pong(self, payload: bytes) -> None: ...
    def on_writable(self) -> None: ...
    def on_close(self, code: int) -> None: ...


NULL_HANDLER: Handler = _NullHandler()


class TransportExtension(Protocol):
    """What a server puts in `scope["extensions"]["weft"]`: it can give its transport away."""

    def take_over(self, handler: Handler) -> Socket: ...


EXTENSION = "weft"
