"""Undo does not bring back an element that another user has created again under its id."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map

from collab.document.document import Document
from collab.document.steps import MadeBy
from collab.errors import Code, Rejected

SECTIONS = [{"id": name, "text": name.upper()} for name in "abc"]


class Page:
    """A page with sections; each call is one more version."""

    def __init__(self) -> None:
        self.document = Document.create(1)
        self.version = 0
        self.patch("ada", {"op": "add", "path": "/sections", "value": SECTIONS})

    def patch(self, user: str, *ops: dict[str, Any], step: str = "") -> None:
        self.version += 1
        made_by = MadeBy(name=step)
        self.document.patch(
            list(ops), version=self.version, user=user, at=self.version, made_by=made_by
        )

    def delete(self, user: str, *names: str) -> None:
        """Delete elements as a Yjs client that does not only hide them."""
        self.version += 1
        peer: Doc[Any] = Doc(client_id=self.version)
        peer.apply_update(self.document.update_since(peer.get_state()))
        content: Any = peer.get("content", type=Map)
        with peer.transaction():
            for name in names:
                del content["sections"][name]
        update = peer.get_update(self.document.encode_state_vector())
        self.document.integrate(update, version=self.version, user=user, at=self.version)

    def undo(self, user: str) -> list[str]:
        self.version += 1
        return self.document.undo(user, version=self.version, at=self.version).skipped

    def redo(self, user: str) -> list[str]:
        self.version += 1
        return self.document.redo(user, version=self.version, at=self.version).skipped

    def names(self) -> str:
        value: Any = self.document.value
        assert self.document.read() == value
        return "".join(one["id"] for one in value["sections"])


REMOVE_B = {"op": "remove", "path": "/sections/1"}
ADD_B = {"op": "add", "path": "/sections/1", "value": {"id": "b", "text": "again"}}


def test_an_undo_does_not_show_an_element_that_another_user_created_again() -> None:
    page = Page()
    page.patch("bo", REMOVE_B)
    page.patch("ada", ADD_B)
    with pytest.raises(Rejected) as caught:
        page.undo("bo")
    assert caught.value.refusal.code is Code.NOTHING_TO_UNDO
    assert page.names() == "abc"


def test_the_other_changes_of_the_step_are_taken_back() -> None:
    page = Page()
    page.patch("bo", REMOVE_B, {"op": "remove", "path": "/sections/0"})
    page.patch("ada", {**ADD_B, "path": "/sections/0"})
    assert page.undo("bo") == ["/sections"]
    assert page.names() == "abc"


def test_when_the_new_element_is_gone_the_undo_brings_back_the_old_one() -> None:
    page = Page()
    page.patch("bo", REMOVE_B)
    page.patch("ada", ADD_B)
    page.undo("ada")
    page.undo("bo")
    assert page.names() == "abc"
    value: Any = page.document.value
    assert value["sections"][1]["text"] == "B"


def test_elements_that_had_one_id_from_the_start_are_brought_back() -> None:
    page = Page()
    page.patch("ada", ADD_B)
    assert page.names() == "abbc"
    page.patch("bo", {"op": "remove", "path": "/sections/2"})
    page.undo("bo")
    assert page.names() == "abbc"


def test_a_redo_of_the_removal_is_still_possible() -> None:
    page = Page()
    page.patch("bo", REMOVE_B)
    page.undo("bo")
    assert page.names() == "abc"
    page.redo("bo")
    assert page.names() == "ac"
    page.undo("bo")
    assert page.names() == "abc"


def test_the_same_user_may_create_it_again_and_undo_both() -> None:
    page = Page()
    page.patch("bo", REMOVE_B)
    page.patch("bo", ADD_B)
    page.undo("bo")
    assert page.names() == "ac"
    page.undo("bo")
    assert page.names() == "abc"


def replaced(at: int, name: str) -> list[dict[str, Any]]:
    """Return the ops that replace a section by a new one with the same id."""
    return [
        {"op": "remove", "path": f"/sections/{at}"},
        {"op": "add", "path": f"/sections/{at}", "value": {"id": name, "text": "new"}},
    ]


@pytest.mark.parametrize("more", [[], [{"op": "remove", "path": "/sections/2"}]])
def test_a_step_that_creates_elements_again_is_taken_back_whole(more: list[Any]) -> None:
    page = Page()
    page.patch("bo", *replaced(0, "a"), *replaced(1, "b"), *more)
    for _ in range(2):
        assert page.undo("bo") == []
        assert page.names() == "abc"
        value: Any = page.document.value
        assert [one["text"] for one in value["sections"]] == ["A", "B", "C"]
        page.redo("bo")
        assert page.names() == ("ab" if more else "abc")


def test_an_element_that_was_moved_away_does_not_come_back_twice() -> None:
    page = Page()
    page.patch("ada", {"op": "add", "path": "/other", "value": []})
    page.patch("bo", {"op": "move", "from": "/sections/1", "path": "/other/0"})
    page.patch("ada", ADD_B)
    with pytest.raises(Rejected):
        page.undo("bo")
    assert page.names() == "abc"


@pytest.mark.parametrize("is_hidden", [True, False])
def test_it_does_not_come_back_although_the_step_that_created_it_is_forgotten(
    is_hidden: bool,
) -> None:
    page = Page()
    if is_hidden:
        page.patch("ada", REMOVE_B)
    else:
        page.delete("ada", "b")
    page.patch("bo", ADD_B)
    for number in range(1_100):
        page.patch("bo", {"op": "add", "path": f"/n{number}", "value": number})
    with pytest.raises(Rejected):
        page.undo("ada")
    assert page.names() == "abc"


D = {"id": "d", "text": "D"}
CHANGES = {
    "a removal": (REMOVE_B, ADD_B, "abbc"),
    "a move to another array": (
        {"op": "move", "from": "/sections/1", "path": "/other/0"},
        ADD_B,
        "abbc",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_element_that_was_added_before_the_redo_does_not_count(name: str) -> None:
    change, again, both = CHANGES[name]
    page = Page()
    page.patch("ada", {"op": "add", "path": "/other", "value": []})
    page.patch("bo", change)
    page.undo("bo")
    page.patch("ada", again)
    assert page.names() == both
    for _ in range(2):
        assert page.redo("bo") == []
        assert page.names() == "abc"
        assert page.undo("bo") == []
        assert page.names() == both


def test_an_element_that_was_added_before_the_undo_of_another_one_does_not_count() -> None:
    page = Page()
    page.patch("bo", {"op": "add", "path": "/sections/3", "value": D})
    page.undo("bo")
    page.redo("bo")
    page.patch("ada", {"op": "add", "path": "/sections/0", "value": D})
    for _ in range(2):
        assert page.undo("bo") == []
        assert page.names() == "dabc"
        assert page.redo("bo") == []
        assert page.names() == "dabcd"


@pytest.mark.parametrize("name", CHANGES)
def test_an_element_that_was_added_after_the_redo_counts(name: str) -> None:
    change, again, _ = CHANGES[name]
    page = Page()
    page.patch("ada", {"op": "add", "path": "/other", "value": []})
    page.patch("bo", change)
    page.undo("bo")
    page.redo("bo")
    page.patch("ada", again)
    with pytest.raises(Rejected):
        page.undo("bo")
    assert page.names() == "abc"


def test_a_step_brings_back_only_the_newer_one_of_two_that_it_removed() -> None:
    page = Page()
    page.patch("bo", REMOVE_B, step="drag")
    page.patch("ada", ADD_B)
    page.patch("bo", REMOVE_B, step="drag")
    for left in (["/sections"], []):
        assert page.undo("bo") == left
        assert page.names() == "abc"
        value: Any = page.document.value
        assert value["sections"][1]["text"] == "again"
        page.redo("bo")
        assert page.names() == "ac"


def test_an_element_that_a_yjs_client_deleted_does_not_come_back_twice() -> None:
    page = Page()
    page.delete("bo", "b")
    assert page.names() == "ac"
    page.patch("ada", ADD_B)
    with pytest.raises(Rejected):
        page.undo("bo")
    assert page.names() == "abc"
    page.undo("ada")
    page.undo("bo")
    assert page.names() == "abc"


def test_all_elements_that_a_yjs_client_deleted_come_back() -> None:
    page = Page()
    page.patch("ada", ADD_B)
    peer: Doc[Any] = Doc()
    peer.apply_update(page.document.update_since(peer.get_state()))
    content: Any = peer.get("content", type=Map)
    keys = [key for key in content["sections"] if key != "@array"]
    page.delete("bo", *keys)
    assert page.names() == ""
    assert page.undo("bo") == []
    assert page.names() == "abbc"
