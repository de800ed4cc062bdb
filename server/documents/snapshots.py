"""Snapshots: when and how the server saves the state of an open document."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from collab.locks.terms import DEFAULT_TERMS, LockTerms
from collab.ports.store import StorageUnavailable
from collab.presence.book import PresenceBook
from collab.room.working import RoomBounds
from server.documents.changes import Unsaved
from server.documents.long_work import LARGE
from server.documents.room_state import Event, LiveState

if TYPE_CHECKING:
    from collab.ports.store import Snapshot, Store, Stored
    from server.documents.live_room import LiveRoom
    from server.recording.recorder import Recorder
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HubBounds:
    """The settings that open documents share."""

    room: RoomBounds
    snapshot_entries: int = 200
    snapshot_bytes: int = 1 << 20
    snapshot_seconds: float = 60.0
    idle_seconds: float = 60.0
    answer_seconds: float = 20.0
    presence_per_second: float = 20.0
    presence_bytes: int = 2048
    terms: LockTerms = DEFAULT_TERMS

    def new_book(self) -> PresenceBook:
        """Return a presence book with these settings."""
        return PresenceBook(per_second=self.presence_per_second, max_bytes=self.presence_bytes)


class Snapshots:
    """Saves snapshots of open documents.

    Invariant: a snapshot contains only committed changes. A lost snapshot loses no change, because
    the log has all changes.
    """

    def __init__(self, store: Store, clock: Clock, bounds: HubBounds, recorder: Recorder) -> None:
        self._store = store
        self._clock = clock
        self._bounds = bounds
        self._recorder = recorder

    def is_due(self, live: LiveRoom, now: float) -> bool:
        """Whether the document should be saved now."""
        bounds, unsaved = self._bounds, live.unsaved
        many = unsaved.entries >= bounds.snapshot_entries
        large = 0 < bounds.snapshot_bytes <= unsaved.bytes
        old = now - unsaved.oldest >= bounds.snapshot_seconds
        return (many or large or old) and unsaved.is_worth_saving

    def opened(self, live: LiveRoom, stored: Stored) -> None:
        """Count the entries after the snapshots from which the document was opened."""
        now = self._clock.monotonic()
        if stored.snapshot is not None:
            live.unsaved.size = len(stored.snapshot.body)
        if stored.steps is not None:
            live.unsaved_steps.size = len(stored.steps.body)
            live.unsaved_steps.add(stored.steps.entries, now)
        live.unsaved.add(stored.entries, now)
        # The document took longer to open than the snapshot says. A new snapshot, even of the same
        # version, records the true time.
        if live.room.was_underestimated:
            live.unsaved.mark_due(now)

    async def save(self, live: LiveRoom) -> None:
        """Save the committed state, if `begin_save` can do so now."""
        saving = self.begin_save(live)
        if saving is not None:
            await saving()

    def begin_save(self, live: LiveRoom) -> Callable[[], Coroutine[Any, Any, None]] | None:
        """Begin to save the committed state, and return a function that does the rest.

        None while a task uses the room, or when the room must be loaded again or has no document.
        A small document is read at once, because under load the next batch begins before any other
        task runs. A worker thread reads a large document.
        """
        if live.state not in (LiveState.OPEN, LiveState.READ_ONLY) or not live.room.exists:
            return None
        if live.room.document.work_size > LARGE and live.state is LiveState.OPEN:
            live.move(Event.WORK)
            return partial(self._save_large, live)
        return partial(self._write, live, live.room.epoch, self._make(live))

    async def _save_large(self, live: LiveRoom) -> None:
        epoch = live.room.epoch
        try:
            snapshot = await live.in_thread(lambda: self._make(live))
        finally:
            live.move(Event.WORKED)
            live.wake_if_wanted()
        await self._write(live, epoch, snapshot)

    def _make(self, live: LiveRoom) -> Snapshot | None:
        """Return a snapshot of the committed state; None when that fails."""
        room = live.room
        live.unsaved_steps.join(live.unsaved)
        with_steps = live.unsaved_steps.is_worth_saving
        live.unsaved = Unsaved()
        try:
            snapshot = room.snapshot(steps=with_steps)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic of pycrdt is not an `Exception`
            logger.exception("a snapshot could not be made; the log has all changes")
            return None
        live.unsaved.size = len(snapshot.body)
        if with_steps:
            live.unsaved_steps = Unsaved(len(snapshot.steps))
        return snapshot

    async def _write(self, live: LiveRoom, epoch: int, snapshot: Snapshot | None) -> None:
        """Save a snapshot with the epoch in which it was made.

        Meanwhile the document may have got a new room and a new epoch.
        """
        if snapshot is None:
            return
        metrics = self._recorder.metrics
        try:
            await self._store.save_snapshot(live.key, epoch, snapshot)
            metrics.snapshots.labels("saved").inc()
        except StorageUnavailable:
            logger.warning("a snapshot could not be saved; the log has all changes")
            metrics.snapshots.labels("failed").inc()
            # Retry later: when the snapshot is due by age, or earlier by size.
            for unsaved in (live.unsaved, live.unsaved_steps):
                unsaved.mark_due(self._clock.monotonic())
