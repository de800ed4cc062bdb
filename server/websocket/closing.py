"""The end of a WebSocket: where its closing handshake stands, and who hears nothing after it."""

from __future__ import annotations

from enum import IntEnum

from server.websocket.socket import Handler


class State(IntEnum):
    """Where the closing handshake stands (RFC 6455, 7.1); it only moves forward."""

    OPEN = 0
    CLOSING = 1  # our close frame is out, the peer's is awaited
    DONE = 2  # nothing more is heard or said, the transport is ending
    LOST = 3  # the transport is gone


class _Nobody:
    """Stands in for a handler that was told `closed`."""

    def opened(self, socket: object) -> None: ...
    def text(self, message: bytes) -> None: ...
    def binary(self, message: bytes) -> None: ...
    def pong(self, payload: bytes) -> None: ...
    def writable(self) -> None: ...
    def closed(self, code: int) -> None: ...


NOBODY: Handler = _Nobody()
