"""Which version of a document is public, and which versions ever were: read at most once a second.

A public pointer is the number of the version that is public now.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collab.ports.store import Corrupt
from server.runtime.batched_lookup import BatchedLookup

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.ports.store import DocRow, Store
    from server.runtime.clock import Clock

FRESH_SECONDS = 1.0
MAX_KNOWN = 10_000


@dataclass(slots=True)
class PublicPointer:
    """A document's public version as read from the database at `at`; 0 when nothing is public."""

    version: int
    epoch: int
    at: float
    versions: frozenset[int] | None = None  # every version that was ever public; None: not read


class PublicPointers:
    """A cache of the public version of each document.

    Invariant: a document's public version is read at most once a second, unless this process has
    changed it. At most two queries run at a time: one for the public versions of many documents,
    and one for every version of a document that was ever public.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: OrderedDict[DocKey, PublicPointer] = OrderedDict()
        self._moves = 0
        self._rows: BatchedLookup[DocKey, DocRow] = BatchedLookup(store.find_rows)
        self._reading = asyncio.Lock()

    def forget(self, key: DocKey) -> None:
        """Drop the pointer of a document whose publication has changed.

        The next request reads the pointer from the database.
        """
        self._known.pop(key, None)
        self._rows.invalidate(key)
        self._moves += 1

    def cached(self, key: DocKey) -> PublicPointer | None:
        """Return the pointer if it was read within the last second, else None."""
        known = self._known.get(key)
        if known is None or self._clock.monotonic() - known.at >= FRESH_SECONDS:
            return None
        return known

    async def fetch(self, key: DocKey) -> PublicPointer:
        """Return the document's pointer. On a cache miss, ask the database."""
        known = self.cached(key)
        if known is not None:
            return known
        now, moves = self._clock.monotonic(), self._moves
        row = await self._rows.get(key)
        if row is not None and row.damaged:
            raise Corrupt(
                f"the row of {key.tenant}/{key.doc} is damaged; its publication is unknown"
            )
        fresh = self.cached(key)  # another request that shared the query has stored it
        if fresh is not None:
            return fresh
        known = PublicPointer(row.published if row else 0, row.epoch if row else 0, now)
        if moves == self._moves:  # else a publication may have changed after the query
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return known

    async def was_public(self, key: DocKey, known: PublicPointer, version: int) -> bool:
        """Whether this version of the document was ever public."""
        async with self._reading:
            if known.versions is None:
                known.versions = frozenset(await self._store.public_versions(key))
        return version in known.versions
