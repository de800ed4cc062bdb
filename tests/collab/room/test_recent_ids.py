"""Recent ids: which requests a room remembers, and how much of their answers."""

from __future__ import annotations

from collab.entry import Accepted, Author, Entry
from collab.room.recent_ids import MOST, MOST_BYTES, MOST_FOUND_BYTES, RecentIds


def accepted(number: int, size: int = 0) -> Accepted:
    return Accepted("ada", f"r{number}", number, {"ops": "x" * size} if size else {})


def test_the_oldest_ids_are_dropped_above_the_count() -> None:
    ids = RecentIds()
    ids.add(accepted(number) for number in range(MOST + 1))
    assert ids.find("ada", "r0") is None
    assert ids.find("ada", "r1") is not None


def test_the_oldest_ids_are_dropped_above_the_bytes() -> None:
    ids = RecentIds()
    ids.add([accepted(0), accepted(1, MOST_BYTES // 2)])
    assert ids.find("ada", "r0") is not None
    ids.add([accepted(2, MOST_BYTES // 2)])
    assert ids.find("ada", "r1") is None
    assert ids.find("ada", "r2") is not None


def test_an_answer_that_is_added_twice_counts_once() -> None:
    ids = RecentIds()
    ids.add([accepted(0)])
    for _ in range(10):
        ids.add([accepted(1, MOST_BYTES // 2)])
    assert ids.find("ada", "r0") is not None


def test_an_entry_is_remembered_with_its_answer() -> None:
    ids = RecentIds()
    entry = Entry(3, Author("bo"), 0, "edit", [], b"", id="a", answer={"skipped": []})
    ids.add([Accepted.of(entry)])
    assert ids.find("bo", "a") == Accepted("bo", "a", 3, {"skipped": []})
    assert ids.find("ada", "a") is None


def test_a_request_from_the_store_stays_until_it_is_answered() -> None:
    ids = RecentIds()
    for number in range(100):
        ids.add_stored(accepted(number, MOST_BYTES))
    ids.add(accepted(1000 + number) for number in range(MOST + 1))
    room = RecentIds()
    room.merge(ids)
    for number in range(100):
        found = room.find("ada", f"r{number}")
        assert found is not None
        assert ("ops" in found.answer) == (number < MOST_FOUND_BYTES // (MOST_BYTES + 20))
        room.mark_answered("ada", f"r{number}")
        again = room.find("ada", f"r{number}")
        assert again is not None
        assert again.answer == {}


def test_a_small_answer_from_the_store_is_kept_whole() -> None:
    ids = RecentIds()
    ids.add_stored(accepted(1, 100))
    ids.add_stored(accepted(1, 100))
    ids.mark_answered("ada", "r1")
    ids.mark_answered("ada", "r2")
    assert ids.find("ada", "r1") == accepted(1, 100)
