"""The store: all ports of `collab` on one database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, Table, false, make_url, select, update

from collab.ports.availability import BreakerState
from storage.assets.contents import Contents, RowContents
from storage.assets.files import SUFFIX, FileContents
from storage.assets.store import SqlAssets
from storage.assets.uses import SqlAssetUses
from storage.damage.repair import SqlRepair
from storage.database import Database
from storage.dialect import SQLITE, insert, now_ms
from storage.guarded_database import GuardedDatabase
from storage.migration import check, compatibility, upgrade
from storage.sql.audit import SqlAudit
from storage.sql.commit import SqlCommit
from storage.sql.compaction import SqlCompaction
from storage.sql.directory import SqlDirectory
from storage.sql.documents import SqlDocuments
from storage.sql.locks import SqlLocks
from storage.sql.log import SqlLog
from storage.sql.names import SqlNames
from storage.sql.publications import SqlPublications
from storage.sql.schema import accepted, audit, docs, entries, heartbeat, locks, metadata
from storage.sql.snapshots import SqlSnapshots

# The tables that an edit writes. `ping` only reads the other tables: a backup or a cleanup may lock
# such a table, but that stops no edit.
_WRITTEN = (docs, entries, accepted, locks)
# Edits need none of these tables: rows of the audit trail can wait, and only the start reads
# `compatibility`.
_NOT_CHECKED = (audit, heartbeat, compatibility)


def _open(url: str) -> Database:
    """Return the database of a URL. Only its own driver is imported."""
    parsed = make_url(url)
    match parsed.drivername:
        case "sqlite+aiosqlite":
            from storage.sqlite import SqliteDatabase

            return SqliteDatabase(parsed)
        case "postgresql+asyncpg":
            from storage.postgres import PostgresDatabase

            return PostgresDatabase(parsed)
    raise ValueError("a database URL must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")


def _contents(url: str, database: Database) -> Contents:
    """Return where the contents of assets are: in a folder beside a SQLite file, or in rows."""
    path = make_url(url).database
    if database.dialect != SQLITE or path in (None, "", ":memory:"):
        return RowContents(database)
    return FileContents(Path(f"{path}{SUFFIX}"))


def _no_op_write(table: Table) -> Executable:
    """Return a statement that changes nothing, but fails when a real write would fail."""
    nothing = select(*table.c).where(false())
    if table not in _WRITTEN:
        return nothing
    return table.insert().from_select([column.name for column in table.c], nothing)


_STATEMENTS: list[Executable] = [
    *(_no_op_write(table) for table in metadata.sorted_tables if table not in _NOT_CHECKED),
    update(docs).where(false()).values(head=docs.c.head),
]


def check_readable(connection: Connection) -> None:
    """Raise the error that every read would get now."""
    connection.execute(select(heartbeat.c.at))


def check_writable(connection: Connection) -> None:
    """Raise the error that an edit would get now. Checks tables, columns and rights."""
    for statement in _STATEMENTS:
        connection.execute(statement)
    row: Any = insert(connection, heartbeat).values(id=1, at=now_ms())
    connection.execute(row.on_conflict_do_update(index_elements=["id"], set_={"at": now_ms()}))


def _middle(spread: float) -> float:
    return spread / 2


class SqlStore(
    SqlCommit,
    SqlLog,
    SqlSnapshots,
    SqlCompaction,
    SqlDocuments,
    SqlNames,
    SqlPublications,
    SqlDirectory,
    SqlLocks,
    SqlAudit,
    SqlRepair,
    SqlAssets,
    SqlAssetUses,
):
    """The whole `Store`. Each base class is in its own module. All of them use one database.

    Every call of every base class goes through the circuit breakers of `GuardedDatabase`. `jitter`
    returns a random number from 0 to a spread, for the pauses between its probes.
    """

    def __init__(self, url: str, jitter: Callable[[float], float] = _middle) -> None:
        self._guarded = GuardedDatabase(_open(url), check_readable, check_writable, jitter)
        super().__init__(self._guarded)
        self._contents = _contents(url, self._database)

    async def start(self) -> None:
        """Migrate a SQLite file. Raise when this version does not work with PostgreSQL's tables.

        An instance that starts must not change the schema while older instances still run.
        """
        if self._database.dialect == SQLITE:
            await self.migrate()
            return
        await self._database.check()
        await self._database.read(check)

    async def migrate(self) -> None:
        """Run the missing migrations."""
        await self._database.migrate(upgrade)

    async def ping(self) -> None:
        """Raise an error unless the database would accept an edit. This changes no document."""
        await self._guarded.ping()

    async def watch(self) -> None:
        await self._guarded.watch()

    def breakers(self) -> list[BreakerState]:
        return self._guarded.breakers()

    async def close(self) -> None:
        self._contents.close()
        await self._database.close()
