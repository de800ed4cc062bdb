"""Snapshots keep the cost of opening constant, and retention removes old entries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from collab.ids import DocKey
from collab.ports.store import NamedVersion, StorageUnavailable, Stored
from collab.room.requests import Answer
from server.maintenance import DAY_MS, Retention
from server.services import Services
from storage.sql import compaction
from storage.store import SqlStore
from tests.faults.inside import PAGE, Inside, inside

EVERY = 200


def walk_of(hall: Inside, days: int = 90) -> Retention:
    """The retention walk on this store and this clock; it needs no other service."""
    settings = SimpleNamespace(retention_days=days)
    parts: Any = SimpleNamespace(store=hall.hub.store, clock=hall.clock, settings=settings)
    return Retention(cast(Services, parts))


async def replayed_on_opening(hall: Inside, key: DocKey = PAGE) -> int:
    stored = await hall.hub.store.load(key)
    assert isinstance(stored, Stored)
    return len(stored.entries)


async def opening_after(tmp_path: Path, edits: int) -> int:
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    async with inside(store, snapshot_entries=EVERY) as hall:
        await hall.make({"n": 0})
        async with hall.hub.using(PAGE):
            for number in range(1, edits):
                assert isinstance(await hall.set("/n", number), Answer)
        return await replayed_on_opening(hall)


@pytest.mark.parametrize("edits", [1, 1000])
async def test_opening_replays_a_bounded_number_of_entries(tmp_path: Path, edits: int) -> None:
    assert await opening_after(tmp_path, edits) <= EVERY + 1


@pytest.mark.long
async def test_opening_replays_no_more_after_100_000_entries(tmp_path: Path) -> None:
    assert await opening_after(tmp_path, 100_000) <= EVERY + 1


async def test_expired_versions_go_and_named_or_published_ones_stay(
    tmp_path: Path,
) -> None:
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    async with inside(store, snapshot_entries=10) as hall:
        await hall.hub.store.add_tenant("demo", 1)
        await hall.make({"n": 0})
        for number in range(1, 100):
            await hall.set("/n", number)
            hall.clock.advance(DAY_MS / 1000)
        await store.name_version(PAGE, NamedVersion(17, "first", "ada", 1))
        walk = walk_of(hall, days=30)
        assert await walk.step() > 0
        kept = [entry.version for entry in await store.entries(PAGE, 0, 2**53, 1000)]
        assert kept[-1] == 100
        assert len(kept) < 60
        at = await hall.hub.history.value_at(PAGE, 17)
        assert at == {"n": 16}
        recent = await store.find_accepted(PAGE, "ada", [f"r{number}" for number in range(71, 100)])
        assert len(recent) == 29, "ids of the last 30 days are known"
        hall.clock.advance(60)
        await hall.hub.unload_idle()
        assert await hall.read() == (100, {"n": 99})


async def compacted(file: Path, lost: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the rest of a document when this many writes of a compaction lost their answers."""
    store = SqlStore(f"sqlite+aiosqlite:///{file}")
    async with inside(store) as hall:
        await hall.make({"n": 0})
        async with hall.hub.using(PAGE) as live:
            for number in range(1, 60):
                await hall.set("/n", number)
                if number % 10 == 0:
                    await hall.hub.snapshots.save(live)
        await store.name_version(PAGE, NamedVersion(7, "first", "ada", 1))
        write = store._database.write

        async def write_unheard(job: Callable[[Connection], Any]) -> Any:
            await write(job)
            raise StorageUnavailable("gone away")

        with monkeypatch.context() as unheard:
            unheard.setattr(store._database, "write", write_unheard)
            for _ in range(lost):
                with pytest.raises(StorageUnavailable):
                    await store.compact(PAGE, before=50, keep=())
        await store.compact(PAGE, before=50, keep=())
        assert await store.compact(PAGE, before=50, keep=()) == 0
        assert await hall.hub.history.value_at(PAGE, 7) == {"n": 6}
        assert await hall.hub.history.value_at(PAGE, 60) == {"n": 59}
        return await store.remains(PAGE)


async def test_a_compaction_continues_after_lost_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_SLICE", 10)
    heard = await compacted(tmp_path / "heard.db", 0, monkeypatch)
    assert (heard.lost, heard.lost_entries) == ([], [])
    versions = [entry.version for entry in heard.entries]
    assert versions == [*range(1, 8), *range(min(heard.snapshots) + 1, 61)]
    for lost in (1, 2):
        unheard = await compacted(tmp_path / f"{lost}.db", lost, monkeypatch)
        assert [entry.version for entry in unheard.entries] == versions
        assert list(unheard.snapshots) == list(heard.snapshots)
        assert (unheard.lost, unheard.lost_entries) == ([], [])


async def test_the_walk_visits_every_document_and_pauses(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    async with inside(store, snapshot_entries=2) as hall:
        keys = [DocKey(tenant, f"d{n:02}") for tenant in ("demo", "acme") for n in range(25)]
        for tenant in ("demo", "acme"):
            await store.add_tenant(tenant, 1)
        for key in keys:
            await hall.make({"n": 0}, key)
            for number in range(1, 8):
                await hall.set("/n", number, key)
        hall.clock.advance(100 * 86_400)
        walk = walk_of(hall)
        went = [await walk.step() for _ in range(8)]
        assert went[4:] == [0, 0, 0, 0], "two steps a tenant, then a rest"
        assert all(number > 0 for number in went[:4])
        for key in keys:
            assert (await store.entries(key, 0, 2**53, 100))[0].version > 1
        assert await walk.step() == 0
