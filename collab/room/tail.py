"""The tail: a bounded list of a room's newest committed entries and the values before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from collab.entry import Entry
from collab.ids import Json
from collab.patch.relocate import AppliedChange


class _Kept(NamedTuple):
    entry: Entry
    change: AppliedChange
    size: int


class Tail:
    """Keeps the newest entries, up to version `last`, without a gap.

    Invariant: it holds at most `max_entries`, and about `max_bytes` of ops and updates. The values
    before the entries share their unchanged parts, so each value costs only its changed parts.
    """

    def __init__(self, last: int, *, max_entries: int = 1000, max_bytes: int = 4 << 20) -> None:
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self.last = last
        # The version before the oldest entry. The tail has all entries after this version.
        self.base = last

    def __len__(self) -> int:
        return len(self._kept)

    def append(self, entry: Entry, change: AppliedChange) -> None:
        """Add the next entry, and drop the oldest entries above the limits."""
        assert entry.version == self.last + 1, (entry.version, self.last)
        size = approximate_size(entry)
        self._kept.append(_Kept(entry, change, size))
        self._bytes += size
        self.last = entry.version
        while len(self._kept) > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= self._kept.popleft().size
            self.base += 1

    def drop_entries(self) -> None:
        """Drop all entries, as if the document was opened from a snapshot of its newest version."""
        self._kept.clear()
        self._bytes, self.base = 0, self.last

    def prepend(self, entries: Sequence[Entry], values: Sequence[Json]) -> None:
        """Add older entries; the newest of them is version `base`."""
        assert not entries or entries[-1].version == self.base
        for entry, before in zip(reversed(entries), reversed(values), strict=True):
            self._kept.appendleft(
                _Kept(entry, applied_change(entry, before), approximate_size(entry))
            )
            self._bytes += approximate_size(entry)
        self.base -= len(entries)

    def prepend_tail(self, older: Tail) -> None:
        """Add the entries of an older tail whose last version is this tail's `base`."""
        assert older.last == self.base
        self._kept.extendleft(reversed(older._kept))
        self._bytes += older._bytes
        self.base = older.base

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

    def _from(self, version: int) -> Iterable[_Kept]:
        return islice(self._kept, version - self.base, None)


def applied_change(entry: Entry, before: Json) -> AppliedChange:
    """Return the change of an entry that was applied to the value `before`."""
    return AppliedChange(entry.version, entry.author, entry.ops, before, entry.texts)


def approximate_size(entry: Entry) -> int:
    """Return roughly how many bytes an entry has.

    Ops and update have about the same size, except for text. When a user types one letter into a
    megabyte of text, the update is short, but the op contains the whole megabyte.
    """
    size = 200 + len(entry.update) * 3 + len(entry.inverse)
    for op in entry.ops:
        value = op.get("value")
        if type(value) is str:
            size += len(value)
    return size
