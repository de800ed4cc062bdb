"""Pipelining: patches that build on the connection's own unanswered patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.patch.apply import apply
from collab.patch.relocate import AppliedChange
from collab.rebase.pipeline import Pipeline

START: dict[str, Any] = {"s": [{"id": name, "t": f"text {name}"} for name in "abc"], "n": 0}


class Line:
    """The versions of a document, and the pipeline of one connection."""

    def __init__(self) -> None:
        self.value: Any = START
        self.changes: list[AppliedChange] = []
        self.pipeline = Pipeline(0)

    def since(self, version: int) -> Sequence[AppliedChange]:
        return self.changes[version:]

    def other(self, *ops: Op) -> None:
        self._commit("bo", ops)

    def mine(self, base: int, *ops: Op, after: str | None = None) -> list[Op]:
        rebased = self.pipeline.submit(base, ops, self.since, self.value, after=after, splices=True)
        done = self._commit("me", rebased.ops)
        self.pipeline.applied_as(len(self.changes), list(ops), made_version=bool(done))
        return done

    def _commit(self, who: str, ops: Sequence[Op]) -> list[Op]:
        done = apply(self.value, ops, splices=True)
        if done.ops:
            self.changes.append(
                AppliedChange(len(self.changes) + 1, Author(who), done.ops, self.value)
            )
            self.value = done.value
        return done.ops


def text(path: str, value: Any) -> Op:
    return {"op": "replace", "path": path, "value": value}


def test_r10_without_changes_of_others_ops_stay_as_they_are() -> None:
    line = Line()
    assert line.mine(0, text("/s/0/t", "x")) == [text("/s/0/t", "x")]
    assert line.mine(0, {"op": "remove", "path": "/s/0"}) == [{"op": "remove", "path": "/s/0"}]
    assert line.mine(0, text("/s/0/t", "y")) == [text("/s/0/t", "y")]
    assert line.value["s"][0] == {"id": "b", "t": "y"}


def test_r10_a_patch_builds_on_the_unanswered_patches_before_it() -> None:
    line = Line()
    line.mine(0, {"op": "add", "path": "/s/0", "value": {"id": "m", "t": ""}})
    line.other({"op": "add", "path": "/s/0", "value": {"id": "n"}})
    line.mine(0, text("/s/0/t", "mine"), text("/s/1/t", "a"))
    assert [(each["id"], each.get("t")) for each in line.value["s"][:3]] == [
        ("n", None),
        ("m", "mine"),
        ("a", "a"),
    ]


def test_r10_an_answered_patch_is_part_of_the_base() -> None:
    line = Line()
    line.mine(0, {"op": "remove", "path": "/s/0"})
    line.mine(1, text("/s/0/t", "b"))
    line.other({"op": "add", "path": "/s/0", "value": {"id": "n"}})
    line.mine(3, text("/s/0", "n"))
    assert line.value["s"][0] == "n"


def test_r10_a_newer_base_rebases_the_unanswered_patches() -> None:
    line = Line()
    line.other({"op": "add", "path": "/s/0", "value": {"id": "n"}})
    line.mine(0, {"op": "add", "path": "/s/0", "value": {"id": "m", "t": ""}})
    # With version 1 the client sees n, m, a, b, c: its own element is behind the earlier one.
    line.mine(1, text("/s/1/t", "mine"))
    assert line.value["s"][1] == {"id": "m", "t": "mine"}


def test_r10_texts_are_merged_against_what_the_client_saw() -> None:
    line = Line()
    line.other(text("/s/0/t", "text A"))
    assert line.mine(0, text("/s/0/t", "long text a")) == [text("/s/0/t", "long text A")]
    assert line.mine(0, text("/s/0/t", "very long text a")) == [text("/s/0/t", "very long text A")]
    # Version 1 brings the other author's text, but the client shows its own until the answer.
    assert line.mine(1, text("/s/0/t", "not very long text a")) == [
        text("/s/0/t", "not very long text A")
    ]


def test_r10_a_splice_counts_in_the_text_that_the_client_sees() -> None:
    line = Line()
    line.other(text("/s/0/t", "the text a"))
    line.mine(0, {"op": "splice", "path": "/s/0/t", "offset": 6, "delete": 0, "insert": "!"})
    line.mine(0, {"op": "splice", "path": "/s/0/t", "offset": 7, "delete": 0, "insert": "?"})
    assert line.value["s"][0]["t"] == "the text a!?"


def test_r10_an_id_sent_again_counts_at_its_first_version() -> None:
    line = Line()
    sent: Op = {"op": "add", "path": "/s/0", "value": {"id": "m", "t": ""}}
    line.mine(0, sent)
    line.other({"op": "add", "path": "/s/0", "value": {"id": "n"}})
    line.pipeline = Pipeline(0)
    line.pipeline.applied_as(1, [sent])
    line.mine(0, text("/s/0/t", "mine"))
    assert line.value["s"][1] == {"id": "m", "t": "mine"}


def test_r10_a_patch_without_a_version_may_be_unanswered() -> None:
    line = Line()
    line.other({"op": "add", "path": "/k", "value": {"a": 1}})
    assert line.mine(0, {"op": "add", "path": "/k", "value": {"a": 1}}) == []
    line.mine(0, text("/k/a", 2))
    assert line.value["k"] == {"a": 2}


def test_r10_an_answered_patch_needs_no_history() -> None:
    line = Line()
    line.mine(0, text("/n", 1))
    line.other(text("/n", 2))
    kept = line.changes[:]

    def forgotten(version: int) -> Sequence[AppliedChange]:
        if version < 2:
            raise Rejected(Code.UNKNOWN_VERSION, "no longer kept")
        return kept[version:]

    rebased = line.pipeline.submit(2, [text("/n", 3)], forgotten, line.value)
    assert rebased.ops == [text("/n", 3)]


def test_r10_a_base_never_goes_back() -> None:
    line = Line()
    line.other(text("/n", 1))
    line.mine(1, text("/n", 2))
    with pytest.raises(Rejected) as caught:
        line.mine(0, text("/n", 3))
    assert caught.value.refusal.code == Code.UNKNOWN_VERSION


def answered_without_a_version() -> Line:
    """My second patch changes nothing after its merge: its answer repeats the first's version."""
    line = Line()
    line.value = {"n": 1, "t": "a b c d e"}
    line.other(text("/t", "A b c d E"))
    line.mine(0, text("/n", 2))
    assert line.mine(0, text("/t", "A b c d e")) == []
    return line


