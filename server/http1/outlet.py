"""What an HTTP connection writes to: its transport, and what becomes of answers that wait there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from collab.errors import Code
from server.http1.outbox import Held, Outbox
from server.http1.timeouts import UnreadWatch
from server.websocket.socket import SocketBounds, bound_kernel

if TYPE_CHECKING:
    from server.http1.framing import Headers

logger = logging.getLogger(__name__)

# A long body is written in pieces, the next one when the client has taken most of the last.
PIECE = 32 * 1024


class Outlet:
    """The writing half of a connection.

    Invariant: what waits in the transport is counted in the outbox while it is more than a piece,
    and watched from then on, or from `close` on, until the client has taken it.
    """

    def __init__(self, transport: asyncio.Transport, outbox: Outbox, bounds: SocketBounds) -> None:
        self.outbox = outbox
        self._transport = transport
        self._bounds = bounds
        self._watch = UnreadWatch(transport, bounds.unread_within, self.cut)
        self._is_bound = False
        self._buffered: Held | None = None
        self._sending: Held | None = None
        transport.set_write_buffer_limits(PIECE)

    def write(self, data: bytes) -> None:
        self._watch.written += len(data)
        try:
            self._transport.write(data)
        except RuntimeError:
            # uvloop raises on a transport that failed since the last read; asyncio says nothing.
            self._transport.abort()

    @contextmanager
    def sending(self, body: bytes) -> Iterator[None]:
        """Count a long body for as long as the block runs."""
        self._bound_kernel()
        held = self._sending = self.outbox.hold(self.cut, body)
        try:
            yield
        finally:
            self._sending = None
            self.outbox.let_go(held)

    def fill(self) -> None:
        """The client reads more slowly than we write."""
        self._bound_kernel()
        self._watch.start()
        if self._buffered is None:
            size = self._transport.get_write_buffer_size()
            self._buffered = self.outbox.hold(self.cut, size)

    def drain(self) -> None:
        """The client has taken most of it."""
        if self._buffered is not None:
            self.outbox.let_go(self._buffered)
            self._buffered = None
        if self._sending is not None:
            self.outbox.renew(self._sending)

    def end(self) -> None:
        """Say that nothing more comes, and go on reading."""
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._watch.start()

    def close(self) -> None:
        """End the connection when the client has taken everything, or takes too long."""
        self._transport.close()
        self._watch.start()

    def cut(self) -> None:
        """End the connection at once."""
        logger.info("a client did not read its HTTP answers")
        self._transport.abort()

    def _bound_kernel(self) -> None:
        if not self._is_bound:
            self._is_bound = True
            bound_kernel(self._transport.get_extra_info("socket"), self._bounds)

    def leave(self) -> None:
        """The transport is gone, or another protocol writes to it."""
        self._watch.stop()
        self.drain()


def refusal(sentence: str, default_headers: Headers) -> bytes:
    """The whole answer to bytes that are no request."""
    told = {"type": "about:blank", "title": "Bad Request", "status": 400}
    told |= {"code": Code.MALFORMED, "detail": sentence, "retryable": False}
    body = msgspec.json.encode(told)
    headers = [
        *default_headers,
        (b"content-type", b"application/problem+json"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    return b"HTTP/1.1 400 Bad Request\r\n%s\r\n%s" % (lines, body)
