"""A stale splice finds its characters among equal ones, by the exact changes of the others."""

from __future__ import annotations

from typing import Any

from collab.entry import Author, Op, TextChange
from collab.patch.apply import apply
from collab.patch.relocate import AppliedChange
from collab.rebase.pipeline import Pipeline
from collab.rebase.rebase import rebase
from collab.rebase.text_history import MANY_LOOKS


def splice(offset: int, delete: int, insert: str, path: str = "/t") -> Op:
    return {"op": "splice", "path": path, "offset": offset, "delete": delete, "insert": insert}


def changes_of(value: Any, *patches: list[Op]) -> tuple[list[AppliedChange], Any]:
    changes = []
    for number, ops in enumerate(patches):
        done = apply(value, ops, splices=True)
        changes.append(AppliedChange(number + 2, Author("bo"), done.ops, value, done.texts))
        value = done.value
    return changes, value


def places(ops: list[Op]) -> list[TextChange]:
    return [(op["offset"], op["delete"], op["insert"]) for op in ops]


def test_a_stale_splice_counts_the_exact_changes_of_others() -> None:
    others, head = changes_of({"t": "aaaa"}, [splice(1, 0, "a")], [splice(4, 1, "")])
    assert head == {"t": "aaaa"}
    assert places(rebase([splice(1, 0, "b")], others, head, splices=True).ops) == [(1, 0, "b")]
    assert places(rebase([splice(2, 1, "")], others, head, splices=True).ops) == [(3, 1, "")]
    assert places(rebase([splice(4, 0, "b")], others, head, splices=True).ops) == [(4, 0, "b")]


def test_a_stale_splice_of_a_letter_that_another_user_removed_is_a_conflict() -> None:
    others, head = changes_of({"t": "aaa"}, [splice(0, 1, "")])
    assert rebase([splice(0, 1, "b")], others, head, splices=True).conflicts
    kept = rebase([splice(2, 1, "b")], others, head, splices=True)
    assert places(kept.ops) == [(1, 1, "b")]
    assert kept.merged == ["/t"]


def test_two_clients_that_type_the_same_letter_keep_both() -> None:
    others, head = changes_of({"t": "aa"}, [splice(1, 0, "a")])
    rebased = rebase([splice(1, 0, "a")], others, head, splices=True)
    assert apply(head, rebased.ops, splices=True).value == {"t": "aaaa"}


def test_the_changes_of_a_text_are_found_after_it_has_moved() -> None:
    first = [splice(0, 0, "a", "/l/0"), {"op": "add", "path": "/l/0", "value": "new"}]
    others, head = changes_of({"l": ["aa"]}, first, [splice(3, 0, "a", "/l/1")])
    rebased = rebase([splice(1, 0, "b", "/l/0")], others, head, splices=True).ops
    assert [(op["path"], op["offset"]) for op in rebased] == [("/l/1", 2)]


def test_pipelined_splices_count_the_clients_own_and_those_of_others() -> None:
    pipeline = Pipeline(1)
    value: Any = {"t": "aaa"}
    changes: list[AppliedChange] = []

    def enter(ops: list[Op], who: str) -> None:
        nonlocal value
        done = apply(value, ops, splices=True)
        version = len(changes) + 2
        changes.append(AppliedChange(version, Author(who), done.ops, value, done.texts))
        value = done.value

    def send(ops: list[Op]) -> list[TextChange]:
        rebased = pipeline.submit(1, ops, lambda base: changes[base - 1 :], value, splices=True)
        enter(rebased.ops, "ada")
        pipeline.applied_as(len(changes) + 1, ops)
        return places(rebased.ops)

    assert send([splice(1, 0, "a")]) == [(1, 0, "a")]  # a A a a
    enter([splice(1, 0, "a")], "bo")  # a B A a a
    assert send([splice(2, 0, "a")]) == [(3, 0, "a")]  # a B A A a a
    enter([splice(5, 1, "")], "bo")
    assert send([splice(1, 1, "b")]) == [(2, 1, "b")]


def test_of_a_whole_text_only_the_two_texts_are_known() -> None:
    put = [{"op": "replace", "path": "/t", "value": "aabaa"}]
    others, head = changes_of({"t": "aaaa"}, put)
    assert places(rebase([splice(4, 0, "c")], others, head, splices=True).ops) == [(5, 0, "c")]


def test_a_patch_of_many_texts_counts_the_changes_in_each() -> None:
    texts = {f"t{number}": "aaaa" for number in range(3 * MANY_LOOKS)}
    first = [[splice(1, 0, "a", f"/{name}")] for name in texts]
    second = [[splice(4, 1, "", f"/{name}")] for name in texts]
    others, head = changes_of(texts, *first, *second)
    mine = [splice(2, 1, "", f"/{name}") for name in texts]
    again = [splice(1, 0, "b", f"/{name}") for name in texts]
    together = rebase([*mine, *again], others, head, splices=True)
    alone = [
        rebase([op, later], others, head, splices=True)
        for op, later in zip(mine, again, strict=True)
    ]
    expected = head
    for each in alone:
        expected = apply(expected, each.ops, splices=True).value
    assert apply(head, together.ops, splices=True).value == expected
    assert set(expected.values()) == {"abaa"}
