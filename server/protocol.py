"""Uvicorn's protocols, bounded, and lending their transport to whoever takes a WebSocket over."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any, ClassVar, cast

import httptools
from uvicorn._types import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_client_addr
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

from server.socket import EXTENSION, Handler, Socket, SocketBounds
from server.transport import OUR_FAULT, TransportSocket

logger = logging.getLogger(__name__)
# Uvicorn logs a WebSocket's path with its query, which may hold a token, at INFO; no setting of
# levels may let that through.
logger.addFilter(lambda record: record.levelno >= logging.WARNING)


# Asked for a GET's target and headers: its head and body, where they are at hand.
AtOnce = Callable[[bytes, list[tuple[bytes, bytes]]], tuple[bytes, bytes] | None]


class WeftHttpProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with a request head bounded in time and size.

    Invariant: a head is whole within `request_head_within` of its first byte (of the connection,
    for the first one), or the connection ends. Requests are never logged here.
    """

    bounds: ClassVar[SocketBounds] = SocketBounds()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False
        self._in_head = True
        self._answered = False
        self._head_size = 0
        self._chunk = b""
        self._head_deadline: asyncio.TimerHandle | None = None

    @staticmethod
    def at_once(target: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes] | None:
        """Nothing is at hand, unless `bounded` was told who knows better."""
        return None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_size += len(data)
            self._expect_head()
        self._chunk = data
        super().data_received(data)
        self._chunk = b""
        if self._in_head and self._head_size > self.bounds.max_request_head:
            self._head_is_whole()
            self.send_400_response("Request head is too large.")

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_is_whole()
        self._answered = self._answer_at_once()
        if not self._answered:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        if not self._answered:
            super().on_message_complete()

    def _answer_at_once(self) -> bool:
        """Write an answer that is at hand, without a task; never out of turn or past the bounds."""
        busy = self.cycle is not None and not self.cycle.response_complete
        parser = self.parser
        if busy or self.flow.write_paused or parser.get_method() != b"GET":
            return False
        if not parser.should_keep_alive() or parser.should_upgrade():
            return False
        made = self.at_once(self.url, self.headers)
        if made is None:
            return False
        head, body = made
        added = [b"%s: %s\r\n" % header for header in self.server_state.default_headers]
        self.transport.write(b"".join((head, *added, b"\r\n", body)))
        self.on_response_complete()
        return True

    def handle_websocket_upgrade(self) -> None:
        """Uvicorn's, which forgets what the client sent right behind the request."""
        upgrade = sys.exc_info()[1]
        super().handle_websocket_upgrade()
        if isinstance(upgrade, httptools.HttpParserUpgrade):
            behind = self._chunk[upgrade.args[0] :]
            if behind:
                cast(asyncio.Protocol, self.transport.get_protocol()).data_received(behind)

    def _expect_head(self) -> None:
        if self._head_deadline is None:
            within = self.bounds.request_head_within
            self._head_deadline = self.loop.call_later(within, self.transport.close)

    def _head_is_whole(self) -> None:
        self._head_size = 0
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None


class WeftProtocol(WebSocketsSansIOProtocol):
    """The WebSocket handshake; afterwards the endpoint chooses what the connection is.

    It takes it over (`scope["extensions"]["weft"]`), or it receives and sends as any ASGI
    application does. Invariant: bytes that come before that choice are kept, in order, and no
    more than one read of them.
    """

    bounds: ClassVar[SocketBounds] = SocketBounds()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = logger
        self.conn.logger = logger
        self.conn.debug = False  # it would log the request line, headers and every frame
        self.conn.available_extensions = None  # a 306 KB deflated frame inflates to 300 MB
        self.app = self._watched_app
        self._early = bytearray()
        self._connected = False
        self._plain = False
        self._socket: TransportSocket | None = None

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated and not self._plain:
            self._early += data
            self.transport.pause_reading()
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # Uvicorn would leave the client waiting: a header that websockets finds too long.
            self._refuse_head()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    async def receive(self) -> ASGIReceiveEvent:
        if self._connected:
            self._stay_plain()
        self._connected = True
        return await super().receive()

    async def send(self, message: ASGISendEvent) -> None:
        if self.handshake_complete:
            self._stay_plain()
        await super().send(message)
        if self.close_sent:
            # Uvicorn takes a refusal before the upgrade for none, and logs an error for each.
            self.handshake_complete = True

    def take_over(self, handler: Handler) -> Socket:
        """Leave the transport to `handler`; this object is of no use afterwards."""
        if self._plain or not self.handshake_complete:
            raise RuntimeError("take over right after accept, before anything is received or sent")
        self.stop_keepalive()
        del cast(dict[str, Any], self.scope["extensions"])[EXTENSION]
        connections = cast("set[asyncio.BaseProtocol]", self.connections)
        connections.discard(self)
        self._socket = TransportSocket(
            self.transport, handler, self.bounds, connections, get_client_addr(self.scope)
        )
        # Uvicorn ends the transport with the endpoint, unless something else will.
        self.close_timer = asyncio.TimerHandle(0.0, lambda: None, (), self.loop)
        self._socket.start(bytes(self._early), lost=self.disconnected)
        return self._socket

    async def _watched_app(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """The application; if it fails after it took over, so does the connection."""
        try:
            await cast(Any, self.config.loaded_app)(scope, receive, send)
        except BaseException:
            if self._socket is not None:
                self._socket.close(OUR_FAULT, "internal error")
            raise

    def _stay_plain(self) -> None:
        if self._plain:
            return
        self._plain = True
        early, self._early = bytes(self._early), bytearray()
        if early and not self.disconnected and not self.transport.is_closing():
            self.transport.resume_reading()
            self.data_received(early)

    def _refuse_head(self) -> None:
        self.transport.write(self.conn.reject(400, "Bad request head.\n").serialize())
        self.transport.close()


def bounded(
    bounds: SocketBounds, at_once: AtOnce | None = None
) -> tuple[type[WeftHttpProtocol], type[WeftProtocol]]:
    """The classes for uvicorn's `http` and `ws` settings, held to these bounds."""
    namespace: dict[str, Any] = {"bounds": bounds}
    front = {} if at_once is None else {"at_once": staticmethod(at_once)}
    http = type("WeftHttpProtocol", (WeftHttpProtocol,), namespace | front)
    return http, type("WeftProtocol", (WeftProtocol,), namespace)
