"""One query to the database for many keys, and one query at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# The most keys of one query; the others wait for the next one.
MOST = 128


class BatchedLookup(Generic[K, V]):
    """Looks up the keys of many callers, each of which wants one, in few queries.

    Invariant: at most one query is running, and a key is in at most one of them, however many
    callers want it. Keys that are wanted meanwhile are in the next query. So a crowd of clients
    without a valid token takes one connection to the database.
    """

    def __init__(self, query: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._query = query
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._running: dict[K, asyncio.Future[V | None]] = {}
        self._turn = asyncio.Lock()

    async def get(self, key: K) -> V | None:
        """The row of this key; None when the database has none."""
        while True:
            result = self._running.get(key) or self._waiting.get(key)
            if result is None:
                result = self._waiting[key] = asyncio.get_running_loop().create_future()
            async with self._turn:
                await asyncio.sleep(0)  # callers of the same moment are in the same query
                while not result.done():
                    await self._query_next()
            if not result.cancelled():  # else the caller that ran our query has gone
                return result.result()

    def invalidate(self, key: K) -> None:
        """The key has changed: later callers do not get the result of the running query."""
        self._running.pop(key, None)

    async def _query_next(self) -> None:
        batch = dict(list(self._waiting.items())[:MOST])
        for key in batch:
            del self._waiting[key]
        self._running = dict(batch)
        try:
            rows = await self._query(list(batch))
        except Exception as error:
            for result in batch.values():
                result.set_exception(error)
                result.exception()  # a caller may have gone
        except BaseException:  # the process ends, and callers must not wait for ever
            for result in batch.values():
                result.cancel()
            raise
        else:
            for key, result in batch.items():
                result.set_result(rows.get(key))
        finally:
            self._running = {}
