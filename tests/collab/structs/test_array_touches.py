"""Updates that change many values inside items of long Y.Arrays are cut."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.structs import array_touches
from collab.structs.array_touches import pieces_of_touches
from collab.structs.guard import Checked, check, inspect
from collab.structs.struct_index import StructIndex
from tests.collab.yjs.updates import update as no_update


class Desk:
    """A document with an array of ten maps; each map has a text and an array."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc(client_id=5)
        content = self.doc.get("content", type=Map)
        rows = [Map({"n": 0, "t": Text("ab"), "l": Array([1, 2])}) for _ in range(10)]
        content["list"] = Array(rows)
        self.rows: Any = content["list"]
        self.before = self.doc.get_update()
        self.index = StructIndex.of(self.before)

    def pieces(self) -> list[bytes]:
        """Return the pieces of all edits since the beginning. Together they have their effect."""
        there: Doc[Any] = Doc()
        there.apply_update(self.before)
        update = self.doc.get_update(there.get_state())
        checked = self._check(update)
        pieces = pieces_of_touches(update, checked, self.index)
        for piece in pieces:
            there.apply_update(piece)
        content = there.get("content", type=Map)
        assert content.to_py() == self.doc.get("content", type=Map).to_py()
        return pieces

    def _check(self, update: bytes) -> Checked:
        clocks, index = self.index.clocks, self.index
        return check(inspect(update), clocks, leases={5: "ada"}, user="ada", index=index)


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_touches, "MOST_WALKED", 30)


def test_an_update_without_changes_inside_items_is_not_cut() -> None:
    desk = Desk()
    for number in range(20):
        desk.rows.append(Map({"n": number}))
    assert len(desk.pieces()) == 1


def test_changed_entries_of_items_are_cut_by_the_items_before_them() -> None:
    desk = Desk()
    with desk.doc.transaction():
        for row in desk.rows:
            row["m"] = 1
    assert len(desk.pieces()) == 4


def test_deleted_items_before_the_changed_ones_count_too() -> None:
    desk = Desk()
    for _ in range(40):
        desk.rows.insert(0, 1)
    del desk.rows[0:40]
    desk.before = desk.doc.get_update()
    desk.index = StructIndex.of(desk.before)
    with desk.doc.transaction():
        for row in desk.rows:
            row["m"] = 1
    assert len(desk.pieces()) == 11


def test_changes_of_texts_and_arrays_in_items_are_cut_too() -> None:
    desk = Desk()
    with desk.doc.transaction():
        for row in desk.rows:
            row["t"].insert(1, "x")
            row["l"].insert(1, 7)
    assert len(desk.pieces()) == 7


def test_deletions_inside_items_are_cut_between_lists() -> None:
    desk = Desk()
    with desk.doc.transaction():
        for row in desk.rows:
            del row["n"]
            del row["t"][0:1]
            del row["l"][0]
    assert len(desk.pieces()) > 7


def test_new_items_with_their_entries_stay_together() -> None:
    desk = Desk()
    with desk.doc.transaction():
        for row in desk.rows:
            row["new"] = Map({"deep": Array([Map({"n": n}) for n in range(5)])})
    assert len(desk.pieces()) == 4


def test_an_empty_update_is_not_cut() -> None:
    desk = Desk()
    checked = desk._check(no_update())
    assert pieces_of_touches(no_update(), checked, desk.index) == [no_update()]
