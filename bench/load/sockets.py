"""WebSockets of websocket-client. It waits in plain calls, so gevent can switch in each of them."""

from __future__ import annotations

import contextlib

import websocket

from bench.load.session import LostError

PATIENCE = 60.0  # the server sends something, or a ping, more often


class Socket:
    def __init__(self, address: str, protocols: tuple[str, ...], token: str) -> None:
        try:
            self._socket = websocket.create_connection(
                address,
                timeout=PATIENCE,
                subprotocols=list(protocols) or None,
                header={"Authorization": f"Bearer {token}"},
                enable_multithread=True,
                skip_utf8_validation=True,
            )
        except (OSError, websocket.WebSocketException) as error:
            raise LostError from error

    def send(self, data: str | bytes) -> None:
        try:
            if isinstance(data, str):
                self._socket.send(data)
            else:
                self._socket.send_binary(data)
        except (OSError, websocket.WebSocketException) as error:
            raise LostError from error

    def receive(self) -> str | bytes:
        """Return the next frame. Pings are answered."""
        try:
            opcode, frame = self._socket.recv_data()
        except (OSError, websocket.WebSocketException) as error:
            raise LostError from error
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise LostError(int.from_bytes(frame[:2], "big") if len(frame) >= 2 else 1006)
        return frame.decode() if opcode == websocket.ABNF.OPCODE_TEXT else bytes(frame)

    def close(self) -> None:
        with contextlib.suppress(OSError, websocket.WebSocketException):
            self._socket.close(timeout=0)
