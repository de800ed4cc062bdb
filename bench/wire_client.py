"""A patch client that uses little CPU: it masks frames with zeros, and parses them by hand."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any, cast


class WireClient(asyncio.Protocol):
    """One socket of the patch lane. `hear` gets the payload of each text frame."""

    def __init__(self, doc: str, token: str, opening: dict[str, Any]) -> None:
        self._doc = doc
        self._opening = {"type": "open", "token": token, **opening}
        self._buffer = bytearray()
        self._upgraded = False
        self.transport: asyncio.Transport
        self.received = 0
        self.sent = 0
        self.closed = False
        self.opened: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.hear: Callable[[bytes], None] = lambda payload: None

    @classmethod
    async def connect(cls, port: int, doc: str, token: str, **opening: Any) -> WireClient:
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(
            lambda: cls(doc, token, opening), "127.0.0.1", port
        )
        await client.opened
        return client

    def send(self, message: Any) -> None:
        self.send_raw(json.dumps(message, separators=(",", ":")).encode())

    def send_raw(self, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((0x81, 0x80 | size))
        elif size < 65536:
            head = b"\x81\xfe" + size.to_bytes(2, "big")
        else:
            head = b"\x81\xff" + size.to_bytes(8, "big")
        frame = head + b"\0\0\0\0" + payload
        self.sent += len(frame)
        self.transport.write(frame)

    def close(self) -> None:
        self.transport.abort()

    # --- callbacks of the transport -----------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(b"bench-bench-key!").decode()
        self.transport.write(
            f"GET /v1/docs/{self._doc}/live HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: weft.v1\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the socket closed before it was opened"))

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._upgraded = True
            self.send(self._opening)
        self._read_frames()

    def _read_frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            opcode, size, head = buffer[at] & 15, buffer[at + 1] & 127, 2
            if size >= 126:
                head = 4 if size == 126 else 10
                if len(buffer) - at < head:
                    break
                size = int.from_bytes(buffer[at + 2 : at + head], "big")
            if len(buffer) - at < head + size:
                break
            self._take(opcode, bytes(buffer[at + head : at + head + size]))
            at += head + size
        del buffer[:at]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == 9:
            self.transport.write(bytes((0x8A, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
        elif opcode == 1 and not self.opened.done():
            self.opened.set_result(json.loads(payload))
        elif opcode == 1:
            self.hear(payload)
