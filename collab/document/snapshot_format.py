"""What a snapshot holds: the state, and apart from it what users can undo.

Earlier states are read again while they are kept; of what can be undone only the newest counts,
so it is saved less often and not kept as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from collab.document.steps import Stacks
from collab.ids import Json
from collab.types.records import Path, Reinsertion

FORMAT: Final = 3
# Before, the steps were between the state and the leases, and found text by its content.
# They end with it, and all else is as now.
_WITH_STEPS: Final = (1, 2)


class Body(Struct, array_like=True, gc=False):
    """A document's state; `opening_seconds` is how many seconds it may take to apply.

    `value` is what it reads as, in JSON. A reader of that value need not open the state, which
    takes a hundred times as long. It is empty when an earlier Weft saved the state.
    """

    format: int
    version: int
    state: bytes
    leases: dict[int, str]
    opening_seconds: float = 0.0
    value: bytes = b""


class Steps(Struct, array_like=True, gc=False):
    """What the users of a document can undo.

    An undo finds characters by `reinsertions`, and values and elements by `tokens`; with more
    than `most_tokens` of these some are forgotten.
    """

    format: int = FORMAT
    stacks: dict[str, Stacks] = {}
    reinsertions: list[Reinsertion] = []
    tokens: list[tuple[int, Path, int]] = []
    most_tokens: int = 0


encode = msgspec.msgpack.Encoder().encode
encode_json = msgspec.json.Encoder().encode
_decode_body = msgspec.msgpack.Decoder(Body).decode
_decode_steps = msgspec.msgpack.Decoder(Steps).decode
_decode_any = msgspec.msgpack.Decoder(strict=False).decode


def blank(version: int) -> Body:
    """The state of a document of which nothing is there: `{}`."""
    return Body(FORMAT, version, b"", {})


def decode_body(raw: bytes) -> Body:
    """A state that was saved; `ValueError` when a later Weft did it."""
    if raw[1:2] in map(_one_byte, _WITH_STEPS):
        _, version, state, _, leases, *rest = _decode_any(raw)
        return Body(FORMAT, version, state, leases, *rest[:1])
    body = _decode_body(raw)
    if body.format != FORMAT:
        raise ValueError(f"a snapshot of format {body.format} is of another Weft")
    return body


def decode_value(raw: bytes) -> Json | None:
    """The value of a state that was saved; None where that must be opened for it."""
    body = decode_body(raw)
    return msgspec.json.decode(body.value) if body.value else None


def encode_steps(steps: Steps) -> bytes:
    """The steps to be saved, in pieces: one native call for 16 MB of them would take 150 ms."""
    return b"".join(_pieces(steps))


def _pieces(steps: Steps) -> Iterator[bytes]:
    yield _array(5) + encode(steps.format) + _head(0x80, 0xDE, len(steps.stacks))
    for user, own in steps.stacks.items():
        yield encode(user) + _array(3)
        for some in (own.undo, own.redo):
            yield _array(len(some))
            yield from map(encode, some)
        yield encode(own.size)
    for rows in (steps.reinsertions, steps.tokens):
        yield _array(len(rows))
        yield from map(encode, rows)
    yield encode(steps.most_tokens)


def _array(count: int) -> bytes:
    return _head(0x90, 0xDC, count)


def _head(short: int, long: int, count: int) -> bytes:
    """What comes before so many elements in MessagePack."""
    if count < 16:
        return bytes((short | count,))
    if count < 1 << 16:
        return bytes((long,)) + count.to_bytes(2, "big")
    return bytes((long + 1,)) + count.to_bytes(4, "big")


def decode_steps(raw: bytes) -> Steps:
    """Steps that were saved; none where another Weft did it."""
    return _decode_steps(raw) if raw[1:2] == _one_byte(FORMAT) else Steps()


def with_version(raw: bytes, version: int) -> bytes:
    """The same state as of another version."""
    return encode(msgspec.structs.replace(decode_body(raw), version=version))


def _one_byte(format: int) -> bytes:
    return bytes((format,))
