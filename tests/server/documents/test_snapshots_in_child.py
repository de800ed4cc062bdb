"""Snapshots of documents with many blocks: a child process encodes the state."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from collab.document.document import Document
from collab.room.requests import UndoRequest
from collab.structs import state_updates
from server.documents.room_state import LiveState
from server.loading import state_in_child
from server.loading.state_in_child import EncodedState, NoStateError, encode_here
from server.runtime.child_process import Process, start_process
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.held_store import until
from tests.server.documents.test_snapshots_due import NEVER
from tests.server.scene import OTHER


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_updates, "MANY_BLOCKS", 0)


class Gate:
    """Encodes a state only after the test opens the gate."""

    def __init__(self, made: Inside) -> None:
        self.asked = 0
        self.opened = asyncio.Event()
        self.fails = self.lies = False
        made.hub.snapshots._encode_state = self

    async def __call__(self, updates: Any, opening_seconds: float) -> EncodedState:
        self.asked += 1
        await self.opened.wait()
        if self.fails:
            raise NoStateError("the child has died")
        made = encode_here(updates)
        return made._replace(state_vector=b"\x01\x01\x09") if self.lies else made


async def saved_versions(store: MemoryStore) -> list[int]:
    document = store._documents.get(PAGE)
    return [] if document is None else list(document.snapshots)


async def as_saved(store: MemoryStore, made: Inside) -> None:
    """The snapshot and the entries since open as the document that the live room has."""
    stored: Any = await store.load(PAGE)
    assert stored.snapshot is not None
    again = Document.open(stored.snapshot, stored.entries, stored.epoch)
    live = made.hub.lives[PAGE].room.document
    assert again.value == live.value == again.read()
    assert again.state_vector() == live.state_vector()
    assert again._tree.root == live._tree.root
    if stored.snapshot.steps:
        assert again._undo.stacks == live._undo.stacks


async def test_the_document_takes_edits_while_a_child_encodes_its_state() -> None:
    store = MemoryStore()
    async with inside(store, **NEVER) as made:
        await made.make({"n": 0})
        gate = Gate(made)
        live = made.hub.lives[PAGE]
        saving = asyncio.create_task(made.hub.snapshots.save(live))
        await until(lambda: gate.asked)
        assert live.state is LiveState.OPEN
        for number in (1, 2, 3):
            await made.set("/n", number)
        gate.opened.set()
        await saving
        assert await saved_versions(store) == [1]
        assert len(live.room.document.updates.all()) == 4, "the state and three edits"
        await as_saved(store, made)
        await made.hub.snapshots.save(live)
        assert await saved_versions(store) == [1, 4]
        await as_saved(store, made)


async def test_no_child_is_started_when_the_blocks_turn_out_to_be_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state_updates, "MANY_BLOCKS", 1_000)
    store = MemoryStore()
    async with inside(store, **NEVER) as made:
        await made.make({"t": ""})
        gate = Gate(made)
        await made.set("/t", "x" * 10_000)
        live = made.hub.lives[PAGE]
        assert live.room.document.updates.may_have_many_blocks, "by its bytes"
        await made.hub.snapshots.save(live)
        assert gate.asked == 0
        assert await saved_versions(store) == [2]
        await as_saved(store, made)


async def test_undo_steps_of_a_real_child_are_those_of_its_version() -> None:
    store = MemoryStore()
    async with inside(store, **NEVER) as made:
        await made.make({"t": "", "n": 0})
        for number in range(3):
            made.clock.advance(10)
            await made.set("/t", f"{number}" * 2_000)
        live = made.hub.lives[PAGE]
        await made.hub.snapshots.save(live)
        await as_saved(store, made)
        await made.hub.unload(live)
        assert PAGE not in made.hub.lives
        for _ in range(3):
            await made.ask(UndoRequest(""))
        assert (await made.read())[1] == {"t": "", "n": 0}


async def test_one_child_runs_at_a_time() -> None:
    async with inside(MemoryStore(), **NEVER) as made:
        await made.make({"n": 0})
        await made.make({"n": 0}, OTHER)
        gate = Gate(made)
        lives = [made.hub.lives[key] for key in (PAGE, OTHER)]
        saving = asyncio.create_task(made.hub.snapshots.save(lives[0]))
        await until(lambda: gate.asked)
        assert made.hub.snapshots.begin_save(lives[1]) is None
        assert lives[1].unsaved.entries == 1, "it is still due"
        waiting = asyncio.create_task(made.hub.snapshots.save(lives[1]))
        await asyncio.sleep(0)
        assert gate.asked == 1
        gate.opened.set()
        await asyncio.gather(saving, waiting)
        assert gate.asked == 2


@pytest.mark.parametrize("how", ["fails", "lies"])
async def test_a_snapshot_without_its_state_is_made_later(how: str) -> None:
    store = MemoryStore()
    async with inside(store, **{**NEVER, "snapshot_seconds": 60.0}) as made:
        await made.make({"n": 0})
        gate = Gate(made)
        gate.opened.set()
        setattr(gate, how, True)
        live = made.hub.lives[PAGE]
        await made.hub.snapshots.save(live)
        assert await saved_versions(store) == []
        assert not made.hub.snapshots.is_due(live, made.clock.monotonic())
        made.clock.advance(60)
        assert made.hub.snapshots.is_due(live, made.clock.monotonic())
        setattr(gate, how, False)
        await made.set("/n", 1)
        await until(lambda: PAGE in store._documents and store._documents[PAGE].snapshots)
        await as_saved(store, made)


async def test_the_server_goes_on_when_a_real_child_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore()
    async with inside(store, **NEVER) as made:
        await made.make({"n": 0})
        live = made.hub.lives[PAGE]

        async def start(*args: Any, **named: Any) -> Process:
            child = await start_process(*args, **named)
            os.kill(child.pid, signal.SIGKILL)
            await made.set("/n", 1)
            return child

        with monkeypatch.context() as patch:
            patch.setattr(state_in_child, "start_process", start)
            await made.hub.snapshots.save(live)
        assert await saved_versions(store) == []
        await made.set("/n", 2)
        await made.hub.snapshots.save(live)
        assert await saved_versions(store) == [3]
        await as_saved(store, made)


async def test_the_snapshot_of_a_replaced_room_leaves_the_new_room_alone() -> None:
    store = MemoryStore()
    async with inside(store, **NEVER) as made:
        await made.make({"n": 0})
        gate = Gate(made)
        live = made.hub.lives[PAGE]
        saving = asyncio.create_task(made.hub.snapshots.save(live))
        await until(lambda: gate.asked)
        await made.hub.reopen(live)
        await made.set("/n", 1)
        before = live.room.document.updates.all()
        gate.opened.set()
        await saving
        assert live.room.document.updates.all() == before
        await as_saved(store, made)
