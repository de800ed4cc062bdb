"""The log stores changes of long texts as splices, and readers get whole texts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from collab.ids import Json
from collab.patch.apply import replay, values_before
from collab.room.requests import PatchRequest, UndoRequest
from storage.memory.store import MemoryStore
from storage.store import SqlStore
from tests.faults.inside import PAGE, inside

LONG = "a word and the next one " * 2_000


@pytest.mark.parametrize("fields", [1, 3])
async def test_long_texts_are_logged_by_what_changed_and_told_whole(fields: int) -> None:
    store = MemoryStore()
    async with inside(store, snapshot_entries=7) as made:
        names = [f"t{number}" for number in range(fields)]
        await made.make(dict.fromkeys(names, LONG))
        texts, told = dict.fromkeys(names, LONG), list[Json]()
        for number in range(30):
            at = 37 * number
            name = names[number % fields]
            text = texts[name] = texts[name][:at] + "x" + texts[name][at:]
            ops = [{"op": "replace", "path": f"/{name}", "value": text}]
            await made.ask(PatchRequest(f"r{number}", None, ops))
            told.append(made.hub.lives[PAGE].room.value)
        log = await store.entries(PAGE, 1, 31, 100)
        assert sum(len(str(entry.ops)) for entry in log) < 30 * 200
        whole = await made.hub.history.between(PAGE, 1, 31, 100, 1 << 30)
        assert whole is not None
        values = values_before(dict.fromkeys(names, LONG), whole)
        assert [
            replay(value, entry.ops) for value, entry in zip(values, whole, strict=True)
        ] == told
        assert all(op["op"] in ("add", "replace") for entry in whole for op in entry.ops)
        for version in (2, 9, 31):
            assert await made.hub.history.value_at(PAGE, version) == told[version - 2]
        await made.hub.unload(made.hub.lives[PAGE])
        assert (await made.read())[1] == told[-1]


async def test_what_an_earlier_document_was_is_not_asked_for() -> None:
    store = MemoryStore()
    async with inside(store) as made:
        await made.make({"t": "of before"})
        await made.hub.delete(made.hub.lives[PAGE])
        await made.make({"t": LONG})
        ops = [{"op": "replace", "path": "/t", "value": LONG + "x"}]
        await made.ask(PatchRequest("r", None, ops))
        assert await made.hub.history.between(PAGE, 1, 3, 100, 1 << 30) is None
        whole = await made.hub.history.between(PAGE, 2, 3, 100, 1 << 30)
        assert whole is not None
        assert whole[0].ops == ops


async def test_what_was_told_is_read_by_its_bytes_though_the_log_holds_few() -> None:
    store = MemoryStore()
    async with inside(store, snapshot_entries=1_000) as made:
        await made.make({"t": LONG})
        for number in range(10):
            text = LONG + "x" * (number + 1)
            ops = [{"op": "replace", "path": "/t", "value": text}]
            await made.ask(PatchRequest(f"r{number}", None, ops))
        history = made.hub.history
        assert await store.log_bytes(PAGE, 1, 11) < len(LONG)
        assert await history.between(PAGE, 1, 11, 100, 9 * len(LONG)) is None
        assert await history.between(PAGE, 1, 11, 100, 11 * len(LONG)) is not None


@pytest.mark.parametrize("snapshot_entries", [1, 1_000])
async def test_an_answer_out_of_the_log_is_told_as_at_first(
    tmp_path: Path, snapshot_entries: int
) -> None:
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    await store.migrate()
    async with inside(store, snapshot_entries=snapshot_entries) as made:
        await made.make({"t": LONG})
        ops = [{"op": "replace", "path": "/t", "value": LONG + "x"}]
        await made.ask(PatchRequest("r", None, ops))
        first = await made.ask(UndoRequest(redo=False, id="u"))
        assert first.ack["ops"] == [{"op": "replace", "path": "/t", "value": LONG}]
        [_, _, logged] = await store.entries(PAGE, 0, 3, 100)
        assert len(str(logged.ops)) + len(str(logged.answer)) < 500
        assert (await made.ask(UndoRequest(redo=False, id="u"))).ack == {
            **first.ack,
            "duplicate": True,
        }
        await made.hub.unload(made.hub.lives[PAGE])
        again = await made.ask(UndoRequest(redo=False, id="u"))
        assert again.ack == {**first.ack, "duplicate": True}
        assert again.version == 3
    await store.close()


@pytest.mark.parametrize("has_value", [True, False])
async def test_a_version_is_read_from_a_snapshot_with_its_value_and_from_an_older_one(
    has_value: bool,
) -> None:
    store = MemoryStore()
    async with inside(store, snapshot_entries=5) as made:
        await made.make({"n": 0, "l": [1, {"a": "x"}]})
        told = {1: made.hub.lives[PAGE].room.value}
        for number in range(20):
            await made.set("/n", number + 1)
            told[number + 2] = made.hub.lives[PAGE].room.value
        while (snapshot := await store.snapshot_before(PAGE, 21)) is None or snapshot.version < 6:
            await asyncio.sleep(0)
        if not has_value:
            body = msgspec.msgpack.decode(snapshot.body)[:5]
            older = msgspec.structs.replace(snapshot, body=msgspec.msgpack.encode(body))
            await store.save_snapshot(PAGE, 1, older)
        for version, value in told.items():
            assert await made.hub.history.value_at(PAGE, version) == value
