"""The WebSocket handshake, and the protocol classes for uvicorn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, ClassVar, cast

from uvicorn._types import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)
from uvicorn.config import Config
from uvicorn.protocols.utils import get_client_addr
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

from collab.errors import Code
from server.http1.pipeline_queue import PipelineQueue
from server.http1.protocol import ImmediateResponse, WeftHttpProtocol
from server.http1.unread_responses import UnreadResponses
from server.websocket.socket import EXTENSION, OpenHandler, Socket, SocketBounds
from server.websocket.transport_socket import OUR_FAULT, TransportSocket

logger = logging.getLogger(__name__)
# At INFO, uvicorn logs a WebSocket's path with its query, which may contain a token. So this filter
# drops such lines at every log level.
logger.addFilter(lambda record: record.levelno >= logging.WARNING)


class WeftProtocol(WebSocketsSansIOProtocol):
    """The WebSocket handshake. After the handshake, the endpoint has a choice:

    - It calls `take_over` of this object, which is `scope["extensions"]["weft"]`. Then the
      endpoint's handler gets the transport.
    - It receives and sends like any ASGI application.

    Invariant: bytes that arrive before this choice are kept in order. They are at most the bytes
    of one read from the socket.
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
        self.conn.debug = False  # else it logs the request line, the headers and every frame
        self.conn.available_extensions = None  # no deflate: 306 KB can inflate to 300 MB
        self.app = self._guarded_app
        self._early = bytearray()
        self._connected = False
        self._is_asgi = False
        self._socket: TransportSocket | None = None

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated and not self._is_asgi:
            self._early += data
            self.transport.pause_reading()
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # The websockets library refused the head, for example because a header is too long.
            # Uvicorn would send no answer.
            self._refuse_head()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    async def receive(self) -> ASGIReceiveEvent:
        if self._connected:
            self._stay_asgi()
        self._connected = True
        return await super().receive()

    async def send(self, message: ASGISendEvent) -> None:
        if self.handshake_complete:
            self._stay_asgi()
        await super().send(message)
        if self.close_sent:
            # Without this, uvicorn logs an error for each refusal before the upgrade.
            self.handshake_complete = True

    def take_over(self, open_handler: OpenHandler) -> Socket:
        """Give the transport to a socket with a handler. Nothing may use this object afterwards."""
        if self._is_asgi or not self.handshake_complete:
            raise RuntimeError("call take_over right after accept, before any receive or send")
        self.stop_keepalive()
        del cast(dict[str, Any], self.scope["extensions"])[EXTENSION]
        connections = cast("set[asyncio.BaseProtocol]", self.connections)
        connections.discard(self)
        self._socket = TransportSocket(
            self.transport, self.bounds, connections, get_client_addr(self.scope)
        )
        # Uvicorn closes the transport when the endpoint returns, unless it sees a close timer.
        self.close_timer = asyncio.TimerHandle(0.0, lambda: None, (), self.loop)
        self._socket.start(open_handler, bytes(self._early), lost=self.disconnected)
        return self._socket

    async def _guarded_app(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Run the application. When it fails after `take_over`, close the connection."""
        try:
            await cast(Any, self.config.loaded_app)(scope, receive, send)
        except BaseException:  # also when cancelled: otherwise the socket stays open
            if self._socket is not None:
                self._socket.close(OUR_FAULT, "internal error")
            raise

    def _stay_asgi(self) -> None:
        if self._is_asgi:
            return
        self._is_asgi = True
        early, self._early = bytes(self._early), bytearray()
        if early and not self.disconnected and not self.transport.is_closing():
            self.transport.resume_reading()
            self.data_received(early)

    def _refuse_head(self) -> None:
        self.transport.write(self.conn.reject(400, "Bad request head.\n").serialize())
        self.transport.close()


def protocol_classes(
    bounds: SocketBounds,
    immediate_response: ImmediateResponse | None = None,
    on_refused: Callable[[Code], str] | None = None,
) -> tuple[type[WeftHttpProtocol], type[WeftProtocol]]:
    """Return the classes for uvicorn's `http` and `ws` settings, with these limits.

    Their connections share one limit on unread responses, and one queue for pipelined requests.
    """
    namespace: dict[str, Any] = {"bounds": bounds}
    shared: dict[str, Any] = {
        "unread": UnreadResponses(bounds.max_unread),
        "pipeline_queue": PipelineQueue(),
    }
    if immediate_response is not None:
        shared["immediate_response"] = staticmethod(immediate_response)
    if on_refused is not None:
        shared["on_refused"] = staticmethod(on_refused)
    http = type("WeftHttpProtocol", (WeftHttpProtocol,), namespace | shared)
    return http, type("WeftProtocol", (WeftProtocol,), namespace)
