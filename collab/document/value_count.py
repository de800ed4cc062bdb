"""Counts the values of a document. Each value takes about 2 KB of memory, even when it is short.

Four megabytes of text are one value. Four megabytes of zeros are two million values, and would
take 4 GB of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.apply import Applied
from collab.patch.bounds import nesting
from collab.patch.pointer import lookup, parse
from collab.structs.array_sizes import LONG_ARRAY
from collab.types.layout import ListNode, Node
from collab.types.place import node_at
from collab.yjs.update import DEFAULT_BOUNDS

# The fewest bytes of a value and its separator in JSON.
LEAST_BYTES = 2
# yrs takes up to 10 µs to make, read or delete a value. It reads this many bytes of text in the
# same time.
BYTES_OF_A_VALUE = 128
# Each byte of the updates counts as this many bytes, because deleted content also costs time. A
# text of 600 bytes was replaced 250 times, at a hundred places each time. Its state then has
# 170 KB, and each further edit takes 80 ms.
BYTES_OF_STATE = 2
# Below SMALL bytes a document has too few values to matter. Above LARGE it is large anyway.
SMALL, LARGE = 2 * 1024, 1024 * 1024
# The values are counted again when the updates since the last count exceed 1/PART of the
# document's size.
PART = 8
# The state is measured again when the updates since then exceed this part of its limit.
PART_TO_MEASURE = 64
# Values in and below a Y.Array of more than `LONG_ARRAY` items (`collab/structs/array_sizes.py`).
MOST_IN_ARRAY: Final = DEFAULT_BOUNDS.array_values


class ValueCount:
    """Limits the number of values, and counts them as seldom as possible.

    It counts when two things are true. The document has enough bytes for too many values, and its
    changes may have added too many.

    Invariant: when `_most` is known, the document has at most that many values.
    """

    def __init__(self) -> None:
        self._most: int | None = None

    def reset(self) -> None:
        """Drop the upper bound after a change that `allows` did not check, such as an undo."""
        self._most = None

    def allows(self, before: Json, after: Json, ops: Sequence[Op], size: int, limit: int) -> bool:
        """Whether a change keeps the document within its limit, or does not add to its values.

        `ops` turn `before` into `after`, and `size` is the number of bytes of `after`.
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

    def has_room(self, more: int, size: int, limit: int) -> bool:
        """Whether the document certainly has room for so many more values.

        `size` is the number of bytes that it has then at most.
        """
        if not limit or size <= LEAST_BYTES * limit:
            return True
        return self._most is not None and self._most + more <= limit

    def require(self, before: Json, applied: Applied, limit: int) -> None:
        """Raise `too_large` when a change adds values beyond the limit."""
        if not self.allows(before, applied.value, applied.ops, applied.size, limit):
            raise Rejected(Code.TOO_LARGE, f"a document may have at most {limit} values")

    def _bound(self, ops: Sequence[Op]) -> int | None:
        """Return an upper bound of the values after the ops. None when only a count can tell."""
        if self._most is None or any(op["op"] == "copy" for op in ops):
            return None
        return self._most + sum(nesting(op["value"])[1] for op in ops if "value" in op)


def require_short_lists(root: Node, value: Json, ops: Sequence[Op], size: int) -> None:
    """Raise `too_large` when an op writes an item of a long Y.Array with many values.

    `root` is the node of `value`, which is the value before the ops. `size` is the number of bytes
    of the value after them.
    """
    if len(ops) == 1 and size <= LEAST_BYTES * MOST_IN_ARRAY:
        return  # the whole document has fewer values
    counted: dict[int, int] = {}
    for op in ops:
        if op["op"] == "remove" or not op["path"]:
            continue
        tokens = parse(op["path"])[:-1]
        node = node_at(root, tokens)
        if type(node) is not ListNode or len(node.children) < LONG_ARRAY:
            continue
        if id(node) not in counted:
            counted[id(node)] = nesting(lookup(value, tokens))[1]
        counted[id(node)] += _values_of(op, value)
        if counted[id(node)] > MOST_IN_ARRAY:
            raise Rejected(
                Code.TOO_LARGE,
                f"a Y.Array has too many values for `{op['path']}`; replace the whole array",
                path=op["path"],
            )


def _values_of(op: Op, value: Json) -> int:
    """Return the number of values that an op writes. A value from an earlier op counts as one."""
    if "value" in op:
        return nesting(op["value"])[1]
    try:
        return nesting(lookup(value, parse(op["from"])))[1]
    except Rejected:
        return 1


class WorkSize:
    """The size of a document for work that reads all of it, also its deleted parts.

    Invariant: `_count` is the last count of the values. `_changed` are the bytes of the updates
    since then. `applied` estimates the bytes of the Yjs state: its last size, and the updates since
    then. A deletion in the middle of a block can make the state larger than that. `_unmeasured`
    are the bytes that came or went since the last size. The state keeps at most about `former`
    former values and deleted parts of texts: those of the opening, and one for each later op that
    replaces, moves or removes a value.
    """

    def __init__(self, applied: int, former: int = 0) -> None:
        self.applied = applied
        self.former = former
        self._count = -1
        self._changed = 0
        self._unmeasured = applied

    def has_room(self, more: int, most: int, measure: Callable[[], int]) -> bool:
        """Whether the Yjs state may grow by `more` bytes, to `most` at most; 0 means any size.

        `measure` returns its present size. It is called only when the estimate is too large, and
        when a part of it is new. So a full document does not measure its state at each request.
        """
        if self.applied + more > most > 0 and self._unmeasured * PART_TO_MEASURE > most:
            self.applied, self._unmeasured = measure(), 0
        return not self.applied + more > most > 0

    def note_deletion(self, size: int) -> None:
        """Note that the state may have become smaller by about so many bytes."""
        self._unmeasured += size

    def change(self, update: bytes, ops: Sequence[Op] = ()) -> None:
        """Note a change. The bytes of its update bound the number of new values."""
        for op in ops:
            if op["op"] != "add":
                self.former += 1
        self._changed += len(update)
        self.applied += len(update)
        self._unmeasured += len(update)

    def of(self, value: Json, size: int) -> int:
        """Return the largest of three sizes: the bytes, the cost of values, the cost of state."""
        applied = self.applied * BYTES_OF_STATE
        if not SMALL < size < LARGE:
            return max(size, applied)
        if self._count < 0 or self._changed * PART > size:
            self._count, self._changed = nesting(value)[1], 0
        return max(size, self._count * BYTES_OF_A_VALUE, applied)
