"""The interface of a WebSocket: its events, which a handler gets, and its methods.

The transport is asyncio's object for the network connection. Our ASGI server gives it to the socket
after the handshake, so ASGI has no part in the messages.
"""

from __future__ import annotations

import logging
import socket as sockets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from collab.errors import Close

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

logger = logging.getLogger(__name__)


class Handler(Protocol):
    """Receives the events of a socket, as direct calls on the event loop.

    `on_close` is the last event and is called exactly once. No message arrives while reading is
    paused. After a call of `Socket.close`, only `on_close` follows.
    """

    def on_text(self, message: bytes) -> None:
        """A whole text message arrived. It is valid UTF-8 and within the size limit."""

    def on_binary(self, message: bytes) -> None:
        """A whole binary message arrived. It is within the size limit."""

    def on_pong(self, payload: bytes) -> None:
        """The peer answered a ping."""

    def on_writable(self) -> None:
        """The write buffer was above its high-water mark and fell to the low-water mark."""

    def on_close(self, code: int) -> None:
        """The socket has ended.

        `code` is the close code: the peer's, or ours when we closed first. It is 1006 when the peer
        vanished without a close frame.
        """


class Socket(Protocol):
    """The methods that a connection calls. No method raises, even when the peer is gone.

    The write buffer has no limit, so callers check `buffered` before they write.
    """

    sent: int  # bytes since the socket opened
    received: int

    @property
    def peer(self) -> str:
        """The peer's IP address and port, for logs."""

    def hand_over(self, handler: Handler) -> None:
        """Give all further events to another handler."""

    def write(self, frames: bytes) -> None:
        """Send frames that `server.websocket.frames` made. After `close`, drop them."""

    def buffered(self) -> int:
        """Return how many written bytes still wait in the write buffer."""

    def limit(self, max_message: int, code: int = 1009) -> None:
        """Close with `code` at a message of more than `max_message` bytes; 0 means no limit."""

    def pause_before_large(self, size: int, on_large: Callable[[], None] | None) -> None:
        """Before a message of more than `size` bytes, pause reading and call `on_large` once.

        When `size` is 0, no message pauses reading. The socket keeps the bytes of the message that
        it has already read. `resume_reading` reads the rest.
        """

    def ping(self, payload: bytes) -> None:
        """Send a ping. The payload has at most 125 bytes."""

    def pause_reading(self) -> None:
        """Give the handler no message until `resume_reading`."""

    def resume_reading(self) -> None: ...

    def close(self, code: int, reason: str = "") -> None:
        """Send the buffered bytes, then close. Abort when the peer takes too long to answer.

        Later calls of `close` can only shorten that time.
        """

    def abort(self) -> None:
        """End the socket at once, and drop the buffered bytes."""


# Makes the handler of an open socket. After this call, the handler gets the messages that arrived
# before it.
OpenHandler = Callable[[Socket], Handler]


class State(IntEnum):
    """The state of the closing handshake (RFC 6455, 7.1). It only moves forward."""

    OPEN = 0
    CLOSING = 1  # our close frame is sent, the peer's has not arrived
    DONE = 2  # no more messages in either direction; the transport is ending
    LOST = 3  # the transport has ended


@dataclass(frozen=True, slots=True)
class SocketBounds:
    """Limits on what one peer may use; sizes are bytes, times are seconds."""

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
    # When the server stops, each peer has this long to answer the close frame. A living peer gets
    # the frame in this time.
    restart_within: float = 0.5
    request_head_within: float = 10.0
    max_request_head: int = 64 * 1024
    max_headers: int = 100
    unread_within: float = 30.0
    max_unread: int = 64 << 20

    def answered_within(self, code: int) -> float:
        """Return how long the peer has to answer a close with this code."""
        return self.restart_within if code == Close.RESTARTING else self.close_within


def bound_kernel(socket: sockets.socket | None, bounds: SocketBounds) -> None:
    """Limit the bytes that the kernel buffers but has not sent, if the platform can.

    By default the kernel buffers megabytes for a peer that has stopped reading. The server cannot
    count that memory. It believes that the peer is up to date while the peer is minutes behind.
    """
    option = getattr(sockets, "TCP_NOTSENT_LOWAT", None)
    if option and socket is not None and socket.family in (sockets.AF_INET, sockets.AF_INET6):
        with suppress(OSError):  # the peer is gone already
            socket.setsockopt(sockets.IPPROTO_TCP, option, bounds.unsent)


class _NullHandler:
    """The handler of a socket before it is open, and after `on_close`."""

    def on_text(self, message: bytes) -> None: ...
    def on_binary(self, message: bytes) -> None: ...
    def on_pong(self, payload: bytes) -> None: ...
    def on_writable(self) -> None: ...
    def on_close(self, code: int) -> None: ...


NULL_HANDLER: Handler = _NullHandler()


class TransportExtension(Protocol):
    """The object in `scope["extensions"]["weft"]`. It takes the transport from our ASGI server."""

    def take_over(self, open_handler: OpenHandler) -> Socket: ...


EXTENSION = "weft"


def take_over(websocket: WebSocket, open_handler: OpenHandler) -> Socket:
    """Take the transport of an accepted WebSocket. Return a socket that calls its handler.

    The caller, an ASGI endpoint, returns after this. The connection needs only callbacks, so no
    task and no ASGI scope stay in memory.
    """
    extension: TransportExtension = websocket.scope["extensions"][EXTENSION]
    return extension.take_over(open_handler)
