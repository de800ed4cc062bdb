"""What a compaction may drop: pure arithmetic over versions, shared by every store.

Two sound snapshots always stand where there have been two, the older with every entry since,
so that the newer may be damaged. Below the older one (the *floor*) only what a kept version is
rebuilt from remains: the newest sound snapshot at or below it, and the entries up to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collab.entry import Entry, since_repair


@dataclass(frozen=True, slots=True)
class Retained:
    """What stays of the versions up to `floor`; above it nothing is touched."""

    floor: int
    snapshots: frozenset[int]
    ranges: tuple[tuple[int, int], ...]  # entries with after < version <= upto

    def dropped_ranges(self) -> list[tuple[int, int]]:
        """The ranges of entries (after, upto) that may be dropped."""
        dropped, after = [], 0
        for start, end in self.ranges:
            if start > after:
                dropped.append((after, start))
            after = max(after, end)
        if self.floor > after:
            dropped.append((after, self.floor))
        return dropped


def retain(sound: Sequence[int], *, before: int, needed: Iterable[int]) -> Retained:
    """`sound`: the sound snapshots' versions; `needed`: versions that stay reachable."""
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
    """Whether entries in order lead from a snapshot at `since`, or with 0 from nothing, to `head`.

    The first entry of a document that was deleted and made again counts on from the old one's.
    What is before a repair is not needed.
    """
    first = since + 1
    if (repaired := since_repair(entries)) is not None:
        entries, first = repaired, repaired[0].version
    elif not since and entries and entries[0].kind == "create":
        first = entries[0].version
    # By their number first: a head that is damaged may be vast.
    is_full = len(entries) == head - first + 1
    return is_full and [entry.version for entry in entries] == list(range(first, head + 1))
