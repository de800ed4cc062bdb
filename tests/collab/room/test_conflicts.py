"""A refused patch lists the changes since its base, up to a count and a size."""

from __future__ import annotations

from collab.room.conflicts import MAX_CONFLICT_BYTES, MAX_CONFLICT_CHANGES
from collab.room.requests import PatchRequest, Replace
from tests.collab.room.rooms import done, opened, put, refusal


def changes_listed(count: int, text: str = "") -> int | None:
    """Return how many changes the conflict after `count` changes lists; None without a list."""
    room = opened({"n": 0, "t": ""})
    for number in range(count):
        done(room, put("/t", f"{number}{text}"))
    listed = refusal(room, put("/n", 1, base=1, strict=True)).extra.get("changes")
    return None if listed is None else len(listed)


def test_a_conflict_lists_the_changes_since_its_base_up_to_a_count() -> None:
    assert changes_listed(MAX_CONFLICT_CHANGES) == MAX_CONFLICT_CHANGES
    assert changes_listed(MAX_CONFLICT_CHANGES + 1) is None


def test_a_conflict_lists_the_changes_since_its_base_up_to_a_size() -> None:
    assert changes_listed(1, "x" * (MAX_CONFLICT_BYTES // 16)) == 1
    assert changes_listed(1, "x" * MAX_CONFLICT_BYTES) is None


def test_values_of_conflicts_beyond_the_limit_are_left_out() -> None:
    size = MAX_CONFLICT_BYTES // 2
    room = opened(dict.fromkeys("abc", 0))
    done(room, Replace({name: name * size for name in "abc"}, None))
    mine = [{"op": "replace", "path": f"/{name}", "value": name.upper() * 10} for name in "abc"]
    answer = done(room, PatchRequest("p", 1, mine))
    listed = answer.ack["conflicts"]
    assert [one["path"] for one in listed] == ["/a", "/b", "/c"]
    assert sum(len(str(one)) > size for one in listed) == 1
