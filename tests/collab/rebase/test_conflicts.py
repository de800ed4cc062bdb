"""Conflicts in an ack: where they are after the whole patch."""

from __future__ import annotations

from collab.entry import Op
from collab.room.requests import PatchRequest
from tests.collab.room.rooms import commit, done, member, opened


def test_the_path_of_a_conflict_is_its_place_after_the_later_ops_of_the_patch() -> None:
    room = opened({"list": [{"id": "a", "t": 1}], "n": 0})
    theirs = [{"op": "replace", "path": "/list/0/t", "value": 2}]
    done(room, PatchRequest("theirs", None, theirs), member("bo"))
    commit(room)
    mine: list[Op] = [
        {"op": "replace", "path": "/list/0/t", "value": 3},
        {"op": "add", "path": "/list/0", "value": {"id": "new"}},
    ]
    ack = done(room, PatchRequest("mine", 1, mine)).ack
    assert [one["path"] for one in ack["conflicts"]] == ["/list/1/t"]
    assert room.document.value == {"list": [{"id": "new"}, {"id": "a", "t": 3}], "n": 0}
