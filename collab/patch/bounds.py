"""The limits of one patch, and the checks of its values before they are applied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from collab.errors import Code, Rejected
from collab.ids import MAX_POINTER
from collab.patch.values import FORBIDDEN_KEYS, MAX_DEPTH, is_exact, is_finite

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one patch; 0 means no limit.

    `max_bytes` and `max_values` limit the resulting document. `max_nodes` limits the values that
    the patch itself makes. `max_work` limits the bytes of all values that a patch adds, copies and
    removes. For example, a patch may copy a megabyte and remove it again, 500 times. `max_bytes`
    allows this, and `max_work` does not.
    """

    max_ops: int = 1_000
    max_depth: int = MAX_DEPTH
    max_pointer: int = MAX_POINTER
    max_nodes: int = 10_000
    max_bytes: int = 4 * 1024 * 1024
    max_work: int = 16 * 1024 * 1024
    max_values: int = 100_000


UNBOUNDED = Bounds(
    max_ops=0, max_depth=0, max_pointer=0, max_nodes=0, max_bytes=0, max_work=0, max_values=0
)
# No limits either, for ops that the server has already checked. The server does not even measure
# their values: it would have to encode each value, which takes a millisecond for a megabyte of
# text. A rebased patch is replayed several times.
TRUSTED = replace(UNBOUNDED)


def json_size(value: Any) -> int:
    """The length of a checked value as JSON, in bytes."""
    return len(_encode(value))


def check(value: Any, *, room: int, depth: int) -> int:
    """Return the number of nodes of an allowed JSON value, or raise `Rejected`.

    A node is the value itself or a value in it. At most `room` nodes and `depth` levels are
    allowed. The check uses no recursion, because a deeply nested value would overflow Python's
    stack.
    """
    if type(value) is str and room > 0:
        _check_text(value)
        return 1
    return _check_tree(value, room, depth)


def too_many_values() -> Rejected:
    return Rejected(
        Code.TOO_LARGE, "the patch adds or copies too many values; send smaller patches"
    )


def nesting(value: Any, most: int = 0) -> tuple[int, int]:
    """Return the number of levels of containers in a value, and the number of its nodes.

    A scalar has 0 levels, an empty list has 1. With `most`, the count stops when it is above
    `most`.
    """
    level = [value]
    depth = nodes = 0
    while True:
        nodes += len(level)
        if nodes > most > 0:
            return depth, nodes
        containers = [item for item in level if type(item) is dict or type(item) is list]
        if not containers:
            return depth, nodes
        depth += 1
        level = [
            child
            for item in containers
            for child in (item.values() if type(item) is dict else item)
        ]


def _check_tree(value: Any, room: int, depth: int) -> int:
    nodes = 0
    level = [value]
    while level:
        nodes += len(level)
        if nodes > room:
            raise too_many_values()
        deeper: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                for key in item:
                    _check_key(key)
                deeper += item.values()
            elif kind is list:
                deeper += item
            else:
                _check_scalar(item, kind)
                continue
            if depth < 1:
                raise Rejected(Code.INVALID_PATCH, "the value nests too deeply")
        depth -= 1
        level = deeper
    return nodes


def _check_key(key: Any) -> None:
    if type(key) is not str:
        raise Rejected(Code.INVALID_PATCH, "a key must be a string")
    if key in FORBIDDEN_KEYS:
        raise Rejected(Code.INVALID_PATCH, f"the key {key!r} is not allowed; use another one")
    _check_text(key)


def _check_scalar(value: Any, kind: type) -> None:
    if kind is str:
        _check_text(value)
    elif kind is int:
        if not is_exact(value):
            raise Rejected(
                Code.INVALID_PATCH,
                "an integer beyond 2^53-1 must be written with an exponent, such as 1e16",
            )
    elif kind is float:
        if not is_finite(value):
            raise Rejected(Code.INVALID_PATCH, "NaN and Infinity are not valid JSON")
    elif value is not None and kind is not bool:
        raise Rejected(Code.INVALID_PATCH, f"a {kind.__name__} is not a JSON value")


def _check_text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Rejected(Code.INVALID_PATCH, "a string must not contain a lone surrogate") from None
