"""Reopening: reload documents from the log, and make documents read-only when storage fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from collab.errors import Rejected
from collab.messages import Notice
from collab.ports.store import StorageUnavailable, Stored
from collab.wire import encode
from server.broadcast.close_reasons import DELETED, GONE, IN_TROUBLE, QUARANTINED, RECREATED
from server.commits.stale_answers import remember_accepted
from server.documents.catching_up import replace_room
from server.documents.changes import find_change
from server.documents.room_state import Event, LiveState
from server.loading.room_loader import Quarantined

if TYPE_CHECKING:
    from collab.entry import Accepted
    from server.commits.document_tasks import DocumentTasks
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom

READ_ONLY = encode(Notice(code="read_only"))


class Reopening:
    """Reloads live rooms from the log, and makes live rooms read-only when the storage fails.

    Invariant: a document that cannot be reloaded is read-only, in quarantine or closed. `trouble`
    is set when documents become read-only; `server/commits/recovery.py` waits for it.
    """

    def __init__(self, hub: Hub, tasks: DocumentTasks) -> None:
        self.trouble = asyncio.Event()
        self._hub = hub
        self._tasks = tasks

    # --- reload -----------------------------------------------------------------------------

    def reopen(self, live: LiveRoom, accepted: Sequence[Accepted] = ()) -> None:
        """Put the batch back into the queue, and reload the document from the log.

        `accepted` are requests of the batch that the store has already accepted before.
        """
        live.requeue_batch()
        live.move(Event.REOPEN)
        if live.state is LiveState.RELOADING:
            name = f"load again {live.key.doc}"
            self._tasks.spawn(partial(self._load_again, live, accepted), name, live)
        elif live.state is LiveState.CLOSED:  # deleted during its commit
            live.refuse_waiting(GONE)
        else:  # recovery reloads it when the database works
            live.refuse_waiting(IN_TROUBLE)

    async def _load_again(self, live: LiveRoom, accepted: Sequence[Accepted]) -> None:
        """Replace the room by a room from the log, and resume."""
        try:
            await remember_accepted(self._hub, live, accepted)
            await self.replace(live)
        except Quarantined:
            self._hub.end_room(live, QUARANTINED)
        except (Rejected, StorageUnavailable):
            self.enter_trouble([live])
        else:
            live.move(Event.RELOADED)
            live.wake_if_wanted()

    async def replace(self, live: LiveRoom) -> None:
        """Replace the live room's room by a room that is loaded from the log."""
        hub = self._hub
        before, reopen_waiter = live.room.version, live.reopen_waiter
        room, stored = await hub.rooms.load(live.key)
        if live.room.exists and (not room.exists or room.epoch != live.room.epoch):
            # Another instance, or a delete request with an unknown outcome, deleted it.
            room.close()
            hub.end_room(live, RECREATED if room.exists else DELETED)
            return
        missed, newest = None, None
        if isinstance(stored, Stored):
            missed = await hub.missed(live.key, before, room.version)
        if missed is None:
            newest = await find_change(hub.store, live.key, room.version)
        replace_room(live, room, missed or [], newest)
        live.finish_reopen(reopen_waiter)

    # --- trouble ----------------------------------------------------------------------------

    def enter_trouble(self, lives: Iterable[LiveRoom]) -> None:
        """Make `lives` read-only, and refuse their batches.

        Their commit failed, or its outcome is unknown, or the storage did not answer a task.
        """
        self._hub.recorder.commit_failed()
        for live in lives:
            live.fail(IN_TROUBLE)
            self._make_read_only(live, Event.FAILED)
        self.trouble.set()

    def stop(self, live: LiveRoom) -> None:
        """Make the document read-only: refuse waiting writes, and send a notice to its clients."""
        if live.state is LiveState.APPLIED:  # its batch is not given to the store
            live.fail(IN_TROUBLE)
        self._make_read_only(live, Event.TROUBLE)

    def _make_read_only(self, live: LiveRoom, event: Event) -> None:
        was_read_only = live.is_read_only
        live.move(event)
        # A task may have put requests back after the document became read-only, or ended.
        if live.state is LiveState.CLOSED:
            live.refuse_waiting(GONE)
        elif live.is_read_only:
            live.refuse_waiting(IN_TROUBLE)
        if live.is_read_only and not was_read_only:
            live.audience.notice(READ_ONLY)
            self._hub.others.followed(live)  # requests that wait for the newest version are refused
