"""What a patch may hold and grow to, and the measures that are taken before anything is built."""

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
    """The limits of one patch; 0 means none.

    `max_bytes` and `max_values` bound the document that results. `max_work` bounds the bytes of
    values that a patch adds, copies and takes out in all: without it a patch that copies a megabyte
    and removes it again 500 times would stay within `max_bytes` all the while.
    """

    max_ops: int = 1_000
    max_depth: int = MAX_DEPTH
    max_pointer: int = MAX_POINTER
    max_nodes: int = 10_000
    max_bytes: int = 4 * 1024 * 1024
    max_work: int = 16 * 1024 * 1024
    max_values: int = 200_000


UNBOUNDED = Bounds(
    max_ops=0, max_depth=0, max_pointer=0, max_nodes=0, max_bytes=0, max_work=0, max_values=0
)
# The same, for ops that were checked before: nothing is measured. To encode a megabyte of text only
# to learn its length costs a millisecond, and a rebased patch is replayed several times.
TRUSTED = replace(UNBOUNDED)


def json_size(value: Any) -> int:
    """How many bytes of JSON a sound value is."""
    return len(_encode(value))


def check(value: Any, *, room: int, depth: int) -> int:
    """Refuse what is no JSON of ours; how many nodes it has, at most `room`, at most `depth` deep.

    Iterative: nesting must not reach Python's stack.
    """
    if type(value) is str and room > 0:
        _check_text(value)
        return 1
    return _check_tree(value, room, depth)


def too_many_values() -> Rejected:
    return Rejected(Code.TOO_LARGE, "the patch makes too many values")


def nesting(value: Any, most: int = 0) -> tuple[int, int]:
    """How deep containers nest in a value (a scalar 0, an empty list 1), and its node count.

    It stops where there are more than `most` nodes, if that is given.
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
                raise Rejected(Code.INVALID_PATCH, "the value nests too deep")
        depth -= 1
        level = deeper
    return nodes


def _check_key(key: Any) -> None:
    if type(key) is not str:
        raise Rejected(Code.INVALID_PATCH, "a key must be a string")
    if key in FORBIDDEN_KEYS:
        raise Rejected(Code.INVALID_PATCH, f"the key {key!r} is not allowed")
    _check_text(key)


def _check_scalar(value: Any, kind: type) -> None:
    if kind is str:
        _check_text(value)
    elif kind is int:
        if not is_exact(value):
            raise Rejected(Code.INVALID_PATCH, "an integer is beyond 2^53-1")
    elif kind is float:
        if not is_finite(value):
            raise Rejected(Code.INVALID_PATCH, "NaN and Infinity are no JSON")
    elif value is not None and kind is not bool:
        raise Rejected(Code.INVALID_PATCH, f"a {kind.__name__} is no JSON")


def _check_text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Rejected(Code.INVALID_PATCH, "a string holds a lone surrogate") from None
