"""Which requests are applied in a worker thread."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import (
    Barrier,
    Create,
    PatchRequest,
    ReadState,
    ReadStateVector,
    Replace,
    Request,
    RestoreVersion,
    Round,
    UndoRequest,
    Update,
)
from collab.room.room import Room
from collab.room.working import RoomBounds
from server.documents.long_work import (
    LARGE,
    MAX_REBASED_VERSIONS,
    MOST_OPS,
    MOST_UNINDEXED,
    MOST_UPDATE,
    MOST_VALUES,
    MOST_VECTOR,
    VERY_LARGE,
    takes_long,
)

ADA = Member(Author("ada"), Rights(Role.EDITOR, 2**53), "patch")


def room_of(work_size: int, unindexed: int = 0, state: int = 0, *, formats: bool = False) -> Any:
    """Return what the estimate reads of a room: at version 100, without undo steps."""
    work = SimpleNamespace(applied=state)
    return SimpleNamespace(
        document=SimpleNamespace(
            work_size=work_size, version=100, undo_size=lambda *_: 0, work=work
        ),
        working=SimpleNamespace(
            structs=SimpleNamespace(behind=lambda document: unindexed),
            may_count_formats=lambda size: formats,
        ),
    )


def op(value: Any = 1) -> dict[str, Any]:
    return {"op": "add", "path": "/x", "value": value}


SHORT: list[Request] = [
    PatchRequest("", None, [op()] * MOST_OPS),
    PatchRequest("", 100 - MAX_REBASED_VERSIONS, [op()]),
    PatchRequest("", None, [op("a long text " * 500)]),
    Create({"n": list(range(MOST_VALUES - 10))}),
    Replace({}, None),
    UndoRequest(""),
    RestoreVersion(1, {}),
    Update(bytes(MOST_UPDATE)),
    ReadState(bytes(MOST_VECTOR)),
    ReadStateVector(),
    Barrier(1),
]
LONG: list[Request] = [
    PatchRequest("", None, [op()] * (MOST_OPS + 1)),
    PatchRequest("", 99 - MAX_REBASED_VERSIONS, [op()]),
    PatchRequest("", None, [op("a long text " * 50_000)]),
    PatchRequest("", None, [op([[[]]] * MOST_VALUES)]),
    PatchRequest("", None, [op({str(n): n for n in range(MOST_VALUES)})]),
    Create({"n": list(range(MOST_VALUES))}),
    Update(bytes(MOST_UPDATE + 1)),
    ReadState(bytes(MOST_VECTOR + 1)),
]


@pytest.mark.parametrize("request_", SHORT, ids=lambda one: type(one).__name__)
def test_a_small_request_is_applied_on_the_event_loop(request_: Request) -> None:
    assert not takes_long(request_, ADA, room_of(LARGE))


@pytest.mark.parametrize("request_", LONG, ids=lambda one: type(one).__name__)
def test_a_large_request_is_applied_in_a_thread(request_: Request) -> None:
    assert takes_long(request_, ADA, room_of(1_000))


@pytest.mark.parametrize("request_", [Replace({}, None), UndoRequest(""), RestoreVersion(1, {})])
def test_requests_that_read_a_large_document_run_in_a_thread(request_: Request) -> None:
    assert takes_long(request_, ADA, room_of(LARGE + 1))


@pytest.mark.parametrize(
    "request_", [PatchRequest("", None, [op()]), Update(b"\0\0"), ReadState(b"\0")]
)
def test_any_change_of_a_very_large_document_runs_in_a_thread(request_: Request) -> None:
    assert not takes_long(request_, ADA, room_of(VERY_LARGE))
    assert takes_long(request_, ADA, room_of(VERY_LARGE + 1))


def test_a_yjs_update_runs_in_a_thread_when_many_blocks_are_not_indexed() -> None:
    assert not takes_long(Update(b"\0\0"), ADA, room_of(1_000, MOST_UNINDEXED))
    assert takes_long(Update(b"\0\0"), ADA, room_of(1_000, MOST_UNINDEXED + 1))
    assert not takes_long(PatchRequest("", None, [op()]), ADA, room_of(1_000, MOST_UNINDEXED + 1))


def test_g33_a_yjs_update_runs_in_a_thread_when_it_may_need_a_count_of_formats() -> None:
    large = MOST_UNINDEXED + 1
    assert takes_long(Update(b"\0\0"), ADA, room_of(1_000, 0, large, formats=True))
    assert not takes_long(Update(b"\0\0"), ADA, room_of(1_000, 0, large, formats=False))
    assert not takes_long(Update(b"\0\0"), ADA, room_of(1_000, 0, MOST_UNINDEXED, formats=True))


def test_undo_and_redo_of_a_long_step_run_in_a_thread() -> None:
    ada, bo = ADA, Member(Author("bo"), ADA.rights, "patch")
    room = Room(DocKey("demo", "home"), Absent(), RoomBounds(), None)
    room.apply(ada, Create({"n": 0}), Round(0))
    for number in range(600):
        ops = [{"op": "replace", "path": "/n", "value": number + 1}]
        assert (
            room.apply(ada, PatchRequest("", None, ops, step="drag"), Round(number)).refusal is None
        )
    room.apply(ada, PatchRequest("", None, [op()]), Round(600))
    assert takes_long(UndoRequest("", version=50), ada, room)
    assert not any(
        takes_long(one, ada, room) for one in (UndoRequest(""), UndoRequest("", version=1))
    )
    assert not takes_long(UndoRequest("", version=50), bo, room)
    assert not takes_long(PatchRequest("", None, [op()]), ada, room)
    assert room.apply(ada, UndoRequest("", version=50), Round(601)).refusal is None
    assert takes_long(UndoRequest("", redo=True), ada, room)
    assert not takes_long(UndoRequest(""), ada, room)
