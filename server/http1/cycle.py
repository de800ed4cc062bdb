"""One HTTP request and its response: uvicorn's cycle, which sends long bodies in pieces."""

from __future__ import annotations

import asyncio
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.http1.response_writer import PIECE

if TYPE_CHECKING:
    from server.http1.framing import Headers
    from server.http1.head import Head
    from server.http1.response_writer import ResponseWriter

# After this many bytes of a body, other tasks run before the next bytes are written.
YIELD_EVERY = 8 * PIECE


class HttpConnection(HttpToolsProtocol):
    """The methods that a cycle calls on its connection.

    uvicorn's cycle expects a transport. It gets this object in the transport's place.
    """

    writer: ResponseWriter

    def write(self, data: bytes) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def is_closing(self) -> bool:
        raise NotImplementedError

    def want_body(self) -> None:
        """Note that the handler is ready for more bytes of the body."""
        raise NotImplementedError


def scope_of(head: Head, connection: HttpToolsProtocol) -> Any:
    """Return an ASGI scope without the path and the query."""
    return {
        "type": "http",
        "asgi": {"version": connection.asgi_version, "spec_version": "2.3"},
        "http_version": head.version,
        "method": head.method,
        "server": connection.server,
        "client": connection.client,
        "scheme": connection.scheme,
        "root_path": connection.root_path,
        "headers": head.headers,
        "state": connection.app_state.copy(),
    }


class Cycle(RequestResponseCycle):
    """One request and its response.

    Invariant: the transport's buffer holds at most two pieces (`PIECE` bytes) of a long body.

    When a response begins before the request is complete, the connection ends after the response.
    The client's next bytes may be the rest of the body, so they cannot be read as a new request.
    """

    _connection: HttpConnection

    @classmethod
    def of(cls, connection: HttpConnection, head: Head) -> Cycle:
        """Return the cycle of a request with this head."""
        cycle = cls(
            scope=scope_of(head, connection) | head.address(connection.root_path),
            transport=cast(Any, connection),
            flow=connection.flow,
            logger=connection.logger,
            access_logger=connection.access_logger,
            access_log=False,
            default_headers=connection.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=head.expects_continue,
            keep_alive=head.keeps_alive,
            on_response=connection.on_response_complete,
        )
        cycle._connection = connection
        return cycle

    def add_body(self, content: bytes) -> int:
        """Add bytes of the body; return how many bytes the handler has not read yet."""
        self.body += content
        self.message_event.set()
        return len(self.body)

    def end_message(self) -> None:
        """Note that the request is complete."""
        self.more_body = False
        self.message_event.set()

    def disconnect(self) -> bool:
        """Note that the rest of the request will not come; return whether a response has begun."""
        self.disconnected = True
        self.message_event.set()
        return self.response_started

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "http.response.start":
            if self.more_body:
                self.keep_alive = False
            headers = not_later(list(message["headers"]), dict(self.default_headers))
            await super().send({**message, "headers": headers})
            return
        body = message.get("body", b"") if message["type"] == "http.response.body" else b""
        if len(body) <= PIECE or self.scope["method"] == "HEAD" or self.disconnected:
            await super().send(message)
        else:
            await self._send_long(body, more=bool(message.get("more_body", False)))

    async def _send_long(self, body: bytes, *, more: bool) -> None:
        last = len(body) - PIECE
        with self._connection.writer.sending(body):
            for start in range(0, len(body), PIECE):
                if start % YIELD_EVERY == 0:
                    await asyncio.sleep(0)  # `send` never waits for a fast client: let tasks run
                if self.disconnected:
                    return
                # A copy: a view would keep the whole body until the client read the last piece.
                piece = body[start : start + PIECE]
                is_more = more or start < last
                await super().send(
                    {"type": "http.response.body", "body": piece, "more_body": is_more}
                )

    async def receive(self) -> ASGIReceiveEvent:
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete:
            self._connection.want_body()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self.more_body}


def not_later(headers: Headers, default: dict[bytes, bytes]) -> Headers:
    """Return the headers with a `Last-Modified` that is at most the response's `Date`.

    RFC 9110, 8.8.2.1 requires it. Another machine's clock may be ahead of ours, and the server
    renews `Date` only once a second.
    """
    date = default.get(b"date")
    modified = dict(headers).get(b"last-modified")
    if date is None or modified is None or _moment(modified) <= _moment(date):
        return headers
    return [(name, date if name == b"last-modified" else value) for name, value in headers]


def _moment(text: bytes) -> datetime:
    return parsedate_to_datetime(text.decode("ascii"))
