"""R5: a stale patch reports all that it overwrites, and never reports its author's own values."""

from __future__ import annotations

from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.patch.apply import apply
from collab.patch.relocate import AppliedChange
from collab.rebase.conflicts import Rebased
from collab.rebase.rebase import rebase
from tests.collab.patch.patches import added, moved, named, removed, replaced
from tests.collab.rebase.overwrites import advancing, pipelined, stale

BO = Author("bo")


def carried(base: Any, theirs: list[Op], mine: list[Op]) -> tuple[Rebased, Any]:
    """My patch for `base`, rebased over theirs, and the value after it."""
    done = apply(base, theirs)
    rebased = rebase(mine, [AppliedChange(2, BO, done.ops, base)], done.value)
    return rebased, apply(done.value, rebased.ops).value


def blocks(count: int, fast: int) -> list[Any]:
    """Return the blocks of seeds; `make check` tries the first of them only."""
    marks = [() if block < fast else pytest.mark.thorough for block in range(count)]
    return [pytest.param(block, marks=mark) for block, mark in enumerate(marks)]


@pytest.mark.parametrize("block", blocks(10, fast=2))
def test_r5_a_stale_patch_names_all_that_it_overwrites(block: int) -> None:
    became = {stale(seed) for seed in range(block * 100, block * 100 + 100)}
    assert became == {"refused", "conflicts", "applied"}


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_r5_many_stale_patches_name_all_that_they_overwrite(block: int) -> None:
    for seed in range(10_000 + block * 2_000, 12_000 + block * 2_000):
        stale(seed)


@pytest.mark.parametrize("block", blocks(5, fast=1))
def test_r10_pipelined_patches_name_all_that_they_overwrite(block: int) -> None:
    became = {pipelined(seed) for seed in range(block * 100, block * 100 + 100)}
    assert became == {"refused", "applied"}


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_r10_many_pipelined_patches_name_all_that_they_overwrite(block: int) -> None:
    for seed in range(10_000 + block * 1_000, 11_000 + block * 1_000):
        pipelined(seed)


@pytest.mark.parametrize("block", blocks(2, fast=1))
def test_r10_patches_on_a_growing_base_name_all_they_overwrite(block: int) -> None:
    became = {advancing(seed) for seed in range(block * 100, block * 100 + 100)}
    assert became == {"refused", "applied"}


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_r10_many_growing_base_patches_name_all_they_overwrite(block: int) -> None:
    for seed in range(10_000 + block * 500, 10_500 + block * 500):
        advancing(seed)


@pytest.mark.parametrize("over", [moved("/n", "/k"), {"op": "copy", "from": "/n", "path": "/k"}])
def test_r5_a_write_to_a_key_spares_the_member_moved_away(over: Op) -> None:
    rebased, after = carried({"k": 1, "n": 2}, [moved("/k", "/q")], [over])
    assert (after["k"], after["q"], rebased.conflicts) == (2, 1, [])


def test_r5_an_add_over_a_member_moved_away_writes_to_the_key() -> None:
    rebased, after = carried({"k": 1}, [moved("/k", "/q")], [added("/k", 3)])
    assert (after, rebased.conflicts) == ({"k": 3, "q": 1}, [])


def test_r5_a_member_moved_to_an_overwritten_key_is_named() -> None:
    mine = [moved("/n", "/k"), added("/q", 3)]
    rebased, after = carried({"k": 1, "n": 2}, [moved("/k", "/q")], mine)
    assert after == {"k": 2, "q": 3}
    assert rebased.conflicts == [named("/q", None, 1, 3)]


def test_r5_a_move_over_a_changed_member_names_the_change() -> None:
    rebased, after = carried({"k": 1, "n": 2}, [replaced("/k", 5)], [moved("/n", "/k")])
    assert (after, rebased.conflicts) == ({"k": 2}, [named("/k", 1, 5, 2)])


def test_r5_an_overwritten_element_is_not_taken_for_the_new_one() -> None:
    mine = [added("/n", 3), removed("/k")]
    rebased, after = carried({"k": 1, "n": 2}, [moved("/k", "/n")], mine)
    assert (after, rebased.conflicts) == ({"n": 3}, [named("/n", 2, 1, 3)])


def test_r5_a_remove_or_replace_of_a_moved_element_names_it() -> None:
    theirs = [moved("/k", "/q")]
    rebased, after = carried({"k": 1, "n": 2}, theirs, [removed("/k")])
    assert (after, rebased.conflicts) == ({"n": 2}, [named("/q", 1, 1, None)])
    rebased, after = carried({"k": 1, "n": 2}, theirs, [replaced("/k", 3)])
    assert (after, rebased.conflicts) == ({"n": 2, "q": 3}, [named("/q", 1, 1, 3)])


@pytest.mark.parametrize("over", [added("/q", 4), moved("/n", "/q")])
def test_r5_a_patch_that_overwrites_its_own_value_is_refused(over: Op) -> None:
    with pytest.raises(Rejected) as caught:
        carried({"k": 1, "n": 2}, [moved("/k", "/q")], [replaced("/k", 3), over])
    assert caught.value.refusal.code == Code.CONFLICT
    assert (caught.value.refusal.extra["op"], caught.value.refusal.extra["path"]) == (1, "/q")


def test_r2_a_move_before_its_holder_moves_the_changed_element() -> None:
    base = {"s": [{"t": 1, "u": 2}], "n": 0}
    _, after = carried(
        base, [added("/s/0", {"t": 5}), replaced("/s/1/t", 6)], [moved("/s/0/t", "/s/0")]
    )
    assert after["s"] == [{"t": 5}, 6, {"u": 2}]


