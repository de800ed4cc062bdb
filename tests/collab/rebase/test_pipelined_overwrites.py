"""R5 and R10: unanswered patches report all that they overwrite, and know their own values."""

from __future__ import annotations

from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.patch.apply import apply
from collab.patch.relocate import AppliedChange
from collab.rebase.conflicts import Rebased
from collab.rebase.pipeline import Pipeline
from tests.collab.patch.patches import added, moved, named, removed, replaced


def pipeline(
    value: Any, *patches: tuple[str, list[Op]], answered: int = 0
) -> tuple[list[Rebased], Any]:
    """Rebase my patches, which are sent without waiting. Return the results and the last value.

    Before the client sends the last patch, it receives the versions up to `answered`.
    """
    changes: list[AppliedChange] = []
    pipeline, head, answers = Pipeline(0), value, []
    for number, (author, ops) in enumerate(patches, 1):
        rebased = Rebased(ops)
        if author == "me":
            base = answered if number == len(patches) else 0
            rebased = pipeline.submit(base, ops, lambda version: changes[version:], head)
            answers.append(rebased)
        done = apply(head, rebased.ops)
        if done.ops:
            changes.append(AppliedChange(len(changes) + 1, Author(author), done.ops, head))
            head = done.value
        if author == "me":
            pipeline.applied_as(len(changes), ops, made_version=bool(done.ops))
    return answers, head


def test_r10_a_pipelined_patch_recognizes_its_own_value() -> None:
    answers, _ = pipeline(
        {"k": 1, "n": 2},
        ("bo", [moved("/k", "/n")]),
        ("me", [added("/n", 3)]),
        ("me", [removed("/k")]),
        ("me", [added("/n", 4)]),
    )
    assert answers[1:] == [Rebased([]), Rebased([added("/n", 4)])]


@pytest.mark.parametrize(
    "over",
    [
        pytest.param(moved("/s/1", "/s"), id="seed 10224 and 15963"),
        pytest.param(removed("/s"), id="seed 10284"),
        pytest.param(replaced("/s", 4), id="replace"),
    ],
)
def test_r10_an_own_value_moved_by_others_is_not_overwritten(over: Op) -> None:
    """Seeds of `pipelined`: the author still sees its own value at the key."""
    theirs, mine = [moved("/k", "/s/1")], [replaced("/k", 3)]
    with pytest.raises(Rejected) as caught:
        pipeline({"k": 1, "s": [5, 6]}, ("bo", theirs), ("me", mine), ("me", [over]))
    assert caught.value.refusal.code == Code.CONFLICT


def test_r10_a_copy_into_itself_stays_at_its_key() -> None:
    """Seed 15611 of `pipelined`: others have moved the member that the copy overwrites."""
    answers, after = pipeline(
        {"s": [], "k": {"k": {"k": 2}}},
        ("bo", [moved("/k/k/k", "/s/0")]),
        ("me", [{"op": "copy", "from": "/k", "path": "/k/k/k"}]),
        ("me", [added("/k/k/k/k/k", 4)]),
    )
    assert after == {"s": [2], "k": {"k": {"k": {"k": {"k": 4}}}}}
    assert [each.conflicts for each in answers] == [[], []]


def test_r10_a_move_without_effect_is_not_taken_for_a_write() -> None:
    """Seed 1029653 of `pipelined`: others have moved the same element to the same place."""
    _, after = pipeline(
        {"s": [1, [3]]},
        ("bo", [moved("/s/1", "/s/0")]),
        ("me", [moved("/s/1", "/s/0"), {"op": "copy", "from": "/s/0", "path": "/s/0/0"}]),
        ("me", [moved("/s/0/0/0", "/s/0/0")]),
    )
    assert after == {"s": [[3, [], 3], 1]}


def test_r10_a_move_without_effect_is_not_taken_for_a_later_move() -> None:
    """Seed 1033785 of `pipelined`: others have moved the list to the same key."""
    _, after = pipeline(
        {"k": [2]},
        ("bo", [moved("/k", "/q")]),
        ("me", [removed("/k/0")]),
        ("bo", [replaced("/q", [5, 6])]),
        ("me", [moved("/k", "/q"), added("/q/0", {"t": 8}), moved("/q/0/t", "/k")]),
        ("me", [replaced("/q/0", 12)]),
    )
    assert after == {"q": [5, 6, 12], "k": 8}


def test_r10_a_patch_without_a_version_ends_the_moved_element() -> None:
    """Seed 2035745 of `pipelined`."""
    answers, after = pipeline(
        {"k": 1},
        ("bo", [moved("/k", "/q")]),
        ("me", [{"op": "copy", "from": "/k", "path": "/q"}]),
        ("me", [added("/q", 8), removed("/k")]),
    )
    assert (answers[1].conflicts, after) == ([], {"q": 8})


def test_r10_a_copy_without_effect_ends_the_moved_element() -> None:
    """Seed 2004303 of `pipelined`: the client sees its own 5 at the key."""
    copied: Op = {"op": "copy", "from": "/k", "path": "/q"}
    with pytest.raises(Rejected) as caught:
        pipeline(
            {"k": 1},
            ("bo", [moved("/k", "/q")]),
            ("me", [copied, replaced("/q", 5)]),
            ("me", [replaced("/k", 8)]),
        )
    assert caught.value.refusal.code == Code.CONFLICT


def test_r10_a_move_over_its_holder_counts_as_a_move() -> None:
    """The next patch finds the element, also when others have changed it."""
    answers, after = pipeline(
        {"k": [1, {"t": 2}]},
        ("bo", [replaced("/k/1/t", 5)]),
        ("me", [moved("/k/1", "/k")]),
        ("bo", [moved("/k", "/q")]),
        ("me", [replaced("/k/t", 3)]),
    )
    assert (answers[1].conflicts, after) == ([named("/q/t", 2, 5, 3)], {"q": {"t": 3}})


def test_r10_a_copy_that_changes_nothing_ends_no_element() -> None:
    """Seed 104183 of `advancing`: an answer made the client's next patch disappear."""
    same: Op = {"op": "copy", "from": "/n", "path": "/k"}
    _, after = pipeline(
        {"n": 1, "k": 1},
        ("me", [same, added("/q", 2)]),
        ("me", [moved("/k", "/s")]),
        ("bo", [added("/a", 3)]),
        ("me", [replaced("/s", 4)]),
        answered=1,
    )
    assert after == {"n": 1, "q": 2, "s": 4, "a": 3}
