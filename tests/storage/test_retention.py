"""Retention: which snapshots and entries a compaction may drop."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from storage.retention import is_complete, retain
from tests.storage.contract import entry

HEAD = 60
versions = st.integers(1, HEAD)


def test_nothing_is_dropped_without_two_snapshots() -> None:
    assert retain([], before=9, needed=[]).dropped_ranges() == []
    assert retain([5], before=9, needed=[3]).dropped_ranges() == []


def test_two_snapshots_are_kept() -> None:
    assert retain([5, 9], before=9, needed=[]).floor == 5
    assert retain([5, 9, 12], before=9, needed=[]).floor == 9


@given(st.sets(versions), versions, st.sets(versions))
def test_every_needed_or_recent_version_can_be_rebuilt(
    sound: set[int], before: int, needed: set[int]
) -> None:
    plan = retain(sorted(sound), before=before, needed=needed)
    dropped = {v for after, upto in plan.dropped_ranges() for v in range(after + 1, upto + 1)}
    kept = plan.snapshots | {0}

    def rebuilt(version: int) -> bool:
        start = max(v for v in kept if v <= version)
        return dropped.isdisjoint(range(start + 1, version + 1))

    assert all(rebuilt(version) for version in needed)
    assert all(rebuilt(version) for version in range(before, HEAD + 1))
    newest = max(sound, default=0)
    without = max((v for v in plan.snapshots if v != newest), default=0)
    assert dropped.isdisjoint(range(without + 1, HEAD + 1))
    assert plan.floor <= before


def test_entries_before_a_repair_are_not_needed() -> None:
    entries = [entry(1), entry(3), msgspec.structs.replace(entry(7), kind="repair"), entry(8)]
    assert is_complete(0, entries, 8)
    assert is_complete(2, entries, 8)
    assert not is_complete(0, entries, 9)
    assert not is_complete(0, entries[:2], 3)
