"""The characters of a Y.Text by their ids, in the order in which they stand.

Yjs counts characters in UTF-16 units, and each unit has an id: its client and a clock. pycrdt tells
the id of a unit by a sticky index, but it counts in two ways at once: whole blocks of the text in
UTF-8 bytes, and units within a block. In ASCII both are the same. In any other text each
character's id is guessed from the one before it and checked: two blocks can look like one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pycrdt import _pycrdt as native

from collab.types.handles import Txn
from collab.yjs.lib0 import write_uint
from collab.yjs.spans import Id, Run, merged
from collab.yjs.update import GuardBounds, inspect

# Of a text up to so long every character is looked up: some 2 µs each. A longer one is read in
# leaps of so many, over what continues a block at both ends and has no deletion in it. That is
# wrong only where its author wrote elsewhere in between and others put as much there instead.
EXACT = 4_000
LEAP = 32
_UNBOUNDED: Final = GuardBounds(update_bytes=0)

Ranges: TypeAlias = Mapping[int, Sequence[tuple[int, int]]]


def text_id(txn: Txn, text: Any) -> Id:
    """The id of the text itself: another text under the same key has another."""
    return _ids(text.sticky_index(txn, 0, -1).encode())


def id_at(txn: Txn, text: Any, index: int) -> Id:
    """The id of what begins at an index: a block of a text, or an item of a list."""
    return _ids(text.sticky_index(txn, index, 0).encode())


def left_of(txn: Txn, text: Any, index: int) -> Id | None:
    """The id of what stands before an index in ASCII or in a list; None at the beginning."""
    return _ids(text.sticky_index(txn, index, -1).encode()) if index else None


class Characters:
    """The ids of a text's visible units as runs, in order.

    Invariant: neighbouring runs do not continue each other.
    """

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self.runs = list(merged(runs))

    @classmethod
    def read(cls, txn: Txn, text: Any, deletions: Deletions | None = None) -> Characters:
        """Look the ids of a text up; `deletions` are those of its Yjs document."""
        return cls(_Reading(txn, text, deletions).runs())

    def copy(self) -> Characters:
        copy = Characters()
        copy.runs = self.runs.copy()
        return copy

    @property
    def length(self) -> int:
        return sum(length for _, _, length in self.runs)

    def between(self, start: int, end: int) -> list[Run]:
        """The ids of the units from `start` to `end`."""
        found: list[Run] = []
        at = 0
        for client, clock, length in self.runs:
            if at + length > start:
                if at >= end:
                    break
                low, high = max(start, at), min(end, at + length)
                if low < high:
                    found.append((client, clock + low - at, high - low))
            at += length
        return found

    def beside(self, start: int, end: int) -> tuple[Id | None, Id | None]:
        """The ids of the unit before `start` and of the one at `end`."""
        left = right = None
        at = 0
        for client, clock, length in self.runs:
            if at < start <= at + length:
                left = client, clock + start - 1 - at
            if at <= end < at + length:
                right = client, clock + end - at
                break
            at += length
        return left, right

    def splice(self, start: int, end: int, runs: Iterable[Run]) -> None:
        """Put units in the place of those from `start` to `end`."""
        first = self._cut(start)
        last = self._cut(end) if end > start else first
        around = slice(max(0, first - 1), last + 1)
        before, after = self.runs[around.start : first], self.runs[last : around.stop]
        self.runs[around] = merged((*before, *runs, *after))

    def _cut(self, at: int) -> int:
        """Have a run begin at an offset; which one it is."""
        for index, (client, clock, length) in enumerate(self.runs):
            if at < length:
                if at:
                    halves = (client, clock, at), (client, clock + at, length - at)
                    self.runs[index : index + 1] = halves
                    return index + 1
                return index
            at -= length
        return len(self.runs)

    def find(self, run: Run) -> Iterator[tuple[int, Run]]:
        """The parts of a run that are there, in the order of the text, with their offsets."""
        wanted, first, count = run
        behind = first + count
        at = 0
        for client, clock, length in self.runs:
            if client == wanted and clock < behind and clock + length > first:
                low, high = max(clock, first), min(clock + length, behind)
                yield at + low - clock, (client, low, high - low)
            at += length


class _Reading:
    """One text whose ids are looked up, in blocks that pycrdt counts alike."""

    def __init__(self, txn: Txn, text: Any, deletions: Deletions | None) -> None:
        self._txn = txn
        self._text = text
        self._string: str = text.get_string(txn)
        self._deletions = deletions
        long = deletions is not None and len(self._string) > EXACT
        self._gone = deletions.current(txn) if deletions is not None and long else None
        # The block that is being read: the id, byte and unit that it begins with.
        self._first: Id = (0, 0)
        self._prefix = b""
        self._byte = self._unit = 0

    def runs(self) -> Iterator[Run]:
        if not self._string:
            return
        at, byte, unit = 0, 0, 0
        self._begin(0, 0)
        while at < len(self._string):
            chunk = self._string[at : at + (1 if self._gone is None else LEAP)]
            wide, high = len(chunk.encode()), units(chunk)
            if len(chunk) == 1 or not self._is_whole(chunk, byte, unit):
                for one in chunk:
                    if unit > self._unit and not self._goes_on(byte, unit):
                        yield (*self._first, unit - self._unit)
                        self._begin(byte, unit)
                    byte, unit = byte + len(one.encode()), unit + units(one)
            else:
                byte, unit = byte + wide, unit + high
            at += len(chunk)
        yield (*self._first, unit - self._unit)

    def _begin(self, byte: int, unit: int) -> None:
        self._first = id_at(self._txn, self._text, byte)
        prefix = bytearray(b"\x00")
        write_uint(prefix, self._first[0])
        self._prefix = bytes(prefix)
        self._byte, self._unit = byte, unit

    def _goes_on(self, byte: int, unit: int) -> bool:
        """Whether the character at an offset belongs to the block that is being read."""
        far, further = byte - self._byte, unit - self._unit
        clock = self._first[1]
        encoded: bytes = self._text.sticky_index(self._txn, byte, 0).encode()
        if encoded != self._sticky(clock + far):
            return False
        if far == further:
            return True
        # pycrdt would say the same of another block that begins here with that very id.
        return self._offset(clock + further) == self._byte + further

    def _is_whole(self, chunk: str, byte: int, unit: int) -> bool:
        """Whether a chunk goes on with the block: its ends do, and nothing of it was deleted."""
        assert self._gone is not None
        last = chunk[-1]
        ends_at = byte + len(chunk.encode()) - len(last.encode())
        behind = unit + units(chunk)
        if not self._goes_on(ends_at, behind - units(last)):
            return False
        client, clock = self._first
        low, high = clock + unit - self._unit, clock + behind - self._unit
        return not _is_touched(self._gone, client, low, high)

    def _sticky(self, clock: int) -> bytes:
        """The sticky index before the unit of the block's client with a clock."""
        out = bytearray(self._prefix)
        write_uint(out, clock)
        out.append(0)
        return bytes(out)

    def _offset(self, clock: int) -> int:
        """Where pycrdt says that a unit begins; -1 where it was deleted.

        pycrdt panics about a unit that is gone with its container.
        """
        client, _ = self._first
        if self._deletions is not None:
            before = self._deletions.before(self._txn)
            if _is_touched(before, client, clock, clock + 1):
                return -1
        offset: int = native.decode_sticky_index(self._sticky(clock)).get_offset(self._txn)
        return offset


class Deletions:
    """The ranges of clocks that were deleted in a Yjs document, by client."""

    def __init__(self, doc: Any) -> None:
        self._doc = doc
        self._txn: Txn | None = None
        self._before: Ranges = {}

    def current(self, txn: Txn) -> Ranges:
        update = self._doc.get_update(txn, self._doc.get_state(txn))
        return inspect(update, _UNBOUNDED).deletes

    def before(self, txn: Txn) -> Ranges:
        """At least those from before a transaction: what is deleted in it is not gone yet."""
        if txn is not self._txn:
            self._txn, self._before = txn, self.current(txn)
        return self._before


def _is_touched(ranges: Ranges, client: int, low: int, high: int) -> bool:
    """Whether any of the clocks from `low` to `high` is in the ranges."""
    own = ranges.get(client, ())
    at = bisect_left(own, (high, 0))
    return bool(at) and own[at - 1][1] > low


def _ids(encoded: bytes) -> Id:
    client, at = _uint(encoded, 1)
    return client, _uint(encoded, at)[0]


def _uint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def units(text: str) -> int:
    """How many UTF-16 units a text is."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
