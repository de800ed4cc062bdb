"""PostgreSQL through asyncpg. Commits, other writes, and reads each have their own pool."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from collab.ports.store import StorageUnavailable
from storage.database import DEADLINE_SECONDS, LOCK_SECONDS, CoreRunner, Runner, translated
from storage.dialect import POSTGRES, is_lock_timeout

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

# Connections for the commit loop, for documents whose rows are held, recovery, and `/readyz`.
_COMMITS = 4
_WRITERS = 4
_READERS = 4
# Readers that may open documents and read history. The other connections stay free for short
# queries, for example for the key of a token.
_LONG_READS = _READERS - 1

_CONNECT_SECONDS = 5.0
# The settings that every connection must have, by their names in PostgreSQL.
_REQUIRED_SETTINGS = (
    "synchronous_commit",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
)
# A write that waits for a row occupies its connection for this many seconds. Then it waits for the
# same time without a connection, and tries again.
_ROW_WAIT_SECONDS = 0.1
# A commit that locks its row first stays in PostgreSQL's queue for the row this long. A commit that
# leaves the queue waits behind all others again. Each rival has the row for hundredths of a second.
_QUEUE_SECONDS = 1.0
_MOST_QUEUED = _WRITERS - 1  # one connection is left for other writes


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


def _options(deadline: float | None, lock: float) -> dict[str, Any]:
    """Return the options of a connection. Without a deadline, statements have no timeout.

    `lock` is how many seconds a statement waits for a row or a table.
    """
    within = _milliseconds(deadline or 0)  # 0: no timeout
    return {
        "timeout": _CONNECT_SECONDS,
        "command_timeout": deadline,
        "server_settings": {
            "application_name": "weft",
            # An ack promises that the edit is durable, whatever the server's default is.
            "synchronous_commit": "on",
            "lock_timeout": _milliseconds(lock),
            "statement_timeout": within,
            "idle_in_transaction_session_timeout": within,
        },
    }


def _settings(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT name, setting FROM pg_settings"))
    return {row.name: row.setting for row in rows if row.name in _REQUIRED_SETTINGS}


def _open(url: URL, size: int, isolation: str, lock: float) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=LOCK_SECONDS,
        isolation_level=isolation,
        connect_args=_options(DEADLINE_SECONDS, lock),
    )


async def _run(engine: AsyncEngine, job: Callable[[Connection], T]) -> T:
    async with asyncio.timeout(DEADLINE_SECONDS), engine.begin() as connection:
        return await connection.run_sync(job)


class PostgresDatabase:
    """A `Database` on PostgreSQL. Reads see one snapshot (`REPEATABLE READ`). Writes lock rows.

    Invariant: a commit always finds a free connection. Writes that wait for a row, and the reads of
    clients, use other pools.
    """

    dialect = POSTGRES

    def __init__(self, url: URL) -> None:
        self._url = url
        self._commits = _open(url, _COMMITS, "READ COMMITTED", LOCK_SECONDS)
        self._writers = _open(url, _WRITERS, "READ COMMITTED", _ROW_WAIT_SECONDS)
        self._readers = _open(url, _READERS, "REPEATABLE READ", LOCK_SECONDS)
        self._long_reads = asyncio.Semaphore(_LONG_READS)
        self._queued = asyncio.Semaphore(_MOST_QUEUED)

    async def read(self, job: Callable[[Connection], T]) -> T:
        with translated():
            async with asyncio.timeout(DEADLINE_SECONDS), self._readers.connect() as connection:
                return await connection.run_sync(job)

    async def read_long(self, job: Callable[[Connection], T]) -> T:
        with translated():
            async with asyncio.timeout(DEADLINE_SECONDS), self._long_reads:
                return await self.read(job)

    async def read_first(self, job: Callable[[Connection], T]) -> T:
        return await self.write_first(job)

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job that writes. Between two attempts to lock a row, the job has no connection."""
        until = time.monotonic() + LOCK_SECONDS
        with translated():
            while True:
                try:
                    return await _run(self._writers, job)
                except DBAPIError as error:
                    if not is_lock_timeout(error) or time.monotonic() >= until:
                        raise
                await asyncio.sleep(_ROW_WAIT_SECONDS)

    async def write_first(self, job: Callable[[Connection], T]) -> T:
        with translated():
            return await _run(self._commits, job)

    async def commit(self, job: Callable[[Runner], T]) -> T:
        return await self.write_first(lambda connection: job(CoreRunner(connection)))

    async def check(self) -> None:
        """Raise when a proxy has dropped the settings that our connections asked for."""
        given = await self.read_first(_settings)
        asked = _options(DEADLINE_SECONDS, LOCK_SECONDS)["server_settings"]
        if any(given[name] != asked[name] for name in _REQUIRED_SETTINGS):
            raise StorageUnavailable(
                "a proxy in front of PostgreSQL drops the settings of Weft's connections: set it to"
                " pool sessions, not transactions, and to pass `synchronous_commit`,"
                " `lock_timeout`, `statement_timeout` and `idle_in_transaction_session_timeout`"
            )

    async def migrate(self, job: Callable[[Connection], T]) -> T:
        engine = create_async_engine(
            self._url, poolclass=NullPool, connect_args=_options(None, LOCK_SECONDS)
        )
        try:
            with translated():
                async with engine.begin() as connection:
                    return await connection.run_sync(job)
        finally:
            await engine.dispose()

    async def write_in_two_steps(
        self,
        first: Callable[[Connection], T],
        between: Callable[[T], Awaitable[U]],
        then: Callable[[Connection, U], V],
    ) -> V:
        # On PostgreSQL, jobs run in the event loop's thread, so `between` runs there too. `first`
        # has already locked the rows that `then` needs. Only when a whole table is locked, the job
        # runs again, and `between` with it.
        def job(connection: Connection) -> V:
            queue = f"SET LOCAL lock_timeout = {_milliseconds(_QUEUE_SECONDS)}"
            connection.exec_driver_sql(queue)
            return then(connection, await_only(between(first(connection))))

        async with self._queued:
            return await self.write(job)

    async def close(self) -> None:
        await self._commits.dispose()
        await self._writers.dispose()
        await self._readers.dispose()
