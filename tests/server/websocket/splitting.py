"""Splits bytes that `server.websocket.frames` made into their frames."""

from __future__ import annotations

from collections.abc import Iterator

from server.websocket.frames import MAX_CONTROL


def split(frames: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the opcode and payload of each frame."""
    at = 0
    while at < len(frames):
        opcode, size = frames[at] & 0x0F, frames[at + 1]
        at += 2
        if size > MAX_CONTROL:
            width = 2 if size == 126 else 8
            size = int.from_bytes(frames[at : at + width], "big")
            at += width
        yield opcode, frames[at : at + size]
        at += size
