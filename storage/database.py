"""The interface of a database: runs jobs in transactions, with timeouts and the ports' errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from collab.ids import DocKey
from storage.dialect import translate

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

# How many seconds a write waits for another writer's lock, and how many the whole call may take.
LOCK_SECONDS = 5.0
DEADLINE_SECONDS = 10.0


class Runner(Protocol):
    """Runs SQL text directly in the driver. SQLAlchemy Core would be too slow for the commit."""

    dialect: str

    def run(self, sql: str, values: Sequence[Any]) -> int:
        """Run a statement. Return how many rows it wrote.

        For a SELECT on PostgreSQL, return how many rows it found.
        """

    def names(self, sql: str, values: Sequence[Any]) -> set[DocKey]:
        """Run a statement, and return the names of documents that it returns."""


class CoreRunner:
    """A `Runner` on a SQLAlchemy connection. SQLAlchemy also detects a lost connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect.name

    def run(self, sql: str, values: Sequence[Any]) -> int:
        return self._connection.exec_driver_sql(sql, tuple(values)).rowcount

    def names(self, sql: str, values: Sequence[Any]) -> set[DocKey]:
        return {DocKey(*row) for row in self._connection.exec_driver_sql(sql, tuple(values))}


class Database(Protocol):
    """Runs each job inside a transaction of its own.

    A job is synchronous SQLAlchemy Core code, the same for every dialect. When another transaction
    holds a row that a job of `write` needs, the job is rolled back and runs again. A failure of the
    database raises `StorageUnavailable` or `Corrupt`.
    """

    dialect: str

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a job that only reads, on one consistent snapshot of the data."""

    async def read_long(self, job: Callable[[Connection], T]) -> T:
        """Like `read`, for large reads. One connection always stays free for short reads."""

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job that writes."""

    def commit(self, job: Callable[[Runner], T]) -> Awaitable[T]:
        """Like `write`, for the hot path: one thread switch, and statements as SQL text."""

    async def read_first(self, job: Callable[[Connection], T]) -> T:
        """Like `read`, for a read that a commit needs. On PostgreSQL, no reader can delay it."""

    async def write_first(self, job: Callable[[Connection], T]) -> T:
        """Like `write`, for a job that waits for no row. On PostgreSQL, only commits delay it."""

    async def check(self) -> None:
        """Raise `StorageUnavailable` when connections lack the settings that commits need."""

    async def migrate(self, job: Callable[[Connection], T]) -> T:
        """Like `write`, without a timeout: a migration may read and write every row."""

    async def write_in_two_steps(
        self,
        first: Callable[[Connection], T],
        between: Callable[[T], Awaitable[U]],
        then: Callable[[Connection, U], V],
    ) -> V:
        """Like `write`, with two jobs in one transaction: `first`, then `then`.

        `between` turns the result of `first` into the input of `then`. It runs in the event loop's
        thread, and may wait for a worker thread: the transaction waits with it. It may run again.
        """

    async def close(self) -> None: ...


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of the drivers into the errors of the ports."""
    try:
        yield
    except Exception as error:
        known = translate(error)
        if known is None:  # a bug of ours
            raise
        raise known from error
