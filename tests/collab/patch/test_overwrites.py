"""R5: no stale patch overwrites in silence, and none takes its own values for others'."""

from __future__ import annotations

from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.apply import apply
from collab.patch.bridge import Bridge
from collab.patch.carry import Past
from collab.patch.rebase import Rebased, rebase
from tests.collab.patch.overwrites import pipelined, stale

BO = Author("bo")


def added(path: str, value: Any) -> Op:
    return {"op": "add", "path": path, "value": value}


def moved(source: str, path: str) -> Op:
    return {"op": "move", "from": source, "path": path}


def removed(path: str) -> Op:
    return {"op": "remove", "path": path}


def replaced(path: str, value: Any) -> Op:
    return {"op": "replace", "path": path, "value": value}


def carried(base: Any, theirs: list[Op], mine: list[Op]) -> tuple[Rebased, Any]:
    """My patch for `base`, after theirs; and the value that comes of it."""
    done = apply(base, theirs)
    rebased = rebase(mine, [Past(2, BO, done.ops, base)], done.value)
    return rebased, apply(done.value, rebased.ops).value


def named(path: str, base: Any, theirs: Any, yours: Any) -> Conflict:
    return Conflict(path=path, base=base, theirs=theirs, yours=yours, resolution="yours")


@pytest.mark.parametrize("block", range(10))
def test_r5_a_stale_patch_names_all_that_it_overwrites(block: int) -> None:
    became = {stale(seed) for seed in range(block * 100, block * 100 + 100)}
    assert became == {"refused", "conflicts", "applied"}


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_r5_many_stale_patches_name_all_that_they_overwrite(block: int) -> None:
    for seed in range(10_000 + block * 2_000, 12_000 + block * 2_000):
        stale(seed)


@pytest.mark.parametrize("block", range(5))
def test_r10_pipelined_patches_name_all_that_they_overwrite(block: int) -> None:
    became = {pipelined(seed) for seed in range(block * 100, block * 100 + 100)}
    assert became == {"refused", "applied"}


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_r10_many_pipelined_patches_name_all_that_they_overwrite(block: int) -> None:
    for seed in range(10_000 + block * 1_000, 11_000 + block * 1_000):
        pipelined(seed)


@pytest.mark.parametrize("over", [moved("/n", "/k"), {"op": "copy", "from": "/n", "path": "/k"}])
def test_r5_what_others_moved_away_from_a_key_is_not_overwritten_with_the_key(over: Op) -> None:
    rebased, after = carried({"k": 1, "n": 2}, [moved("/k", "/q")], [over])
    assert (after["k"], after["q"], rebased.conflicts) == (2, 1, [])


def test_r5_an_add_over_a_member_that_others_moved_away_writes_to_the_key() -> None:
    rebased, after = carried({"k": 1}, [moved("/k", "/q")], [added("/k", 3)])
    assert (after, rebased.conflicts) == ({"k": 3, "q": 1}, [])


def test_r5_what_others_moved_to_a_key_is_named_when_it_is_overwritten() -> None:
    mine = [moved("/n", "/k"), added("/q", 3)]
    rebased, after = carried({"k": 1, "n": 2}, [moved("/k", "/q")], mine)
    assert after == {"k": 2, "q": 3}
    assert rebased.conflicts == [named("/q", None, 1, 3)]


def test_r5_a_move_over_a_member_names_it_as_its_author_saw_it() -> None:
    rebased, after = carried({"k": 1, "n": 2}, [replaced("/k", 5)], [moved("/n", "/k")])
    assert (after, rebased.conflicts) == ({"k": 2}, [named("/k", 1, 5, 2)])


def test_r5_an_overwritten_element_is_not_taken_for_what_overwrote_it() -> None:
    mine = [added("/n", 3), removed("/k")]
    rebased, after = carried({"k": 1, "n": 2}, [moved("/k", "/n")], mine)
    assert (after, rebased.conflicts) == ({"n": 3}, [named("/n", 2, 1, 3)])


def test_r5_an_element_that_others_moved_is_named_when_it_is_removed_or_replaced() -> None:
    theirs = [moved("/k", "/q")]
    rebased, after = carried({"k": 1, "n": 2}, theirs, [removed("/k")])
    assert (after, rebased.conflicts) == ({"n": 2}, [named("/q", 1, 1, None)])
    rebased, after = carried({"k": 1, "n": 2}, theirs, [replaced("/k", 3)])
    assert (after, rebased.conflicts) == ({"n": 2, "q": 3}, [named("/q", 1, 1, 3)])


@pytest.mark.parametrize("over", [added("/q", 4), moved("/n", "/q")])
def test_r5_a_patch_that_would_overwrite_its_own_value_is_refused(over: Op) -> None:
    with pytest.raises(Rejected) as caught:
        carried({"k": 1, "n": 2}, [moved("/k", "/q")], [replaced("/k", 3), over])
    assert caught.value.refusal.code == Code.CONFLICT
    assert (caught.value.refusal.extra["op"], caught.value.refusal.extra["path"]) == (1, "/q")


def test_r2_a_move_to_before_its_own_holder_takes_the_element_along() -> None:
    base = {"s": [{"t": 1, "u": 2}], "n": 0}
    _, after = carried(
        base, [added("/s/0", {"t": 5}), replaced("/s/1/t", 6)], [moved("/s/0/t", "/s/0")]
    )
    assert after["s"] == [{"t": 5}, 6, {"u": 2}]


def test_r2_what_others_moved_from_a_key_into_a_list_shifts_the_pointers_behind_it() -> None:
    base = {"k": 1, "n": 2, "s": [{"t": 3}]}
    mine = [moved("/n", "/k"), replaced("/s/0/t", 4)]
    rebased, after = carried(base, [moved("/k", "/s/0")], mine)
    assert (after, rebased.conflicts) == ({"k": 2, "s": [1, {"t": 4}]}, [])


def test_r5_two_moves_to_one_key_change_nothing_and_are_no_conflict() -> None:
    theirs = [moved("/k", "/q")]
    rebased, after = carried({"k": {"x": 1}}, theirs, [moved("/k", "/q"), added("/q/y", 2)])
    assert (after, rebased.conflicts) == ({"q": {"x": 1, "y": 2}}, [])


def test_r10_a_pipelined_patch_does_not_take_its_own_value_for_others() -> None:
    base = {"k": 1, "n": 2}
    theirs = apply(base, [moved("/k", "/n")])
    past = [Past(1, BO, theirs.ops, base)]
    bridge = Bridge(0)
    first: list[Op] = [added("/n", 3)]
    rebased = bridge.submit(0, first, lambda version: past[version:], theirs.value)
    landed = apply(theirs.value, rebased.ops)
    past.append(Past(2, Author("me"), landed.ops, theirs.value))
    bridge.landed(2, first)
    second = bridge.submit(0, [removed("/k")], lambda version: past[version:], landed.value)
    assert second == Rebased([])
    third = bridge.submit(0, [added("/n", 4)], lambda version: past[version:], landed.value)
    assert third == Rebased([added("/n", 4)])
