"""What a process holds that it does not need goes back to the system."""

from __future__ import annotations

import gc

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.store import Vacant
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, PatchRequest, Revert
from collab.room.room import Room
from collab.room.working import RoomBounds
from server.runtime import memory, usage
from server.runtime.memory import EVERY, WORTH, Memory, trimmer
from tests.manual_clock import ManualClock

ADA = Member(Author("ada"), Rights(Role.EDITOR, 2**53), "http")
HOME = DocKey("demo", "home")


def test_a_closed_document_leaves_nothing_for_the_collector() -> None:
    gc.collect()
    room = Room(HOME, Vacant(), RoomBounds(), None)
    elements = [{"id": f"s{number}", "t": "x", "n": [1, 2]} for number in range(50)]
    room.apply(ADA, Create({"s": elements}), 0)
    room.apply(ADA, PatchRequest("", None, [{"op": "replace", "path": "/s/1/t", "value": "y"}]), 1)
    room.apply(ADA, Revert(""), 2)
    room.commit()
    room.snapshot()
    room.close()
    del room
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        assert gc.garbage == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


class Watched:
    """The process's memory, and how often some was given back, as the test says."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.size: int | None = 100 << 20
        self.trims = 0
        patch.setattr(usage, "memory", lambda: self.size)
        patch.setattr(memory, "trimmer", lambda: self._trim)

    def _trim(self, pad: int) -> int:
        self.trims += 1
        self.size = 120 << 20
        return pad


async def test_memory_is_given_back_where_the_process_has_grown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, clock = Watched(monkeypatch), ManualClock()
    kept = Memory(clock)
    watched.size = (100 << 20) + WORTH + 1
    await kept.look()
    assert watched.trims == 0, "not every second"
    clock.advance(EVERY)
    await kept.look()
    assert watched.trims == 1
    clock.advance(EVERY)
    await kept.look()
    assert watched.trims == 1, "it has not grown since"


async def test_a_system_that_does_not_say_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    watched, clock = Watched(monkeypatch), ManualClock()
    watched.size = None
    kept = Memory(clock)
    clock.advance(EVERY)
    await kept.look()
    assert watched.trims == 0
    monkeypatch.setattr(memory, "trimmer", lambda: None)
    other = Memory(clock)
    clock.advance(EVERY)
    await other.look()


def test_the_function_of_this_system_can_be_called() -> None:
    trim = trimmer()
    assert trim is None or trim(0) in (0, 1)
