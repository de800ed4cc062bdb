"""Counts the blocks that yrs has for the content of each shared type.

A map never forgets a key: yrs keeps a block for each former value and each deleted key. When the
map goes, yrs collects all of them in one call, in 1 µs a block. A text may have a block for each
character. So the size of a deletion is not that of the value.

The counts are at least those of yrs, as in `collab/yjs/lists.py`. Of a state they are exact.
"""

from __future__ import annotations

from collab.yjs.lists import KEYED, StructPlace
from collab.yjs.update import Id, Struct

# The end, the list, the kind and the right origin of a struct.
_Last = tuple[int, int, int, Id | None]


class BlockCounts:
    """The blocks of each type's own content, by the list of its children (`StructPlace.holder`).

    The content of types inside is not included. A type that was deleted stays counted.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._last: dict[int, _Last] = {}  # by client

    def add(self, client: int, struct: Struct, place: StructPlace, *, is_block: bool) -> None:
        """Count a new struct. `is_block` says that yrs has it as one block."""
        blocks = 1
        if not (is_block or place.list & KEYED):
            last = self._last.get(client)
            self._last[client] = struct.end, place.list, struct.kind, struct.right
            continues = struct.origin == (client, struct.clock - 1)
            if continues and last == (struct.clock, place.list, struct.kind, struct.right):
                return  # yrs joins it to the struct before it
            blocks = 1 if continues else 2  # it may split the block of its origin
        self._counts[place.holder] = self._counts.get(place.holder, 0) + blocks

    def cut(self, place: StructPlace) -> None:
        """Count a cut in a block at this place. The values of keys are not joined."""
        if not place.list & KEYED and place.holder in self._counts:
            self._counts[place.holder] += 1

    def of(self, holder: int) -> int:
        return self._counts.get(holder, 0)
