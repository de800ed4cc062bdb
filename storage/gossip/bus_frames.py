"""The frames of the local bus: what two processes of one machine write to their Unix socket.

A frame has a head, the name of a channel, and a message. The head has the kind of the frame and the
lengths of the two other parts. Each side sends `HELLO` first, with the version of these rules.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final, NamedTuple

from collab.ports.gossip import LOST

VERSION: Final = b"weft-bus-1"
# A larger message would delay all other messages. It is sent as `LOST`.
MOST_MESSAGE: Final = 4 * 1024 * 1024
_MOST_CHANNEL: Final = 4096

_HEAD: Final = struct.Struct(">BII")


class Kind(IntEnum):
    """What a frame says. The broker confirms `SUBSCRIBE` by `SUBSCRIBED`, and `PING` by `PONG`."""

    HELLO = 1
    SUBSCRIBE = 2
    UNSUBSCRIBE = 3
    SUBSCRIBED = 4
    MESSAGE = 5
    PING = 6
    PONG = 7


class BadFrame(Exception):
    """The other side sent bytes that are not a frame."""


class Frame(NamedTuple):
    """One frame. `channel` and `message` are empty when the kind has none."""

    kind: int
    channel: str = ""
    message: bytes = b""


def encode_frame(kind: int, channel: str = "", message: bytes = b"") -> bytes:
    """Return a frame as bytes. A message that is too large becomes `LOST`."""
    if len(message) > MOST_MESSAGE:
        message = LOST
    name = channel.encode("utf-8", "surrogatepass")
    return _HEAD.pack(kind, len(name), len(message)) + name + message


class FrameReader:
    """Cuts the received bytes into frames.

    Invariant: it keeps less than one frame. It raises `BadFrame` before it keeps a frame that is
    too large.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def read(self, received: bytes) -> list[Frame]:
        """Return the frames that these bytes complete."""
        rest = self._rest
        rest += received
        frames, at = [], 0
        while len(rest) - at >= _HEAD.size:
            kind, name, size = _HEAD.unpack_from(rest, at)
            if not Kind.HELLO <= kind <= Kind.PONG or name > _MOST_CHANNEL or size > MOST_MESSAGE:
                raise BadFrame(f"kind {kind} with {name} and {size} bytes")
            middle = at + _HEAD.size + name
            if len(rest) < middle + size:
                break
            frames.append(
                Frame(
                    kind,
                    _decoded(rest[middle - name : middle]),
                    bytes(rest[middle : middle + size]),
                )
            )
            at = middle + size
        del rest[:at]
        return frames


def _decoded(name: bytearray) -> str:
    try:
        return name.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise BadFrame("the name of a channel is not UTF-8") from error
