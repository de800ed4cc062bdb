"""Decodes large MessagePack in pieces, because one native call holds the interpreter lock.

Four megabytes of small values take 0.1 s in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, Struct

T = TypeVar("T")
Encoded = bytes | Raw

# Bytes that one call decodes, in about 2 ms.
MOST: Final = 64 * 1024
# Elements that one call splits off a container. The call skips the other elements: 1 ms a megabyte.
MOST_SPLIT: Final = 10_000


class _First(Struct, array_like=True, gc=False):
    """A list whose first element is a list. The decoder skips its other elements."""

    elements: list[Raw]


_decode = msgspec.msgpack.Decoder().decode
_decode_first = msgspec.msgpack.Decoder(_First).decode


def is_large(encoded: Encoded) -> bool:
    """Whether one call would take too long to decode this."""
    return memoryview(encoded).nbytes > MOST


def decode_json(encoded: Encoded) -> Any:
    """Decode a JSON value."""
    if not is_large(encoded):
        return _decode(encoded)
    kind = memoryview(encoded)[0]
    if _is_list(kind):
        return [decode_json(each) for each in split(encoded)]
    if _is_map(kind):
        return {key: decode_json(each) for key, each in split_map(encoded)}
    return _decode(encoded)


def decode_each(encoded: Encoded, decode: Callable[[Encoded], T]) -> list[T]:
    """Decode a list, each element by a call of its own."""
    return [decode(each) for each in split(encoded)]


def split_map(encoded: Encoded) -> Iterator[tuple[Any, Raw]]:
    """Yield the keys of a map, each with its value, which is not decoded yet."""
    parts = split(encoded)
    return ((_decode(key), value) for key, value in zip(parts, parts, strict=True))


def split(encoded: Encoded) -> Iterator[Raw]:
    """Yield the elements of a list without decoding them, or the keys and values of a map.

    MessagePack writes the members of a map as a list of keys and values, with another header. So a
    portion of the elements becomes a list of its own. It is decoded as the first element of a list
    that has all later elements too.
    """
    whole = memoryview(encoded)
    count, at = _header(whole)
    while count:
        some = min(count, MOST_SPLIT)
        count -= some
        portion = b"".join((list_header(1 + count), list_header(some), whole[at:]))
        for each in _decode_first(portion).elements:
            at += memoryview(each).nbytes
            yield each


def list_header(count: int) -> bytes:
    """Return the header of a list of `count` elements."""
    return header(count, 0x90, 0xDC)


def map_header(count: int) -> bytes:
    """Return the header of a map of `count` members."""
    return header(count, 0x80, 0xDE)


def header(count: int, short: int, long: int) -> bytes:
    """Return the header of a container whose kind has these codes."""
    if count < 16:
        return bytes((short | count,))
    if count < 1 << 16:
        return bytes((long,)) + count.to_bytes(2, "big")
    return bytes((long + 1,)) + count.to_bytes(4, "big")


def _is_list(kind: int) -> bool:
    return kind & 0xF0 == 0x90 or kind in (0xDC, 0xDD)


def _is_map(kind: int) -> bool:
    return kind & 0xF0 == 0x80 or kind in (0xDE, 0xDF)


def _header(container: memoryview) -> tuple[int, int]:
    """Return how many elements, or keys and values, a container has, and where they begin."""
    kind = container[0]
    begin = {0xDC: 3, 0xDE: 3, 0xDD: 5, 0xDF: 5}.get(kind, 1)
    count = int.from_bytes(container[1:begin], "big") if begin > 1 else kind & 0x0F
    return (2 * count if _is_map(kind) else count), begin
