"""Opening a document: read its row, locks and schema; apply a long document's state in turns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

from collab.locks.state import Locks
from collab.ports.store import Absent, StorageUnavailable, Stored
from collab.schema.named import may_name
from server.loading.compiled_schemas import CompiledSchemas
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.document.opening import Opening
    from collab.ids import DocKey
    from collab.locks.terms import LockTerms
    from collab.ports.positions import Control
    from collab.ports.store import Store
    from collab.schema.check import Schema
    from server.runtime.clock import Clock
    from server.runtime.database_clock import DatabaseClock

logger = logging.getLogger(__name__)

# A schema of more bytes is compiled in a worker thread: 256 KiB take 60 ms.
LONG_SCHEMA: Final = 16 * 1024
# Many documents share one schema, and each load needs it.
stored_schemas = CompiledSchemas()

# The seconds of one turn. A turn applies slices, the parts of a large state. The last slice may
# take longer.
TURN: Final = 0.01

# Tries of the two reads. A try fails when another writer changes the document between them.
TRIES = 8

Watch = Callable[[], AbstractContextManager[None]]


class OpeningScheduler:
    """Opens long documents in turns, so that the event loop can do other work between them.

    Invariant: after each turn the event loop is free for as long as the turn took. All documents
    that need several turns share one sequence of turns. So together they use at most half of the
    event loop's time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()

    async def load(self, opening: Opening, watch: Watch = nullcontext) -> None:
        """Apply the stored state and entries of the document, each turn inside `watch`."""
        if opening.is_long:
            await run_in_thread(opening.cut_state)
        spent = self._take_turn(opening, watch)
        while spent is not None:
            async with self._turn:
                await asyncio.sleep(spent)
                spent = self._take_turn(opening, watch)

    def _take_turn(self, opening: Opening, watch: Watch) -> float | None:
        """Apply one turn; return how long it took, or None after the last turn."""
        began = self._clock.monotonic()
        with watch():
            is_done = opening.apply_some(self._clock.monotonic, TURN)
        return None if is_done else self._clock.monotonic() - began


def has_long_schema(control: Control) -> bool:
    """Whether it takes long to compile the schema of a document, or to free it."""
    return len(control.schema) > LONG_SCHEMA or may_name(control.schema)


async def schema_of(key: DocKey, raw: bytes) -> Schema | None:
    """Return the schema of a document from its stored bytes; None when it has none."""
    if not raw:
        return None
    is_long = len(raw) > LONG_SCHEMA or may_name(raw)
    get = stored_schemas.get
    schema = await run_in_thread(get, raw) if is_long else get(raw)
    if schema.unknown_name:
        message = "a document names a schema of a newer server, and takes no edits"
        logger.warning(message, extra=key._asdict())
    return schema


async def read_document(
    store: Store, time: DatabaseClock, key: DocKey, terms: LockTerms
) -> tuple[Stored | Absent, Locks]:
    """Read the document and its locks at one revision.

    A commit that moves elements also changes the rows of their locks, so both must match.
    """
    for _ in range(TRIES):
        stored = await store.load(key)
        if isinstance(stored, Absent):
            return stored, Locks(stored.revision, terms=terms)
        revision, rows = await store.locks(key)
        if revision == stored.control.revision:
            if rows:
                await time.sync()
            return stored, Locks.load(revision, rows, stored.head, terms=terms).locks
    raise StorageUnavailable("the document's locks kept changing while they were read; try again")
