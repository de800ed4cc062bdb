"""Yjs updates made by hand, struct by struct, valid or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collab.yjs.lib0 import write_raw, write_uint

NULL = b"\x7e"


def uint(value: int) -> bytes:
    out = bytearray()
    write_uint(out, value)
    return bytes(out)


def text(value: str | bytes) -> bytes:
    out = bytearray()
    write_raw(out, value.encode() if isinstance(value, str) else value)
    return bytes(out)


def item(
    kind: int,
    content: bytes,
    *,
    root: str | None = None,
    parent: tuple[int, int] | None = None,
    key: str | None = None,
    origin: tuple[int, int] | None = None,
    right: tuple[int, int] | None = None,
) -> bytes:
    """A struct with a root or a parent, or with an origin or a right origin."""
    info = kind | (0x20 if key is not None else 0)
    place = b""
    if origin is not None:
        info |= 0x80
        place += uint(origin[0]) + uint(origin[1])
    if right is not None:
        info |= 0x40
        place += uint(right[0]) + uint(right[1])
    if parent is not None:
        place += b"\0" + uint(parent[0]) + uint(parent[1])
    elif root is not None:
        place += b"\1" + text(root)
    if key is not None:
        place += text(key)
    return bytes((info,)) + place + content


def string(value: str, **place: object) -> bytes:
    return item(4, text(value), **place)  # type: ignore[arg-type]  # passed through


def plain(*values: bytes, **place: object) -> bytes:
    return item(8, uint(len(values)) + b"".join(values), **place)  # type: ignore[arg-type]


def shared(ref: int, **place: object) -> bytes:
    return item(7, bytes((ref,)), **place)  # type: ignore[arg-type]  # passed through


def gc(length: int) -> bytes:
    return b"\0" + uint(length)


def skip(length: int) -> bytes:
    return b"\x0a" + uint(length)


def update(
    *sections: tuple[int, int, Sequence[bytes]],
    deletes: Mapping[int, Sequence[tuple[int, int]]] | None = None,
) -> bytes:
    """An update. Sections are (client, clock, structs). Deletes are client → (clock, length)."""
    out = uint(len(sections))
    for client, clock, structs in sections:
        out += uint(len(structs)) + uint(client) + uint(clock) + b"".join(structs)
    out += uint(len(deletes or {}))
    for client, ranges in (deletes or {}).items():
        out += uint(client) + uint(len(ranges))
        out += b"".join(uint(clock) + uint(length) for clock, length in ranges)
    return out
