"""Merge updates of one document into one update. Each was made after the update before it.

pycrdt's `merge_updates` decodes every struct in one native call, which takes 0.3 s for a document
of 100,000 values. This module puts the bytes of the structs one after the other. It reads them in
Python, so other threads can run meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pycrdt import _pycrdt as native

from collab.yjs.contents import CONTENTS, STRING
from collab.yjs.joining import all_deleted, write_deletes
from collab.yjs.lib0 import Reader, write_raw, write_uint
from collab.yjs.state_pieces import skip_structs
from collab.yjs.update import HAS_ORIGIN, HAS_RIGHT, KIND, Id, Range, read_deletes

_LARGE: Final = 128 * 1024  # bytes of updates, about 10,000 values
_GROUP: Final = 16 * 1024  # bytes of updates; yrs merges them in about 3 ms


def merge_updates(updates: Sequence[bytes]) -> bytes:
    """Return one update that has the effect of all. Each was made after the update before it."""
    if len(updates) == 1:
        return updates[0]
    some = [update for update in updates if update]
    if len(some) <= 1:
        return some[0] if some else b""
    if sum(map(len, some)) > _LARGE and (merged := merged_in_order(some)) is not None:
        return merged
    return native.merge_updates(tuple(some))


def merged_in_groups(updates: Sequence[bytes]) -> list[bytes]:
    """Return updates that have the effect of all, in order. Small ones are merged.

    Each was made after the update before it. yrs merges at most 16 KiB in one call.
    """
    groups: list[list[bytes]] = []
    size = 0
    for update in updates:
        size += len(update)
        if size > _GROUP or not groups:
            groups.append([])
            size = len(update)
        groups[-1].append(update)
    return [merge_updates(group) for group in groups]


class _String(NamedTuple):
    """A string of one struct: the clock behind it, its neighbours, and its bytes.

    `head` are the bytes of the struct before the text. `right` are the bytes of its right origin,
    which are empty when it has none.
    """

    end: int
    origin: Id | None
    right: bytes
    head: bytes
    text: bytes


class _Section:
    """The structs of one client, from a first clock on.

    A string that its author typed directly behind the string before it becomes one struct with it.
    yrs would do the same after it has integrated both.
    """

    __slots__ = ("_out", "_string", "_texts", "clock", "count", "end")

    def __init__(self, clock: int) -> None:
        self.clock = self.end = clock
        self.count = 0
        self._out = bytearray()
        # The last struct, when it is a string. It may still grow by the texts that follow.
        self._string: _String | None = None
        self._texts: list[bytes] = []

    def add(self, reader: Reader, client: int, count: int) -> None:
        """Read the next structs, and add them."""
        start, last = reader.pos, self._string
        string = _read_string(reader, self.end) if count == 1 else None
        if string is None:
            self._close()
            reader.pos = start
            self.end = skip_structs(reader, count, self.end)
            self._out += reader.data[start : reader.pos]
            self.count += count
            return
        goes_on = last is not None and last.right == string.right
        if not goes_on or string.origin != (client, self.end - 1):
            self._close()
            self._string = string
            self.count += 1
        self._texts.append(string.text)
        self.end = string.end

    def _close(self) -> None:
        if self._string is not None:
            self._out += self._string.head
            write_raw(self._out, b"".join(self._texts))
            self._string, self._texts = None, []

    def write(self, out: bytearray, client: int) -> None:
        """Write all structs as the section of an update."""
        self._close()
        for value in (self.count, client, self.clock):
            write_uint(out, value)
        out += self._out


def _read_string(reader: Reader, clock: int) -> _String | None:
    """Read a struct with this clock if it is a string beside other text.

    For another struct, return None. The reader is then somewhere in the struct.
    """
    start, info = reader.pos, reader.byte()
    if info & KIND != STRING or not info & (HAS_ORIGIN | HAS_RIGHT):
        return None
    origin = (reader.uint(), reader.uint()) if info & HAS_ORIGIN else None
    middle = reader.pos
    if info & HAS_RIGHT:
        reader.uint()
        reader.uint()
    behind = reader.pos
    length = CONTENTS[STRING](reader)[0]
    reader.pos = behind
    right, head = reader.data[middle:behind], reader.data[start:behind]
    return _String(clock + length, origin, right, head, reader.raw())


def merged_in_order(updates: Sequence[bytes]) -> bytes | None:
    """Return one update with the effect of all. None when the structs of a client have a gap.

    None, too, when an update has an empty section, or two sections of one client. Raise `Rejected`
    when an update cannot be read.
    """
    sections: dict[int, _Section] = {}
    deletes: list[dict[int, list[Range]]] = []
    for update in updates:
        reader = Reader(update, checks_values=False)
        clients: set[int] = set()
        for _ in range(reader.uint()):
            count, client, clock = reader.uint(), reader.uint(), reader.uint()
            own = sections.get(client)
            if own is None:
                own = sections[client] = _Section(clock)
            if own.end != clock or not count or client in clients:
                return None
            clients.add(client)
            own.add(reader, client, count)
        deletes.append(read_deletes(reader))
        reader.finish()
    out = bytearray()
    write_uint(out, len(sections))
    for client, own in sections.items():
        own.write(out, client)
    write_deletes(out, all_deleted(deletes))
    return bytes(out)
