"""A database behind circuit breakers: a dead or frozen database does not slow each call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy import Connection

from collab.ports.availability import BreakerState
from collab.ports.store import StorageUnavailable
from storage.circuit_breaker import CircuitBreaker, State
from storage.database import Database, Runner

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

logger = logging.getLogger(__name__)

# A probe without an answer in this time has failed.
PROBE_SECONDS = 2.0
# The mean pause between two probes, in seconds.
PROBE_EVERY = 0.25


class GuardedDatabase:
    """A `Database` that refuses reads or writes at once while the database does not answer them.

    Reads and writes have their own breakers: a database whose disk is full still answers reads.

    Invariant: while a breaker is open, only `ping` and the probes of `watch` reach the database.
    One probe runs at a time for each breaker. Without `watch`, no breaker opens.
    """

    def __init__(
        self,
        database: Database,
        check_readable: Callable[[Connection], object],
        check_writable: Callable[[Connection], object],
        jitter: Callable[[float], float],
    ) -> None:
        self.dialect = database.dialect
        self.database = database  # without the breakers
        self._check_readable = check_readable
        self._check_writable = check_writable
        self._jitter = jitter
        self._reads_failed, self._writes_failed = asyncio.Event(), asyncio.Event()
        self._reads = CircuitBreaker("reads", self._reads_failed.set)
        self._writes = CircuitBreaker("writes", self._writes_failed.set)

    # --- availability -----------------------------------------------------------------------

    def breakers(self) -> list[BreakerState]:
        """Return the states of the breakers."""
        return [self._reads.report(), self._writes.report()]

    async def ping(self) -> None:
        """Raise an error unless the database would accept a write. No breaker refuses this."""
        try:
            await self._probe_writes()
        except StorageUnavailable:
            self._writes.on_failure()
            raise
        self._writes.on_success()
        self._reads.on_success()

    async def watch(self) -> None:
        """Probe the database after each failed call until it answers; run until cancelled."""
        async with asyncio.TaskGroup() as group:
            for breaker, failed, probe in (
                (self._reads, self._reads_failed, self._probe_reads),
                (self._writes, self._writes_failed, self._probe_writes),
            ):
                watching = self._watch(breaker, failed, probe)
                group.create_task(watching, name=f"watch the {breaker.calls} of the database")

    async def _watch(
        self, breaker: CircuitBreaker, failed: asyncio.Event, probe: Callable[[], Awaitable[None]]
    ) -> None:
        """After a failure, probe until the breaker is closed."""
        while True:
            await failed.wait()
            failed.clear()
            while breaker.state is not State.CLOSED:
                if await _succeeds(probe):
                    breaker.on_success()
                else:
                    breaker.on_failed_probe()
                    # Several instances must not all ask a database that starts at the same moment.
                    await asyncio.sleep(PROBE_EVERY / 2 + self._jitter(PROBE_EVERY))

    async def _probe_reads(self) -> None:
        await self.database.read(self._check_readable)

    async def _probe_writes(self) -> None:
        await self.database.write_first(self._check_writable)

    # --- calls ------------------------------------------------------------------------------

    def read(self, job: Callable[[Connection], T]) -> Coroutine[Any, Any, T]:
        return self._reads.run(self.database.read, job)

    def read_long(self, job: Callable[[Connection], T]) -> Coroutine[Any, Any, T]:
        return self._reads.run(self.database.read_long, job)

    def read_first(self, job: Callable[[Connection], T]) -> Coroutine[Any, Any, T]:
        return self._reads.run(self.database.read_first, job)

    def write(self, job: Callable[[Connection], T]) -> Coroutine[Any, Any, T]:
        return self._writes.run(self.database.write, job)

    def write_first(self, job: Callable[[Connection], T]) -> Coroutine[Any, Any, T]:
        return self._writes.run(self.database.write_first, job)

    def commit(self, job: Callable[[Runner], T]) -> Coroutine[Any, Any, T]:
        return self._writes.run(self.database.commit, job)

    def write_in_two_steps(
        self,
        first: Callable[[Connection], T],
        between: Callable[[T], Awaitable[U]],
        then: Callable[[Connection, U], V],
    ) -> Coroutine[Any, Any, V]:
        return self._writes.run(self.database.write_in_two_steps, first, between, then)

    # --- start and stop ---------------------------------------------------------------------

    async def check(self) -> None:
        await self.database.check()

    async def migrate(self, job: Callable[[Connection], T]) -> T:
        return await self.database.migrate(job)

    async def close(self) -> None:
        await self.database.close()


async def _succeeds(probe: Callable[[], Awaitable[None]]) -> bool:
    """Return whether the database answers in time.

    The first try may get a connection that the database has closed. Then a second try gets a new
    connection.
    """
    for _ in range(2):
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await probe()
        except TimeoutError:
            return False
        except StorageUnavailable:
            continue
        except Exception:  # the database answered, with another error: calls must find out which
            logger.exception("a probe of the database failed with an error of its own")
        return True
    return False
