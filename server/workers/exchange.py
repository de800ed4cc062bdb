"""What the parent and a worker tell each other: one line of JSON in each direction.

They use a pair of sockets. When the parent dies, the worker reads the end of it.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from server.runtime.settings import Settings

# The exit code of a worker that cannot start, as of `weft serve`. Its log has the reason.
CANNOT_START: Final = 3


class Assignment(Struct, frozen=True):
    """What a worker needs to start. The parent sends it first.

    `sockets` are file descriptors that the worker inherits. `bus` is the path of the local bus, or
    empty: then the database names it, or Redis carries the messages. `program` is the command that
    the user has typed.
    """

    settings: Settings
    worker: int
    sockets: tuple[int, ...]
    bus: str
    creates_demo: bool
    program: str


class Ready(Struct, frozen=True):
    """The worker serves clients now. `message` is the text for the user who has started it."""

    message: str


_encode = msgspec.json.Encoder().encode
_assignments = msgspec.json.Decoder(Assignment)
_readies = msgspec.json.Decoder(Ready)


def encode(message: Assignment | Ready) -> bytes:
    """Return a message as a line."""
    return _encode(message) + b"\n"


def decode_assignment(line: bytes) -> Assignment:
    return _assignments.decode(line)


def decode_ready(line: bytes) -> Ready:
    return _readies.decode(line)
