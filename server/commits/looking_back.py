"""Loads the older entries that a request needs from the log into the tail of its room.

The tail is the newest entries of a document in memory. The log may not have the older entries.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from collab.errors import Rejected
from collab.ports.store import Corrupt, StorageUnavailable
from collab.room.tail import newest_kept
from server.documents.room_state import Event
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from server.broadcast.subscriber import Submission
    from server.commits.reopening import Reopening
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom

logger = logging.getLogger(__name__)


async def load_history(
    hub: Hub, reopening: Reopening, live: LiveRoom, submission: Submission
) -> None:
    """Load the entries after the oldest base of a request. The document is `fetching`."""
    submission.history_loaded = True
    base = submission.oldest_base or 0
    tail, bounds = live.room.tail, hub.bounds.room
    try:
        entries = None
        if tail.may_have_older:
            entries = await hub.history.between(
                live.key, base, tail.base, bounds.tail_entries, bounds.tail_bytes
            )
        if entries:
            value = await hub.history.value_at(live.key, base)
            size = live.room.document.work_size
            tail.prepend(await run_in_thread(newest_kept, value, entries, tail.free, size))
    except (Rejected, Corrupt):
        logger.info("the entries that a request needs are no longer kept, or are damaged")
    except StorageUnavailable:
        reopening.enter_trouble([live])
        return
    live.move(Event.FETCHED)
    live.wake_if_wanted()
