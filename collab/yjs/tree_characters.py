"""The characters of a Y.Text by their ids, in the order in which they stand.

Yjs counts characters in UTF-16 units, and each unit has an id: its client and a clock. pycrdt tells
the id of a unit by a sticky index, but it counts in two ways at once: whole blocks of the text in
UTF-8 bytes, and units within a block. In ASCII both are the same. In any other text each
character's id is guessed from the one before it and checked: two blocks can look like one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pycrdt import _pycrdt as native

from collab.yjs.lib0 import write_uint
from collab.yjs.spans import Id, Run
from collab.yjs.tree_handles import Txn

# Of a text up to so long every character is looked up; of a longer one as many, evenly spread.
EXACT = 20_000


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
    def read(cls, txn: Txn, text: Any) -> Characters:
        """Look the ids of a text up."""
        return cls(_Reading(txn, text).runs())

    @property
    def length(self) -> int:
        return sum(length for _, _, length in self.runs)

    def between(self, start: int, end: int) -> list[Run]:
        """The ids of the units from `start` to `end`."""
        return [part for _, part in self._overlaps(start, end)]

    def _overlaps(self, start: int, end: int) -> Iterator[tuple[int, Run]]:
        at = 0
        for client, clock, length in self.runs:
            low, high = max(start, at), min(end, at + length)
            if low < high:
                yield low, (client, clock + low - at, high - low)
            at += length
            if at >= end:
                return

    def beside(self, at: int) -> tuple[Id | None, Id | None]:
        """The ids of the units before and behind an offset."""
        left, right = self.between(at - 1, at), self.between(at, at + 1)
        return (left[0][:2] if left else None), (right[0][:2] if right else None)

    def splice(self, start: int, end: int, runs: Iterable[Run]) -> None:
        """Put units in the place of those from `start` to `end`."""
        before, after = self.between(0, start), self.between(end, 2**62)
        self.runs = list(merged((*before, *runs, *after)))

    def find(self, run: Run) -> Iterator[tuple[int, Run]]:
        """The parts of a run that are there, in the order of the text, with their offsets."""
        at = 0
        for client, clock, length in self.runs:
            low, high = max(clock, run[1]), min(clock + length, run[1] + run[2])
            if client == run[0] and low < high:
                yield at + low - clock, (client, low, high - low)
            at += length


def merged(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs with those joined that continue each other."""
    last: Run | None = None
    for run in runs:
        if last is not None and last[0] == run[0] and last[1] + last[2] == run[1]:
            last = (last[0], last[1], last[2] + run[2])
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


class _Reading:
    """One text whose ids are looked up, in blocks that pycrdt counts alike."""

    def __init__(self, txn: Txn, text: Any) -> None:
        self._txn = txn
        self._text = text
        self._string: str = text.get_string(txn)
        # The block that is being read: the id, byte and unit that it begins with.
        self._first: Id = (0, 0)
        self._byte = self._unit = 0

    def runs(self) -> Iterator[Run]:
        if not self._string:
            return
        step = max(1, len(self._string) // EXACT)
        at, byte, unit = 0, 0, 0
        self._begin(0, 0)
        while at < len(self._string):
            chunk = self._string[at : at + step]
            ends_at, behind = byte + len(chunk.encode()), unit + units(chunk)
            last = chunk[-1]
            if len(chunk) == 1 or not self._goes_on(
                ends_at - len(last.encode()), behind - units(last)
            ):
                for one in chunk:
                    if unit > self._unit and not self._goes_on(byte, unit):
                        yield (*self._first, unit - self._unit)
                        self._begin(byte, unit)
                    byte, unit = byte + len(one.encode()), unit + units(one)
            at, byte, unit = at + len(chunk), ends_at, behind
        yield (*self._first, unit - self._unit)

    def _begin(self, byte: int, unit: int) -> None:
        self._first = id_at(self._txn, self._text, byte)
        self._byte, self._unit = byte, unit

    def _goes_on(self, byte: int, unit: int) -> bool:
        """Whether the character at an offset belongs to the block that is being read."""
        client, clock = self._first
        far = byte - self._byte
        if id_at(self._txn, self._text, byte) != (client, clock + far):
            return False
        further = unit - self._unit
        if far == further:
            return True
        # pycrdt would say the same of another block that begins here with that very id.
        wanted = self._byte + further
        return _offsets(self._txn, client, clock + further) == (wanted, wanted + 1)


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


def _offsets(txn: Txn, client: int, clock: int) -> tuple[int, int]:
    """Where pycrdt says that a unit begins and ends; (0, 0) where it is gone with its text."""
    encoded = bytearray(b"\x00")
    write_uint(encoded, client)
    write_uint(encoded, clock)
    try:
        start: int = native.decode_sticky_index(bytes(encoded) + b"\x00").get_offset(txn)
        end: int = native.decode_sticky_index(bytes(encoded) + b"\x41").get_offset(txn)
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        return 0, 0  # pycrdt panics about an id whose container is gone; nothing has happened
    return start, end


def units(text: str) -> int:
    """How many UTF-16 units a text is."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
