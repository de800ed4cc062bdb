"""Bounds the blocks that yrs has for a document, without a count at each change.

yrs keeps a block for each former value, each deleted key, and each deleted part of a text. It needs
40 ns for each of them whenever it encodes the state, in one native call. So the server renews a
document with too many blocks (`collab/tree/renewal.py`).

The bytes of the updates since the last count bound the new blocks: a struct and a deleted range
have two bytes or more, and each makes two blocks at most. To count takes 1 µs a block, so the
server counts only when this bound is above the limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collab.yjs.state_pieces import count_structs, deletes_of_update

# The most blocks of a value that was written once: a text in an array has a map, an order key, a
# text and its characters.
BLOCKS_OF_A_VALUE: Final = 4
# The server counts again when the bound of the new blocks is this part of the limit.
PART: Final = 4


class BlockEstimate:
    """The blocks of a document: the last count, and a bound of the blocks since then.

    `needed` is the number of blocks that the document has at least after it was renewed.

    `replaced` are the clocks that renewals have replaced, by client: all before this clock. The
    guard refuses new edits inside this content, because they would be lost.

    Invariant: the document has at most `counted + since` blocks. The document adds the bytes of
    each update to `since`.
    """

    def __init__(self, since: int, replaced: Mapping[int, int], counted: int = 0) -> None:
        self.counted = counted
        self.since = since
        self.needed = 0
        self.replaced = replaced

    def may_exceed(self, limit: int) -> bool:
        """Whether the document may have more than `limit` needless blocks. 0 means no limit.

        After a count, False until the new blocks may be a part of the limit.
        """
        if limit == 0 or self.exceeds(limit):
            return limit > 0
        return PART * self.since > limit and self.counted + self.since > self.needed + limit

    def has_room(self, more: int, most: int) -> bool:
        """Whether the document has at most `most` blocks, also with `more` new ones."""
        return self.counted + self.since + more <= most

    def is_vague(self, most: int) -> bool:
        """Whether the blocks since the last count may be a part of so many."""
        return PART * self.since > most

    def count(self, state: bytes, values: int) -> None:
        """Count the blocks of the state, whose value has this number of values."""
        self.counted, self.since = count_structs(state), 0
        self.needed = max(self.needed, BLOCKS_OF_A_VALUE * values)

    def exceeds(self, limit: int) -> bool:
        """Whether the last count was above the limit."""
        return self.counted > self.needed + limit

    def note_renewal(self, update: bytes) -> None:
        """Note what a renewal with this update has replaced."""
        self.replaced = with_replaced(self.replaced, update)

    def renewed(self, state: bytes, values: int) -> None:
        """Count the blocks after a renewal. It cannot remove what is left."""
        self.needed = 0
        self.count(state, values)
        self.accept()

    def accept(self) -> None:
        """Count all present blocks as needed."""
        self.needed = max(self.needed, self.counted)


def with_replaced(replaced: Mapping[int, int], update: bytes) -> dict[int, int]:
    """Return the replaced clocks after a renewal with this update."""
    ends = {client: ranges[-1][1] for client, ranges in deletes_of_update(update).items() if ranges}
    return {**replaced, **ends}
