"""Maintenance deletes assets without a use, and only those."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.assets.retention import AT_ONCE, DAY_MS, STRAY_MS, WALK_EVERY, AssetRetention
from server.assets.versions import VersionReader
from storage.memory.store import MemoryStore
from tests.faults.inside import Inside, inside
from tests.storage.assets_contract import DEMO, FIRST, asset, bodies

DAYS = 30


@pytest.fixture
async def scene() -> AsyncIterator[Inside]:
    async with inside(MemoryStore()) as here:
        await here.hub.store.add_tenant(DEMO, 1)
        yield here


def retention_of(scene: Inside, days: int = DAYS) -> AssetRetention:
    versions = VersionReader(scene.hub, scene.clock)
    return AssetRetention(scene.hub.store, versions, scene.clock, days)


async def add(scene: Inside, text: bytes = b"a picture") -> str:
    one = asset(text, at=scene.clock.now_ms())
    await scene.hub.store.add_asset(DEMO, one, bodies(text))
    return one.id


async def left(scene: Inside) -> list[str]:
    return [one.id for one in await scene.hub.store.list_assets(DEMO, FIRST, 1000)]


async def walk(scene: Inside, retention: AssetRetention) -> int:
    """Do a whole walk, after the rest since the last one."""
    scene.clock.advance(WALK_EVERY)
    deleted = 0
    for _ in range(100):
        deleted += await retention.step()
        if retention._rest_until > scene.clock.monotonic():
            return deleted
    raise AssertionError("the walk does not end")


async def test_an_unused_asset_is_deleted_after_the_days(scene: Inside) -> None:
    retention = retention_of(scene)
    id = await add(scene)
    assert await walk(scene, retention) == 0
    scene.clock.advance(DAYS * DAY_MS / 1000 - 2 * WALK_EVERY - 1)
    assert await walk(scene, retention) == 0
    assert await left(scene) == [id]
    assert await walk(scene, retention) == 1
    assert await left(scene) == []


async def test_a_used_asset_stays_until_the_days_after_its_last_use(scene: Inside) -> None:
    retention = retention_of(scene)
    id = await add(scene)
    await scene.make({"src": id})
    for _ in range(3):
        scene.clock.advance(DAYS * DAY_MS / 1000)
        assert await walk(scene, retention) == 0
    await scene.set("/src", "")
    assert await walk(scene, retention) == 0, "its last use has just ended"
    assert await left(scene) == [id]
    scene.clock.advance(DAYS * DAY_MS / 1000)
    assert await walk(scene, retention) == 1


async def test_an_upload_starts_the_days_again(scene: Inside) -> None:
    retention = retention_of(scene)
    await add(scene)
    scene.clock.advance(DAYS * DAY_MS / 1000 + 1)
    id = await add(scene)
    assert await walk(scene, retention) == 0
    assert await left(scene) == [id]


@pytest.mark.parametrize("is_shared", [False, True])
async def test_files_of_uploads_that_other_processes_run_are_no_strays(
    scene: Inside, is_shared: bool
) -> None:
    store = scene.hub.store
    asked: list[int] = []

    async def drop_strays(before: int) -> int:
        asked.append(scene.clock.now_ms() - before)
        return 0

    store.drop_strays = drop_strays  # type: ignore[method-assign]
    versions = VersionReader(scene.hub, scene.clock)
    retention = AssetRetention(store, versions, scene.clock, DAYS, is_shared=is_shared)
    await walk(scene, retention)
    await walk(scene, retention)
    first, later = asked
    assert first == WALK_EVERY * 1000 + (STRAY_MS if is_shared else 0)
    assert later >= STRAY_MS


async def test_zero_days_keep_every_asset(scene: Inside) -> None:
    await add(scene)
    scene.clock.advance(10 * DAYS * DAY_MS / 1000)
    assert await walk(scene, retention_of(scene, days=0)) == 0
    assert len(await left(scene)) == 1


async def test_a_step_deletes_a_few_assets(scene: Inside) -> None:
    retention = retention_of(scene)
    for n in range(AT_ONCE + 3):
        await add(scene, b"%d" % n)
    scene.clock.advance(DAYS * DAY_MS / 1000 + 1)
    steps = [await retention.step() for _ in range(3)]
    assert steps == [AT_ONCE, 3, 0]
    assert await left(scene) == []
    scene.clock.advance(WALK_EVERY - 1)
    assert await retention.step() == 0, "it rests between two walks"


async def test_versions_are_read_a_few_at_a_time_without_uploads(scene: Inside) -> None:
    """A tenant without assets costs nothing."""
    await scene.make({"n": 1})
    assert await walk(scene, retention_of(scene)) == 0
    assert len(await scene.hub.store.unread_versions(DEMO, 9)) == 1
    await add(scene)
    assert await walk(scene, retention_of(scene)) == 0
    assert await scene.hub.store.unread_versions(DEMO, 9) == []
