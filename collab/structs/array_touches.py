"""Cuts an update that changes many values inside the items of long Y.Arrays.

At the end of a transaction, yrs sorts the events by the lengths of their paths. To get a path, it
walks over all blocks before an item, at 70 ns each, and it does so several times for each event.
Deleted blocks count too. All this is one native call: 500 changed maps among 20,000 blocked Python
for a second (measured). So such an update is applied in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collab.structs.guard import Checked
from collab.structs.struct_index import StructIndex
from collab.yjs.causality import Clocks, Fresh
from collab.yjs.lists import StructPlace
from collab.yjs.slices import encode, walked
from collab.yjs.update import Range

# Blocks that yrs walks over in one transaction, about 30 ms.
MOST_WALKED: Final = 400_000


class _Walks:
    """The blocks that yrs walks over for the path of a change, by the place of the change."""

    def __init__(self, index: StructIndex) -> None:
        self._arrays, self._contents = index.arrays, index.contents
        self._known: dict[int, int] = {0: 0}

    def of(self, place: StructPlace) -> int:
        size = self._arrays.size(place.array)
        if size is None:
            return 0
        return self._above(size.around if size.where == place.list else place.array)

    def _above(self, number: int) -> int:
        above: list[int] = []
        while number not in self._known:
            above.append(number)
            size = self._arrays.size(number)
            number = 0 if size is None else size.around
        for one in reversed(above):
            size = self._arrays.size(one)
            assert size is not None
            self._known[one] = self._known[size.around] + self._contents.of(size.where)
        return self._known[above[0] if above else number]


def pieces_of_touches(update: bytes, checked: Checked, index: StructIndex) -> list[bytes]:
    """Return the pieces of an update, which are applied one after the other.

    `index` has the document's structs before the update.
    """
    walks = _Walks(index)
    structs = list(_cut_structs(checked, index.clocks, walks))
    ranges = list(_cut_ranges(checked, index, walks))
    if len(structs) < 2 and len(ranges) < 2:
        return [update]
    return [
        *(encode(update, piece, []) for piece in structs),
        *(encode(update, [], piece) for piece in ranges),
    ]


def _cut_structs(checked: Checked, known: Clocks, walks: _Walks) -> Iterator[Fresh]:
    """Yield parts of the new structs. A part ends only before a struct beside older ones."""
    piece: Fresh = []
    total = 0
    flags = walked(checked.fresh, known) if any(place.array for place in checked.places) else ()
    for number, (one, place) in enumerate(zip(checked.fresh, checked.places, strict=True)):
        walk = walks.of(place) if place.array and flags[number] else 0
        if piece and walk and total + walk > MOST_WALKED:
            yield piece
            piece, total = [], 0
        piece.append(one)
        total += walk
    if piece:
        yield piece


def _cut_ranges(
    checked: Checked, index: StructIndex, walks: _Walks
) -> Iterator[list[tuple[int, Range]]]:
    """Yield parts of the deleted ranges. A range is cut only between two lists."""
    piece: list[tuple[int, Range]] = []
    total = 0
    for client, ranges in checked.deletes.items():
        for start, end in ranges:
            for place, first in index.in_arrays(client, start, end):
                walk = walks.of(place)
                if (piece or first > start) and walk and total + walk > MOST_WALKED:
                    if first > start:
                        piece.append((client, (start, first)))
                    yield piece
                    piece, total, start = [], 0, first
                total += walk
            piece.append((client, (start, end)))
    if piece:
        yield piece
