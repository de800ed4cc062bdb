"""A WebSocket client that sends any bytes, valid or not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType

from websockets.utils import apply_mask

HANDSHAKE = (
    b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    width: int | None = None,
) -> bytes:
    """Return a client's frame. `width` sets how many bytes its length takes (0, 2 or 8)."""
    size = len(payload)
    if width is None:
        width = 0 if size < 126 else 2 if size < 65536 else 8
    short = {0: size, 2: 126, 8: 127}[width]
    head = bytes((fin << 7 | rsv << 4 | opcode, masked << 7 | short))
    head += size.to_bytes(width, "big") if width else b""
    return head + (MASK + apply_mask(payload, MASK) if masked else payload)


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)


@dataclass(frozen=True, slots=True)
class Received:
    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        return int.from_bytes(self.payload[:2], "big")


class RawClient:
    """Reads the server's frames, which must be whole, unmasked and uncompressed."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> RawClient:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.writer.transport.abort()

    async def shake_hands(self, behind: bytes = b"") -> None:
        self.send(HANDSHAKE + behind)
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def receive(self) -> Received | None:
        """Return the next frame; None at the end of the stream."""
        try:
            first, size = await self.reader.readexactly(2)
            assert first & 0xF0 == 0x80
            assert size < 0x80
            if size > 125:
                width = 2 if size == 126 else 8
                size = int.from_bytes(await self.reader.readexactly(width), "big")
            return Received(first & 0x0F, await self.reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None

    async def receive_all(self) -> list[Received]:
        """Return every frame up to the end of the stream, and then close."""
        received = []
        while (one := await self.receive()) is not None:
            received.append(one)
        self.writer.close()
        return received
