"""Snapshots and retention: opening costs the same after any number of edits, and old ones go."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from collab.ids import DocKey
from collab.ports import NamedVersion, Stored
from collab.room.requests import Answer
from server.retention import DAY_MS, Retention
from server.services import Services
from storage.store import SqlStore
from tests.faults.inside import PAGE, Inside, inside

EVERY = 200


def walk_of(hall: Inside, days: int = 90) -> Retention:
    """The walk on this store and this clock; it asks its services for nothing else."""
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


async def test_what_is_past_its_time_goes_and_what_is_named_or_published_stays(
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


async def test_the_walk_comes_to_every_document_and_rests(tmp_path: Path) -> None:
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
