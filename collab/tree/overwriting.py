"""Finds the present values of map entries that a Yjs update overwrites, without deleting them.

yrs deletes the former value of an entry when it integrates a new value. The update need not name
that deletion: a forged update may leave it out, and so does a client that has not seen the former
value. Whether the new value or the former one stays depends on all values that the entry ever had.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final

from pycrdt import Doc, Map

from collab.structs.guard import Checked, StructIndex
from collab.yjs.contents import DELETED
from collab.yjs.lib0 import write_uint
from collab.yjs.lists import KEYED
from collab.yjs.update import (
    GC,
    HAS_KEY,
    HAS_ORIGIN,
    HAS_RIGHT,
    STORED_BOUNDS,
    Id,
    Struct,
    inspect,
)

# A new value of an entry: its client, its struct, and the list of the entry's values.
NewValue = tuple[int, Struct, int]

_CLOCK: Final = attrgetter("clock")
_PLAIN_VALUES: Final = 8
_TRUE: Final = 120
_UNDEFINED: Final = 127
# The scratch document has one entry: `value` of the root map `map`.
_PARENT: Final = b"\x01\x03map"
_KEY: Final = b"\x05value"
# When an update sets more entries, the index is searched once for all of them.
_ONE_BY_ONE: Final = 50


def new_values(checked: Checked) -> tuple[NewValue, ...]:
    """Return the new values of entries in a checked update."""
    found: list[NewValue] = []
    for (client, struct), place in zip(checked.fresh, checked.places, strict=True):
        if place.list & KEYED:
            found.append((client, struct, place.list))
    return tuple(found)


def overwritten(index: StructIndex, values: Iterable[NewValue]) -> dict[int, Id]:
    """Return the entries, by their lists, whose present value is a shared type that may be lost.

    `index` is that of the document before the update.
    """
    found: dict[int, Id] = {}
    unknown: set[int] = set()
    for _, struct, where in values:
        if isinstance(struct.parent, tuple) and not index.knows(struct.parent):
            continue
        origin = struct.origin
        if origin is None or not index.knows(origin) or index.is_deleted(origin):
            unknown.add(where)
        elif index.place(origin).holds:
            found[where] = origin
    unknown -= found.keys()
    if len(unknown) > _ONE_BY_ONE:
        found |= {where: own for where, own in index.present_types() if where in unknown}
        return found
    for where in unknown:
        own = index.alive_in(where)
        if own is not None and index.place(own).holds:
            found[where] = own
    return found


def lost(
    present: Mapping[int, Id],
    values: Iterable[NewValue],
    index: StructIndex,
    state: Callable[[], bytes],
) -> set[int]:
    """Return the entries among `present` whose value yrs will delete.

    A new value that names the present value as its origin comes after it. For any other new value,
    the entry is made again in a scratch document, with all values that it ever had. `state` returns
    the state of the document for this.
    """
    of_list: dict[int, list[tuple[int, Struct]]] = {where: [] for where in present}
    for client, struct, where in values:
        if where in of_list:
            of_list[where].append((client, struct))
    follows = {
        where
        for where, own in present.items()
        if any(struct.origin == own for _, struct in of_list[where])
    }
    concurrent = present.keys() - follows
    if concurrent:
        before = _values_before(concurrent, index, state())
        for where in concurrent:
            if _is_lost(before[where], of_list[where], present[where]):
                follows.add(where)
    return follows


def _values_before(
    lists: Iterable[int], index: StructIndex, state: bytes
) -> dict[int, list[tuple[int, Struct]]]:
    """Return all values that entries ever had, from the state of the document."""
    inspected = inspect(state, STORED_BOUNDS)
    found: dict[int, list[tuple[int, Struct]]] = {where: [] for where in lists}
    for where, client, start, end in index.in_lists(found):
        structs = inspected.sections.get(client, [])
        first = bisect_left(structs, start, key=_CLOCK)
        last = bisect_left(structs, end, key=_CLOCK)
        found[where].extend((client, struct) for struct in structs[first:last])
    inspected.free()
    return found


def _is_lost(
    before: Iterable[tuple[int, Struct]], after: Iterable[tuple[int, Struct]], present: Id
) -> bool:
    sections: dict[int, list[tuple[Struct, bytes]]] = {}
    for client, struct in before:
        is_present = (client, struct.clock) == present
        content = bytes((1, _TRUE)) if is_present else b""
        sections.setdefault(client, []).append((struct, content))
    for client, struct in after:
        content = b"" if struct.kind == DELETED else _undefined(struct.end - struct.clock)
        sections.setdefault(client, []).append((struct, content))
    doc: Doc[Map[object]] = Doc()
    entry = doc.get("map", type=Map)
    doc.apply_update(_encoded(sections))
    return entry.get("value") is not True


def _undefined(count: int) -> bytes:
    out = bytearray()
    write_uint(out, count)
    return bytes(out) + bytes((_UNDEFINED,)) * count


def _encoded(sections: Mapping[int, list[tuple[Struct, bytes]]]) -> bytes:
    """Return an update with these structs. A struct without content is deleted."""
    out = bytearray()
    write_uint(out, len(sections))
    for client, structs in sections.items():
        parts = list(_parts(structs))
        for value in (len(parts), client, 0):
            write_uint(out, value)
        for part in parts:
            out += part
    out.append(0)
    return bytes(out)


def _parts(structs: Iterable[tuple[Struct, bytes]]) -> Iterator[bytes]:
    """Yield the bytes of each struct. Clocks between the structs are garbage-collected."""
    reached = 0
    for struct, content in sorted(structs, key=lambda one: one[0].clock):
        part = bytearray()
        if struct.clock < reached:
            continue
        if struct.clock > reached:
            part.append(GC)
            write_uint(part, struct.clock - reached)
            yield bytes(part)
            part.clear()
        has_beside = struct.origin is not None or struct.right is not None
        info = _PLAIN_VALUES if content else DELETED
        info |= HAS_ORIGIN if struct.origin is not None else 0
        info |= HAS_RIGHT if struct.right is not None else 0
        part.append(info if has_beside else info | HAS_KEY)
        for beside in (struct.origin, struct.right):
            for number in beside or ():
                write_uint(part, number)
        if not has_beside:
            part += _PARENT + _KEY
        if content:
            part += content
        else:
            write_uint(part, struct.end - struct.clock)
        yield bytes(part)
        reached = struct.end
