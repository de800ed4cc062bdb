"""The migrations make the schema that the code expects, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

import storage
from collab.entry import Accepted
from collab.ports.store import Append, Committed
from storage.migration import SchemaOutdatedError, revision_of
from storage.sql.checksum import accepted_crc, crc_of
from storage.sql.schema import REVISION, metadata
from storage.store import SqlStore
from tests.storage.contract import AWAY, HOME, entry, further, made
from tests.storage.older import make_older


def differences(connection: Connection) -> list[object]:
    found = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(found, metadata))


def test_the_newest_revision_is_the_one_in_the_code() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


async def test_a_migrated_sqlite_file_matches_the_schema(sqlite_store: SqlStore) -> None:
    assert await sqlite_store._database.read(differences) == []


@pytest.mark.real
async def test_a_migrated_postgresql_matches_the_schema(postgres_store: SqlStore) -> None:
    assert await postgres_store._database.read(differences) == []


async def test_two_processes_may_create_a_file_at_once(new_sqlite_url: str) -> None:
    stores = [SqlStore(new_sqlite_url) for _ in range(3)]
    await asyncio.gather(*(store.start() for store in stores))
    assert await stores[0].commit([made(HOME)]) == [Committed()]
    assert await stores[2].commit([further(HOME, 1)]) == [Committed()]
    for store in stores:
        await store.close()


async def test_a_file_keeps_its_content_when_it_is_opened_again(new_sqlite_url: str) -> None:
    for head in range(3):
        store = SqlStore(new_sqlite_url)
        await store.start()
        append = further(HOME, head) if head else made(HOME)
        assert await store.commit([append]) == [Committed()]
        assert await store._database.read(revision_of) == REVISION
        await store.close()


async def test_an_older_id_has_no_digest(new_sqlite_url: str) -> None:
    store = SqlStore(new_sqlite_url)
    await store.start()
    answered = [Accepted("ada", "none", 1, {"ops": []}, b"0123456789abcdef")]
    await store.commit([made(HOME), Append(AWAY, 1, 0, 0, [entry(1)], create=True)])
    await store.commit([Append(HOME, 1, 1, 0, [], answered)])
    await store.close()
    make_older(new_sqlite_url)
    store = SqlStore(new_sqlite_url)
    await store.start()
    found = [Accepted("ada", "none", 1, {"ops": []})]
    assert await store.find_accepted(HOME, "ada", ["none"]) == found
    later = Accepted("ada", "later", 1, {}, b"fedcba9876543210")
    assert await store.commit([Append(HOME, 1, 1, 0, [], [later])]) == [Committed()]
    assert await store.find_accepted(HOME, "ada", ["later"]) == [later]
    await store.close()


def test_an_id_without_a_digest_has_its_old_checksum() -> None:
    one = Accepted("ada", "r", 7)
    assert accepted_crc(HOME, one, 5, b"") == crc_of("accepted", HOME, "ada", "r", 7, 5, b"")


async def test_a_failed_migration_is_rolled_back(new_sqlite_url: str) -> None:
    store = SqlStore(new_sqlite_url)
    await store._database.write(lambda c: c.execute(text("CREATE TABLE locks (id INTEGER)")))
    with pytest.raises(Exception, match="already exists"):
        await store.start()
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    found = await store._database.read(lambda c: c.scalars(text(tables)).all())
    assert found == ["locks"]
    await store.close()


async def test_newer_tables_that_only_add_are_used(sqlite_store: SqlStore) -> None:
    """So instances of the older version may start again during an upgrade, and after it."""
    await sqlite_store.commit([made(HOME)])
    await _change(sqlite_store, "ALTER TABLE docs ADD COLUMN newer INTEGER", _NEWER, _COMPATIBLE)
    await sqlite_store.start()
    await sqlite_store.migrate()
    assert await sqlite_store.commit([further(HOME, 1)]) == [Committed()]
    assert await sqlite_store._database.read(revision_of) == "9999"


async def test_newer_tables_that_lack_something_are_refused_with_a_hint(
    sqlite_store: SqlStore,
) -> None:
    await _change(sqlite_store, "UPDATE compatibility SET oldest = '9998'", _NEWER, _COMPATIBLE)
    for attempt in (sqlite_store.start, sqlite_store.migrate):
        with pytest.raises(SchemaOutdatedError, match=r"at revision 9999.*a newer version"):
            await attempt()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "DELETE FROM compatibility",
        "DROP TABLE compatibility",
        "UPDATE compatibility SET revision = '9999', oldest = ''",
        "UPDATE compatibility SET revision = '9999', oldest = 'x'",
        "INSERT INTO compatibility VALUES (2, '9999', '0001'), (3, '9999', '9998')",
    ],
)
async def test_newer_tables_of_unknown_compatibility_are_refused(
    sqlite_store: SqlStore, statement: str
) -> None:
    await _change(sqlite_store, statement, _NEWER)
    with pytest.raises(SchemaOutdatedError, match=r"at revision 9999.*a newer version"):
        await sqlite_store.start()


_NEWER = "UPDATE alembic_version SET version_num = '9999'"
_COMPATIBLE = "UPDATE compatibility SET revision = '9999'"


async def _change(store: SqlStore, *statements: str) -> None:
    def job(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    await store._database.write(job)
