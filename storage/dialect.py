"""The differences between SQLite and PostgreSQL. Most SQL of `storage/` is the same for both."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, exc, text
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from collab.ports.audit import CHANGES
from collab.ports.store import Corrupt, StorageUnavailable

SQLITE, POSTGRES = "sqlite", "postgresql"

# sqlite3's primary result codes for a damaged file.
_BROKEN_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# Errors of a wrong statement. They are bugs of ours, so `translate` must not report the database as
# unavailable.
_OUR_MISTAKES = (exc.ProgrammingError, exc.DataError, sqlite3.ProgrammingError, sqlite3.DataError)
# For PostgreSQL, these SQLSTATEs mean a wrong statement too, but they are no bugs of ours. A table
# or another object is missing or has changed, as during the restore of a dump. Or a right was
# revoked. Or a proxy gave our connection to another client.
_SETUP_FAULTS = frozenset(
    ("42P01", "42703", "42704", "42883", "42804", "42501", "3F000", "42P05", "26000")
)


# The database's clock, in milliseconds since 1970. SQLite has unixepoch('subsec') only since 3.42.
NOW = {
    SQLITE: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    POSTGRES: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
}


class now_ms(FunctionElement[int]):  # noqa: N801 - named like an SQL function
    """The database's clock, in milliseconds since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms)
def _now(element: now_ms, compiler: SQLCompiler, **kw: Any) -> str:
    return NOW[compiler.dialect.name]


def is_change(dialect: str) -> str:
    """Return the SQL condition for the audit rows of accepted changes.

    A database uses a partial index only for a query with the same condition, without parameters.
    """
    literal = "X'{}'" if dialect == SQLITE else "'\\x{}'::bytea"
    actions = ", ".join(literal.format(action.encode().hex()) for action in CHANGES)
    return f"outcome = {literal.format(b'ok'.hex())} AND action IN ({actions})"


def where(condition: Callable[[str], str]) -> dict[str, Any]:
    """Return the arguments that limit an index to the rows of a condition in each dialect."""
    return {f"{name}_where": text(condition(name)) for name in (SQLITE, POSTGRES)}


def insert(connection: Connection, table: Table) -> SqliteInsert | PostgresInsert:
    """Return an INSERT with ON CONFLICT, which the general INSERT of SQLAlchemy Core lacks."""
    return SqliteInsert(table) if connection.dialect.name == SQLITE else PostgresInsert(table)


def is_constraint_violation(error: BaseException) -> bool:
    """Whether a unique key or a foreign key refused the row."""
    return isinstance(error, exc.IntegrityError | sqlite3.IntegrityError)


def is_lock_timeout(error: exc.DBAPIError) -> bool:
    """Whether PostgreSQL's `lock_timeout` ended the wait for a row or a table."""
    return getattr(error.orig, "sqlstate", None) == "55P03"


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process holds the lock of the SQLite file."""
    return bool(getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY)


def translate(error: BaseException) -> Exception | None:
    """Return the port's error for a driver's error; None when the error is a bug of ours."""
    if is_constraint_violation(error) or (
        isinstance(error, _OUR_MISTAKES) and not _is_setup_fault(error)
    ):
        return None
    if isinstance(error, exc.DBAPIError):
        return _from_driver(error.orig or error)
    if isinstance(error, sqlite3.Error | exc.TimeoutError | OSError | TimeoutError):
        return _from_driver(error)
    # By name, because asyncpg is an optional package. SQLAlchemy does not wrap its connect errors.
    if type(error).__module__.startswith("asyncpg."):
        return StorageUnavailable(_sentence(error))
    return None


def _is_setup_fault(error: BaseException) -> bool:
    """Whether a correct statement failed because the database is not set up as expected."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _SETUP_FAULTS


def _from_driver(error: BaseException) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF in _BROKEN_FILE or "Could not decode to UTF-8" in str(error):
        return Corrupt(_sentence(error))
    return StorageUnavailable(_sentence(error))


def _sentence(error: BaseException) -> str:
    # The driver's text names the fault ("database or disk is full"), and contains no values.
    return f"the database failed: {type(error).__name__}: {error}"
