"""When snapshots are saved: their cost is proportional to the changes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from collab.ids import DocKey
from collab.ports.store import Snapshot
from collab.room.requests import UndoRequest
from server.documents.catching_up import replace_room
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside


class Saved(MemoryStore):
    """A store that counts the bytes of the snapshots that it saved."""

    def __init__(self) -> None:
        super().__init__()
        self.states = self.steps = 0

    async def save_snapshot(self, key: DocKey, epoch: int, snapshot: Snapshot) -> None:
        self.states += len(snapshot.body)
        self.steps += len(snapshot.steps)
        await super().save_snapshot(key, epoch, snapshot)

    @property
    def logged(self) -> int:
        entries = self._documents[PAGE].entries.values()
        return sum(len(entry.update) + len(entry.inverse) for entry in entries)

    @property
    def kept_steps(self) -> int:
        return sum(map(len, self._documents[PAGE].steps.values()))


async def pause(made: Inside, seconds: float) -> None:
    """Let time pass, then save the documents that are due."""
    made.clock.advance(seconds)
    hub = made.hub
    for live in hub.every(lambda live: hub.snapshots.is_due(live, hub.clock.monotonic())):
        await hub.snapshots.save(live)


@pytest.mark.parametrize(("size", "edits"), [(30_000, 40), (2_000, 300)])
async def test_large_edits_do_not_save_all_undo_steps_each_time(size: int, edits: int) -> None:
    store = Saved()
    async with inside(store, snapshot_bytes=10_000, snapshot_entries=5) as made:
        await made.make({"t": ""})
        for number in range(edits):
            await made.set("/t", f"{number} " * (size // 4))
        await pause(made, 0)
    assert store.kept_steps <= 2 * store.logged
    assert store.steps + store.states <= 2 * 8 * store.logged


async def test_small_edits_do_not_save_a_large_document_each_time() -> None:
    store = Saved()
    dice = random.Random(1)
    async with inside(store, snapshot_entries=5) as made:
        await made.make({"t": dice.randbytes(200_000).hex(), "n": 0})
        for number in range(100):
            await made.set("/n", number)
            await pause(made, 61)
        assert store.states < 3 * 450_000
        assert store.states <= 8 * store.logged + 450_000


async def test_unloading_saves_only_after_enough_changes() -> None:
    store = Saved()
    async with inside(store) as made:
        await made.make({"t": "x" * 200_000, "n": 0})
        await made.hub.unload(made.hub.lives[PAGE])
        before = store.states
        assert before > 0
        for number in range(20):
            await made.set("/n", number)
            await made.hub.unload(made.hub.lives[PAGE])
            assert PAGE not in made.hub.lives
        assert store.states == before
        assert (await made.read())[1] == {"t": "x" * 200_000, "n": 19}


async def test_edits_before_a_snapshot_without_steps_can_be_undone() -> None:
    """When the steps are larger than the state, they are saved less often."""
    store = Saved()
    async with inside(store, snapshot_entries=1) as made:
        await made.make({"t": "", "n": 0})
        for number in range(10):
            made.clock.advance(5)
            await made.set("/t", f"{number} " * 5_000)
        for number in range(60):
            await made.set("/n", number + 1)
        document = store._documents[PAGE]
        assert max(document.snapshots) > max(document.steps), "a snapshot without steps exists"
        live = made.hub.lives[PAGE]
        steps: Any = live.room.document._undo.stacks
        await made.hub.unload(live)
        async with made.hub.using(PAGE) as again:
            assert again is not live
            assert again.room.document._undo.stacks == steps
        for _ in range(65):
            await made.ask(UndoRequest(""))
        assert (await made.read())[1] == {"t": "4 " * 5_000, "n": 0}


async def test_a_snapshot_is_saved_with_the_epoch_it_was_made_in() -> None:
    store = Saved()
    async with inside(store) as made:
        await made.make({"n": 0})
        async with made.hub.using(PAGE) as live:
            saving = made.hub.snapshots.begin_save(live)
            await store.new_epoch(PAGE, 7)
            room, _ = await made.hub.rooms.load(PAGE)
            replace_room(live, room, [])
            assert live.room.epoch == 7
            assert saving is not None
            await saving()
        assert await store.snapshot_before(PAGE, 1) is None, (
            "a snapshot of the earlier epoch exists"
        )
