"""What the parent and a worker tell each other: one line of JSON for each message.

They use a pair of sockets. When the parent dies, the worker reads the end of it. After an upgrade,
a parent of the older release may start a worker of the newer one. So a new member has a default.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from server.runtime.settings import Settings

# The longest line of a worker. Its metrics are in one line. A worker that sends a longer one has a
# bug, and ends. The parent's lines have no limit: they have the answers of all workers.
MOST_BYTES: Final = 64 * 1024 * 1024


class Assignment(Struct, frozen=True, tag="assignment"):
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


class Ready(Struct, frozen=True, tag="ready"):
    """The worker serves clients now. `message` is the text for the user who has started it."""

    message: str


class Question(Struct, frozen=True, tag="question"):
    """A worker asks all workers, or one of them. The parent passes it on under a number of its own.

    `worker` is 0 for all workers.
    """

    id: int
    worker: int
    name: str
    argument: str


class Reply(Struct, frozen=True, tag="reply"):
    """A worker answers a question that the parent has passed on."""

    id: int
    text: str


class Replies(Struct, frozen=True, tag="replies"):
    """The answers to a question, by the numbers of the workers."""

    id: int
    texts: dict[int, str]


FromWorker: TypeAlias = Ready | Question | Reply
FromParent: TypeAlias = Question | Replies

_encode = msgspec.json.Encoder().encode
_assignments = msgspec.json.Decoder(Assignment)
_from_worker: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)
_from_parent: msgspec.json.Decoder[FromParent] = msgspec.json.Decoder(FromParent)


def encode(message: Assignment | FromWorker | FromParent) -> bytes:
    """Return a message as a line."""
    return _encode(message) + b"\n"


def decode_assignment(line: bytes) -> Assignment:
    return _assignments.decode(line)


def decode_from_worker(line: bytes) -> FromWorker:
    return _from_worker.decode(line)


def decode_from_parent(line: bytes) -> FromParent:
    return _from_parent.decode(line)
