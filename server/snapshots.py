"""When a document is snapshotted, and what of: so that opening it replays little."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collab.ports import Snapshot, StorageUnavailable

if TYPE_CHECKING:
    from collab.entry import Entry
    from collab.ports import Store
    from server.clock import Clock
    from server.hub_bounds import HubBounds
    from server.live import LiveRoom
    from server.witness import Witness

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Unsaved:
    """What a document's next snapshot will have that its last one has not."""

    entries: int = 0
    bytes: int = 0
    oldest: float = 0.0  # since when, by the monotonic clock

    def add(self, entries: Sequence[Entry], now: float) -> None:
        if entries and not self.entries:
            self.oldest = now
        self.entries += len(entries)
        self.bytes += sum(len(entry.update) + len(entry.inverse) for entry in entries)


class Snapshots:
    """Invariant: a snapshot holds what is committed, and losing one loses nothing."""

    def __init__(self, store: Store, clock: Clock, bounds: HubBounds, witness: Witness) -> None:
        self._store = store
        self._clock = clock
        self._bounds = bounds
        self._witness = witness

    def is_due(self, live: LiveRoom) -> bool:
        bounds, unsaved = self._bounds, live.unsaved
        return unsaved.entries > 0 and (
            unsaved.entries >= bounds.snapshot_entries
            or 0 < bounds.snapshot_bytes <= unsaved.bytes
            or self._clock.monotonic() - unsaved.oldest >= bounds.snapshot_seconds
        )

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
        live.unsaved = Unsaved()
        try:
            return Snapshot(room.version, room.snapshot())
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic of pycrdt's is no Exception
            logger.exception("a snapshot could not be made; the log has everything")
            return None

    async def write(self, live: LiveRoom, snapshot: Snapshot) -> None:
        metrics = self._witness.metrics
        try:
            await self._store.save_snapshot(live.key, live.room.epoch, snapshot)
            metrics.snapshots.labels("saved").inc()
        except StorageUnavailable:
            logger.warning("a snapshot could not be saved; the log has everything")
            metrics.snapshots.labels("failed").inc()
            # Not at once: it is tried again by age, or with the next one that is due.
            live.unsaved.entries = max(live.unsaved.entries, 1)
            live.unsaved.oldest = self._clock.monotonic()
