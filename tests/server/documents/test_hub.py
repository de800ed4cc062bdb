"""The hub: its answers while the process stops, and unloaded documents."""

from __future__ import annotations

import gc
import threading
from traceback import extract_tb
from weakref import ref

import pytest

from collab.errors import Code, Rejected
from collab.schema.check import Schema
from server.loading import opening
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


async def test_a_document_with_the_schema_of_a_newer_server_opens() -> None:
    store = MemoryStore()
    async with inside(store) as made:
        await made.make({"n": 0})
        assert await store.set_schema(PAGE, b'{"$ref": "weft:poster"}', 0)
        async with made.hub.using(PAGE) as live:
            await made.hub.reopen(live)
            assert live.room.value == {"n": 0}
            refused = await made.set("/n", 1)
            assert isinstance(refused, Rejected)
            assert "weft:poster" in refused.refusal.message
            assert await store.set_schema(PAGE, b"", live.room.control.revision)
            await made.hub.reopen(live)
            await made.set("/n", 1)
            assert live.room.value == {"n": 1}


@pytest.mark.parametrize("name", [b"weft:landing-page", b"\\u0077eft:landing-page"])
async def test_a_named_schema_is_compiled_in_a_worker_thread(
    monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    threads: list[str] = []

    def compiled(raw: bytes) -> Schema:
        threads.append(threading.current_thread().name)
        return Schema.stored(raw)

    monkeypatch.setattr(opening.stored_schemas, "get", compiled)
    store = MemoryStore()
    async with inside(store) as made:
        await made.make({"pages": {}})
        assert await store.set_schema(PAGE, b'{"$ref": "%s"}' % name, 0)
        async with made.hub.using(PAGE) as live:
            await made.hub.reopen(live)
    [thread] = threads
    assert thread.startswith("worker")


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
