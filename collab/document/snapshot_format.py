"""The format of snapshots. The state and the users' undo steps are stored separately.

The server may read every state that is stored, also an old one. But it reads only the newest undo
steps. So steps are saved less often, and old steps are deleted earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from collab.document.msgpack_pieces import (
    Encoded,
    decode_each,
    is_large,
    list_header,
    map_header,
    split,
    split_map,
)
from collab.document.steps import Stacks, Step
from collab.ids import Json
from collab.ports.store import Snapshot
from collab.types.records import Path, Reinsertion

FORMAT: Final = 3
# In these formats the steps are between the state and the leases, and find text by its content.
# Such steps are dropped. All other parts have the form of today.
_WITH_STEPS: Final = (1, 2)


class Body(Struct, array_like=True, gc=False):
    """A document's state, as Yjs bytes and as JSON.

    `leases` are the Yjs client ids in use, each with its user. `opening_seconds` estimates how long
    yrs takes to apply the state. `value` is the document's value as JSON: the server reads it in a
    hundredth of the time that opening the state takes. `value` is empty when an earlier Weft saved
    the state. `replaced` are clocks that renewals replaced (`collab/structs/block_estimate.py`).
    """

    format: int
    version: int
    state: bytes
    leases: dict[int, str]
    opening_seconds: float = 0.0
    value: bytes = b""
    replaced: dict[int, int] = {}


class Steps(Struct, array_like=True, gc=False):
    """The steps that the users of a document can undo.

    Undo finds characters by `reinsertions` (`collab/identity/identity_index.py`). It checks values
    and elements by `tokens` (`collab/identity/incarnations.py`). When there are more than
    `most_tokens` tokens, the unneeded tokens are dropped.
    """

    format: int = FORMAT
    stacks: dict[str, Stacks] = {}
    reinsertions: list[Reinsertion] = []
    tokens: list[tuple[int, Path, int]] = []
    most_tokens: int = 0


class Draft(NamedTuple):
    """A snapshot without its Yjs state. The `updates` make the state, which has `state_vector`."""

    body: Body
    steps: bytes
    updates: list[bytes]
    state_vector: bytes

    def with_state(self, state: bytes) -> Snapshot:
        """Return the snapshot."""
        body = msgspec.structs.replace(self.body, state=state)
        return Snapshot(body.version, encode(body), self.steps)


encode = msgspec.msgpack.Encoder().encode
encode_json = msgspec.json.Encoder().encode
_decode_body = msgspec.msgpack.Decoder(Body).decode
_decode_steps = msgspec.msgpack.Decoder(Steps).decode
_decode_step = msgspec.msgpack.Decoder(Step).decode
_decode_reinsertion: Callable[[Encoded], Reinsertion] = msgspec.msgpack.Decoder(Reinsertion).decode
_Token: TypeAlias = tuple[int, Path, int]
_decode_token: Callable[[Encoded], _Token] = msgspec.msgpack.Decoder(_Token).decode
_decode_any = msgspec.msgpack.Decoder(strict=False).decode


def blank(version: int) -> Body:
    """Return the state of an empty document: `{}`."""
    return Body(FORMAT, version, b"", {})


def decode_body(raw: bytes) -> Body:
    """Decode a saved state. Raise `ValueError` when a later Weft saved it."""
    if raw[1:2] in map(_one_byte, _WITH_STEPS):
        _, version, state, _, leases, *rest = _decode_any(raw)
        return Body(FORMAT, version, state, leases, *rest[:1])
    body = _decode_body(raw)
    if body.format != FORMAT:
        raise ValueError(f"a snapshot of format {body.format} was saved by another Weft version")
    return body


def decode_value(raw: bytes) -> Json | None:
    """Return the value of a saved state. None means that the state must be opened to read it."""
    body = decode_body(raw)
    return msgspec.json.decode(body.value) if body.value else None


def encode_steps(steps: Steps) -> bytes:
    """Encode steps in pieces: one native call for 16 MB of them would take 150 ms."""
    return b"".join(_pieces(steps))


def _pieces(steps: Steps) -> Iterator[bytes]:
    yield list_header(5) + encode(steps.format) + map_header(len(steps.stacks))
    for user, own in steps.stacks.items():
        yield encode(user) + list_header(3)
        for some in (own.undo, own.redo):
            yield list_header(len(some))
            yield from map(encode, some)
        yield encode(own.size)
    for rows in (steps.reinsertions, steps.tokens):
        yield list_header(len(rows))
        yield from map(encode, rows)
    yield encode(steps.most_tokens)


def decode_steps(raw: bytes) -> Steps:
    """Decode saved steps. Steps in another format are dropped."""
    if raw[1:2] != _one_byte(FORMAT):
        return Steps()
    if not is_large(raw):
        return _decode_steps(raw)
    format, stacks, reinsertions, tokens, most = split(raw)
    return Steps(
        _decode_any(format),
        {user: _decode_stacks(own) for user, own in split_map(stacks)},
        decode_each(reinsertions, _decode_reinsertion),
        decode_each(tokens, _decode_token),
        _decode_any(most),
    )


def _decode_stacks(encoded: Encoded) -> Stacks:
    undo, redo, size = split(encoded)
    return Stacks(
        decode_each(undo, _decode_step), decode_each(redo, _decode_step), _decode_any(size)
    )


def with_version(raw: bytes, version: int) -> bytes:
    """Return the same state with another version number."""
    return encode(msgspec.structs.replace(decode_body(raw), version=version))


def _one_byte(format: int) -> bytes:
    return bytes((format,))
