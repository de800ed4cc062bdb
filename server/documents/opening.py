"""How a document is opened: read with its locks, and in turns where that takes long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

from collab.locks.state import Locks
from collab.ports.store import Absent, StorageUnavailable, Stored
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.document.opening import Opening
    from collab.ids import DocKey
    from collab.locks.terms import LockTerms
    from collab.ports.store import Store
    from server.runtime.clock import Clock
    from server.runtime.database_clock import DatabaseClock

# How long the loop is kept by one turn, but for the last slice in it.
TURN: Final = 0.01

# A try fails when another writer came between two reads.
TRIES = 8

Watch = Callable[[], AbstractContextManager[None]]


class OpeningScheduler:
    """Opens long documents in turns with the other work of the loop.

    Invariant: the loop is left alone for as long as a turn took, before the next; documents that
    take more than one turn share these, so together they have half of the process at most.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()

    async def load(self, opening: Opening, watch: Watch = nullcontext) -> None:
        """Everything that the document holds; each turn is `watch`ed."""
        if opening.is_long:
            await run_in_thread(opening.cut_state)
        spent = self._take_turn(opening, watch)
        while spent is not None:
            async with self._turn:
                await asyncio.sleep(spent)
                spent = self._take_turn(opening, watch)

    def _take_turn(self, opening: Opening, watch: Watch) -> float | None:
        """How long it took; None where it was the last."""
        began = self._clock.monotonic()
        with watch():
            is_done = opening.apply_some(self._clock.monotonic, TURN)
        return None if is_done else self._clock.monotonic() - began


async def read_document(
    store: Store, time: DatabaseClock, key: DocKey, terms: LockTerms
) -> tuple[Stored | Absent, Locks]:
    """The document and its locks; a commit that moves an element moves its locks' rows too."""
    for _ in range(TRIES):
        stored = await store.load(key)
        if isinstance(stored, Absent):
            return stored, Locks(stored.revision, terms=terms)
        revision, rows = await store.locks(key)
        if revision == stored.control.revision:
            if rows:
                await time.sync()
            return stored, Locks.load(revision, rows, stored.head, terms=terms).locks
    raise StorageUnavailable("the document's locks change faster than they can be read")
