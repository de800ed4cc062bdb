"""A member that an operation of a patch has twice: the decoder would keep the last one in silence.

A patch of the wanted shape has as many quotes as what was read of it. Only where they differ are
its objects read one by one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from collab.entry import Op
from collab.errors import Code, Refusal
from collab.messages import Patch

_encode = msgspec.json.Encoder().encode

_NAMES: Final = ("op", "path", "value", "from")


class _Members(list[tuple[str, Any]]):
    """An object as it was written."""


def repeated_in_message(frame: bytes, message: Patch) -> Refusal | None:
    """Why the operations of a message are not what its frame says; None where they are."""
    unsaid = (message.fence, message.after, message.step)
    left_out = (not message.strict) + sum(value is None for value in unsaid)
    if frame.count(b'"') == _quotes(message) - 2 * left_out:
        return None
    return _find(frame, message.ops)


def repeated_in_body(body: bytes, ops: Sequence[Op]) -> Refusal | None:
    """Why the operations are not what the body says, which is a patch and no more."""
    if body.count(b'"') == _quotes(ops):
        return None
    return _find(body, ops)


def _quotes(read: Any) -> int:
    """How many it takes to write what was read; -1 where it nests too deep to be written."""
    try:
        return _encode(read).count(b'"')
    except RecursionError:
        return -1


def _find(written: bytes, ops: Sequence[Op]) -> Refusal | None:
    for index, members in enumerate(_written(written)):
        names = [name for name, _ in members]
        for name in _NAMES:
            if names.count(name) > 1:
                path = ops[index].get("path")
                extra = {"op": index, "path": path if isinstance(path, str) else ""}
                return Refusal(Code.INVALID_PATCH, f"an operation has `{name}` twice", extra)
    return None


def _written(body: bytes) -> list[_Members]:
    """The operations of a body or of a message, with every member that was written."""
    try:
        found = json.loads(body, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, _Members):
        found = dict(found).get("ops")
    return found if isinstance(found, list) else []
