"""A database as the adapters see it: jobs in, results out; waits are bounded, faults translated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from storage.dialect import translate

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

# A write waits this long for another writer's lock; the whole hop may take twice that.
LOCK_SECONDS = 5.0
DEADLINE_SECONDS = 10.0


class Runner(Protocol):
    """Runs a statement given as the driver's own text: what the commit can afford."""

    dialect: str

    def run(self, sql: str, values: Sequence[Any]) -> int:
        """How many rows it wrote; on PostgreSQL, how many a SELECT found."""


class CoreRunner:
    """`Runner` on a SQLAlchemy connection, which also notices a connection that is gone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect.name

    def run(self, sql: str, values: Sequence[Any]) -> int:
        return self._connection.exec_driver_sql(sql, tuple(values)).rowcount


class Database(Protocol):
    """Runs each job inside one transaction of its own.

    A job is plain synchronous Core code, the same for every dialect. It may be run again: its
    transaction is rolled back while another one holds a row that it needs. Faults arrive as
    `StorageUnavailable` or `Corrupt`.
    """

    dialect: str

    async def read(self, job: Callable[[Connection], T]) -> T:
        """On one consistent view of the data."""

    async def read_long(self, job: Callable[[Connection], T]) -> T:
        """A `read` of what may be large. However many there are, others are not kept waiting."""

    async def write(self, job: Callable[[Connection], T]) -> T: ...

    async def commit(self, job: Callable[[Runner], T]) -> T:
        """`write` for the hot path: one hop, and the statements as the driver takes them."""

    async def read_first(self, job: Callable[[Connection], T]) -> T:
        """A `read` that no other reader keeps waiting: for what a commit depends on."""

    async def write_first(self, job: Callable[[Connection], T]) -> T:
        """A `write` that waits for no row and for no other write but a commit."""

    async def check(self) -> None:
        """Raise `StorageUnavailable` where a connection is not what commits rest on."""

    async def migrate(self, job: Callable[[Connection], T]) -> T:
        """A `write` that may take as long as it takes: a migration reads and writes every row."""

    async def write_in_two_steps(
        self,
        first: Callable[[Connection], T],
        between: Callable[[T], U],
        then: Callable[[Connection, U], V],
    ) -> V:
        """A `write` whose second step needs an answer; `between` runs on the loop's thread."""

    async def close(self) -> None: ...


@contextmanager
def translated() -> Iterator[None]:
    """Turns the drivers' errors into the ports'."""
    try:
        yield
    except Exception as error:
        known = translate(error)
        if known is None:
            raise
        raise known from error
