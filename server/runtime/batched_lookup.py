"""Batches the lookups of many callers into few database queries, one query at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# The most keys of one query. Further keys wait for the next query.
MOST = 128


class BatchedLookup(Generic[K, V]):
    """Looks up one key for each of many callers, in few queries.

    Invariant: at most one query runs at a time. Callers that wait for the same key share one
    query. Keys that arrive during a query wait for the next query. So even many clients without a
    valid token use only one connection to the database.
    """

    def __init__(self, query: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._query = query
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._running: dict[K, asyncio.Future[V | None]] = {}
        self._turn = asyncio.Lock()

    async def get(self, key: K) -> V | None:
        """Return the row of a key, or None when the database has no such row."""
        while True:
            result = self._running.get(key) or self._waiting.get(key)
            if result is None:
                result = self._waiting[key] = asyncio.get_running_loop().create_future()
            async with self._turn:
                await asyncio.sleep(0)  # so that callers in the same loop turn share a query
                while not result.done():
                    await self._query_next()
            if not result.cancelled():  # else the caller that ran the query was cancelled: retry
                return result.result()

    def invalidate(self, key: K) -> None:
        """Note that a key has changed. Later callers do not use the query that runs now."""
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
                result.exception()  # mark it as retrieved: its caller may be cancelled
        except BaseException:  # this caller was cancelled: the other callers must not wait for ever
            for result in batch.values():
                result.cancel()
            raise
        else:
            for key, result in batch.items():
                result.set_result(rows.get(key))
        finally:
            self._running = {}