def test_r2_an_element_moved_into_a_list_shifts_later_pointers() -> None:
    base = {"k": 1, "n": 2, "s": [{"t": 3}]}
    mine = [moved("/n", "/k"), replaced("/s/0/t", 4)]
    rebased, after = carried(base, [moved("/k", "/s/0")], mine)
    assert (after, rebased.conflicts) == ({"k": 2, "s": [1, {"t": 4}]}, [])


def test_r5_two_equal_moves_are_no_conflict() -> None:
    theirs = [moved("/k", "/q")]
    rebased, after = carried({"k": {"x": 1}}, theirs, [moved("/k", "/q"), added("/q/y", 2)])
    assert (after, rebased.conflicts) == ({"q": {"x": 1, "y": 2}}, [])


@pytest.mark.parametrize("over", [{"op": "copy", "from": "/k", "path": "/k/t"}, added("/k/t", 5)])
def test_r4_a_write_over_a_member_moved_away_stays_at_the_key(over: Op) -> None:
    rebased, after = carried({"k": {"t": 1}}, [moved("/k/t", "/q")], [over])
    assert (after["q"], "t" in after["k"], rebased.conflicts) == (1, True, [])


def test_r4_a_move_over_its_holder_does_not_follow_the_holder() -> None:
    base = {"k": [1, {"t": 2}]}
    mine = [moved("/k/1", "/k"), replaced("/k/t", 3)]
    rebased, after = carried(base, [moved("/k", "/q")], mine)
    assert (after, rebased.conflicts) == ({"k": {"t": 3}, "q": [1]}, [])
    rebased, after = carried(base, [moved("/k", "/q"), added("/k", 4)], mine)
    assert (after, rebased.conflicts) == (
        {"k": {"t": 3}, "q": [1]},
        [named("/k", base["k"], 4, {"t": 2})],
    )


def test_r4_a_move_over_its_holder_moves_the_changed_element() -> None:
    mine = [moved("/k/1", "/k")]
    rebased, after = carried({"k": [1, 2]}, [replaced("/k/1", 5)], mine)
    assert (after, rebased.conflicts) == ({"k": 5}, [])
    rebased, after = carried({"k": [1, 2]}, [moved("/k/1", "/q")], mine)
    assert (after, rebased.conflicts) == ({"k": 2}, [named("/k", "/k/1", "/q", "/k")])
    with pytest.raises(Rejected) as caught:
        carried({"k": [1, 2]}, [removed("/k/1")], mine)
    assert caught.value.refusal.extra["path"] == "/k/1"


def test_r5_a_move_over_its_holder_names_the_changes_there() -> None:
    mine = [moved("/k/1", "/k")]
    rebased, after = carried({"k": [1, 2]}, [replaced("/k/0", 5)], mine)
    assert (after, rebased.conflicts) == ({"k": 2}, [named("/k", [1, 2], [5, 2], 2)])
    root, theirs = {"k": {"t": 1}}, [added("/n", 5)]
    rebased, after = carried(root, theirs, [moved("/k", ""), replaced("/t", 3)])
    assert after == {"t": 3}
    assert rebased.conflicts == [named("", root, {**root, "n": 5}, {"t": 1})]


def test_r5_two_equal_moves_over_the_holder_are_no_conflict() -> None:
    mine = [moved("/k/1", "/k"), replaced("/k/t", 3)]
    rebased, after = carried({"k": [1, {"t": 2}]}, [moved("/k/1", "/k")], mine)
    assert (after, rebased.conflicts) == ({"k": {"t": 3}}, [])
    # Seed 2019708 of `pipelined`: the element has a member of its own key.
    over = [moved("/k/k", "/k")]
    rebased, after = carried({"k": {"k": {"k": 1, "n": 3}}}, over, over)
    assert (after, rebased.conflicts) == ({"k": {"k": 1, "n": 3}}, [])


def test_r2_a_move_over_its_holder_shifts_no_list_around_it() -> None:
    base = [{"k": {"s": {"t": 1}}}, 2]
    mine = [moved("/0/k/s", "/0/k"), replaced("/0/k/t", 3), replaced("/1", 4)]
    rebased, after = carried(base, [added("/0", 5)], mine)
    assert (after, rebased.conflicts) == ([5, {"k": {"t": 3}}, 4], [])


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        # Seed 27799 of `stale`: others move 2 and move it back.
        ([moved("/s/2", "/s/1"), moved("/s/2", "/s/1")], [added("/s", 5)]),
        # Others move 3 past 1 and 2, and the author moves 3 away.
        ([moved("/s/2", "/s/0")], [moved("/s/2", "/q"), added("/s", 5)]),
        # Seed 16883 of `pipelined`: the author has made the same move as others.
        ([moved("/s/0", "/s/2")], [moved("/s/0", "/s/2"), added("/s", 5)]),
        # Seed 11318 of `pipelined`: the op itself takes out the element that others moved.
        ([moved("/s/0", "/s/2")], [moved("/s/0", "/s")]),
        # Seed 2067294 of `stale`: the author copied an element to the key. Others moved it there.
        ([moved("/s/1", "/s")], [{"op": "copy", "from": "/s/1", "path": "/s"}, replaced("/s", 5)]),
    ],
)
def test_r5_a_value_that_its_author_saw_is_no_conflict(theirs: list[Op], mine: list[Op]) -> None:
    rebased, after = carried({"s": [1, 2, 3]}, theirs, mine)
    assert after["s"] in (5, 1)
    assert [each for each in rebased.conflicts if type(each.theirs) is not str] == []
