"""Undo inside items of a Y.Array: another item may have the index by then."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Map

from collab.entry import Op
from collab.errors import Rejected
from collab.ids import Json
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
