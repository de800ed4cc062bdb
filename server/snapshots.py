"""When a document is snapshotted, and what of: so that opening it replays little."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collab.ports import StorageUnavailable

if TYPE_CHECKING:
    from collab.entry import Entry
    from collab.ports import Snapshot, Store, Stored
    from server.clock import Clock
    from server.hub_bounds import HubBounds
    from server.live import LiveRoom
    from server.witness import Witness

logger = logging.getLogger(__name__)


# Nothing is saved again before what was changed since comes to this part of its size: so what
# snapshots take is in proportion to what was changed, and so is what an opening replays.
WORTH_SAVING = 8


@dataclass(slots=True)
class Unsaved:
    """What a document's next snapshot will have that its last one has not.

    `size` is how large the last one was. What users can undo is counted apart.
    """

    size: int = 0
    entries: int = 0
    bytes: int = 0
    oldest: float = 0.0  # since when, by the monotonic clock

    @property
    def is_worth_saving(self) -> bool:
        return self.entries > 0 and self.bytes * WORTH_SAVING >= self.size

    def add(self, entries: Sequence[Entry], now: float) -> None:
        if entries and not self.entries:
            self.oldest = now
        self.entries += len(entries)
        self.bytes += sum(len(entry.update) + len(entry.inverse) for entry in entries)

    def insist(self, now: float) -> None:
        """Save by age, whatever was changed."""
        self.size = 0
        self.entries = max(self.entries, 1)
        self.oldest = now


class Snapshots:
    """Invariant: a snapshot holds what is committed, and losing one loses nothing."""

    def __init__(self, store: Store, clock: Clock, bounds: HubBounds, witness: Witness) -> None:
        self._store = store
        self._clock = clock
        self._bounds = bounds
        self._witness = witness

    def is_due(self, live: LiveRoom) -> bool:
        bounds, unsaved = self._bounds, live.unsaved
        return unsaved.is_worth_saving and (
            unsaved.entries >= bounds.snapshot_entries
            or 0 < bounds.snapshot_bytes <= unsaved.bytes
            or self._clock.monotonic() - unsaved.oldest >= bounds.snapshot_seconds
        )

    def note(self, live: LiveRoom, entries: Sequence[Entry]) -> None:
        """These were committed."""
        now = self._clock.monotonic()
        live.unsaved.add(entries, now)
        live.unsaved_steps.add(entries, now)

    def begin(self, live: LiveRoom, stored: Stored) -> None:
        """The document was opened from this."""
        now = self._clock.monotonic()
        if stored.snapshot is not None:
            live.unsaved.size = len(stored.snapshot.body)
        if stored.steps is not None:
            live.unsaved_steps.size = len(stored.steps.body)
            live.unsaved_steps.add(stored.steps.entries, now)
        self.note(live, stored.entries)
        if live.room.was_misjudged:  # the next snapshot, of the same version too, will say so
            live.unsaved.insist(now)

    async def save(self, live: LiveRoom) -> None:
        """Save what is committed, unless a batch is in flight."""
        snapshot = self.take(live)
        if snapshot is not None:
            await self.write(live, snapshot)

    def take(self, live: LiveRoom) -> Snapshot | None:
        """What is committed; None while the document is ahead of it."""
        room = live.room
        if live.in_flight or live.is_broken or not room.exists:
            return None
        with_steps = live.unsaved_steps.is_worth_saving
        live.unsaved = Unsaved()
        try:
            snapshot = room.snapshot(steps=with_steps)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic of pycrdt's is no Exception
            logger.exception("a snapshot could not be made; the log has everything")
            return None
        live.unsaved.size = len(snapshot.body)
        if with_steps:
            live.unsaved_steps = Unsaved(len(snapshot.steps))
        return snapshot

    async def write(self, live: LiveRoom, snapshot: Snapshot) -> None:
        metrics = self._witness.metrics
        try:
            await self._store.save_snapshot(live.key, live.room.epoch, snapshot)
            metrics.snapshots.labels("saved").inc()
        except StorageUnavailable:
            logger.warning("a snapshot could not be saved; the log has everything")
            metrics.snapshots.labels("failed").inc()
            # Not at once: it is tried again by age, or with the next one that is due.
            for unsaved in (live.unsaved, live.unsaved_steps):
                unsaved.insist(self._clock.monotonic())
