"""The tail: how many entries and bytes it keeps, and which questions it can answer."""

from __future__ import annotations

from collab.entry import Author, Entry
from collab.ids import Json
from collab.patch.relocate import AppliedChange
from collab.room.tail import Tail, approximate_size, newest_kept


def entry(version: int, text: str = "", update: int = 0, inverse: int = 0) -> Entry:
    ops = [{"op": "replace", "path": "/t", "value": text or version}]
    return Entry(version, Author("ada"), 0, "edit", ops, bytes(update), inverse=bytes(inverse))


def filled(versions: range, **bounds: int) -> Tail:
    tail = Tail(versions.start - 1, **bounds)
    for version in versions:
        append(tail, entry(version))
    return tail


def append(tail: Tail, one: Entry, copied: int = 0) -> None:
    before: Json = {"t": one.version - 1}
    change = AppliedChange(one.version, one.author, one.ops, before, copied=copied)
    tail.append(one, change)


def versions(entries: list[Entry] | None) -> list[int] | None:
    return None if entries is None else [one.version for one in entries]


def test_a_tail_keeps_the_newest_entries_up_to_its_count() -> None:
    tail = filled(range(1, 4), max_entries=3)
    assert (tail.base, tail.last) == (0, 3)
    append(tail, entry(4))
    assert (tail.base, tail.last) == (1, 4)
    assert versions(tail.since(1)) == [2, 3, 4]
    assert tail.since(0) is None


def test_a_tail_keeps_the_newest_entries_up_to_its_bytes() -> None:
    size = approximate_size(entry(1))
    tail = filled(range(1, 4), max_bytes=3 * size)
    assert tail.base == 0
    append(tail, entry(4))
    assert tail.base == 1
    append(tail, entry(5, "x" * size))  # as large as two entries
    assert versions(tail.since(tail.base)) == [4, 5]
    append(tail, entry(6, "x" * 3 * size))
    assert tail.base == tail.last == 6, "an entry that is too large is not kept"
    append(tail, entry(7))
    assert versions(tail.since(6)) == [7], "the bytes of dropped entries are no longer counted"


def test_the_size_of_an_entry_counts_its_update_its_inverse_and_its_texts() -> None:
    base = approximate_size(entry(1))
    assert base == 200
    assert approximate_size(entry(1, update=10)) == base + 30
    assert approximate_size(entry(1, inverse=10)) == base + 10
    assert approximate_size(entry(1, "x" * 10)) == base + 10


def test_entries_and_changes_after_a_version_are_in_order() -> None:
    tail = filled(range(3, 7))
    assert versions(tail.since(4)) == [5, 6]
    assert tail.since(6) == []
    assert [change.version for change in tail.changes(2)] == [3, 4, 5, 6]
    assert tail.value_at(4) == {"t": 4}


def test_an_entry_is_found_by_its_version() -> None:
    tail = filled(range(3, 6))
    found = tail.at(4)
    assert found is not None
    assert found.version == 4
    assert (tail.at(2), tail.at(6)) == (None, None)


def test_older_entries_are_put_before_the_tail_with_their_values() -> None:
    tail = filled(range(4, 6), max_bytes=10_000)
    tail.prepend(newest_kept({"t": 1}, [entry(2), entry(3)], 1_000, 0))
    assert versions(tail.since(1)) == [2, 3, 4, 5]
    assert [change.before for change in tail.changes(1)] == [{"t": n} for n in (1, 2, 3, 4)]
    assert [change.after for change in tail.changes(1)[:2]] == [{"t": 2}, {"t": 3}]
    tail.prepend([])
    assert tail.base == 1


def test_older_entries_count_towards_the_limits_of_the_next_append() -> None:
    size = approximate_size(entry(1))
    tail = Tail(3, max_bytes=3 * size)
    tail.prepend(newest_kept({"t": 0}, [entry(1), entry(2), entry(3)], 1_000, 0))
    append(tail, entry(4))
    assert tail.base == 1
    whole = Tail(4, max_bytes=2 * size)
    whole.prepend_tail(tail, 0)
    assert versions(whole.since(1)) == [2, 3, 4]
    append(whole, entry(5))
    assert whole.base == 3


def test_a_tail_keeps_the_newest_entries_up_to_the_bytes_of_their_copies() -> None:
    tail = Tail(0, max_copied=100)
    for version in range(1, 6):
        append(tail, entry(version), copied=30)
    assert (tail.base, tail.free) == (2, 10)
    assert not tail.may_have_older
    append(tail, entry(6), copied=101)
    assert (tail.base, tail.last, tail.free) == (6, 6, 100), (
        "an entry that is too large is not kept"
    )
    append(tail, entry(7), copied=50)
    assert (tail.base, tail.free, tail.may_have_older) == (6, 50, True)
    tail.drop_entries()
    assert tail.free == 100


def test_of_older_entries_only_the_newest_fit() -> None:
    wide: Json = {"held": dict.fromkeys(map(str, range(1_000)), 0), "t": 0}
    entries = [entry(version) for version in range(1, 9)]
    for one in entries[::2]:  # these copy the wide object
        one.ops[0]["path"] = "/held/7"
    [first, *_] = newest_kept(wide, entries, 1 << 20, 0)
    assert first.change.copied > 1_000 * 8
    kept = newest_kept(wide, entries, 2 * first.change.copied + 500, 0)
    assert [one.entry.version for one in kept] == [4, 5, 6, 7, 8]
    assert kept[0].change.before["t"] == 2
    assert [one.change.after for one in kept[:-1]] == [one.change.before for one in kept[1:]]


def test_of_an_older_tail_only_the_newest_entries_fit() -> None:
    older = Tail(0)
    for version in (1, 2, 3):
        append(older, entry(version), copied=100)
    for room, apart, kept in ((99, 0, 0), (100, 1, 0), (250, 50, 2), (299, 0, 2), (300, 0, 3)):
        tail = Tail(3, max_copied=room)
        tail.prepend_tail(older, apart)
        assert len(tail) == kept
        assert tail.free == (room - 100 * kept - apart if kept else room)


def test_values_that_share_nothing_with_the_tail_count_until_the_last_of_them_is_dropped() -> None:
    tail = Tail(3, max_copied=1_000)
    tail.prepend(newest_kept({"t": 0}, [entry(1), entry(2), entry(3)], tail.free, 700))
    used = 1_000 - tail.free
    assert 700 <= used < 800
    append(tail, entry(4), copied=200)
    append(tail, entry(5), copied=150)
    assert (tail.base, tail.free) == (3, 650), "all three have gone, and so has the value"
    assert newest_kept({"t": 0}, [entry(1)], 699, 700) == []


def test_each_load_of_older_entries_counts_its_own_value() -> None:
    """A client may ask for one older version after the other. Each load has a whole value."""
    tail = Tail(100, max_copied=1_000)
    for version in range(100, 0, -1):
        tail.prepend(newest_kept({"t": 0}, [entry(version)], tail.free, 300))
        if tail.base >= version:
            break
    assert (tail.base, tail.may_have_older) == (97, False)


def test_the_size_of_an_entry_counts_the_containers_in_its_ops() -> None:
    """An undo shows an element of any size with an update of a few bytes."""
    one = entry(1)
    one.ops[0]["value"] = {"list": [1, 2, 3], "t": "x" * 100}
    size = len('{"list":[1,2,3],"t":""}') + 100
    assert approximate_size(one) == 200 + size
    for memory in (23 * size, 25 * size):
        tail = Tail(0, max_copied=memory)
        append(tail, one)
        assert len(tail) == (memory > 24 * size)
