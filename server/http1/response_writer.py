"""The writing half of an HTTP connection. It limits the bytes that wait in the transport."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from collab.errors import Code
from server.http1.timeouts import UnreadTimeout
from server.http1.unread_responses import UnreadResponse, UnreadResponses
from server.websocket.socket import SocketBounds, bound_kernel

if TYPE_CHECKING:
    from server.http1.framing import Headers

logger = logging.getLogger(__name__)

# A long body is written in pieces of this many bytes. The next piece follows when the client has
# read most of the previous piece.
PIECE = 32 * 1024


class ResponseWriter:
    """The writing half of a connection.

    Invariant: while more than one piece waits in the transport, the waiting bytes count as unread
    (`server.http1.unread_responses`). The timeout for a slow client starts when the bytes begin to
    count, or at `close`. It runs until the client has read everything.
    """

    def __init__(
        self, transport: asyncio.Transport, unread: UnreadResponses, bounds: SocketBounds
    ) -> None:
        self.unread = unread
        self._transport = transport
        self._bounds = bounds
        self._timeout = UnreadTimeout(transport, bounds.unread_within, self.abort)
        self._is_bound = False
        self._buffered: UnreadResponse | None = None
        self._sending: UnreadResponse | None = None
        transport.set_write_buffer_limits(PIECE)

    def write(self, data: bytes) -> None:
        self._timeout.written += len(data)
        try:
            self._transport.write(data)
        except RuntimeError:
            # uvloop raises when the transport has failed since the last read. asyncio does not.
            self._transport.abort()

    @contextmanager
    def sending(self, body: bytes) -> Iterator[None]:
        """Count a long body as unread while the block runs."""
        self._bound_kernel()
        response = self._sending = self.unread.add(self.abort, body)
        try:
            yield
        finally:
            self._sending = None
            self.unread.remove(response)

    def pause_writing(self) -> None:
        """The transport's buffer is full: the client reads more slowly than we write."""
        self._bound_kernel()
        self._timeout.start()
        if self._buffered is None:
            size = self._transport.get_write_buffer_size()
            self._buffered = self.unread.add(self.abort, size)

    def resume_writing(self) -> None:
        """The client has read most of the buffer."""
        if self._buffered is not None:
            self.unread.remove(self._buffered)
            self._buffered = None
        if self._sending is not None:
            self.unread.touch(self._sending)

    def write_eof(self) -> None:
        """Send an end-of-file to the client, and continue to read."""
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._timeout.start()

    def close(self) -> None:
        """End the connection after the client has read everything, or at the timeout."""
        self._transport.close()
        self._timeout.start()

    def abort(self) -> None:
        """End the connection at once."""
        logger.info("a client did not read its HTTP answers")
        self._transport.abort()

    def _bound_kernel(self) -> None:
        if not self._is_bound:
            self._is_bound = True
            bound_kernel(self._transport.get_extra_info("socket"), self._bounds)

    def detach(self) -> None:
        """Stop: the transport is closed, or another protocol writes to it now."""
        self._timeout.stop()
        self.resume_writing()


def bad_request(sentence: str, default_headers: Headers) -> bytes:
    """Return the whole 400 response for bytes that are not a request."""
    problem = {"type": "about:blank", "title": "Bad Request", "status": 400}
    problem |= {"code": Code.MALFORMED, "detail": sentence, "retryable": False}
    body = msgspec.json.encode(problem)
    headers = [
        *default_headers,
        (b"content-type", b"application/problem+json"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    return b"HTTP/1.1 400 Bad Request\r\n%s\r\n%s" % (lines, body)
