"""How many values a document holds: each takes some 2 KB of memory, whatever its bytes.

Four megabytes of text are one value. Four megabytes of zeros are two million, and would take 4 GB.
"""

from __future__ import annotations

from collections.abc import Sequence

from collab.entry import Op
from collab.ids import Json
from collab.patch.bounds import nesting

# A value and what parts it from the next one, in JSON.
LEAST_BYTES = 2
# To make, read or delete a value takes up to 10 µs, as long as to read so many bytes of text.
BYTES_OF_A_VALUE = 128
# What was deleted still takes its time: a text of 600 bytes that was replaced 250 times, at a
# hundred places each time, has 170 KB of state, and each further edit of it takes 80 ms.
BYTES_OF_STATE = 2
# A document of so few bytes has too few values to matter, one of so many is large without them.
SMALL, LARGE = 2 * 1024, 1024 * 1024
# A document is counted again when the updates since come to this part of its size.
PART = 8


class ValueCount:
    """Counts as seldom as it may: where a document's bytes allow too many, and its changes might.

    Invariant: the document holds no more than `_most` values, where that is known.
    """

    def __init__(self) -> None:
        self._most: int | None = None

    def reset(self) -> None:
        """The document was changed by what is not asked about, such as an undo."""
        self._most = None

    def allows(self, before: Json, after: Json, ops: Sequence[Op], size: int, limit: int) -> bool:
        """Whether a change leaves the document within its limit, or above it makes it no larger.

        `ops` lead from one value to the other, of which `size` are the bytes.
        """
        if not limit or size <= LEAST_BYTES * limit:
            self._most = None
            return True
        most = self._bound(ops)
        if most is None or most > limit:
            most = nesting(after)[1]
        if most > limit and most > nesting(before)[1]:
            return False
        self._most = most
        return True

    def _bound(self, ops: Sequence[Op]) -> int | None:
        """How many there are at most after the ops; None where only a new count can say."""
        if self._most is None or any(op["op"] == "copy" for op in ops):
            return None
        return self._most + sum(nesting(op["value"])[1] for op in ops if "value" in op)


class WorkSize:
    """How large a document is for what walks through all of it, deleted parts included.

    Invariant: it held `_count` values before its last changes, whose updates have `_changed` bytes.
    `_applied` are the bytes of all updates that it was made of.
    """

    def __init__(self, applied: int = 0) -> None:
        self._applied = applied
        self._count = -1
        self._changed = 0

    def change(self, update: bytes) -> None:
        """The document was changed; an update has some bytes for each new value."""
        self._changed += len(update)
        self._applied += len(update)

    def of(self, value: Json, size: int) -> int:
        """The largest of its bytes, of what its values count, and of what its state counts."""
        applied = self._applied * BYTES_OF_STATE
        if not SMALL < size < LARGE:
            return max(size, applied)
        if self._count < 0 or self._changed * PART > size:
            self._count, self._changed = nesting(value)[1], 0
        return max(size, self._count * BYTES_OF_A_VALUE, applied)
