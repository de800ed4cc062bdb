"""CPU time and memory of the process, and trimming of free memory."""

from __future__ import annotations

import gc
import resource
from pathlib import Path

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.store import Absent
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, PatchRequest, Round, UndoRequest
from collab.room.room import Room
from collab.room.working import RoomBounds
from server.runtime import usage
from server.runtime.usage import (
    EVERY,
    MIN_GROWTH,
    MemoryTrimmer,
    malloc_trim,
    memory,
    processor_seconds,
)
from tests.manual_clock import ManualClock


def test_memory_is_the_resident_pages_in_bytes(tmp_path: Path) -> None:
    statm = tmp_path / "statm"
    statm.write_text("9000 250 80 1 0 700 0\n")
    assert memory(statm) == 250 * resource.getpagesize()


def test_memory_is_none_without_proc(tmp_path: Path) -> None:
    assert memory(tmp_path / "statm") is None


def test_processor_seconds_grow_with_work() -> None:
    before = processor_seconds()
    while processor_seconds() == before:
        sum(range(10_000))
    assert processor_seconds() > before


ADA = Member(Author("ada"), Rights(Role.EDITOR, 2**53), "http")
HOME = DocKey("demo", "home")


def test_a_closed_document_leaves_no_reference_cycles() -> None:
    gc.collect()
    room = Room(HOME, Absent(), RoomBounds(), None)
    elements = [{"id": f"s{number}", "t": "x", "n": [1, 2]} for number in range(50)]
    room.apply(ADA, Create({"s": elements}), Round(0))
    room.apply(
        ADA, PatchRequest("", None, [{"op": "replace", "path": "/s/1/t", "value": "y"}]), Round(1)
    )
    room.apply(ADA, UndoRequest(""), Round(2))
    room.commit()
    room.document_to_save().snapshot()
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
    """Fakes the memory of the process, and counts trims."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.size: int | None = 100 << 20
        self.trims = 0
        patch.setattr(usage, "memory", lambda: self.size)
        patch.setattr(usage, "malloc_trim", lambda: self._trim)

    def _trim(self, pad: int) -> int:
        self.trims += 1
        self.size = 120 << 20
        return pad


async def test_memory_is_trimmed_when_the_process_has_grown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched, clock = Watched(monkeypatch), ManualClock()
    kept = MemoryTrimmer(clock)
    watched.size = (100 << 20) + MIN_GROWTH + 1
    await kept.trim()
    assert watched.trims == 0, "not every second"
    clock.advance(EVERY)
    await kept.trim()
    assert watched.trims == 1
    clock.advance(EVERY)
    await kept.trim()
    assert watched.trims == 1, "it has not grown since"


async def test_no_trim_when_the_system_reports_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    watched, clock = Watched(monkeypatch), ManualClock()
    watched.size = None
    kept = MemoryTrimmer(clock)
    clock.advance(EVERY)
    await kept.trim()
    assert watched.trims == 0
    monkeypatch.setattr(usage, "malloc_trim", lambda: None)
    other = MemoryTrimmer(clock)
    clock.advance(EVERY)
    await other.trim()


def test_malloc_trim_can_be_called() -> None:
    trim = malloc_trim()
    assert trim is None or trim(0) in (0, 1)
