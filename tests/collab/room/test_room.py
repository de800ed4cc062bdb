"""A room: its settings, its batches and its refusals."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map

from collab.document.steps import UndoBounds
from collab.entry import Author
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.patch.bounds import Bounds
from collab.ports.store import Absent, Stored
from collab.rights.user_rights import Rights, Role
from collab.room import yjs_rules
from collab.room.member import Member
from collab.room.requests import (
    Create,
    PatchRequest,
    ReadStateVector,
    Replace,
    RestoreVersion,
    Round,
    UndoRequest,
    Update,
)
from collab.room.room import Room
from collab.room.working import MOST_WAITING, RoomBounds
from tests.collab.room.rooms import done, opened, put

ADA = Member(Author("ada"), Rights(Role.EDITOR, 2**53), "http")
HOME = DocKey("demo", "home")


def edited(room: Room, *numbers: int) -> Room:
    for number in numbers:
        ops = [{"op": "add", "path": "/n", "value": number}]
        assert room.apply(ADA, PatchRequest("", None, ops), Round(number * 9_000)).refusal is None
    return room


def undone(room: Room) -> int:
    """Undo all steps, and return how many there were."""
    count = 0
    while (refusal := room.apply(ADA, UndoRequest(""), Round(99_000)).refusal) is None:
        count += 1
    assert refusal.code is Code.NOTHING_TO_UNDO
    return count


def test_g19_struct_index_is_complete_when_read() -> None:
    room = Room(HOME, Absent(), RoomBounds(), None)
    room.apply(ADA, Create({}), Round(0))
    for count in (1, 2 * MOST_WAITING + 1, 5):
        edited(room, *range(count))
        room.commit()
        assert len(room.working.structs._waiting) <= MOST_WAITING
        assert room.working.structs.of(room.document).clocks == room.document.state_vector()


def test_a_refusal_after_an_update_was_applied_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A refusal would be wrong: the server would continue with a document that no client has."""

    def refuse(*_: object) -> None:
        raise Rejected(Code.INVALID_PATCH, "found too late")

    room = Room(HOME, Absent(), RoomBounds(), None)
    room.apply(ADA, Create({}), Round(0))
    peer: Doc[Any] = Doc()
    peer.get("content", type=Map)["n"] = 1
    monkeypatch.setattr(yjs_rules, "_outgrows", refuse)
    with pytest.raises(RuntimeError, match="too late"):
        room.apply(ADA, Update(peer.get_update()), Round(1))


def test_u1_undo_depth_setting_also_applies_after_a_restart() -> None:
    for depth, kept in ((2, 2), (0, 5)):
        bounds = RoomBounds(undo=UndoBounds(depth))
        room = Room(HOME, Absent(), bounds, None)
        room.apply(ADA, Create({}), Round(0))
        edited(room, 1, 2, 3, 4, 5)
        entries = list(room.working.entries)
        again = Room(HOME, Stored(1, 6, room.control, None, entries), bounds, None)
        assert undone(room) == undone(again) == kept


@pytest.mark.parametrize("kind", [[], {}, None, 7, "splices"])
def test_an_op_of_an_unknown_kind_is_refused(kind: Any) -> None:
    room = Room(HOME, Absent(), RoomBounds(), None)
    room.apply(ADA, Create({}), Round(0))
    member = Member(Author("ada"), ADA.rights, "patch")
    answer = room.apply(member, PatchRequest("x", None, [{"op": kind, "path": "/a"}]), Round(1))
    assert answer.refusal is not None
    assert answer.refusal.code is Code.INVALID_PATCH


def test_a_diff_made_in_advance_counts_only_for_its_version() -> None:
    room = Room(HOME, Absent(), RoomBounds(), None)
    room.apply(ADA, Create({"a": 1}), Round(0))
    ops = [{"op": "replace", "path": "/a", "value": 2}]
    old = Replace({"a": 3}, None, compared=(room.head - 1, ops))
    assert room.apply(ADA, old, Round(0)).refusal is None
    assert room.document.value == {"a": 3}
    assert (
        room.apply(ADA, Replace({"a": 2}, None, compared=(room.head, ops)), Round(0)).refusal
        is None
    )
    assert room.document.value == {"a": 2}
    assert room.apply(ADA, Replace({"a": 9}, room.head - 1), Round(0)).refusal is not None


def test_a_whole_value_may_make_more_ops_than_a_patch_may_have() -> None:
    room = Room(HOME, Absent(), RoomBounds(Bounds(max_ops=100)), None)
    places = 300
    room.apply(ADA, Create({str(n): n for n in range(places)}), Round(0))
    put: dict[str, Any] = {str(n): n + 1 for n in range(places)}
    answer = room.apply(ADA, Replace(put, None), Round(1))
    assert answer.refusal is None
    assert room.document.value == put
    back = room.apply(ADA, RestoreVersion(1, {str(n): n for n in range(places)}), Round(2))
    assert back.refusal is None


def test_a_batch_names_the_title_when_it_is_new() -> None:
    room = opened()
    titles = []
    for request in (
        Create({"title": "Hello"}, "make"),
        put("/n", 1),
        put("/title", "Bye"),
        put("/title", 7),
    ):
        done(room, request)
        append = room.pending()
        assert append is not None
        titles.append(append.title)
        room.commit()
    assert titles == ["Hello", None, "Bye", ""]


def test_a_batch_that_writes_nothing_does_not_count_as_a_written_title() -> None:
    first = opened({"title": "Hello"})
    stored = Stored(1, 1, first.control, None, list(first.tail.since(0) or []))
    room = Room(HOME, stored, RoomBounds(), None)
    done(room, ReadStateVector())
    assert room.pending() is None
    room.commit()
    done(room, put("/title", 7))
    append = room.pending()
    assert append is not None
    assert append.title == ""
