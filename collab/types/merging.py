"""Merge updates of one document into one update. Each was made after the update before it.

pycrdt's `merge_updates` decodes every struct in one native call, which takes 0.3 s for a document
of 100,000 values. This module puts the bytes of the structs one after the other. It reads them in
Python, so other threads can run meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pycrdt import _pycrdt as native

from collab.yjs.joining import all_deleted, write_deletes
from collab.yjs.lib0 import Reader, write_uint
from collab.yjs.state_pieces import skip_structs
from collab.yjs.update import Range, read_deletes

_LARGE: Final = 128 * 1024  # bytes of updates, about 10,000 values


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


@dataclass(slots=True)
class _Section:
    """The structs of one client: their number, and the clocks from the first to the last."""

    clock: int
    end: int
    count: int = 0
    structs: list[bytes] = field(default_factory=list)


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
        for client, clock, count, structs, end in _read_sections(reader):
            own = sections.setdefault(client, _Section(clock, clock))
            if own.end != clock or not count or client in clients:
                return None
            clients.add(client)
            own.end, own.count = end, own.count + count
            own.structs.append(structs)
        deletes.append(read_deletes(reader))
        reader.finish()
    out = bytearray()
    write_uint(out, len(sections))
    for client, own in sections.items():
        for value in (own.count, client, own.clock):
            write_uint(out, value)
        for structs in own.structs:
            out += structs
    write_deletes(out, all_deleted(deletes))
    return bytes(out)


def _read_sections(reader: Reader) -> Iterator[tuple[int, int, int, bytes, int]]:
    """Yield the client, the first clock, the number, the bytes and the end of each section."""
    for _ in range(reader.uint()):
        count, client, clock = reader.uint(), reader.uint(), reader.uint()
        at = reader.pos
        end = skip_structs(reader, count, clock)
        yield client, clock, count, reader.data[at : reader.pos], end
