"""Snapshots: when one is due, which state it holds, and what a failed one leaves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.documents import snapshots
from server.documents.changes import Unsaved
from server.documents.live_room import LiveRoom
from server.documents.room_state import Event, LiveState
from tests.faults.inside import PAGE
from tests.held_store import until
from tests.server.scene import Scene, scene

NEVER: dict[str, Any] = {"snapshot_entries": 10**9, "snapshot_bytes": 0, "snapshot_seconds": 10**9}


async def is_due(entries: int, size: int, age: float, **bounds: Any) -> bool:
    async with scene(**{**NEVER, **bounds}) as it:
        it.live.unsaved = Unsaved(0, entries, size, it.clock.monotonic() - age)
        return it.hub.snapshots.is_due(it.live, it.hub.clock.monotonic())


async def test_a_snapshot_is_due_by_entries_by_bytes_or_by_age() -> None:
    assert not await is_due(9, 9_999, 99.0)
    for bounds in ({"snapshot_entries": 9}, {"snapshot_bytes": 9_999}, {"snapshot_seconds": 99.0}):
        assert await is_due(9, 9_999, 99.0, **bounds)
    for bounds in ({"snapshot_entries": 10}, {"snapshot_bytes": 10_000}, {"snapshot_seconds": 100}):
        assert not await is_due(9, 9_999, 99.0, **bounds)
    assert not await is_due(0, 9_999, 99.0, snapshot_seconds=1.0)


def test_changes_are_worth_a_snapshot_from_an_eighth_of_its_size() -> None:
    assert Unsaved(800, 1, 100).is_worth_saving
    assert not Unsaved(800, 1, 99).is_worth_saving
    assert not Unsaved(0, 0, 0).is_worth_saving


async def saved(it: Scene) -> int:
    """Return the version of the newest snapshot in the store; 0 without one."""
    found = await it.store.snapshot_before(PAGE, 2**53)
    return 0 if found is None else found.version


async def test_a_due_snapshot_of_a_commit_holds_that_version_and_not_the_next_batch() -> None:
    async with scene(**{**NEVER, "snapshot_entries": 2}) as it:
        it.calls.hold("save_snapshot")
        it.ada.set(it.hub, "a", "/a", 1)
        await it.calls.reached("save_snapshot")
        it.calls.hold("commit")
        it.bo.set(it.hub, "b", "/b", 1)
        await it.calls.reached("commit")
        it.calls.release("save_snapshot")
        await until(lambda: it.calls.of("save_snapshot")[0].is_written)
        assert await saved(it) == 2
        it.calls.release("commit")
        await it.settled()
        assert it.value["b"] == 1


async def begun(it: Scene, live: LiveRoom) -> bool:
    saving = it.hub.snapshots.begin_save(live)
    if saving is not None:
        await saving()
    return saving is not None


async def test_no_snapshot_is_made_of_a_batch_a_broken_room_or_a_missing_document() -> None:
    async with scene(**NEVER) as it:
        it.live.move(Event.REOPEN)
        assert not await begun(it, it.live)
        it.live.move(Event.RELOADED)
        async with it.hub.using(PAGE._replace(doc="missing")) as missing:
            assert not await begun(it, missing)
        await it.hold_a_commit()
        assert not await begun(it, it.live)
        it.calls.release("commit")
        await it.settled()
        assert await begun(it, it.live)
        assert await saved(it) == 2


async def test_a_snapshot_that_could_not_be_saved_is_due_again_by_age() -> None:
    async with scene(**{**NEVER, "snapshot_seconds": 30.0}) as it:
        it.calls.fail_next("save_snapshot")
        await it.hub.snapshots.save(it.live)
        assert not it.hub.snapshots.is_due(it.live, it.hub.clock.monotonic())
        it.clock.advance(30)
        assert it.hub.snapshots.is_due(it.live, it.hub.clock.monotonic())
        it.ada.set(it.hub, "a", "/a", 1)
        await until(lambda: len(it.calls.of("save_snapshot")) == 2)
        await it.settled()
        assert await saved(it) == 2
        assert not it.live.unsaved.is_worth_saving


async def test_a_snapshot_that_cannot_be_made_harms_no_edit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene(**{**NEVER, "snapshot_entries": 1}) as it:

        def fail(*, steps: bool = True) -> None:
            raise BaseException("a panic")

        monkeypatch.setattr(it.live.room, "document_to_save", fail)
        it.ada.set(it.hub, "a", "/a", 1)
        await it.settled()
        assert it.of("ada")[-1] == ("a", 2)
        assert await saved(it) == 1


async def test_a_large_document_is_saved_in_a_thread_and_takes_requests_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshots, "LARGE", 0)
    async with scene(**NEVER) as it:
        saving = it.hub.snapshots.begin_save(it.live)
        assert saving is not None
        assert it.live.state is LiveState.WORKING
        task = asyncio.create_task(saving())
        it.ada.set(it.hub, "a", "/a", 1)
        await task
        await until(lambda: ("ada", "a", 2) in it.journal)
        assert await saved(it) == 1
