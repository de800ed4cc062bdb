"""The contract of the assets of every store."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Mapping
from functools import partial

import msgspec
import pytest

from collab.ids import DocKey
from collab.ports.assets import (
    ANY_TIME,
    LEAST_BYTES,
    MOST_LISTED,
    MOST_USES,
    PIECE_BYTES,
    Asset,
    AssetUse,
    UnreadVersions,
    contents_of,
)
from collab.ports.store import Append, NamedVersion, Store
from tests.storage.contract import AWAY, HOME, OTHER, entry, further, made, public

DEMO = "demo"
LARGE = random.Random(1).randbytes(PIECE_BYTES * 2 + 7)
FIRST = (ANY_TIME, "")


def asset(body: bytes = b"a picture", *, at: int = 5, file: str = "", **widths: bytes) -> Asset:
    """Return an asset with this original. `widths` has the other contents, such as `w480`."""
    id = hashlib.sha256(body).hexdigest()
    contents = contents_of(bodies(body, **widths))
    name = file or f"{id}-{at}"
    return Asset(id, "image/png", 7, 5, "a.png", "ada", at, name, contents)


def bodies(body: bytes = b"a picture", **widths: bytes) -> Mapping[int, bytes]:
    return {0: body, **{int(width[1:]): one for width, one in widths.items()}}


async def read(store: Store, one: Asset, width: int = 0) -> bytes | None:
    """Return a whole content; None when a piece is missing."""
    body = b""
    for number in range(len(one.content(width).checksums)):
        piece = await store.read_piece(DEMO, one, width, number)
        if piece is None:
            return None
        body += piece
    return body


async def ids(store: Store, tenant: str = DEMO) -> list[str]:
    return [one.id for one in await store.list_assets(tenant, FIRST, 1000)]


async def upload(store: Store, body: bytes = b"a picture", at: int = 5) -> str:
    stored = await store.add_asset(DEMO, asset(body, at=at), bodies(body))
    assert stored is not None
    return stored.id


def naming(key: DocKey, after: int, text: str) -> Append:
    """Return an append whose entry writes a text."""
    op = {"op": "replace", "path": "/src", "value": text}
    one = msgspec.structs.replace(entry(after + 1), ops=[op])
    return Append(key, epoch=1, after=after, revision=0, entries=[one])


async def read_all(store: Store, names: Mapping[tuple[DocKey, int], list[str]], at: int) -> None:
    """Save the ids that each unread version names."""
    for key, version in await store.unread_versions(DEMO, 1000):
        await store.save_uses(key, version, names.get((key, version), []), at)


class AssetsContract:
    @pytest.fixture(autouse=True)
    async def _tenants(self, store: Store) -> None:
        await store.add_tenant(DEMO, 1)
        await store.add_tenant("other", 1)

    async def test_an_asset_is_stored_with_its_widths(self, store: Store) -> None:
        one = asset(LARGE, w480=b"smaller")
        assert await store.add_asset(DEMO, one, bodies(LARGE, w480=b"smaller")) == one
        found = await store.find_assets([(DEMO, one.id)])
        assert found == {(DEMO, one.id): one}
        assert (one.bytes, one.stored_bytes) == (len(LARGE), len(LARGE) + 7)
        assert await read(store, one) == LARGE
        assert await read(store, one, 480) == b"smaller"
        assert one.content(960) == one.contents[0]

    async def test_pieces_beyond_a_content_are_missing(self, store: Store) -> None:
        one = asset(LARGE, w480=b"smaller")
        await store.add_asset(DEMO, one, bodies(LARGE, w480=b"smaller"))
        for width, number in ((0, 3), (480, 1), (960, 0)):
            assert await store.read_piece(DEMO, one, width, number) is None

    async def test_an_unknown_asset_is_not_found(self, store: Store) -> None:
        id = await upload(store)
        for wanted in ((DEMO, "0" * 64), ("other", id), ("absent", id), (DEMO, "../x")):
            assert await store.find_assets([wanted]) == {}
        assert await store.delete_asset(DEMO, "0" * 64) is None
        assert await store.delete_asset("other", id) is None

    async def test_the_same_file_is_stored_once_for_a_tenant(self, store: Store) -> None:
        first, again = asset(at=5), asset(at=9)
        await store.add_asset(DEMO, first, bodies(), most=LEAST_BYTES)
        stored = await store.add_asset(DEMO, again, bodies(), most=LEAST_BYTES)
        assert stored is not None
        assert (stored.at, stored.file) == (9, first.file)
        assert await ids(store) == [first.id]
        assert await read(store, stored) == b"a picture"
        assert await store.read_piece(DEMO, again, 0, 0) in (None, b"a picture")
        assert await store.add_asset("other", asset(file="another"), bodies()) is not None

    async def test_a_full_quota_refuses_another_asset(self, store: Store) -> None:
        assert await store.add_asset(DEMO, asset(b"one"), bodies(b"one"), most=LEAST_BYTES)
        refused = asset(b"two")
        assert await store.add_asset(DEMO, refused, bodies(b"two"), most=LEAST_BYTES) is None
        assert await store.add_asset("other", asset(b"two", file="t"), bodies(b"two"), LEAST_BYTES)
        assert await ids(store) == [asset(b"one").id]
        assert await read(store, refused) is None

    async def test_uploads_at_once_do_not_exceed_the_quota(self, store: Store) -> None:
        texts = [b"%d" % n for n in range(8)]
        most = 3 * LEAST_BYTES
        adding = (store.add_asset(DEMO, asset(text), bodies(text), most) for text in texts)
        stored = [one for one in await asyncio.gather(*adding) if one is not None]
        assert len(stored) == len(await ids(store)) == 3

    async def test_uploads_of_one_file_at_once_store_it_once(self, store: Store) -> None:
        uploads = [asset(at=at) for at in range(1, 7)]
        adding = (store.add_asset(DEMO, one, bodies(), LEAST_BYTES) for one in uploads)
        stored = await asyncio.gather(*adding)
        assert len({one.file for one in stored if one is not None}) == 1
        assert None not in stored
        [found] = await store.list_assets(DEMO, FIRST, 9)
        assert await read(store, found) == b"a picture"

    async def test_the_list_has_pages_with_the_newest_first(self, store: Store) -> None:
        texts = {b"%d" % n: n // 2 for n in range(5)}  # pairs of the same time
        for text, at in texts.items():
            await upload(store, text, at)
        expected = sorted(((at, asset(text).id) for text, at in texts.items()), reverse=True)
        after, found = FIRST, []
        while page := await store.list_assets(DEMO, after, 2):
            found += [(one.at, one.id) for one in page]
            after = found[-1]
        assert found == expected
        assert await ids(store, "other") == []

    async def test_names_may_have_every_character(self, store: Store) -> None:
        odd = "a\0b\U0001f600'\"%?$1/../.."
        one = Asset("0" * 64, "image/png", 1, 1, odd, odd, 5, "file", contents_of({0: b"x"}))
        assert await store.add_asset(DEMO, one, {0: b"x"}) == one
        assert await store.list_assets(DEMO, FIRST, 9) == [one]

    async def test_an_unused_asset_is_deleted(self, store: Store) -> None:
        id, kept = await upload(store), await upload(store, b"kept")
        [one] = [found for found in await store.list_assets(DEMO, FIRST, 9) if found.id == id]
        assert await store.delete_asset(DEMO, id) == []
        assert await ids(store) == [kept]
        assert await read(store, one) is None
        assert await store.delete_asset(DEMO, id) is None
        assert await upload(store, at=9) == id

    async def test_only_versions_that_count_are_read(self, store: Store) -> None:
        await store.commit([made(HOME, 4), made(AWAY, 2), made(OTHER)])
        await store.name_version(HOME, NamedVersion(2, "launch", "ada", 5))
        await store.publish(HOME, public(3), 0)
        expected = {(HOME, 4), (HOME, 2), (HOME, 3), (AWAY, 2)}
        assert set(await store.unread_versions(DEMO, 10)) == expected
        for left in range(4, 0, -1):
            found = await store.unread_versions(DEMO, 10)
            assert len(found) == left
            assert await store.unread_versions(DEMO, 1) != []
            await store.save_uses(*found[0], [], 5)
        assert await store.unread_versions(DEMO, 10) == []
        assert await store.unread_versions("other", 10) == [(OTHER, 1)]

    async def test_uses_are_those_of_head_published_and_named_versions(self, store: Store) -> None:
        id, other = await upload(store), await upload(store, b"other")
        await store.commit([made(HOME, 4), made(AWAY, 2)])
        await store.name_version(HOME, NamedVersion(2, "launch", "ada", 5))
        await store.publish(HOME, public(3), 0)
        names = {(HOME, 4): [id], (HOME, 3): [id, other], (HOME, 2): [id], (AWAY, 2): [other]}
        await read_all(store, names, 5)
        expected = [
            AssetUse("home", "version", 2, "launch"),
            AssetUse("home", "published", 3),
            AssetUse("home", "head", 4),
        ]
        of_other = [AssetUse("away", "head", 2), AssetUse("home", "published", 3)]
        found = await store.asset_uses(DEMO, [id, other])
        assert found == {id: expected, other: of_other}
        assert await store.asset_uses("other", [id]) == {id: []}
        assert await store.delete_asset(DEMO, id) == expected

    async def test_a_version_counts_in_every_way_that_it_is_used(self, store: Store) -> None:
        id = await upload(store)
        await store.commit([made(HOME, 2)])
        await store.name_version(HOME, NamedVersion(2, "launch", "ada", 5))
        await store.publish(HOME, public(2), 0)
        await read_all(store, {(HOME, 2): [id]}, 5)
        uses = (await store.asset_uses(DEMO, [id]))[id]
        assert {use.place for use in uses} == {"head", "published", "version"}

    async def test_an_unread_document_keeps_every_asset(self, store: Store) -> None:
        id = await upload(store)
        await store.commit([made(HOME)])
        with pytest.raises(UnreadVersions):
            await store.delete_asset(DEMO, id)
        await read_all(store, {}, 5)
        assert await store.delete_asset(DEMO, id) == []

    async def test_a_new_version_keeps_the_assets_of_its_entries(self, store: Store) -> None:
        id, other = await upload(store), await upload(store, b"other")
        await store.commit([made(HOME)])
        await read_all(store, {}, 5)
        await store.commit([further(HOME, 1)])
        await store.commit([naming(HOME, 2, f"/v1/assets/demo/{id}")])
        await store.commit([further(HOME, 3)])
        with pytest.raises(UnreadVersions):
            await store.delete_asset(DEMO, id)
        assert await store.delete_asset(DEMO, other) == []
        await read_all(store, {(HOME, 4): [id]}, 5)
        assert await store.delete_asset(DEMO, id) == [AssetUse("home", "head", 4)]
        await store.commit([further(HOME, 4)])
        with pytest.raises(UnreadVersions):
            await store.delete_asset(DEMO, id)
        await read_all(store, {}, 6)
        assert await store.delete_asset(DEMO, id) == []

    async def test_a_new_version_after_too_many_ids_keeps_every_asset(self, store: Store) -> None:
        id = await upload(store)
        await store.commit([made(HOME)])
        await store.save_uses(HOME, 1, [f"{n:064x}" for n in range(MOST_USES + 1)], 5)
        await store.commit([further(HOME, 1)])
        with pytest.raises(UnreadVersions):
            await store.delete_asset(DEMO, id)

    async def test_a_version_may_be_named_or_published_later(self, store: Store) -> None:
        id = await upload(store)
        await store.commit([made(HOME, 2)])
        await read_all(store, {(HOME, 2): [id]}, 5)
        await store.commit([further(HOME, 2)])
        await read_all(store, {}, 5)
        await store.name_version(HOME, NamedVersion(2, "launch", "ada", 5))
        assert await store.unread_versions(DEMO, 9) == [(HOME, 2)]
        with pytest.raises(UnreadVersions):
            await store.delete_asset(DEMO, id)

    async def test_a_deleted_document_uses_nothing(self, store: Store) -> None:
        id = await upload(store)
        await store.commit([made(HOME)])
        await read_all(store, {(HOME, 1): [id]}, 5)
        await store.delete(HOME, 7)
        assert await store.asset_uses(DEMO, [id]) == {id: []}
        await store.save_uses(HOME, 1, [id], 8)
        assert await store.asset_uses(DEMO, [id]) == {id: []}
        assert await store.unused_assets(DEMO, 9, 9) == [id]
        assert await store.drop_old_uses(DEMO, 20, 9) == 1
        assert await store.drop_old_uses(DEMO, 21, 9) == 0
        assert await store.unused_assets(DEMO, 20, 9) == []
        assert await store.delete_asset(DEMO, id) == []

    async def test_a_version_with_too_many_ids_uses_every_asset(self, store: Store) -> None:
        id = await upload(store)
        await store.commit([made(HOME)])
        await store.save_uses(HOME, 1, [f"{n:064x}" for n in range(MOST_USES + 1)], 5)
        assert await store.asset_uses(DEMO, [id]) == {id: [AssetUse("home", "head", 1)]}
        assert await store.delete_asset(DEMO, id) == [AssetUse("home", "head", 1)]
        assert await store.unused_assets(DEMO, 99, 9) == []

    async def test_as_many_ids_as_allowed_are_kept(self, store: Store) -> None:
        id = await upload(store)
        await store.commit([made(HOME)])
        await store.save_uses(HOME, 1, [f"{n:064x}" for n in range(MOST_USES)] * 2, 5)
        assert await store.delete_asset(DEMO, id) == []

    async def test_only_the_first_uses_are_listed(self, store: Store) -> None:
        id = await upload(store)
        keys = [DocKey(DEMO, f"doc-{n:03}") for n in range(MOST_LISTED + 3)]
        await store.commit([made(key) for key in keys])
        await read_all(store, {(key, 1): [id] for key in keys}, 5)
        uses = (await store.asset_uses(DEMO, [id]))[id]
        assert [use.doc for use in uses] == [key.doc for key in keys[:MOST_LISTED]]

    async def test_an_asset_is_unused_since_its_last_use_or_upload(self, store: Store) -> None:
        id = await upload(store, at=5)
        await store.commit([made(HOME)])
        await read_all(store, {(HOME, 1): [id]}, 6)
        assert await store.unused_assets(DEMO, 99, 9) == []
        await store.commit([further(HOME, 1)])
        await read_all(store, {}, 30)
        assert await store.unused_assets(DEMO, 30, 9) == []
        assert await store.unused_assets(DEMO, 31, 9) == [id]
        assert await store.delete_asset(DEMO, id, unused_since=30) is None
        await upload(store, at=40)
        assert await store.unused_assets(DEMO, 31, 9) == []
        assert await store.delete_asset(DEMO, id, unused_since=31) is None
        assert await store.delete_asset(DEMO, id, unused_since=41) == []

    async def test_the_version_that_was_read_last_stays_for_deletions(self, store: Store) -> None:
        id = await upload(store)
        await store.commit([made(HOME)])
        await store.save_uses(HOME, 1, [], 5)
        await store.commit([further(HOME, 1)])
        assert await store.drop_old_uses(DEMO, 9, 9) == 0
        await store.commit([further(HOME, 2)])
        await store.save_uses(HOME, 2, [], 6)  # an edit came while the server read it
        assert await store.drop_old_uses(DEMO, 9, 9) == 0
        assert await store.delete_asset(DEMO, id) == []

    async def test_tenants_with_assets_are_listed(self, store: Store) -> None:
        assert await store.tenants_with_assets() == []
        await upload(store)
        await upload(store, b"other")
        assert await store.tenants_with_assets() == [DEMO]

    async def test_nothing_is_stray_after_normal_work(self, store: Store) -> None:
        await upload(store)
        await store.add_asset(DEMO, asset(at=9), bodies())
        await store.add_asset(DEMO, asset(b"full"), bodies(b"full"), 1)
        await store.delete_asset(DEMO, await upload(store, b"gone"))
        assert await store.drop_strays(ANY_TIME) == 0
        [one] = await store.list_assets(DEMO, FIRST, 9)
        assert await read(store, one) == b"a picture"

    async def test_an_upload_and_a_deletion_at_once_leave_a_whole_asset_or_none(
        self, store: Store
    ) -> None:
        add = partial(store.add_asset, DEMO)
        for round in range(10):
            one = asset(at=round + 1)
            await add(one, bodies())
            again = asset(at=round + 100)
            await asyncio.gather(store.delete_asset(DEMO, one.id), add(again, bodies()))
            for found in await store.list_assets(DEMO, FIRST, 9):
                assert await read(store, found) == b"a picture"
            await store.delete_asset(DEMO, one.id)
        assert await store.drop_strays(ANY_TIME) == 0
