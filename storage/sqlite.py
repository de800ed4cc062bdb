"""SQLite: a writer thread with the only writing connection, and readers through aiosqlite."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import URL, Connection, Engine, create_engine, event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from collab.ids import DocKey
from collab.ports.store import StorageUnavailable
from storage.checkpoints import WRITER_PAGES, Checkpoints
from storage.database import DEADLINE_SECONDS, LOCK_SECONDS, Runner, translated
from storage.dialect import SQLITE, is_busy, is_constraint_violation
from storage.writer_thread import WriterThread

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

_READERS = 4
# Readers that may open documents and read history, as in `postgres`.
_LONG_READS = _READERS - 1
# SQLite's own wait for a lock cannot be cancelled. So the writer waits only for this many seconds
# at a time, and tries again. Within a longer wait, SQLite would look more and more rarely: up to 50
# ms late, when another process commits all the time.
_WAIT_SECONDS = 0.005
# `between` in `write_in_two_steps` may take this long. The whole file is locked meanwhile. A longer
# wait would fail the writes of other processes, which wait for `LOCK_SECONDS`.
_BETWEEN_SECONDS = LOCK_SECONDS - 1.0
# The longest wait for the end of the writer's thread, after its last job.
_CLOSE_SECONDS = 1.0


def _pragmas(wait: float) -> tuple[str, ...]:
    return (
        f"PRAGMA busy_timeout = {int(wait * 1000)}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        f"PRAGMA wal_autocheckpoint = {WRITER_PAGES}",
        # Many commits at once may make the WAL large. A checkpoint then shrinks it to this size.
        "PRAGMA journal_size_limit = 67108864",
    )


def _prepare(engine: Engine, begin: Callable[[Connection], object], pragmas: Sequence[str]) -> None:
    """Disable the driver's own transactions, and begin each transaction with `begin`."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: object) -> None:
        # By default the driver begins a transaction before a write, but not before a SELECT. Then
        # two reads could see two states, and a write after a read could fail as busy.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            _run_pragma(cursor, pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        begin(connection)


