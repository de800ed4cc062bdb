"""The tail: a bounded list of a room's newest committed entries and the values before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from collab.entry import Entry
from collab.ids import Json
from collab.patch.apply import apply
from collab.patch.bounds import TRUSTED, json_size
from collab.patch.relocate import AppliedChange

# Bytes of memory for a byte of JSON in small objects and lists (measured).
_IN_MEMORY: Final = 24
_SMALL: Final = 200  # bytes of an entry without its contents


class Kept(NamedTuple):
    """An entry, the same entry as a change, and about how many bytes it has.

    `copied` are the bytes of memory that only this entry and the entries before it need.
    """

    entry: Entry
    change: AppliedChange
    size: int
    copied: int

    @classmethod
    def of(cls, entry: Entry, change: AppliedChange) -> Kept:
        texts, containers = _values(entry)
        size = _SMALL + len(entry.update) * 3 + len(entry.inverse) + texts + containers
        return cls(entry, change, size, change.copied + containers * _IN_MEMORY)


class Tail:
    """Keeps the newest entries, up to version `last`, without a gap.

    Invariant: it holds at most `max_entries`, and about `max_bytes` of ops and updates. The values
    before the entries share their unchanged parts. But each edit of an object with 80,000 keys
    makes a copy of the object, of two megabytes. And entries that are loaded later share nothing
    with the value of the room. The tail keeps at most about `max_copied` bytes of such copies.
    """

    def __init__(
        self,
        last: int,
        *,
        max_entries: int = 1000,
        max_bytes: int = 4 << 20,
        max_copied: int = 64 << 20,
    ) -> None:
        self._kept: deque[Kept] = deque()
        self._bytes = self._copied = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._max_copied = max_copied
        self.last = last
        # The version before the oldest entry. The tail has all entries after this version.
        self.base = last

    def __len__(self) -> int:
        return len(self._kept)

    def append(self, entry: Entry, change: AppliedChange) -> None:
        """Add the next entry, and drop the oldest entries above the limits."""
        assert entry.version == self.last + 1, (entry.version, self.last)
        self._kept.append(kept := Kept.of(entry, change))
        self._bytes += kept.size
        self._copied += kept.copied
        self.last = entry.version
        while (
            len(self._kept) > self._max_entries
            or self._bytes > self._max_bytes
            or self._copied > self._max_copied
        ):
            oldest = self._kept.popleft()
            self._bytes -= oldest.size
            self._copied -= oldest.copied
            self.base += 1

    def drop_entries(self) -> None:
        """Drop all entries, as if the document was opened from a snapshot of its newest version."""
        self._kept.clear()
        self._bytes, self._copied, self.base = 0, 0, self.last

    @property
    def free(self) -> int:
        """How many more bytes of copies the tail may keep."""
        return max(0, self._max_copied - self._copied)

    @property
    def may_have_older(self) -> bool:
        """Whether older entries are worth loading: half of the bytes for copies are free."""
        return 2 * self._copied <= self._max_copied

    def prepend(self, older: Sequence[Kept]) -> None:
        """Add older entries (`newest_kept`); the newest of them is version `base`."""
        assert not older or older[-1].entry.version == self.base
        self._kept.extendleft(reversed(older))
        for one in older:
            self._bytes += one.size
            self._copied += one.copied
        self.base -= len(older)

    def prepend_tail(self, older: Tail, apart: int) -> None:
        """Add the newest entries of an older tail whose last version is this tail's `base`.

        Their copies must fit. The values of both tails share all but `apart` bytes.
        """
        assert older.last == self.base
        found: deque[Kept] = deque()
        free = self.free
        for one in reversed(older._kept):
            if not found:
                one = one._replace(copied=one.copied + apart)
            free -= one.copied
            if free < 0:
                break
            found.appendleft(one)
        self.prepend(found)

    def since(self, version: int) -> list[Entry] | None:
        """Return the entries after `version`; None when the tail has dropped some of them."""
        if version < self.base:
            return None
        return [kept.entry for kept in self._from(version)]

    def changes(self, version: int) -> list[AppliedChange]:
        """Return the changes after `version >= base`, with the values before them."""
        return [kept.change for kept in self._from(version)]

    def at(self, version: int) -> Entry | None:
        """Return the entry that made a version; None when the tail does not have it."""
        if version <= self.base:
            return None
        return next((kept.entry for kept in self._from(version - 1)), None)

    def value_at(self, version: int) -> Json:
        """Return the value at `base <= version < last`."""
        before: Json = next(iter(self._from(version))).change.before
        return before

    def kept(self) -> list[Kept]:
        """Return all entries. The copy takes microseconds, and a thread may read it."""
        return list(self._kept)

    def _from(self, version: int) -> Iterable[Kept]:
        return islice(self._kept, version - self.base, None)


def newest_kept(value: Json, entries: Iterable[Entry], most: int, apart: int) -> list[Kept]:
    """Return the newest of the entries, as a tail keeps them.

    Their copies have at most `most` bytes. `value` is the value before the first entry. It has
    about `apart` bytes of memory, and shares nothing with the values of the tail.
    """
    found: deque[Kept] = deque()
    copied = apart
    for entry in entries:
        applied = apply(value, entry.ops, bounds=TRUSTED, splices=True)
        change = AppliedChange(
            entry.version,
            entry.author,
            entry.ops,
            value,
            entry.texts,
            applied.value,
            applied.copied,
        )
        found.append(Kept.of(entry, change))
        copied += found[-1].copied
        while found and copied > most:
            copied -= found.popleft().copied
        value = applied.value
    if found:
        found[-1] = found[-1]._replace(copied=found[-1].copied + apart)
    return list(found)


def approximate_size(entry: Entry) -> int:
    """Return roughly how many bytes an entry has.

    An op may be much larger than the update. When a user types one letter into a megabyte of text,
    the op contains the whole megabyte. When an undo shows a removed element, it contains the
    element.
    """
    return _SMALL + len(entry.update) * 3 + len(entry.inverse) + sum(_values(entry))


def _values(entry: Entry) -> tuple[int, int]:
    """Return the bytes of the texts in the ops, and those of the objects and lists."""
    texts = containers = 0
    for op in entry.ops:
        value = op.get("value")
        if type(value) is str:
            texts += len(value)
        elif type(value) is dict or type(value) is list:
            containers += json_size(value)
    return texts, containers
