"""Undo inside items of a Y.Array: another item may have the index by then."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Doc, Map

from collab.document.document import Document
from collab.document.steps import Inverse
from collab.entry import Kind, Op
from collab.errors import Rejected
from collab.ids import Json
from collab.types.records import Exactly, ItemsHunk, ListRecord
from collab.writing import revert
from tests.collab.document.test_undo_same import YjsDesk


@pytest.fixture(params=[False, True], ids=["kept open", "reopened at each step"])
def desk(request: pytest.FixtureRequest) -> YjsDesk:
    desk = YjsDesk(request.param)
    desk.edit("root", "add", "/z", 0)
    desk.write("root", lambda content: content.update({"rows": Array([Map({"n": 1})])}))
    return desk


def _rows(desk: YjsDesk) -> Any:
    return desk.value["rows"]


@pytest.mark.parametrize("lane", ["patch", "yjs"])
def test_u3_undo_leaves_an_equal_item_of_another_user(desk: YjsDesk, lane: str) -> None:
    if lane == "yjs":
        desk.write("ada", lambda content: content["rows"][0].update({"n": 2}))
    else:
        desk.edit("ada", "replace", "/rows/0/n", 2)
    desk.write("bo", lambda content: content["rows"].insert(0, Map({"n": 2})))
    assert desk.refuses_to_undo("ada")
    desk.undo("bo")
    desk.undo("ada")
    assert _rows(desk) == [{"n": 1}]


@pytest.mark.parametrize("lane", ["patch", "yjs"])
def test_u10_an_item_that_came_back_keeps_its_identity(desk: YjsDesk, lane: str) -> None:
    """The dry run before an undo gives the same ops, also for items that come back in it."""
    desk.write("ada", lambda content: content["rows"][0].update({"n": 2}))
    if lane == "yjs":
        desk.write("ada", lambda content: content["rows"].pop(0))
    else:
        desk.edit("ada", "remove", "/rows/0")
    for expected in ([{"n": 2}], [{"n": 1}]):
        seen: list[list[Op]] = []

        def check(value: Json, ops: list[Op], seen: list[list[Op]] = seen) -> None:
            seen.append(ops)

        desk._reopen()
        desk.now += 5_000
        undone = desk.document.undo("ada", version=desk.version, at=desk.now, check=check)
        desk._log(undone.change, "ada", "undo")
        assert seen == [undone.change.ops]
        assert _rows(desk) == expected
    desk.redo("ada")
    desk.redo("ada")
    assert _rows(desk) == []


def test_u3_undo_leaves_an_item_that_moved_into_the_index(desk: YjsDesk) -> None:
    desk.write("ada", lambda content: content["rows"][0].update({"n": 2}))
    desk.write("bo", lambda content: content["rows"].append(Map({"n": 2})))
    desk.write("bo", lambda content: content["rows"].pop(0))
    with pytest.raises(Rejected):
        desk.undo("ada")
    assert _rows(desk) == [{"n": 2}]
    desk.undo("bo")
    desk.undo("ada")
    assert _rows(desk) == [{"n": 1}, {"n": 2}]


def test_u10_only_the_items_that_steps_name_get_their_ids_back(desk: YjsDesk) -> None:
    """No step names the first item. It does not get the id of the item after it."""
    desk.write("ada", lambda content: content["rows"].extend([7, 8, 9]))
    desk.write("bo", lambda content: content["rows"].pop(3))
    desk.write("cy", lambda content: content["rows"].__delitem__(slice(0, 2)))
    desk.undo("cy")
    assert _rows(desk) == [{"n": 1}, 7, 8]
    desk.undo("ada")
    assert _rows(desk) == [{"n": 1}]


def test_u3_items_that_came_back_in_another_order_are_taken_back(desk: YjsDesk) -> None:
    desk.write("root", lambda content: content["rows"].insert(0, "left"))
    desk.write("ada", lambda content: content["rows"].__setitem__(slice(1, 1), ["a1", "a2"]))
    desk.write("bo", lambda content: content["rows"].pop(2))
    desk.write("cy", lambda content: content["rows"].pop(1))
    desk.undo("bo")
    desk.write("root", lambda content: content["rows"].pop(0))
    desk.undo("cy")
    assert _rows(desk) == ["a2", "a1", {"n": 1}]
    desk.undo("ada")
    assert _rows(desk) == [{"n": 1}]


@pytest.mark.parametrize("is_tried", [False, True])
@pytest.mark.parametrize("item", [(77, 5, 2), (9, 900, 1), (2**60, 1, 1), (9, -4, 1)])
def test_d17_an_imported_record_may_name_items_that_the_document_lacks(
    item: tuple[int, int, int], *, is_tried: bool
) -> None:
    client: Doc[Any] = Doc(client_id=9)
    client.get("content", type=Map)["rows"] = Array([1, 2])
    document = Document.create(1)
    document.integrate(client.get_update(), version=1, user="ada", at=0)
    record = ListRecord(("rows",), (9, 0), ItemsHunk((), (), (item,), (Exactly(1),)))
    inverse = Inverse((record,))
    document._undo.add_version("eve", "edit", 2, 0, inverse.encoded(), inverse)
    check = (lambda value, ops: None) if is_tried else None
    with pytest.raises(Rejected):
        document.undo("eve", version=3, at=0, check=check)
    assert document.value == {"rows": [1, 2]}


def test_u17_an_undo_that_takes_long_leaves_the_rest_of_the_step(
    desk: YjsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("root", lambda content: content["rows"].extend(list(range(10))))
    values = [_rows(desk)]

    def remove(content: Any) -> None:
        for at in (9, 7, 5, 3):
            content["rows"].pop(at)

    desk.write("ada", remove)
    values.append(_rows(desk))
    monkeypatch.setattr(revert, "MOST_PASSED", 15)
    seen: list[list[Op]] = []
    kinds: tuple[Kind, ...] = ("undo", "redo", "undo")
    for kind, lengths in zip(kinds, ((9, 11), (9, 7), (9, 11)), strict=True):
        for length in lengths:
            desk._reopen()
            desk.now += 5_000
            call = desk.document.undo if kind == "undo" else desk.document.redo
            undone = call(
                "ada", version=desk.version, at=desk.now, check=lambda _, ops: seen.append(ops)
            )
            desk._log(undone.change, "ada", kind)
            assert seen.pop() == undone.change.ops
            assert len(_rows(desk)) == length
        assert _rows(desk) == values[kind == "redo"]
    assert desk.refuses_to_undo("ada")
