"""A request's digest: it tells a retry from another request with the same id.

It covers the type of the request and its ops, value or scope. It leaves out all members that
may differ in a retry: `base`, `strict`, `fence`, `after` and `step`.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec

from collab.document.numbers import canonical
from collab.entry import Op
from collab.room.requests import (
    Create,
    PatchRequest,
    Replace,
    RequestWithId,
    RestoreVersion,
    UndoRequest,
)

DIGEST_BYTES: Final = 16

_encode = msgspec.json.Encoder(order="sorted").encode
# The members that each op uses, besides `op` and `path`. All other members are ignored (RFC 6902,
# section 4).
_MEMBERS: Final[dict[Any, tuple[str, ...]]] = {
    "add": ("value",),
    "remove": (),
    "replace": ("value",),
    "move": ("from",),
    "copy": ("from",),
    "test": ("value",),
    "splice": ("offset", "delete", "insert"),
}
_LEFT_OUT: Final = {"delete": 0, "insert": ""}  # optional members of a splice


def digest_of(request: RequestWithId) -> bytes:
    """Return the digest. Equal requests have equal digests, even when their JSON text differs."""
    match request:
        case PatchRequest():
            content: list[Any] = ["patch", *map(_op, request.ops)]
        case Create():
            content = ["create", canonical(request.value)]
        case Replace():
            content = ["replace", canonical(request.value)]
        case RestoreVersion():
            content = ["restore", request.version, request.pointer]
        case UndoRequest():
            content = ["redo" if request.redo else "undo", request.scope, request.version]
    return blake2b(_encode(content), digest_size=DIGEST_BYTES).digest()


def is_same(digest: bytes, request: RequestWithId) -> bool:
    """Whether the request has this digest; True when an earlier Weft stored no digest."""
    try:
        return not digest or digest == digest_of(request)
    except RecursionError:  # it nests deeper than any accepted request
        return False


def _op(op: Op) -> Any:
    kind = op.get("op")
    members = _MEMBERS.get(kind) if isinstance(kind, str) else None
    if members is None:
        return op  # a later check refuses an unknown op
    said = {"op": kind, "path": op.get("path")}
    for name in members:
        if name in op or name in _LEFT_OUT:
            value = op.get(name, _LEFT_OUT.get(name))
            said[name] = value if type(value) is str else canonical(value)
    return said
