"""Opening documents again from the log, and stopping those that are in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from collab.errors import Rejected
from collab.messages import Notice
from collab.ports.store import StorageUnavailable, Stored
from collab.wire import encode
from server.broadcast.close_reasons import DELETED, GONE, IN_TROUBLE, QUARANTINED, RECREATED
from server.commits.stale_answers import remember_accepted
from server.documents.changes import find_change
from server.documents.hub import Quarantined
from server.documents.room_state import Event, LiveState

if TYPE_CHECKING:
    from collab.entry import Accepted
    from server.commits.document_tasks import DocumentTasks
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom

READ_ONLY = encode(Notice(code="read_only"))


class Reopening:
    """Invariant: a document that cannot be opened again is read-only, in quarantine or has ended.

    `trouble` is set when documents have become read-only; recovery waits for it.
    """

    def __init__(self, hub: Hub, tasks: DocumentTasks) -> None:
        self.trouble = asyncio.Event()
        self._hub = hub
        self._tasks = tasks

    # --- loading again ----------------------------------------------------------------------

    def reopen(self, live: LiveRoom, accepted: Sequence[Accepted] = ()) -> None:
        """Put the batch back into the queue, and have the document opened from the log.

        `accepted` are requests of the batch that the log has already.
        """
        live.requeue_batch()
        live.is_broken = True
        if live.move(Event.FETCH):
            name = f"load again {live.key.doc}"
            self._tasks.spawn(self._load_again(live, accepted), name, live)
        elif live.state is LiveState.CLOSED:  # deleted while its batch was in flight
            live.refuse_waiting(GONE)
        elif live.state is LiveState.READ_ONLY:  # loaded again when the database is well
            live.refuse_waiting(IN_TROUBLE)

    async def _load_again(self, live: LiveRoom, accepted: Sequence[Accepted]) -> None:
        """Replace the working document by the log's."""
        try:
            await remember_accepted(self._hub, live, accepted)
            await self.replace(live)
        except Quarantined:
            self._hub.end_room(live, QUARANTINED)
        except (Rejected, StorageUnavailable):
            self.enter_trouble([live])
        else:
            self.resume(live)

    def resume(self, live: LiveRoom) -> None:
        """Go on, unless the database's trouble or the document's end came in between."""
        if live.move(Event.FETCHED) and live.is_wanted:
            self._hub.wake(live)

    async def replace(self, live: LiveRoom) -> None:
        """Put a room that is opened from the log in the place of the live room's own."""
        hub = self._hub
        async with live.replacing:
            before, reopen_waiter = live.room.version, live.reopen_waiter
            room, stored = await hub.load(live.key)
            if live.room.exists and (not room.exists or room.epoch != live.room.epoch):
                # Deleted by another process, or by a request with an unknown outcome.
                room.close()
                hub.end_room(live, RECREATED if room.exists else DELETED)
                return
            missed, newest = None, None
            if isinstance(stored, Stored):
                missed = await hub.missed(live.key, before, room.version)
            if missed is None:
                newest = await find_change(hub.store, live.key, room.version)
            live.replace(room, missed or [], newest)
            live.finish_reopen(reopen_waiter)

    # --- trouble ----------------------------------------------------------------------------

    def enter_trouble(self, lives: Iterable[LiveRoom]) -> None:
        """The batches of `lives` failed, or what became of their commit is unknown."""
        self._hub.recorder.commit_failed()
        for live in lives:
            if live.in_flight:
                live.unknown_commit = live.room.commit_id
                live.is_broken = True
            live.fail(IN_TROUBLE)
            self.stop(live)
        self.trouble.set()

    def stop(self, live: LiveRoom) -> None:
        """The document is read-only from here on."""
        if not live.move(Event.TROUBLE):
            return
        if live.batch and not live.batch.is_handed_out:  # applied, and not handed to the store
            live.is_broken = True
            live.fail(IN_TROUBLE)
        live.refuse_waiting(IN_TROUBLE)
        live.audience.notice(READ_ONLY)
