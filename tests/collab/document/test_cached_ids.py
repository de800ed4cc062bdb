"""The cached ids of a text are right after each change, so no undo takes a wrong character."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Map, Text

from collab.document.document import Document
from collab.types.layout import DEEPEST
from tests.collab.document.following import check_cached_ids, follow
from tests.collab.document.test_undo_same import YjsDesk


@pytest.fixture(params=[False, True], ids=["kept open", "reopened at each step"])
def desk(request: pytest.FixtureRequest) -> YjsDesk:
    return YjsDesk(request.param)


def _splice(desk: YjsDesk, user: str, path: str, at: int, text: str, cut: int = 0) -> None:
    desk._reopen()
    desk.now += 5_000
    op = {"op": "splice", "path": path, "offset": at, "delete": cut, "insert": text}
    version, now = desk.version, desk.now
    change = desk.document.patch([op], version=version, user=user, at=now, splices=True)
    desk._log(change, user, "edit")


def _only_text(content: Any) -> Any:
    """Return the text of the only element of `/list`."""
    (key,) = set(content["list"].keys()) - {"@array"}
    return content["list"][key]["@value"]


def test_u3_an_undo_takes_no_character_that_was_written_in_a_hidden_element(
    desk: YjsDesk,
) -> None:
    """Cy replaces Ada's letter in an element that Bo has removed, and that comes back."""

    def write(content: Any) -> None:
        del _only_text(content)[3:4]
        _only_text(content).insert(3, "Y")

    desk.edit("root", "add", "/list", ["abcdef"])
    _splice(desk, "ada", "/list/0", 3, "X")
    desk.edit("bo", "remove", "/list/0")
    desk.write("cy", write)
    desk.undo("bo")
    assert desk.value == {"list": ["abcYdef"]}
    assert check_cached_ids(desk.document) == 0
    _splice(desk, "bo", "/list/0", 3, "", cut=1)
    desk.undo("bo")
    assert desk.refuses_to_undo("ada")
    assert desk.value == {"list": ["abcYdef"]}


def test_u10_an_undo_works_after_a_reload_in_an_item_that_came_back() -> None:
    """Bo removes a text from a Y.Array, takes that back, and edits the new text."""
    desk = YjsDesk()
    desk.write("root", lambda content: content.update({"rows": Array([Text("abcdef")])}))
    _splice(desk, "ada", "/rows/0", 3, "X")
    desk.edit("bo", "remove", "/rows/0")
    desk.undo("bo")
    check_cached_ids(desk.document)
    _splice(desk, "bo", "/rows/0", 0, "", cut=1)
    assert desk.value == {"rows": ["bcXdef"]}
    desk.reloads = True
    desk.undo("bo")
    assert desk.value == {"rows": ["abcXdef"]}


def test_d20_a_follower_forgets_a_text_that_came_back_in_an_item() -> None:
    desk, follower = YjsDesk(), Document.create(1)
    desk.write("root", lambda content: content.update({"rows": Array([Text("abcdef")])}))
    follow(follower, desk.entries[0])
    desk.document, other = follower, desk.document
    _splice(desk, "ada", "/rows/0", 3, "X")  # the follower has the ids in its cache
    desk.document = other
    follow(other, desk.entries[1])
    desk.edit("bo", "remove", "/rows/0")
    desk.undo("bo")
    for entry in desk.entries[2:]:
        follow(follower, entry)
    assert follower.value == {"rows": ["abcXdef"]}
    check_cached_ids(follower)


def test_d3_a_text_is_forgotten_when_an_item_before_it_is_removed_again() -> None:
    """An update inserts an item that nests too deep. So its events name later items wrongly."""

    def write(content: Any) -> None:
        rows = content["rows"]
        rows.insert(0, Map())
        held = rows[0]
        for _ in range(DEEPEST):
            held["in"] = Map()
            held = held["in"]
        del rows[1][0:1]
        rows[1].insert(0, "Y")

    desk = YjsDesk()
    desk.write("root", lambda content: content.update({"rows": Array([Text("abc")])}))
    _splice(desk, "ada", "/rows/0", 3, "X")
    desk.write("cy", write)
    assert desk.value == {"rows": ["YbcX"]}
    assert check_cached_ids(desk.document) == 0
