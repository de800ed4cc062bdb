"""The work of a rebase: each touched container is copied once, not once for each op."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from collab.entry import Author, Op
from collab.patch.apply import apply
from collab.patch.bounds import Bounds
from collab.patch.draft import Draft
from collab.patch.relocate import AppliedChange
from collab.rebase import text_merge
from collab.rebase.conflicts import Rebased
from collab.rebase.rebase import rebase

BO = Author("bo")


def stale(base: Any, theirs: list[Op], mine: list[Op]) -> tuple[Rebased, Any]:
    done = apply(base, theirs, splices=True)
    changes = [AppliedChange(2, BO, done.ops, base)]
    rebased = rebase(mine, changes, done.value, bounds=Bounds(), splices=True)
    return rebased, apply(done.value, rebased.ops, splices=True).value


def calls(run: Callable[[], Any]) -> int:
    """The number of functions that a call calls, in Python and in C."""
    called = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal called
        called += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
    return called


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The items that drafts copy, for each op."""
    sizes: list[int] = []
    writable = Draft.writable

    def counting(draft: Draft, tokens: Any) -> Any:
        before = draft.work
        holder = writable(draft, tokens)
        sizes.append(draft.work - before)
        return holder

    monkeypatch.setattr(Draft, "writable", counting)
    return sizes


FIRST: Op = {"op": "add", "path": "/l/0", "value": 2}


def replaces(size: int, count: int) -> list[Op]:
    return [{"op": "replace", "path": f"/l/{size - 1 - n}", "value": 3} for n in range(count)]


def inner(size: int, count: int) -> list[Op]:
    return [{"op": "add", "path": f"/l/{size - 1 - n}/k", "value": 3} for n in range(count)]


def test_r2_a_stale_patch_copies_a_long_list_once(copied: list[int]) -> None:
    stale({"l": [1] * 10_000}, [FIRST], replaces(10_000, 500))
    assert sum(size > 1_000 for size in copied) <= 5
    copied.clear()
    stale({"l": [{} for _ in range(10_000)]}, [FIRST], inner(10_000, 10))
    assert sum(size > 1_000 for size in copied) <= 5


@pytest.mark.parametrize("size", [1_000, 10_000])
def test_r2_twice_the_ops_take_twice_the_work(size: int) -> None:
    base = {"l": [1] * size}
    one = calls(lambda: stale(base, [FIRST], replaces(size, 100)))
    two = calls(lambda: stale(base, [FIRST], replaces(size, 200)))
    assert two < 2.2 * one


@pytest.mark.thorough
def test_r5_twice_the_conflicts_take_twice_the_work() -> None:
    base, theirs = {"l": [1] * 500}, replaces(500, 500)

    def mine(count: int) -> list[Op]:
        return [{**op, "value": 4} for op in replaces(500, count)]

    conflicts = len(stale(base, theirs, mine(200))[0].conflicts)
    assert conflicts == 200
    none = calls(lambda: stale(base, theirs, []))
    one = calls(lambda: stale(base, theirs, mine(100))) - none
    two = calls(lambda: stale(base, theirs, mine(200))) - none
    assert two < 2.2 * one


def test_r6_twice_the_merged_texts_take_twice_the_work() -> None:
    base = {"l": ["one two"] * 200}
    theirs: list[Op] = [{"op": "replace", "path": f"/l/{n}", "value": "one 2"} for n in range(200)]

    def mine(count: int) -> list[Op]:
        return [{"op": "replace", "path": f"/l/{n}", "value": "1 two"} for n in range(count)]

    assert len(stale(base, theirs, mine(200))[0].merged) == 200
    none = calls(lambda: stale(base, theirs, []))
    one = calls(lambda: stale(base, theirs, mine(100))) - none
    two = calls(lambda: stale(base, theirs, mine(200))) - none
    assert two < 2.2 * one


def test_r6_all_splices_of_a_text_are_rebased_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[int] = []
    split = text_merge.split

    def counting(text: str) -> list[str]:
        cut.append(len(text))
        return split(text)

    monkeypatch.setattr(text_merge, "split", counting)
    text = "a b " * 1_000
    theirs: list[Op] = [{"op": "splice", "path": "/t", "offset": 0, "delete": 0, "insert": "x"}]
    mine: list[Op] = [
        {"op": "splice", "path": path, "offset": 100 + n, "delete": 0, "insert": "y"}
        for n in range(200)
        for path in ("/t", "/u")
    ]
    rebased, after = stale({"t": text, "u": text}, theirs, mine)
    assert after == {
        "t": "x" + text[:100] + "y" * 200 + text[100:],
        "u": text[:100] + "y" * 200 + text[100:],
    }
    assert [op["op"] for op in rebased.ops] == ["splice", "splice"]
    assert (rebased.conflicts, rebased.merged) == ([], ["/t"])
    assert sum(cut) < 3 * len(text)


def test_r6_a_move_separates_the_edits_of_one_text() -> None:
    base = {"s": [{"t": "one two"}, {"t": "three"}]}
    theirs: list[Op] = [{"op": "replace", "path": "/s/0/t", "value": "one two!"}]
    mine: list[Op] = [
        {"op": "splice", "path": "/s/0/t", "offset": 0, "delete": 0, "insert": "a "},
        {"op": "move", "from": "/s/0", "path": "/s/1"},
        {"op": "splice", "path": "/s/1/t", "offset": 0, "delete": 0, "insert": "b "},
        {"op": "test", "path": "/s/1/t", "value": "b a one two!"},
        {"op": "splice", "path": "/s/0/t", "offset": 0, "delete": 0, "insert": "c "},
    ]
    rebased, after = stale(base, theirs, mine)
    assert after == {"s": [{"t": "c three"}, {"t": "b a one two!"}]}
    assert (rebased.conflicts, rebased.merged) == ([], ["/s/1/t"])


def test_p2_later_ops_never_change_the_values_of_a_conflict() -> None:
    base = {"s": [{"id": "a", "k": {}}, {"id": "b"}], "m": {}}
    theirs: list[Op] = [{"op": "add", "path": "/m/x", "value": {"old": 1}}]
    mine: list[Op] = [
        {"op": "replace", "path": "/s/0/k", "value": {"n": 1}},
        {"op": "move", "from": "/s/0", "path": "/m/x"},
        {"op": "add", "path": "/m/x/k/more", "value": 2},
        {"op": "copy", "from": "/m/x", "path": "/m/y"},
        {"op": "add", "path": "/m/x/k/last", "value": 3},
    ]
    rebased, after = stale(base, theirs, mine)
    conflict = rebased.conflicts[0]
    assert (conflict.theirs, conflict.yours) == ({"old": 1}, {"id": "a", "k": {"n": 1}})
    assert after["m"] == {
        "x": {"id": "a", "k": {"n": 1, "more": 2, "last": 3}},
        "y": {"id": "a", "k": {"n": 1, "more": 2}},
    }
    assert base == {"s": [{"id": "a", "k": {}}, {"id": "b"}], "m": {}}
