"""What a restored backup or a damaged disk may leave: rows without contents, and the reverse."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, update

from collab.ports.assets import ANY_TIME, PIECE_BYTES
from collab.ports.store import Corrupt
from storage.assets.tables import asset_pieces, assets
from storage.store import SqlStore
from tests.storage.assets_contract import DEMO, FIRST, asset, bodies, read
from tests.storage.conftest import opened

pytestmark = pytest.mark.thorough


def folder_of(url: str) -> Path:
    return Path(f"{url.partition(':///')[2]}-assets")


@pytest.fixture
async def store(sqlite_store: SqlStore) -> SqlStore:
    await sqlite_store.add_tenant(DEMO, 1)
    await sqlite_store.add_asset(DEMO, asset(), bodies())
    return sqlite_store


async def test_an_upload_brings_lost_contents_back(store: SqlStore, sqlite_url: str) -> None:
    [path] = [path for path in folder_of(sqlite_url).rglob("*") if path.is_file()]
    path.unlink()
    assert await read(store, asset()) is None
    stored = await store.add_asset(DEMO, asset(at=9), bodies())
    assert stored == asset(at=9)
    assert await read(store, stored) == b"a picture"


async def test_damaged_contents_are_refused_until_the_next_upload(
    store: SqlStore, sqlite_url: str
) -> None:
    [path] = [path for path in folder_of(sqlite_url).rglob("*") if path.is_file()]
    path.write_bytes(b"b picture")
    with pytest.raises(Corrupt):
        await store.read_piece(DEMO, asset(), 0, 0)
    path.write_bytes(b"a pic")
    with pytest.raises(Corrupt):
        await store.read_piece(DEMO, asset(), 0, 0)
    stored = await store.add_asset(DEMO, asset(at=9), bodies())
    assert stored == asset(at=9)
    assert not path.exists()
    assert await read(store, stored) == b"a picture"


async def test_a_file_without_a_row_is_dropped(store: SqlStore, sqlite_url: str) -> None:
    stray = folder_of(sqlite_url) / DEMO / "ff" / "ff00-1"
    stray.parent.mkdir()
    stray.write_bytes(b"half of a pict")
    assert await store.drop_strays(1) == 0
    assert await store.drop_strays(ANY_TIME) == 1
    assert not stray.exists()
    assert await read(store, asset()) == b"a picture"


async def test_a_damaged_row_is_no_asset_until_the_next_upload(store: SqlStore) -> None:
    await store._database.write(lambda c: c.execute(update(assets).values(width=8)).rowcount)
    assert await store.find_assets([(DEMO, asset().id)]) == {}
    assert await store.list_assets(DEMO, FIRST, 9) == []
    stored = await store.add_asset(DEMO, asset(at=9), bodies())
    assert stored == asset(at=9)
    assert await store.list_assets(DEMO, FIRST, 9) == [asset(at=9)]
    assert await store.drop_strays(ANY_TIME) == 0


async def test_damaged_rows_do_not_end_the_list(store: SqlStore) -> None:
    for n in range(5):
        await store.add_asset(DEMO, asset(b"%d" % n, at=10 + n), bodies(b"%d" % n))
    damaged = update(assets).where(assets.c.at.in_([12, 13])).values(width=8)
    await store._database.write(lambda c: c.execute(damaged).rowcount)
    found = await store.list_assets(DEMO, FIRST, 3)
    assert [one.at for one in found] == [14, 11, 10]


async def test_a_damaged_row_can_be_deleted(store: SqlStore, sqlite_url: str) -> None:
    await store._database.write(lambda c: c.execute(update(assets).values(width=8)).rowcount)
    assert await store.delete_asset(DEMO, asset().id) == []
    assert [path for path in folder_of(sqlite_url).rglob("*") if path.is_file()] == []


async def test_missing_rows_of_pieces_are_missing_contents() -> None:
    body = b"x" * (PIECE_BYTES + 1)
    async with opened("sqlite+aiosqlite:///:memory:") as store:
        await store.add_tenant(DEMO, 1)
        await store.add_asset(DEMO, asset(body), bodies(body))
        second = delete(asset_pieces).where(asset_pieces.c.number == 1)
        await store._database.write(lambda c: c.execute(second).rowcount)
        assert await read(store, asset(body)) is None
        stored = await store.add_asset(DEMO, asset(body, at=9), bodies(body))
        assert stored is not None
        assert await read(store, stored) == body
