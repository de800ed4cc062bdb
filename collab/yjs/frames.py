"""The codec of y-protocols: WebSocket frames to sync, awareness and auth messages, and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec import Struct

from collab.yjs.lib0 import Reader, refuse, refuse_size, write_raw

_SYNC: Final = 0
_AWARENESS: Final = 1
_AUTH: Final = 2
_QUERY_AWARENESS: Final = 3

_PERMISSION_DENIED: Final = 0

# A query takes one byte. Without a limit, a frame of 1 MiB could have a million messages.
MAX_MESSAGES: Final = 128


class SyncStep1(Struct, frozen=True):
    """The sender's state vector. The sender asks for the updates that it lacks."""

    state_vector: bytes


class SyncStep2(Struct, frozen=True):
    """The answer to a `SyncStep1`: the updates that the other side lacks."""

    update: bytes


class SyncUpdate(Struct, frozen=True):
    """A new change by the sender."""

    update: bytes


class AwarenessUpdate(Struct, frozen=True):
    """Presence states. `collab.yjs.awareness` decodes the body."""

    body: bytes


class PermissionDenied(Struct, frozen=True):
    """A refusal by the sender, with its reason."""

    reason: str


class QueryAwareness(Struct, frozen=True):
    """A request for all presence states."""


Message = SyncStep1 | SyncStep2 | SyncUpdate | AwarenessUpdate | PermissionDenied | QueryAwareness
# The first two bytes of a sync message: its kind and its step.
_STEPS: Final[dict[bytes, Callable[[bytes], Message]]] = {
    b"\x00\x00": SyncStep1,
    b"\x00\x01": SyncStep2,
    b"\x00\x02": SyncUpdate,
}


def decode(frame: bytes) -> list[Message]:
    """Return the messages of a frame, in order, or raise `Rejected`."""
    reader = Reader(frame)
    if not frame:
        refuse("the frame is empty")
    messages = [_read(reader)]
    while reader.pos < reader.end:
        if len(messages) == MAX_MESSAGES:
            refuse_size(f"the frame has more than {MAX_MESSAGES} messages")
        messages.append(_read(reader))
    return messages


def _read(reader: Reader) -> Message:
    step = _STEPS.get(reader.data[reader.pos : reader.pos + 2])
    if step is not None:
        reader.pos += 2
        return step(reader.raw())
    kind = reader.uint()
    if kind == _SYNC:
        refuse("the frame has an unknown sync step")
    if kind == _AWARENESS:
        return AwarenessUpdate(reader.raw())
    if kind == _QUERY_AWARENESS:
        return QueryAwareness()
    if kind != _AUTH or reader.uint() != _PERMISSION_DENIED:
        refuse("the frame has an unknown message type")
    return PermissionDenied(reader.text())


def _frame(head: bytes, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return head + bytes((size,)) + body
    out = bytearray(head)
    write_raw(out, body)
    return bytes(out)


# Each makes a frame of one message.
sync_step1 = partial(_frame, b"\x00\x00")
sync_step2 = partial(_frame, b"\x00\x01")
update = partial(_frame, b"\x00\x02")
awareness = partial(_frame, b"\x01")


def permission_denied(reason: str) -> bytes:
    return _frame(b"\x02\x00", reason.encode())
