"""The library adds, finds and deletes assets, with few queries for made-up addresses."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from collab.errors import Code, Rejected
from collab.ports.assets import Asset, StorageFull, UnreadVersions
from server.assets.library import ATTEMPTS, MAX_KNOWN, AssetLibrary
from server.assets.pictures import Prepared
from server.assets.uploads import Uploads
from server.assets.versions import VersionReader
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.storage.assets_contract import DEMO


class Store(MemoryStore):
    """Counts lookups. `unread` deletions fail as if edits made new versions all the time."""

    lookups = 0
    unread = 0
    is_full = False

    async def find_assets(
        self, wanted: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Asset]:
        self.lookups += 1
        return await super().find_assets(wanted)

    async def delete_asset(self, tenant: str, id: str, unused_since: int = 0) -> Any:
        if self.unread:
            self.unread -= 1
            raise UnreadVersions
        return await super().delete_asset(tenant, id, unused_since)

    async def add_asset(
        self, tenant: str, asset: Asset, contents: Mapping[int, bytes], most: int = 0
    ) -> Asset | None:
        if self.is_full:
            raise StorageFull
        return await super().add_asset(tenant, asset, contents, most)


class FakePictures:
    """Takes every body for a PNG of 1000 x 500 pixels with a smaller form."""

    async def prepare(self, body: bytes) -> Prepared:
        return Prepared("image/png", 1000, 500, body, {480: body[:3]})

    async def close(self) -> None: ...


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def scene(store: Store) -> AsyncIterator[Inside]:
    async with inside(store) as here:
        await store.add_tenant(DEMO, 1)
        yield here


@pytest.fixture
async def library(scene: Inside) -> AsyncIterator[AssetLibrary]:
    uploads = Uploads(scene.clock, bytes_per_second=0, largest=0)
    versions = VersionReader(scene.hub, scene.clock)
    pictures: Any = FakePictures()
    made = AssetLibrary(scene.hub.store, scene.clock, pictures, uploads, versions, 10_000)
    yield made
    await made.close()


async def test_an_asset_has_the_hash_of_its_content(library: AssetLibrary, scene: Inside) -> None:
    one = await library.add(DEMO, "ada", "a.png", b"a picture")
    assert one.id == hashlib.sha256(b"a picture").hexdigest()
    assert (one.type, one.width, one.height) == ("image/png", 1000, 500)
    assert (one.name, one.by, one.at) == ("a.png", "ada", scene.clock.now_ms())
    assert await library.find(DEMO, one.id) == one
    assert await library.piece(DEMO, one, 480, 0) == b"a p"


async def test_large_contents_are_hashed_too(library: AssetLibrary, store: Store) -> None:
    body = b"x" * 500_000
    library._most_bytes = 0
    one = await library.add(DEMO, "ada", "", body)
    assert one.id == hashlib.sha256(body).hexdigest()


async def test_a_known_asset_needs_no_query(library: AssetLibrary, store: Store) -> None:
    one = await library.add(DEMO, "ada", "", b"a picture")
    await library.find(DEMO, one.id)
    before = store.lookups
    for _ in range(5):
        assert await library.find(DEMO, one.id) == one
    assert store.lookups == before


@pytest.mark.parametrize(
    ("tenant", "id"),
    [
        (DEMO, "0" * 63),
        (DEMO, "0" * 65),
        (DEMO, "A" * 64),
        (DEMO, "../" * 20),
        ("..", "0" * 64),
        ("", "0" * 64),
        ("x" * 1000, "0" * 64),
    ],
)
async def test_an_impossible_name_needs_no_query(
    library: AssetLibrary, store: Store, tenant: str, id: str
) -> None:
    before = store.lookups
    assert await library.find(tenant, id) is None
    assert store.lookups == before
    assert library._known == {}


async def test_made_up_ids_are_not_kept(library: AssetLibrary, store: Store) -> None:
    for n in range(50):
        assert await library.find(DEMO, f"{n:064x}") is None
    assert library._known == {}


async def test_few_known_assets_are_kept(
    library: AssetLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.assets.library.MAX_KNOWN", 2)
    made = [await library.add(DEMO, "ada", "", b"%d" % n) for n in range(2)]
    third = await library.add("other", "ada", "", b"3")
    for one in made:
        await library.find(DEMO, one.id)
    await library.find("other", third.id)
    assert list(library._known) == [(DEMO, made[1].id), ("other", third.id)]
    assert MAX_KNOWN >= 1000


async def test_an_asset_is_found_right_after_its_upload(library: AssetLibrary) -> None:
    id = hashlib.sha256(b"later").hexdigest()
    assert await library.find(DEMO, id) is None
    await library.add(DEMO, "ada", "", b"later")
    assert await library.find(DEMO, id) is not None


async def test_a_deleted_asset_is_gone_at_once(library: AssetLibrary) -> None:
    one = await library.add(DEMO, "ada", "", b"a picture")
    await library.find(DEMO, one.id)
    assert await library.delete(DEMO, one.id) == []
    assert await library.find(DEMO, one.id) is None
    with pytest.raises(Rejected) as refused:
        await library.delete(DEMO, one.id)
    assert refused.value.refusal.code is Code.NOT_FOUND


async def test_an_asset_that_another_server_deleted_is_forgotten(
    library: AssetLibrary, store: Store
) -> None:
    one = await library.add(DEMO, "ada", "", b"a picture")
    await library.find(DEMO, one.id)
    await store.delete_asset(DEMO, one.id)
    assert await library.piece(DEMO, one, 0, 0) is None
    assert await library.find(DEMO, one.id) is None


async def test_a_deletion_reads_the_new_versions_first(
    library: AssetLibrary, scene: Inside
) -> None:
    one = await library.add(DEMO, "ada", "", b"a picture")
    await scene.make({"src": one.id})
    uses = await library.delete(DEMO, one.id)
    assert [(use.doc, use.place) for use in uses] == [(PAGE.doc, "head")]
    await scene.set("/src", "")
    assert await library.delete(DEMO, one.id) == []


async def test_a_deletion_gives_up_among_endless_edits(library: AssetLibrary, store: Store) -> None:
    one = await library.add(DEMO, "ada", "", b"a picture")
    store.unread = ATTEMPTS
    with pytest.raises(Rejected) as refused:
        await library.delete(DEMO, one.id)
    assert refused.value.refusal.retryable
    assert await library.delete(DEMO, one.id) == []


async def test_a_full_quota_and_a_full_disk_are_refusals(
    library: AssetLibrary, store: Store
) -> None:
    with pytest.raises(Rejected) as refused:
        await library.add(DEMO, "ada", "", b"x" * 10_001)
    assert refused.value.refusal.code is Code.QUOTA_EXCEEDED
    store.is_full = True
    with pytest.raises(Rejected) as refused:
        await library.add(DEMO, "ada", "", b"x")
    assert refused.value.refusal.code is Code.STORAGE_FULL
