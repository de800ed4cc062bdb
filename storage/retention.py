"""Computes which entries and snapshots a compaction may drop. Pure functions, for every store.

A compaction keeps two sound snapshots, if there are two, and every entry after the older snapshot.
So the document still opens when the newer snapshot is damaged. The older snapshot is called the
*floor*. Below the floor, a version stays readable only if it is needed, for example because it has
a name. For each needed version, the compaction keeps two things: the newest sound snapshot at or
below the version, and the entries between the snapshot and the version.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collab.entry import Entry, since_repair


@dataclass(frozen=True, slots=True)
class Retained:
    """What a compaction keeps of the versions up to `floor`. It keeps everything above `floor`."""

    floor: int
    snapshots: frozenset[int]
    ranges: tuple[tuple[int, int], ...]  # entries with after < version <= upto

    def dropped_ranges(self) -> list[tuple[int, int]]:
        """Return the ranges of entries that may be dropped, as pairs (after, upto)."""
        dropped, after = [], 0
        for start, end in self.ranges:
            if start > after:
                dropped.append((after, start))
            after = max(after, end)
        if self.floor > after:
            dropped.append((after, self.floor))
        return dropped


def retain(sound: Sequence[int], *, before: int, needed: Iterable[int]) -> Retained:
    """Return what a compaction of the versions up to `before` keeps.

    `sound` are the versions of the sound snapshots. `needed` are the versions to keep readable.
    """
    versions = sorted(sound)
    at = bisect_right(versions, before) - 1
    if at == len(versions) - 1:
        at -= 1
    if at < 0:
        return Retained(0, frozenset(versions), ())
    floor = versions[at]
    kept, ranges = {version for version in versions if version >= floor}, []
    for version in sorted(set(needed)):
        if 0 < version < floor:
            under = bisect_right(versions, version) - 1
            start = versions[under] if under >= 0 else 0
            if start:
                kept.add(start)
            if start < version:
                ranges.append((start, version))
    return Retained(floor, frozenset(kept), tuple(ranges))


def is_complete(since: int, entries: Sequence[Entry], head: int) -> bool:
    """Whether the entries lead from a snapshot at `since` to `head` without a gap.

    When `since` is 0, there is no snapshot. When a document was deleted and created again, its
    first entry has the next version after the deleted ones. Entries before a repair are not needed.
    """
    first = since + 1
    if (repaired := since_repair(entries)) is not None:
        entries, first = repaired, repaired[0].version
    elif not since and entries and entries[0].kind == "create":
        first = entries[0].version
    # Compare the lengths first: a damaged head may be a huge number.
    is_full = len(entries) == head - first + 1
    return is_full and [entry.version for entry in entries] == list(range(first, head + 1))
