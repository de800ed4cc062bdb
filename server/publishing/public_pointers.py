"""Which version of a document is public, and which ones ever were: asked once a second at most."""

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
    """What the database said of a document, and when; `version` 0 for nothing public."""

    version: int
    epoch: int
    at: float
    versions: frozenset[int] | None = None  # every version that was ever public, once asked for


class PublicPointers:
    """Invariant: the database is asked about a document once a second at most, and not at all for
    what this process has moved. The public has two questions under way at most: one for pointers,
    for as many documents as are asked for, and one for the versions of a document.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: OrderedDict[DocKey, PublicPointer] = OrderedDict()
        self._moves = 0
        self._rows: BatchedLookup[DocKey, DocRow] = BatchedLookup(store.find_rows)
        self._reading = asyncio.Lock()

    def forget(self, key: DocKey) -> None:
        """What is public was moved, or is gone: ask the database before the next answer."""
        self._known.pop(key, None)
        self._rows.invalidate(key)
        self._moves += 1

    def cached(self, key: DocKey) -> PublicPointer | None:
        """What was asked within the last second."""
        known = self._known.get(key)
        if known is None or self._clock.monotonic() - known.at >= FRESH_SECONDS:
            return None
        return known

    async def fetch(self, key: DocKey) -> PublicPointer:
        """What is public; asks the database where that is not at hand."""
        known = self.cached(key)
        if known is not None:
            return known
        now, moves = self._clock.monotonic(), self._moves
        row = await self._rows.get(key)
        if row is not None and row.damaged:
            raise Corrupt(f"what is published of {key.tenant}/{key.doc} is not known")
        fresh = self.cached(key)  # of requests that waited together, the first keeps it
        if fresh is not None:
            return fresh
        known = PublicPointer(row.published if row else 0, row.epoch if row else 0, now)
        if moves == self._moves:  # else it may have been moved after it was read
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return known

    async def was_public(self, key: DocKey, known: PublicPointer, version: int) -> bool:
        """Whether this version of the document was public at any time."""
        async with self._reading:
            if known.versions is None:
                known.versions = frozenset(await self._store.public_versions(key))
        return version in known.versions
