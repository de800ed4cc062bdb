"""Following: an open document gets what other instances have committed to it.

Small commits come by gossip, and are applied at once. When one is missing, the database is asked.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from collab.ports.store import Corrupt, StorageUnavailable
from collab.room.following import portions
from server.commits.contended_commits import note_rival
from server.documents.catching_up import can_follow, follow, follow_control, has_schema_of
from server.documents.remote_head import Ask
from server.documents.room_state import Event, LiveState
from server.loading.opening import schema_of

if TYPE_CHECKING:
    from collab.ports.positions import Newer
    from server.commits.document_tasks import DocumentTasks
    from server.commits.reopening import Reopening
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom


class Following:
    """Applies the commits of other instances to open documents.

    Invariant: it changes a room only between batches. A room that cannot follow is loaded again.
    """

    def __init__(self, hub: Hub, reopening: Reopening, tasks: DocumentTasks) -> None:
        self._hub = hub
        self._reopening = reopening
        self._tasks = tasks

    def follow(self, live: LiveRoom) -> bool:
        """Follow what was told. Return whether the document is open and may take requests now.

        The document is open. When something is missing, a task asks the database.
        """
        while True:
            step = live.remote.next(live.position)
            if step is Ask.NOTHING:
                if live.remote.is_awaited:
                    live.remote.is_awaited = False
                    self._hub.others.followed(live)
                return True
            if step is Ask.DATABASE:
                live.move(Event.FETCH)
                self._tasks.spawn(partial(self._ask, live), f"follow {live.key.doc}", live)
                return False
            first, *rest = portions(step)
            if not follow(live, first, self._hub.clock.monotonic()):
                self._reopening.reopen(live)
                return False
            if rest:  # other documents have a turn first
                live.remote.put_back(entry for portion in rest for entry in portion)
                self._hub.wake(live)
                return False

    async def _ask(self, live: LiveRoom) -> None:
        """Ask the database for everything that the document lacks."""
        live.remote.begin_asking()
        try:
            newer = await self._hub.store.newer(live.key, live.position)
            if newer is not None and newer.locks:
                await self._hub.time.sync()  # the end of locks is compared with this clock
        except StorageUnavailable:
            live.remote.doubt()
            self._reopening.enter_trouble([live])
            return
        except Corrupt:
            newer = None  # the reload finds it, and puts the document in quarantine
        is_level = newer is not None and await self._follow_all(live, newer)
        was_stopped = not _is_asking(live)
        live.move(Event.FETCHED)
        if was_stopped:  # the document has ended, or takes no edits now
            live.remote.doubt()
        elif not is_level and (newer is not None or live.room.exists):
            self._reopening.reopen(live)
        elif live.remote.is_due(live.position):  # another commit came during the query
            note_rival(live, self._hub.clock.monotonic())
        self._hub.others.followed(live)
        live.wake_if_wanted()

    async def _follow_all(self, live: LiveRoom, newer: Newer) -> bool:
        """Follow what the database has. Return False when the room must be loaded again."""
        if not _is_asking(live) or not can_follow(live, newer):
            return False
        for portion in portions(newer.entries or ()):
            if not follow(live, portion, self._hub.clock.monotonic()):
                return False
            await asyncio.sleep(0)  # other documents have a turn
            if not _is_asking(live):
                return False
        schema = live.room.schema
        if newer.control is not None and not has_schema_of(live, newer):
            schema = await schema_of(live.key, newer.control.schema)
            if not _is_asking(live):
                return False
        follow_control(live, newer, schema, self._hub.bounds.terms)
        return True


def _is_asking(live: LiveRoom) -> bool:
    """Whether the document still waits for its answer: it may have ended meanwhile."""
    return live.state is LiveState.FETCHING
