"""The hub: its answers while the process stops, and unloaded documents."""

from __future__ import annotations

import gc
from traceback import extract_tb
from weakref import ref

from collab.errors import Code, Rejected
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, inside


async def test_each_request_at_a_restart_gets_its_own_exception() -> None:
    async with inside(MemoryStore()) as made:
        await made.make({"n": 0})
        async with made.hub.using(PAGE):
            made.hub.draining = True
            refused = [await made.set("/n", number) for number in range(3)]
    errors = [error for error in refused if isinstance(error, Rejected)]
    assert [error.refusal.code for error in errors] == [Code.STORAGE_UNAVAILABLE] * 3
    assert len({id(error) for error in errors}) == 3
    depths = [len(extract_tb(error.__traceback__)) for error in errors]
    assert depths == depths[:1] * 3, "a traceback contains the earlier ones"


async def test_an_unloaded_document_needs_no_garbage_collection() -> None:
    async with inside(MemoryStore()) as made:
        await made.make({"n": 0})
        async with made.hub.using(PAGE) as live:
            held = ref(live.room.document)
            room = ref(live)
        gc.disable()
        try:
            del live
            made.hub.drop(made.hub.lives[PAGE])
            assert (room(), held()) == (None, None)
        finally:
            gc.enable()
