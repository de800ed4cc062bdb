"""A repaired document: its row is sound, and it is as public as before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from collab.entry import Accepted
from collab.ports.repairs import Rebuilt
from collab.ports.store import Committed, Corrupt, NamedVersion
from storage.store import SqlStore
from tests.storage.conftest import opened
from tests.storage.contract import HOME, entry, further, made, public, stored


async def test_a_repaired_document_has_a_sound_row_and_stays_public() -> None:
    async with opened("sqlite+aiosqlite:///:memory:") as store:
        assert await store.commit([made(HOME)]) == [Committed()]
        assert await store.publish(HOME, public(1), 0)
        assert await store.rebuild(HOME, Rebuilt(1, 1, 1, 2, entry(2), b"body"))
        row = await store.row(HOME)
        assert row is not None
        assert (row.epoch, row.version, row.published, row.damaged) == (2, 2, 1, False)
        remains = await store.remains(HOME)
        assert remains is not None
        assert remains.lost == []
        state = await store.public_state(HOME)
        assert state is not None
        assert state.published == public(1)
        assert (await stored(store)).epoch == 2
        revision = state.revision
        assert revision > 1
        later = further(HOME, 2, revision=revision)
        assert (await store.commit([later]))[0] != Committed(), "its epoch is an old one"


async def test_a_repair_drops_only_the_damaged_names_and_ids(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    first = made(HOME, 2)
    accepted = [Accepted("ada", "sound", 1), Accepted("ada", "damaged", 1)]
    assert await sqlite_store.commit([replace(first, accepted=accepted)]) == [Committed()]
    for version in (1, 2):
        await sqlite_store.name_version(HOME, NamedVersion(version, "launch", "ada", 5))
    with closing(sqlite3.connect(Path(sqlite_url.partition(":///")[2]))) as file, file:
        file.execute("UPDATE named SET at = 6 WHERE version = 2")
        file.execute("UPDATE accepted SET at = at + 1 WHERE request = CAST('damaged' AS BLOB)")
    with pytest.raises(Corrupt):
        await sqlite_store.find_accepted(HOME, "ada", ["damaged"])
    found = await sqlite_store.remains(HOME)
    assert found is not None
    assert len(found.lost) == 2
    seen = (found.epoch, found.head, found.revision)
    assert await sqlite_store.rebuild(HOME, Rebuilt(*seen, 2, entry(3), b"body"))
    assert [one.version for one in await sqlite_store.named_versions(HOME)] == [1]
    assert await sqlite_store.find_accepted(HOME, "ada", ["damaged"]) == []
    assert [one.id for one in await sqlite_store.find_accepted(HOME, "ada", ["sound"])] == ["sound"]
