"""What SQLite and PostgreSQL say differently: the rest of `storage/` is one text for both."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, exc
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from collab.ports.store import Corrupt, StorageUnavailable

SQLITE, POSTGRES = "sqlite", "postgresql"

# sqlite3's primary result codes for a file whose pages no longer hold together.
_BROKEN_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# These say that we wrote a wrong statement; reported as the database's trouble, a bug would hide.
_OUR_MISTAKES = (exc.ProgrammingError, exc.DataError, sqlite3.ProgrammingError, sqlite3.DataError)
# But for these of PostgreSQL's: a table, a column or another object is missing or another one, as
# while a dump is restored; a right was revoked; a proxy has given our connection to another client.
_SETUP_FAULTS = frozenset(
    ("42P01", "42703", "42704", "42883", "42804", "42501", "3F000", "42P05", "26000")
)


# The database's clock, in milliseconds since 1970. In SQLite unixepoch('subsec') would say it
# plainly, from 3.42 on.
NOW = {
    SQLITE: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    POSTGRES: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
}


class now_ms(FunctionElement[int]):  # noqa: N801 - reads as SQL's functions do
    """The database's clock, in milliseconds since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms)
def _now(element: now_ms, compiler: SQLCompiler, **kw: Any) -> str:
    return NOW[compiler.dialect.name]


def insert(connection: Connection, table: Table) -> SqliteInsert | PostgresInsert:
    """An INSERT that can say ON CONFLICT, the same in both dialects but not in Core."""
    return SqliteInsert(table) if connection.dialect.name == SQLITE else PostgresInsert(table)


def is_constraint_violation(error: BaseException) -> bool:
    """A unique or foreign key refused the row."""
    return isinstance(error, exc.IntegrityError | sqlite3.IntegrityError)


def is_lock_timeout(error: exc.DBAPIError) -> bool:
    """In PostgreSQL another transaction held a row, or a table, for too long."""
    return getattr(error.orig, "sqlstate", None) == "55P03"


def is_busy(error: sqlite3.Error) -> bool:
    """Another process holds the file's lock."""
    return bool(getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY)


def translate(error: BaseException) -> Exception | None:
    """What the caller gets for a driver's error; None when it is not the database's trouble."""
    if is_constraint_violation(error) or (
        isinstance(error, _OUR_MISTAKES) and not _is_setup_fault(error)
    ):
        return None
    if isinstance(error, exc.DBAPIError):
        return _from_driver(error.orig or error)
    if isinstance(error, sqlite3.Error | exc.TimeoutError | OSError | TimeoutError):
        return _from_driver(error)
    # asyncpg is an extra; its errors on connecting reach us as they are.
    if type(error).__module__.startswith("asyncpg."):
        return StorageUnavailable(_sentence(error))
    return None


def _is_setup_fault(error: BaseException) -> bool:
    """Whether the database has changed under a statement that is as it should be."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _SETUP_FAULTS


def _from_driver(error: BaseException) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF in _BROKEN_FILE or "Could not decode to UTF-8" in str(error):
        return Corrupt(_sentence(error))
    return StorageUnavailable(_sentence(error))


def _sentence(error: BaseException) -> str:
    # The driver's words name the fault ("database or disk is full") and hold no values.
    return f"the database does not answer as it should: {type(error).__name__}: {error}"
