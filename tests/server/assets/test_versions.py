"""Which assets the versions of documents name, exactly by their values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from collab.ids import DocKey
from collab.ports.assets import EVERY_ASSET, AssetUse
from collab.ports.store import Corrupt, NamedVersion
from server.assets.versions import VersionReader, ids_in
from server.loading.crash_quarantine import CrashQuarantine
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.storage.assets_contract import DEMO, asset, bodies

ID = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ({"src": f"/v1/assets/demo/{ID}"}, {ID}),
        ({"src": f"https://weft.example/v1/assets/demo/{ID}?width=480"}, {ID}),
        ({"text": f"see ![{ID}]({OTHER})."}, {ID, OTHER}),
        ({ID: [OTHER, {"deep": [ID]}]}, {ID, OTHER}),
        (ID, {ID}),
        ({"src": ID[:-1]}, set()),
        ({"src": ID + "0"}, set()),
        ({"src": "a" + ID}, set()),
        ({"src": ID.upper()}, set()),
        ({"src": f"g{ID}g"}, {ID}),
        ({"src": [ID[:32], ID[32:]]}, set()),
        ({"n": 1, "none": None, "list": []}, set()),
    ],
)
def test_an_id_stands_in_a_value(value: Any, ids: set[str]) -> None:
    assert ids_in(value) == ids


@pytest.mark.parametrize("before", range(65_536 - 140, 65_536 + 8, 3))
def test_an_id_is_found_at_the_border_of_two_parts(before: int) -> None:
    assert ids_in(["x" * before, ID]) == {ID}
    assert ids_in(["x" * before, ID + "0"]) <= {ID, ID[1:] + "0"}


@pytest.fixture
async def scene() -> AsyncIterator[Inside]:
    async with inside(MemoryStore()) as here:
        await here.hub.store.add_tenant(DEMO, 1)
        yield here


def reader_of(scene: Inside) -> VersionReader:
    return VersionReader(scene.hub, scene.clock)


async def uses(scene: Inside, id: str) -> list[AssetUse]:
    return (await scene.hub.store.asset_uses(DEMO, [id]))[id]


async def test_every_version_that_counts_is_read(scene: Inside) -> None:
    store, reader = scene.hub.store, reader_of(scene)
    one = asset()
    await store.add_asset(DEMO, one, bodies())
    await scene.make({"src": one.id})
    await store.name_version(PAGE, NamedVersion(1, "launch", "ada", 5))
    await scene.set("/src", "")
    assert await reader.read(DEMO)
    assert await uses(scene, one.id) == [AssetUse("page", "version", 1, "launch")]
    await scene.set("/src", f"/v1/assets/demo/{one.id}")
    assert await reader.read(DEMO)
    assert AssetUse("page", "head", 3) in await uses(scene, one.id)


async def test_closed_documents_are_read_from_the_log(scene: Inside) -> None:
    await scene.make({"src": ID})
    scene.clock.advance(1000)
    await scene.hub.unload_idle()
    assert scene.hub.lives.get(PAGE) is None
    assert await reader_of(scene).read(DEMO)
    assert await uses(scene, ID) == [AssetUse("page", "head", 1)]


async def test_a_call_reads_at_most_so_many_versions(scene: Inside) -> None:
    keys = [DocKey(DEMO, f"doc-{n}") for n in range(5)]
    for key in keys:
        await scene.make({"src": ID}, key)
    reader = reader_of(scene)
    assert not await reader.read(DEMO, 2)
    assert len(await uses(scene, ID)) == 2
    assert not await reader.read(DEMO, 2)
    assert await reader.read(DEMO, 2)
    assert len(await uses(scene, ID)) == 5


async def test_a_damaged_version_may_use_every_asset(
    scene: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def damaged(key: DocKey, version: int) -> Any:
        raise Corrupt("damaged")

    await scene.make({"n": 1})
    monkeypatch.setattr(scene.hub, "lives", {})
    monkeypatch.setattr(scene.hub.history, "value_at", damaged)
    assert await reader_of(scene).read(DEMO)
    assert await uses(scene, OTHER) == [AssetUse("page", "head", 1)]


async def test_a_version_that_killed_the_process_twice_is_not_read_again(
    scene: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.make({"n": 1})
    monkeypatch.setattr(scene.hub, "lives", {})

    class Killed(CrashQuarantine):
        def is_quarantined(self, key: DocKey, epoch: int = 0) -> bool:
            return (key, epoch) == (PAGE, -1)

    monkeypatch.setattr(scene.hub, "crash_quarantine", Killed(None))
    assert await reader_of(scene)._ids(PAGE, 1) == {EVERY_ASSET}


async def test_a_version_that_is_no_longer_kept_names_nothing(scene: Inside) -> None:
    await scene.make({"n": 1})
    assert await reader_of(scene)._ids(DocKey(DEMO, "absent"), 7) == set()