def test_r10_a_patch_is_refused_when_a_missing_answer_matters() -> None:
    line = answered_without_a_version()
    with pytest.raises(Rejected) as refused:
        line.mine(2, text("/t", "A b c d e f"), after="second")
    assert refused.value.refusal.code == Code.CONFLICT
    assert line.value["t"] == "A b c d E"
    line.mine(2, text("/t", "A b c d E f"), after="")
    assert line.value["t"] == "A b c d E f"


def test_r10_one_unclear_answer_is_enough() -> None:
    line = answered_without_a_version()
    assert line.mine(0, text("/n", 2)) == []  # the answer to this patch is clear
    with pytest.raises(Rejected) as refused:
        line.mine(2, text("/t", "A b c d e f"), after="third")
    assert refused.value.refusal.code == Code.CONFLICT


@pytest.mark.parametrize("after", ["", None])
def test_r10_an_author_that_lacks_no_answer_sees_the_head(after: str | None) -> None:
    line = answered_without_a_version()
    line.mine(2, text("/t", "A b c d E f"), after=after)
    assert line.value["t"] == "A b c d E f"


def test_r10_an_answer_that_changes_nothing_may_be_missing() -> None:
    line = Line()
    line.other(text("/n", 7))
    line.mine(0, text("/s/0/t", "x"))
    assert line.mine(0, text("/n", 7)) == []
    line.mine(2, text("/n", 8), after="second")
    assert line.value["n"] == 8


def test_r10_an_answered_patch_is_not_pending_for_the_next_one() -> None:
    line = Line()
    line.mine(0, {"op": "add", "path": "/s/0", "value": {"id": "n", "t": ""}})
    line.mine(0, text("/n", 1))
    line.mine(1, text("/s/1/t", "x"))
    assert [(one["id"], one["t"]) for one in line.value["s"][:2]] == [("n", ""), ("a", "x")]
    assert line.pipeline.base == 1
    assert len(line.pipeline.pending) == 2
