"""Keeps the updates that make a document's Yjs state, in the order in which they were applied.

yrs encodes the whole state in one native call, which holds the interpreter lock for up to 122 ns a
block. With these updates a child process can encode the state, and a client can receive it, without
that call. Most of the updates are in memory anyway, in the tail of the room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import is_
from typing import Final

from collab.yjs.state_pieces import count_structs, deletes_of_update

# yrs encodes so many blocks in about 10 ms.
MANY_BLOCKS: Final = 80_000
# The fewest bytes of a block in a state that yrs has encoded.
BYTES_OF_A_BLOCK: Final = 4
# Bytes of an update that is not worth reading: each byte may be a block.
SMALL: Final = 64


def are_many(blocks: int) -> bool:
    """Whether yrs may need longer than 10 ms to encode so many blocks."""
    return blocks > MANY_BLOCKS


def are_counted_as_many(state: bytes, since: Iterable[bytes]) -> bool:
    """Whether a state with the updates since then has many blocks, by a count of their structs.

    This reads the structs and deleted ranges, 1 µs each, until there are too many. The structs of
    the state are blocks. A struct or a deleted range of an update makes two blocks at most.
    """
    blocks = count_structs(state)
    for update in since:
        if are_many(blocks):
            return True
        if len(update) > SMALL:
            ranges = sum(map(len, deletes_of_update(update).values()))
            blocks += 2 * (count_structs(update) + ranges)
        else:
            blocks += len(update)
    return are_many(blocks)


class StateUpdates:
    """The updates that make the state of a document.

    Invariant: an empty document to which all updates are applied, in order, has the state of the
    document. The first update is a state that yrs has encoded.
    """

    def __init__(self, log: Iterable[bytes], blocks: int = 0) -> None:
        """`log` is a state and the updates since then. The state has `blocks`; 0 means unknown."""
        self._updates = [update for update in log if update]
        self._blocks = blocks

    def add(self, update: bytes) -> None:
        """Add an update that the document has applied."""
        if update:
            self._updates.append(update)

    def all(self) -> list[bytes]:
        """Return all updates, up to the present state."""
        return self._updates.copy()

    @property
    def may_have_many_blocks(self) -> bool:
        """Whether yrs may need longer than 10 ms to encode the state. No update is read for it."""
        state, *since = map(len, self._updates) if self._updates else (0,)
        blocks = self._blocks or state // BYTES_OF_A_BLOCK
        return are_many(blocks + sum(since))  # each byte of an update may be a block

    def replace(self, earlier: Sequence[bytes], state: bytes, blocks: int) -> None:
        """Keep a state in place of the `earlier` updates that make it, unless they are gone.

        Another thread may add an update at the same time.
        """
        kept = self._updates[: len(earlier)]
        if len(kept) == len(earlier) and all(map(is_, kept, earlier)):
            self._updates[: len(earlier)] = [state]
            self._blocks = blocks

    def reset(self, state: bytes) -> None:
        """Keep the whole present state, in place of all updates."""
        self._updates = [state]
        self._blocks = 0
