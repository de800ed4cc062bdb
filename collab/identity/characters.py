"""Finds the Yjs ids of the characters of a Y.Text, in the order of the text.

Yjs counts characters in UTF-16 units, and each unit has an id: a client id and a clock. A *block*
is a part of the text whose units have consecutive ids. pycrdt gives the id of a unit as a sticky
index (a position that stays at its unit). But pycrdt mixes two ways to count. It counts whole
blocks of the text in UTF-8 bytes, and positions within a block in units. In ASCII both counts are
the same. In other text this module guesses each character's id from the character before. It then
checks the guess, because two blocks can look like one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pycrdt import _pycrdt as native

from collab.types.handles import Txn
from collab.types.yjs_document import YjsDocument
from collab.yjs.lib0 import write_uint
from collab.yjs.spans import Id, Run, merged
from collab.yjs.update import GuardBounds, decode_state_vector, inspect

# In a text up to `EXACT` characters, every character is looked up, at about 2 µs each. A longer
# text is read `LEAP` characters at a time. All of them count as characters of the block on two
# conditions: the last of them has the id that continues the block, and no id before it was deleted.
# This is wrong only when the block's author wrote elsewhere in between, and other users inserted
# equally many characters here.
EXACT = 4_000
LEAP = 32
_UNBOUNDED: Final = GuardBounds(update_bytes=0)

Ranges: TypeAlias = Mapping[int, Sequence[tuple[int, int]]]


def text_id(txn: Txn, text: Any) -> Id:
    """Return the id of the text itself. Another text under the same key has a different id."""
    return id_at(txn, text, 0, -1)


def id_at(txn: Txn, text: Any, index: int, side: int = 0) -> Id:
    """Return the id of the list item at an index, or of the text's block that begins there.

    With `side` -1, return the id before the index; before index 0, it is the id of the text.
    """
    encoded = text.sticky_index(txn, index, side).encode()
    # Two numbers of varying length after the first byte: the client id and the clock.
    numbers: list[int] = []
    value = shift = 0
    for byte in encoded[1:]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    return numbers[0], numbers[1]


def sticky(at: Id) -> bytes:
    """Return the encoded sticky index of the item with this id."""
    out = bytearray(b"\x00")
    write_uint(out, at[0])
    write_uint(out, at[1])
    out.append(0)
    return bytes(out)


def left_of(txn: Txn, text: Any, index: int) -> Id | None:
    """Return the id before an index, in a list or an ASCII text. None at the beginning."""
    return id_at(txn, text, index, -1) if index else None


class Characters:
    """The ids of a text's visible units as runs, in the order of the text.

    Invariant: no run continues the run before it.
    """

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self.runs = merged(runs)
        self.length = 0  # the number of units
        for run in self.runs:
            self.length += run[2]

    @classmethod
    def read(cls, txn: Txn, text: Any, deletions: Deletions | None = None) -> Characters:
        """Read the ids of a text. `deletions` are those of its Yjs document."""
        return cls(_Reading(txn, text, deletions).runs())

    def copy(self) -> Characters:
        copy = Characters()
        copy.runs, copy.length = self.runs.copy(), self.length
        return copy

    def between(self, start: int, end: int) -> list[Run]:
        """Return the ids of the units from `start` to `end`."""
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
        """Return the ids of the unit before `start` and of the unit at `end`."""
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

    def splice(self, start: int, end: int, runs: Sequence[Run]) -> None:
        """Replace the units from `start` to `end` by other units."""
        self.length -= end - start
        for run in runs:
            self.length += run[2]
        first = self._cut(start)
        last = self._cut(end) if end > start else first
        around = slice(max(0, first - 1), last + 1)
        before, after = self.runs[around.start : first], self.runs[last : around.stop]
        self.runs[around] = merged((*before, *runs, *after))

    def _cut(self, at: int) -> int:
        """Make a run begin at an offset, and return its index."""
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
        """Yield the parts of a run that are in the text, each with its offset, in text order."""
        wanted, first, count = run
        behind = first + count
        at = 0
        for client, clock, length in self.runs:
            if client == wanted and clock < behind and clock + length > first:
                low, high = max(clock, first), min(clock + length, behind)
                yield at + low - clock, (client, low, high - low)
            at += length


class _Reading:
    """Reads the ids of one text, block by block as pycrdt counts them."""

    def __init__(self, txn: Txn, text: Any, deletions: Deletions | None) -> None:
        self._txn = txn
        self._text = text
        self._string: str = text.get_string(txn)
        self._deletions = deletions
        long = deletions is not None and len(self._string) > EXACT
        self._gone = deletions.current(txn) if deletions is not None and long else None
        # The start of the current block: its first id, byte and unit.
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
        """Whether the character at an offset belongs to the current block."""
        far, further = byte - self._byte, unit - self._unit
        clock = self._first[1]
        encoded: bytes = self._text.sticky_index(self._txn, byte, 0).encode()
        if encoded != self._sticky(clock + far):
            return False
        if far == further:
            return True
        # A different block that begins here with that same id would give the same sticky index.
        return self._offset(clock + further) == self._byte + further

    def _is_whole(self, chunk: str, byte: int, unit: int) -> bool:
        """Whether a chunk belongs to the block: its last character does, and no id was deleted."""
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
        """Return the encoded sticky index of the unit with this clock and the block's client id."""
        out = bytearray(self._prefix)
        write_uint(out, clock)
        out.append(0)
        return bytes(out)

    def _offset(self, clock: int) -> int:
        """Return where pycrdt says that a unit begins, or -1 when it was deleted.

        pycrdt panics on a unit that was deleted together with its container.
        """
        client, _ = self._first
        if self._deletions is not None:
            before = self._deletions.before(self._txn)
            if _is_touched(before, client, clock, clock + 1):
                return -1
        offset: int = native.decode_sticky_index(self._sticky(clock)).get_offset(self._txn)
        return offset


class Deletions:
    """The clock ranges that were deleted in a Yjs document, by client."""

    def __init__(self, document: YjsDocument) -> None:
        self._document = document
        self._txn: Txn | None = None
        self._before: Ranges = {}
        self._clocks: Mapping[int, int] = {}  # a state vector; clocks only grow

    def current(self, txn: Txn) -> Ranges:
        doc = self._document.doc
        update = doc.get_update(txn, doc.get_state(txn))
        return inspect(update, _UNBOUNDED).deletes

    def before(self, txn: Txn) -> Ranges:
        """Return the ranges that were deleted before a transaction.

        Units that the transaction itself deletes may be missing, because yrs still knows them.
        """
        if txn is not self._txn:
            self._txn, self._before = txn, self.current(txn)
        return self._before

    def known(self, txn: Txn, client: int, end: int) -> int:
        """Return `end`, or the end of a client's clocks in the document when that is less."""
        if end > self._clocks.get(client, 0):
            self._clocks = decode_state_vector(self._document.doc.get_state(txn))
        return min(end, self._clocks.get(client, 0))


def _is_touched(ranges: Ranges, client: int, low: int, high: int) -> bool:
    """Whether the ranges contain any clock from `low` to `high`."""
    own = ranges.get(client, ())
    at = bisect_left(own, (high, 0))
    return bool(at) and own[at - 1][1] > low


def units(text: str) -> int:
    """Return the number of UTF-16 units in a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
