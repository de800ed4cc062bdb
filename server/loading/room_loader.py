"""Loads rooms from the log. A document that cannot be opened goes into quarantine."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from collab.document.opening import Opening
from collab.errors import Code, Rejected
from collab.ports.store import Absent, Corrupt, StorageUnavailable, Stored
from collab.room.room import Room
from server.broadcast.close_reasons import DAMAGED
from server.loading.opening import OpeningScheduler, read_document, schema_of
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.locks.terms import LockTerms
    from collab.ports.store import Store
    from collab.room.working import RoomBounds
    from collab.schema.check import Schema
    from server.loading.crash_quarantine import CrashQuarantine
    from server.runtime.clock import Clock
    from server.runtime.database_clock import DatabaseClock

logger = logging.getLogger(__name__)


class Quarantined(Rejected):
    """This document cannot be opened because of its content. Other documents are not affected."""


class RoomLoader:
    """Reads a document, and makes a room of it. It uses no open room."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        time: DatabaseClock,
        bounds: RoomBounds,
        terms: LockTerms,
        scheduler: OpeningScheduler,
        crash_quarantine: CrashQuarantine,
    ) -> None:
        self._store = store
        self._clock = clock
        self._time = time
        self._bounds = bounds
        self._terms = terms
        self._scheduler = scheduler
        self._crash_quarantine = crash_quarantine

    async def load(self, key: DocKey) -> tuple[Room, Stored | Absent]:
        """Load a new room from the log, and return it with the stored document."""
        try:
            stored, locks = await read_document(self._store, self._time, key, self._terms)
        except StorageUnavailable as error:
            raise Rejected(
                Code.STORAGE_UNAVAILABLE, "the database does not answer; try again"
            ) from error
        except Corrupt as error:
            raise _quarantined(key) from error
        epoch = stored.epoch
        if self._crash_quarantine.is_quarantined(key, epoch):
            raise Quarantined(DAMAGED.code, DAMAGED.message)
        try:
            raw = stored.control.schema if isinstance(stored, Stored) else b""
            schema = await schema_of(key, raw)
            opening = Opening.of_stored(stored)
            await self._scheduler.load(opening, lambda: self._crash_quarantine.watching(key, epoch))
            room = await self._read(key, stored, schema, opening)
            room.set_locks(locks)
            return room, stored
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of pycrdt is not an `Exception`
            raise _quarantined(key) from error

    async def _read(
        self, key: DocKey, stored: Stored | Absent, schema: Schema | None, opening: Opening
    ) -> Room:
        """Make the room of an opened document; for a large document, in a worker thread."""
        seconds = self._clock.monotonic
        read = partial(Room, key, stored, self._bounds, schema, opening, seconds=seconds)
        with self._crash_quarantine.opening(key, stored.epoch):
            return await run_in_thread(read) if opening.is_large else read()


def _quarantined(key: DocKey) -> Quarantined:
    logger.exception("a document cannot be opened and is in quarantine", extra=key._asdict())
    return Quarantined(DAMAGED.code, DAMAGED.message)