def _driver_of(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _run_pragma(cursor: Any, pragma: str) -> None:
    """Run a pragma, and try again while the file is locked.

    When several processes open a new file at the same time, each of them switches the file to WAL.
    SQLite's busy timeout does not always apply to this switch (seen under load).
    """
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


class _CursorRunner(Struct):
    """A `Runner` on the driver's cursor."""

    cursor: sqlite3.Cursor
    dialect = SQLITE

    def run(self, sql: str, values: Sequence[Any]) -> int:
        return self.cursor.execute(sql, values).rowcount

    def names(self, sql: str, values: Sequence[Any]) -> set[DocKey]:
        return {DocKey(*row) for row in self.cursor.execute(sql, values)}


class SqliteDatabase:
    """A `Database` on a SQLite file, or in memory.

    Invariant: all writes of this process use one connection in one thread, with `BEGIN IMMEDIATE`.
    After an error of the database, the connection is closed, and the next write opens a new
    connection. After `close`, no write waits for a lock.
    """

    dialect = SQLITE

    def __init__(self, url: URL) -> None:
        self._in_memory = url.database in (None, "", ":memory:")
        if not self._in_memory:
            path = Path(str(url.database))
            path.parent.mkdir(parents=True, exist_ok=True)
            # The file contains signing keys. SQLite gives the files beside it the same mode.
            path.touch(mode=0o600)
        self._engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)
        _prepare(self._engine, lambda c: self._begin(_driver_of(c)), _pragmas(_WAIT_SECONDS))
        self._readers = self._open_readers(url)
        self._long_reads = asyncio.Semaphore(_LONG_READS)
        self._thread = WriterThread("weft-writer")
        self._checkpoints = None if self._in_memory else Checkpoints(str(url.database))
        self._connection: Connection | None = None
        self._driver: sqlite3.Connection | None = None  # of `_connection`
        self._closed = False

    def _open_readers(self, url: URL) -> AsyncEngine | None:
        if self._in_memory:
            return None
        engine = create_async_engine(
            url.set(drivername="sqlite+aiosqlite"),
            pool_size=_READERS,
            max_overflow=0,
            pool_timeout=LOCK_SECONDS,
        )
        pragmas = (*_pragmas(LOCK_SECONDS), "PRAGMA query_only = ON")
        _prepare(engine.sync_engine, lambda c: c.exec_driver_sql("BEGIN"), pragmas)
        return engine

    async def read(self, job: Callable[[Connection], T]) -> T:
        if self._readers is None:
            return await self.write(job)
        with translated():
            async with asyncio.timeout(DEADLINE_SECONDS), self._readers.connect() as connection:
                return await connection.run_sync(job)

    async def read_long(self, job: Callable[[Connection], T]) -> T:
        with translated():
            async with asyncio.timeout(DEADLINE_SECONDS), self._long_reads:
                return await self.read(job)

    async def write(self, job: Callable[[Connection], T]) -> T:
        return await self._thread.run(self._write, job, DEADLINE_SECONDS)

    async def read_first(self, job: Callable[[Connection], T]) -> T:
        return await self.read(job)

    async def write_first(self, job: Callable[[Connection], T]) -> T:
        return await self.write(job)

    async def check(self) -> None:
        """Do nothing, because no proxy can change the settings of a connection to a file."""

    async def migrate(self, job: Callable[[Connection], T]) -> T:
        return await self._thread.run(self._write, job)

    def commit(self, job: Callable[[Runner], T]) -> asyncio.Future[T]:
        return self._thread.run(self._commit, job, DEADLINE_SECONDS)

    async def write_in_two_steps(
        self,
        first: Callable[[Connection], T],
        between: Callable[[T], Awaitable[U]],
        then: Callable[[Connection, U], V],
    ) -> V:
        if self._in_memory:
            # `between` may read, and a read needs the writer's thread. No other process writes:
            # when this process does so meanwhile, `then` finds another head.
            found = await self.write(first)
            given = await between(found)
            return await self.write(lambda connection: then(connection, given))
        loop = asyncio.get_running_loop()

        async def ask(found: T) -> U:
            return await between(found)

        def job(connection: Connection) -> V:
            answer = asyncio.run_coroutine_threadsafe(ask(first(connection)), loop)
            try:
                return then(connection, answer.result(_BETWEEN_SECONDS))
            finally:
                answer.cancel()

        return await self.write(job)

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._driver = _driver_of(self._connection)
        return self._connection

    def _begin(self, raw: sqlite3.Connection) -> None:
        """Take the write lock. While another process holds it, wait up to `LOCK_SECONDS`."""
        until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not is_busy(error) or self._closed or time.monotonic() >= until:
                    raise
            else:
                return

    def _write(self, job: Callable[[Connection], T]) -> T:
        try:
            connection = self._open()
            with connection.begin():
                return job(connection)
        except BaseException as error:
            self._recover(error)
            raise

    def _commit(self, job: Callable[[Runner], T]) -> T:
        try:
            raw = self._driver or _driver_of(self._open())
            self._begin(raw)
            cursor = raw.cursor()
            result = job(_CursorRunner(cursor))
            cursor.execute("COMMIT")
            if self._checkpoints is not None:
                self._checkpoints.on_commit()
            return result
        except BaseException as error:
            self._recover(error)
            raise

    def _recover(self, error: BaseException) -> None:
        """Roll back. After an error of the database, discard the connection."""
        if self._driver is None:
            return
        with suppress(sqlite3.Error, exc.SQLAlchemyError):
            self._driver.rollback()
        failed = isinstance(error, sqlite3.Error | exc.DBAPIError)
        if failed and not is_constraint_violation(error) and not self._in_memory:
            self._discard_connection()

    def _discard_connection(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            with suppress(sqlite3.Error, exc.SQLAlchemyError):
                connection.invalidate()
            with suppress(sqlite3.Error, exc.SQLAlchemyError):
                connection.close()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._checkpoints is not None:
            self._checkpoints.close()
        if self._readers is not None:
            await self._readers.dispose()
        with suppress(StorageUnavailable):  # a job may hang, on a disk that does not answer
            await self._thread.run(SqliteDatabase._discard_connection, self, DEADLINE_SECONDS)
        self._thread.close(_CLOSE_SECONDS)
