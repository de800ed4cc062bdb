"""Undo and redo take back a user's own changes and keep those of others, also after a reload."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.document.change import Undone
from collab.document.document import Document
from collab.entry import Author, Entry, Kind
from collab.errors import Code, Rejected


class Desk:
    """A document with its log. With `reloads` it is opened again before every step."""

    def __init__(self, reloads: bool = False) -> None:
        self.reloads = reloads
        self.entries: list[Entry] = []
        self.now = 0
        self.document = Document.create(1)

    @property
    def value(self) -> Any:
        assert self.document.read() == self.document.value
        return self.document.value

    def _reopen(self) -> None:
        if self.reloads:
            half = len(self.entries) // 2
            early = Document.open(None, self.entries[:half], 1)
            self.document.close()
            self.document = Document.open(early.snapshot(), self.entries[half:], 1)
            early.close()

    def _log(self, change: Any, user: str, kind: Kind) -> None:
        assert change is not None
        self.entries.append(
            Entry(
                self.version,
                Author(user=user),
                self.now,
                kind,
                change.ops,
                change.update,
                inverse=change.inverse,
            )
        )

    @property
    def version(self) -> int:
        return len(self.entries) + 1

    def edit(self, user: str, op: str, path: str, value: Any = None, later: int = 5_000) -> None:
        self._reopen()
        self.now += later
        ops = [{"op": op, "path": path, "value": value}]
        if op == "move":
            ops = [{"op": op, "from": path, "path": value}]
        if op == "remove":
            ops = [{"op": op, "path": path}]
        change = self.document.patch(ops, version=self.version, user=user, at=self.now)
        self._log(change, user, "edit")

    def type(self, user: str, path: list[str], at: int, text: str, cut: int = 0) -> None:
        """Edit a text on the Yjs lane."""
        self._reopen()
        self.now += 100
        peer: Doc[Any] = Doc(client_id=5_000 + len(self.entries))
        held: Any = peer.get("content", type=Map)
        peer.apply_update(self.document.update_since(b"\x00"))
        for key in path:
            held = held[key]
        assert isinstance(held, Text)
        with peer.transaction():
            if cut:
                del held[at : at + cut]
            held.insert(at, text)
        update = peer.get_update(self.document.encode_state_vector())
        change = self.document.integrate(update, version=self.version, user=user, at=self.now)
        self._log(change, user, "edit")

    def undo(self, user: str, scope: str = "") -> Undone:
        self._reopen()
        self.now += 5_000
        undone = self.document.undo(user, scope, version=self.version, at=self.now)
        self._log(undone.change, user, "undo")
        return undone

    def redo(self, user: str, scope: str = "") -> Undone:
        self._reopen()
        self.now += 5_000
        undone = self.document.redo(user, scope, version=self.version, at=self.now)
        self._log(undone.change, user, "redo")
        return undone


@pytest.fixture(params=[False, True], ids=["kept open", "reopened at each step"])
def desk(request: pytest.FixtureRequest) -> Desk:
    desk = Desk(request.param)
    sections = [
        {"id": "hero", "title": "Hello world", "n": 1},
        {"id": "faq", "title": "Questions"},
        {"id": "end", "title": "Bye"},
    ]
    desk.edit("root", "add", "/sections", sections)
    return desk


def titles(desk: Desk) -> list[str]:
    return [section["title"] for section in desk.value["sections"]]


def test_u3_redo_brings_an_added_section_back_with_others_edits(
    desk: Desk,
) -> None:
    desk.edit("ada", "add", "/sections/1", {"id": "new", "title": "New"})
    desk.edit("bo", "replace", "/sections/1/title", "New and better")
    desk.undo("ada")
    assert titles(desk) == ["Hello world", "Questions", "Bye"]
    desk.redo("ada")
    assert titles(desk) == ["Hello world", "New and better", "Questions", "Bye"]


def test_u3_undo_brings_a_removed_section_back_with_others_edits(desk: Desk) -> None:
    peer: Doc[Any] = Doc(client_id=77)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(desk.document.update_since(b"\x00"))
    desk.edit("ada", "remove", "/sections/0")
    # Bo has not seen the removal yet.
    content["sections"]["hero"]["title"].insert(5, " brave")
    update = peer.get_update(desk.document.encode_state_vector())
    change = desk.document.integrate(update, version=desk.version, user="bo", at=desk.now)
    assert change is not None
    assert change.ops == []
    desk._log(change, "bo", "edit")
    assert titles(desk) == ["Questions", "Bye"]
    desk.undo("ada")
    assert titles(desk) == ["Hello brave world", "Questions", "Bye"]


def test_u3_undo_moves_a_section_back_with_others_edits(desk: Desk) -> None:
    desk.edit("ada", "move", "/sections/0", "/sections/2")
    desk.edit("bo", "replace", "/sections/2/title", "Hello there world")
    desk.edit("bo", "add", "/sections/0", {"id": "top", "title": "Top"})
    undone = desk.undo("ada")
    assert titles(desk) == ["Hello there world", "Top", "Questions", "Bye"]
    assert undone.undone[0].pointers == ["/sections/0"]


def test_u4_undo_leaves_a_section_that_others_moved_since(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/title", "Hi")
    desk.edit("ada", "move", "/sections/0", "/sections/2")
    desk.edit("bo", "move", "/sections/2", "/sections/1")
    undone = desk.undo("ada")
    assert undone.reverts == [2]
    assert undone.skipped == ["/sections/1"]
    assert titles(desk) == ["Questions", "Hello world", "Bye"]


def test_u3_users_of_one_text_take_back_only_their_own_words(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/title", "Hello brave world")
    desk.edit("bo", "replace", "/sections/0/title", "Hello brave new world")
    desk.undo("ada")
    assert titles(desk)[0] == "Hello new world"
    desk.undo("bo")
    assert titles(desk)[0] == "Hello world"
    desk.redo("ada")
    desk.redo("bo")
    assert titles(desk)[0] == "Hello brave new world"


def test_u3_text_typed_inside_my_words_by_others_stays(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/title", "Hello wonderful world")
    desk.type("bo", ["sections", "hero", "title"], 9, "BO")
    assert titles(desk)[0] == "Hello wonBOderful world"
    desk.undo("ada")
    assert titles(desk)[0] == "Hello BOworld"


def test_u5_undo_leaves_a_number_that_another_user_set_since(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/n", 2)
    desk.edit("bo", "replace", "/sections/0/n", 3)
    with pytest.raises(Rejected) as refused:
        desk.undo("ada")
    assert refused.value.refusal.code is Code.NOTHING_TO_UNDO
    assert desk.value["sections"][0]["n"] == 3


def test_u4_undo_skips_an_overwritten_step_and_takes_the_next(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/1/title", "Answers")
    desk.edit("ada", "replace", "/sections/0/n", 2)
    desk.edit("bo", "replace", "/sections/0/n", 3)
    undone = desk.undo("ada")
    assert undone.reverts == [2]
    assert undone.skipped == ["/sections/0/n"]
    assert titles(desk)[1] == "Questions"
    with pytest.raises(Rejected):
        desk.undo("ada")


def test_u1_a_new_edit_clears_the_redo_of_its_author_alone(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/n", 2)
    desk.edit("bo", "replace", "/sections/1/title", "Bo's")
    desk.undo("ada")
    desk.undo("bo")
    desk.edit("ada", "replace", "/sections/2/title", "Goodbye")
    with pytest.raises(Rejected) as refused:
        desk.redo("ada")
    assert refused.value.refusal.code is Code.NOTHING_TO_UNDO
    desk.redo("bo")
    assert titles(desk)[1] == "Bo's"


@pytest.mark.thorough
def test_u1_a_hundred_steps_are_undone_and_redone(desk: Desk) -> None:
    values = [desk.value]
    for number in range(99):
        path = ("/sections/0/n", "/sections/1/title", "/sections/2/title")[number % 3]
        value = number + 10 if number % 3 == 0 else f"Title {number}"
        desk.edit("ada", "replace", path, value)
        values.append(desk.value)
    for value in reversed(values[:-1]):
        desk.undo("ada")
        assert desk.value == value
    for value in values[1:]:
        desk.redo("ada")
        assert desk.value == value


def test_u2_yjs_edits_of_a_string_within_a_second_are_one_step(desk: Desk) -> None:
    for number, letter in enumerate("bright"):
        desk.type("ada", ["sections", "hero", "title"], 6 + number, letter)
    desk.now += 1_000
    desk.type("ada", ["sections", "hero", "title"], 12, "er")
    desk.undo("ada")
    assert titles(desk)[0] == "Hello brightworld"
    undone = desk.undo("ada")
    assert titles(desk)[0] == "Hello world"
    assert undone.reverts == [2, 3, 4, 5, 6, 7]
    desk.redo("ada")
    assert titles(desk)[0] == "Hello brightworld"


def test_u2_each_patch_is_a_step_even_within_a_second(desk: Desk) -> None:
    desk.type("ada", ["sections", "hero", "title"], 0, "A")
    desk.edit("ada", "replace", "/sections/0/title", "Hello brave world", later=10)
    desk.edit("ada", "replace", "/sections/0/title", "Hello great world", later=10)
    desk.type("ada", ["sections", "hero", "title"], 0, "B")
    reverts = [desk.undo("ada").reverts for _ in range(4)]
    assert reverts == [[5], [4], [3], [2]]


def test_u6_a_scope_limits_undo_to_its_pointer(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/title", "First")
    desk.edit("ada", "replace", "/sections/1/title", "Second")
    desk.undo("ada", "/sections/0")
    assert titles(desk) == ["Hello world", "Second", "Bye"]
    with pytest.raises(Rejected):
        desk.undo("ada", "/sections/2")
    desk.undo("ada")
    assert titles(desk) == ["Hello world", "Questions", "Bye"]


def test_u6_undo_in_a_scope_keeps_the_rest_of_the_step(desk: Desk) -> None:
    ops = [
        {"op": "replace", "path": "/sections/0/title", "value": "First"},
        {"op": "replace", "path": "/sections/1/title", "value": "Second"},
    ]
    change = desk.document.patch(ops, version=desk.version, user="ada", at=desk.now)
    desk._log(change, "ada", "edit")
    desk.undo("ada", "/sections/1")
    assert titles(desk) == ["First", "Questions", "Bye"]
    desk.undo("ada")
    assert titles(desk) == ["Hello world", "Questions", "Bye"]


def test_u3_a_removed_list_comes_back_with_its_elements_keys(desk: Desk) -> None:
    before = desk.value
    desk.edit("ada", "remove", "/sections")
    desk.undo("ada")
    assert desk.value == before
    desk.edit("bo", "replace", "/sections/0/title", "Edited by its key")
    desk.edit("bo", "move", "/sections/0", "/sections/1")
    assert titles(desk) == ["Questions", "Edited by its key", "Bye"]


def test_u3_undo_of_a_deleted_text_keeps_later_typing(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/2/title", "")
    desk.edit("bo", "replace", "/sections/2/title", " now")
    desk.undo("ada")
    assert titles(desk)[2] == "Bye now"


@pytest.mark.parametrize(
    ("first", "mine", "theirs"),
    [
        ("5", "7", ["79"]),
        ("5", "7", ["12", "79"]),
        ("", "a", ["b", "apple"]),
        ("bar", "foo", ["Hello", "seafood is great"]),
        ("Our story", "About us", ["Welcome", "All About us and more"]),
        ("$1,299", "$1,199", ["$1,499"]),
        ("2024-05-01", "2024-06-01", ["2025-06-15"]),
        ("old@x.org", "new@x.org", ["new@y.org"]),
        ("Größe", "Länge", ["Längen"]),
        ("👍", "👍👍", ["gut"]),
    ],
)
def test_u3_a_replaced_text_belongs_to_its_author(
    desk: Desk, first: str, mine: str, theirs: list[str]
) -> None:
    desk.edit("root", "add", "/x", first)
    desk.edit("ada", "replace", "/x", mine)
    for text in theirs:
        desk.edit("bo", "replace", "/x", text)
    with pytest.raises(Rejected) as refused:
        desk.undo("ada")
    assert refused.value.refusal.code is Code.NOTHING_TO_UNDO
    assert desk.value["x"] == theirs[-1]


def test_u3_words_next_to_other_users_words_are_taken_back(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/title", "Hello brave world")
    desk.edit("bo", "replace", "/sections/0/title", "Hello brave world, today")
    desk.undo("ada")
    assert titles(desk)[0] == "Hello world, today"


def test_u3_an_equal_value_set_by_another_user_is_theirs(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/n", 6)
    desk.edit("bo", "replace", "/sections/0/n", 7)
    desk.edit("bo", "replace", "/sections/0/n", 6)
    with pytest.raises(Rejected):
        desk.undo("ada")
    assert desk.value["sections"][0]["n"] == 6
    desk.undo("bo")
    desk.undo("bo")
    desk.undo("ada")
    assert desk.value["sections"][0]["n"] == 1


def test_u3_undo_leaves_another_element_with_the_same_id(desk: Desk) -> None:
    desk.edit("ada", "add", "/sections/0", {"id": "new", "title": "Ada's"})
    desk.edit("bo", "remove", "/sections/0")
    desk.edit("bo", "add", "/sections/0", {"id": "new", "title": "Bo's"})
    with pytest.raises(Rejected):
        desk.undo("ada")
    assert titles(desk)[0] == "Bo's"


def test_u3_a_removal_brings_back_its_own_element(desk: Desk) -> None:
    desk.edit("ada", "remove", "/sections/0")
    desk.edit("bo", "add", "/sections/0", {"id": "hero", "title": "Bo's"})
    desk.edit("bo", "remove", "/sections/0")
    desk.undo("ada")
    assert titles(desk) == ["Hello world", "Questions", "Bye"]


def test_u3_undo_does_not_search_another_element_with_the_same_id(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/n", 2)
    desk.edit("bo", "remove", "/sections/0")
    desk.edit("bo", "add", "/sections/0", {"id": "hero", "title": "Hello world", "n": 2})
    with pytest.raises(Rejected):
        desk.undo("ada")
    assert desk.value["sections"][0]["n"] == 2


def test_u9_undo_moves_an_element_back_to_its_list_as_it_is(desk: Desk) -> None:
    desk.edit("root", "add", "/other", [])
    desk.edit("ada", "move", "/sections/0", "/other/0")
    desk.edit("bo", "replace", "/other/0/title", "An hour of work")
    desk.undo("ada")
    assert desk.value["other"] == []
    assert titles(desk) == ["An hour of work", "Questions", "Bye"]
    desk.redo("ada")
    assert desk.value["other"][0] == {"id": "hero", "title": "An hour of work", "n": 1}
    assert titles(desk) == ["Questions", "Bye"]


def test_u9_undo_moves_a_member_back_as_it_is(desk: Desk) -> None:
    desk.edit("root", "add", "/a", {"s": {"title": "old"}})
    desk.edit("root", "add", "/b", {})
    desk.edit("ada", "move", "/a/s", "/b/s")
    desk.edit("bo", "replace", "/b/s/title", "An hour of work")
    desk.undo("ada")
    assert (desk.value["a"], desk.value["b"]) == ({"s": {"title": "An hour of work"}}, {})


def test_u9_a_moved_element_that_others_removed_stays_removed(desk: Desk) -> None:
    desk.edit("root", "add", "/other", [])
    desk.edit("ada", "move", "/sections/0", "/other/0")
    desk.edit("bo", "remove", "/other/0")
    with pytest.raises(Rejected):
        desk.undo("ada")
    assert titles(desk) == ["Questions", "Bye"]


def test_u10_characters_that_came_back_keep_their_author(desk: Desk) -> None:
    title = ["sections", "end", "title"]
    desk.type("ada", title, 3, " bye")
    desk.now += 5_000
    desk.type("bo", title, 0, "", cut=7)
    assert titles(desk)[2] == ""
    desk.undo("bo")
    assert titles(desk)[2] == "Bye bye"
    desk.undo("ada")
    assert titles(desk)[2] == "Bye"
    desk.redo("ada")
    assert titles(desk)[2] == "Bye bye"


def test_u10_characters_of_a_restored_text_keep_their_author(desk: Desk) -> None:
    desk.type("ada", ["sections", "end", "title"], 3, " 😀 now")
    desk.edit("bo", "remove", "/sections")
    desk.undo("bo")
    desk.undo("ada")
    assert titles(desk)[2] == "Bye"


def test_u11_an_undo_that_a_check_refuses_changes_nothing(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/0/title", "Hello brave world")
    desk.edit("ada", "move", "/sections/0", "/sections/2")
    before, version = desk.document.snapshot(), desk.document.version
    asked: list[Any] = []

    def refuse(value: Any, ops: Any) -> None:
        asked.append(ops)
        raise Rejected(Code.LOCKED, "no")

    for _ in range(2):
        with pytest.raises(Rejected):
            desk.document.undo("ada", version=version + 1, at=desk.now, check=refuse)
    assert desk.document.snapshot() == before
    assert desk.undo("ada").change.ops == asked[0] == asked[1]


def test_u11_a_check_needs_no_copy_of_the_document(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.edit("ada", "replace", "/sections/0/title", "Hello brave world")
    monkeypatch.setattr(desk.document._tree, "update_since", None)
    monkeypatch.setattr(desk.document._tree, "_raw", None)
    version = desk.version
    undone = desk.document.undo("ada", version=version, at=0, check=lambda value, ops: None)
    assert undone.change.ops[0]["value"] == "Hello world"


@pytest.mark.thorough
def test_u2_continued_typing_is_joined_into_one_part(desk: Desk) -> None:
    for number in range(150):
        desk.type("ada", ["sections", "hero", "title"], 6 + number, "x")
    for _ in range(20):
        desk.type("ada", ["sections", "hero", "title"], 100, "", cut=1)
    desk.edit("ada", "replace", "/sections/0/n", 7)
    desk.undo("ada")
    (step,) = desk.document._undo.stacks["ada"].undo
    (part,) = step.parts
    assert len(part.origins) == 170
    assert len(part.inverse) < 3_000
    undone = desk.undo("ada")
    assert titles(desk)[0] == "Hello world"
    assert undone.reverts == list(range(2, 172))
    desk.redo("ada")
    assert titles(desk)[0] == f"Hello {'x' * 130}world"


def test_u10_text_typed_on_the_yjs_lane_is_found_without_a_reload(desk: Desk) -> None:
    """Characters typed on the Yjs lane count as named at once, without a reload."""
    title = ["sections", "end", "title"]
    desk.type("ada", title, 3, "!")
    desk.now += 5_000
    desk.type("ada", title, 0, "", cut=2)
    desk.now += 5_000
    desk.type("ada", title, 0, "😀")
    desk.now += 5_000
    desk.edit("bo", "replace", "/sections/2/title", "gone")
    desk.undo("bo")
    assert titles(desk)[2] == "😀e!"
    desk.undo("ada")
    assert titles(desk)[2] == "e!"
    desk.undo("ada")
    desk.undo("ada")
    assert titles(desk)[2] == "Bye"


def test_u3_a_replaced_text_belongs_to_its_author_with_its_spaces(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/2/title", "Hello wide world!")
    desk.edit("bo", "replace", "/sections/2/title", "Good small cats!")
    with pytest.raises(Rejected):
        desk.undo("ada")
    assert titles(desk)[2] == "Good small cats!"


def test_u4_skipped_names_a_text_that_was_overwritten_in_part(desk: Desk) -> None:
    desk.edit("root", "replace", "/sections/2/title", "one two three")
    desk.edit("ada", "replace", "/sections/2/title", "uno two tre")
    desk.edit("bo", "replace", "/sections/2/title", "eins two tre")
    undone = desk.undo("ada")
    assert titles(desk)[2] == "eins two three"
    assert undone.skipped == ["/sections/2/title"]


def test_u1_repeated_undo_and_redo_keep_text_and_cost(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/2/title", "See you soon")
    desk.type("bo", ["sections", "end", "title"], 5, "BO")
    desk.type("bo", ["sections", "end", "title"], 0, "Bo")
    there = titles(desk)[2]
    desk.undo("ada")
    back = titles(desk)[2]
    desk.redo("ada")
    cost = len(desk.entries[-1].inverse)
    for _ in range(20):
        assert titles(desk)[2] == there
        desk.undo("ada")
        assert titles(desk)[2] == back
        desk.redo("ada")
    assert len(desk.entries[-1].inverse) < cost + 20


def test_u10_text_typed_backwards_on_the_yjs_lane_is_found(desk: Desk) -> None:
    """One update inserts two words at one place, so the second word is before the first one."""
    desk.edit("ada", "replace", "/sections/2/title", "Bye!")
    peer: Doc[Any] = Doc(client_id=77)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(desk.document.update_since(b"\x00"))
    text = content["sections"]["end"]["title"]
    with peer.transaction():
        text.insert(3, "😀two")
        text.insert(3, "one")
    update = peer.get_update(desk.document.encode_state_vector())
    change = desk.document.integrate(update, version=desk.version, user="bo", at=desk.now)
    desk._log(change, "bo", "edit")
    desk.now += 5_000
    desk.type("bo", ["sections", "end", "title"], 3, "", cut=3)
    assert titles(desk)[2] == "Bye😀two!"
    desk.undo("bo")
    assert titles(desk)[2] == "Byeone😀two!"
    desk.reloads = True
    desk.undo("bo")
    assert titles(desk)[2] == "Bye!"


def test_u3_a_new_element_with_a_deleted_elements_key_is_another(desk: Desk) -> None:
    desk.edit("bo", "add", "/sections/3", {"id": "new", "title": "Bo's"})
    desk.undo("bo")
    desk.redo("bo")
    peer: Doc[Any] = Doc(client_id=77)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(desk.document.update_since(b"\x00"))
    del content["sections"]["new"]
    update = peer.get_update(desk.document.encode_state_vector())
    change = desk.document.integrate(update, version=desk.version, user="cy", at=desk.now)
    desk._log(change, "cy", "edit")
    desk.edit("ada", "add", "/sections/3", {"id": "new", "title": "Ada's"})
    with pytest.raises(Rejected):
        desk.undo("bo")
    assert titles(desk)[3] == "Ada's"


def test_u3_a_user_does_not_own_characters_their_undo_restored(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/2/title", "wide")
    desk.edit("bo", "replace", "/sections/2/title", "")
    desk.undo("bo")
    desk.edit("bo", "replace", "/sections/2/title", "wider")
    with pytest.raises(Rejected):
        desk.undo("ada")
    assert titles(desk)[2] == "wider"


def test_u10_characters_that_a_correction_restores_keep_their_author(
    desk: Desk,
) -> None:
    desk.edit("bo", "replace", "/sections/2/title", "Bye, Bo")
    peer: Doc[Any] = Doc(client_id=77)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(desk.document.update_since(b"\x00"))
    with peer.transaction():
        del content["sections"]["hero"]
        text = content["sections"]["end"]["title"]
        del text[0:7]
    update = peer.get_update(desk.document.encode_state_vector())
    change = desk.document.integrate(
        update, version=desk.version, user="cy", at=desk.now, correct=lambda was, applied: was
    )
    desk._log(change, "cy", "edit")
    assert titles(desk)[2] == "Bye, Bo"
    desk.undo("bo")
    assert titles(desk)[2] == "Bye"


def test_u9_undo_of_a_move_keeps_another_users_text_as_theirs(
    desk: Desk,
) -> None:
    desk.edit("root", "add", "/more", [])
    desk.edit("bo", "replace", "/sections/2/title", "one - two")
    desk.edit("ada", "move", "/sections/2", "/more/0")
    desk.edit("cy", "replace", "/more/0/title", "eins - zwei")
    desk.undo("ada")
    assert titles(desk)[2] == "eins - zwei"
    with pytest.raises(Rejected):
        desk.undo("bo")
    assert titles(desk)[2] == "eins - zwei"


def test_u1_a_deleted_element_comes_back_beside_its_ids_new_owner(desk: Desk) -> None:
    before = titles(desk)
    peer: Doc[Any] = Doc(client_id=77)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(desk.document.update_since(b"\x00"))
    del content["sections"]["faq"]
    update = peer.get_update(desk.document.encode_state_vector())
    change = desk.document.integrate(update, version=desk.version, user="ada", at=desk.now)
    desk._log(change, "ada", "edit")
    desk.edit("ada", "add", "/sections/1", {"id": "faq", "title": "Answers"})
    there = titles(desk)
    desk.undo("ada")
    desk.undo("ada")
    assert titles(desk) == before
    desk.redo("ada")
    desk.redo("ada")
    assert titles(desk) == there


def test_u10_a_deleted_empty_text_keeps_its_identity(desk: Desk) -> None:
    desk.edit("ada", "replace", "/sections/2/title", "")
    peer: Doc[Any] = Doc(client_id=77)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(desk.document.update_since(b"\x00"))
    del content["sections"]["end"]
    update = peer.get_update(desk.document.encode_state_vector())
    change = desk.document.integrate(update, version=desk.version, user="ada", at=desk.now)
    desk._log(change, "ada", "edit")
    desk.undo("ada")
    assert titles(desk)[2] == ""
    desk.undo("ada")
    assert titles(desk)[2] == "Bye"


def test_u10_an_item_deleted_on_the_yjs_lane_keeps_its_identity(desk: Desk) -> None:
    peer: Doc[Any] = Doc(client_id=77)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(desk.document.update_since(b"\x00"))

    def push() -> None:
        update = peer.get_update(desk.document.encode_state_vector())
        change = desk.document.integrate(update, version=desk.version, user="ada", at=desk.now)
        desk._log(change, "ada", "edit")

    content["tags"] = Array(["a", "c"])
    push()
    content["tags"].insert(1, "b")
    push()
    del content["tags"][1:3]
    push()
    desk.undo("ada")
    assert desk.value["tags"] == ["a", "b", "c"]
    desk.undo("ada")
    assert desk.value["tags"] == ["a", "c"]
    desk.redo("ada")
    desk.redo("ada")
    assert desk.value["tags"] == ["a"]


def test_u1_repeated_undo_and_redo_do_not_grow_the_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("collab.identity.identity_index.SOME_REINSERTIONS", 8)
    desk = Desk()
    desk.edit("root", "add", "/title", "Bye")
    desk.edit("ada", "replace", "/title", "See you soon")
    for _ in range(30):
        desk.undo("ada")
        desk.redo("ada")
    assert len(desk.document._undo.identity.reinsertions) < 20
    desk.undo("ada")
    assert desk.value["title"] == "Bye"
