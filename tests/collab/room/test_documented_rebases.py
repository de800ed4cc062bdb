"""Each row of the rebase table in docs/wire.md is true: a room plays it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collab.room.requests import Answer, PatchRequest
from tests.collab.room.rooms import commit, done, member, opened, refusal

PAGE = Path(__file__).parents[3] / "docs" / "wire.md"
SECTION = "##### A stale base: rebase and merge"
ADA, BO = member("ada"), member("bo")
Op = dict[str, Any]


def documented() -> list[tuple[str, str]]:
    """Return the first two cells of each row of the table."""
    section = PAGE.read_text().split(SECTION)[1].split("#####")[0]
    rows = re.findall(r"^\| (.*?) \| (.*?) \| .* \|$", section, re.MULTILINE)
    return rows[1:]  # without the head


def replace(path: str, value: Any) -> Op:
    return {"op": "replace", "path": path, "value": value}


def remove(path: str) -> Op:
    return {"op": "remove", "path": path}


def add(path: str, value: Any) -> Op:
    return {"op": "add", "path": path, "value": value}


def move(source: str, path: str) -> Op:
    return {"op": "move", "from": source, "path": path}


def played(value: Op, theirs: Op, mine: Op) -> tuple[Any, Answer]:
    """Let Bo change the value, and Ada patch it with the base before; return value and answer."""
    room = opened(value)
    done(room, PatchRequest("b.1", 1, [theirs]), BO)
    commit(room)
    answer = done(room, PatchRequest("a.1", 1, [mine]), ADA)
    commit(room)
    return room.document.value, answer


def overwritten(answer: Answer) -> list[str]:
    return [conflict["path"] for conflict in answer.ack.get("conflicts", ())]


LIST = {"list": [{"id": "a"}, {"id": "b"}, {"id": "c", "title": "old"}]}


def an_insertion_shifts_the_index() -> None:
    value, answer = played(LIST, add("/list/0", {"id": "n"}), replace("/list/2", {"id": "mine"}))
    assert value == {"list": [{"id": "n"}, {"id": "a"}, {"id": "b"}, {"id": "mine"}]}
    assert overwritten(answer) == []


def another_word_is_merged() -> None:
    value, answer = played(
        {"text": "We sell chairs"},
        replace("/text", "We sell tables"),
        replace("/text", "You sell chairs"),
    )
    assert value == {"text": "You sell tables"}
    assert (list(answer.ack["merged"]), overwritten(answer)) == (["/text"], [])


def the_same_word_is_mine() -> None:
    value, answer = played(
        {"text": "We sell chairs"},
        replace("/text", "We sell tables"),
        replace("/text", "We sell lamps"),
    )
    assert value == {"text": "We sell lamps"}
    assert overwritten(answer) == ["/text"]


def a_replaced_value_is_mine() -> None:
    for mine, left in ((replace("/title", "Hi"), {"title": "Hi"}), (remove("/title"), {})):
        value, answer = played({"title": "Hello"}, replace("/title", "Welcome"), mine)
        assert value == left
        assert overwritten(answer) == ["/title"]
        assert answer.ack["conflicts"][0]["theirs"] == "Welcome"


def a_move_takes_the_edit_along() -> None:
    value, _ = played(LIST, replace("/list/2/title", "theirs"), move("/list/2", "/list/0"))
    assert value == {"list": [{"id": "c", "title": "theirs"}, {"id": "a"}, {"id": "b"}]}


def a_replace_follows_the_moved_member() -> None:
    for mine, left in ((replace("/a", "mine"), {"b": "mine"}), (remove("/a"), {})):
        value, answer = played({"a": "old"}, move("/a", "/b"), mine)
        assert value == left
        assert len(overwritten(answer)) == 1


def an_add_writes_at_the_old_key() -> None:
    for mine in (add("/a", 7), move("/c", "/a"), {"op": "copy", "from": "/c", "path": "/a"}):
        value, answer = played({"a": "old", "c": 7}, move("/a", "/b"), mine)
        assert (value["a"], value["b"]) == (7, "old")
        assert overwritten(answer) == []


def a_removed_target_is_a_conflict() -> None:
    room = opened(LIST)
    done(room, PatchRequest("b.1", 1, [remove("/list/2")]), BO)
    refused = refusal(room, PatchRequest("a.1", 1, [replace("/list/2/title", "mine")]), ADA)
    assert refused.code.value == "conflict"
    assert room.document.value == {"list": [{"id": "a"}, {"id": "b"}]}


def my_own_edit_is_not_overwritten() -> None:
    room = opened({"a": "old", "b": "other"})
    done(room, PatchRequest("a.1", 1, [replace("/a", "mine")]), ADA)
    done(room, PatchRequest("b.1", 2, [move("/a", "/b")]), BO)
    refused = refusal(room, PatchRequest("a.2", 1, [replace("/b", "again")]), ADA)
    assert refused.code.value == "conflict"
    assert room.document.value == {"b": "mine"}


CASES: dict[tuple[str, str], Callable[[], None]] = {
    ("`replace /list/2`", "inserted an element at `/list/0`"): an_insertion_shifts_the_index,
    ("changes a word of `/text`", "changed another word of `/text`"): another_word_is_merged,
    ("changes a word of `/text`", "changed the same word"): the_same_word_is_mine,
    ("`replace /title` or `remove /title`", "replaced `/title`"): a_replaced_value_is_mine,
    ("`move /list/2` to another place", "edited inside `/list/2`"): a_move_takes_the_edit_along,
    ("`replace /a` or `remove /a`", "moved `/a` to `/b`"): a_replace_follows_the_moved_member,
    ("`add`, `move` or `copy` to `/a`", "moved `/a` to `/b`"): an_add_writes_at_the_old_key,
    ("`replace /list/2/title`", "removed this element"): a_removed_target_is_a_conflict,
    (
        "first patch `replace /a` (accepted), later patch `replace /b`",
        "between your two patches: moved `/a` to `/b`",
    ): my_own_edit_is_not_overwritten,
}


def test_the_table_has_exactly_the_rows_played_here() -> None:
    assert documented() == list(CASES)


@pytest.mark.parametrize("row", CASES, ids=lambda row: CASES[row].__name__)
def test_a_row_of_the_rebase_table_is_true(row: tuple[str, str]) -> None:
    CASES[row]()
