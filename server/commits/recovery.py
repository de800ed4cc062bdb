"""Recovery: documents whose storage fails are read-only until the storage works again."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from collab.errors import Rejected
from collab.messages import Notice
from collab.ports.store import Corrupt, StorageUnavailable
from collab.wire import encode
from server.broadcast.close_reasons import OUR_FAULT, QUARANTINED
from server.documents.room_state import Event, LiveState
from server.loading.room_loader import Quarantined

if TYPE_CHECKING:
    from server.commits.document_tasks import DocumentTasks
    from server.commits.reopening import Reopening
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom

logger = logging.getLogger(__name__)

RECOVER_EVERY = 0.5
# When the database does not answer a ping in this many seconds, documents take no edits.
WITHIN = 2.0
# The most documents that are reloaded from the log at a time.
AT_ONCE = 4
WRITABLE = encode(Notice(code="writable"))


class Recovery:
    """Makes read-only documents writable when the database works again.

    Invariant: while a live room is read-only, one task checks the database and recovers the room.

    A failing document does not stop or delay other documents. All documents become read-only only
    when the database itself takes no writes.
    """

    def __init__(self, hub: Hub, reopening: Reopening, tasks: DocumentTasks) -> None:
        self._hub = hub
        self._reopening = reopening
        self._tasks = tasks
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Run until cancelled: recover documents each time that some became read-only."""
        trouble = self._reopening.trouble
        while True:
            await trouble.wait()
            trouble.clear()
            try:
                await self._recover()
            except Exception:  # a bug: recovery goes on at the next trouble
                self._tasks.fail(None)

    async def _recover(self) -> None:
        while self._waiting() and not self._hub.draining:
            if await self._is_well():
                self._begin_to_bring_back()
            else:
                for live in list(self._hub.lives.values()):
                    self._reopening.stop(live)
            await asyncio.sleep(RECOVER_EVERY)

    def _waiting(self) -> list[LiveRoom]:
        return self._hub.every(lambda live: live.is_read_only)

    async def _is_well(self) -> bool:
        try:
            async with asyncio.timeout(WITHIN):
                await self._hub.store.ping()
        except (StorageUnavailable, Corrupt, TimeoutError):
            return False
        return True

    def _begin_to_bring_back(self) -> None:
        """Make the documents writable whose rooms are at the log's version; reload the others.

        A document in another state waits: its commit has not returned, or a task uses its room.
        """
        for live in self._waiting():
            if live.state is LiveState.READ_ONLY:
                self._make_writable(live)
            elif live.state is LiveState.BROKEN:
                live.move(Event.RECOVER)
                self._tasks.spawn(partial(self._come_back, live), f"bring back {live.key.doc}")

    def _make_writable(self, live: LiveRoom) -> None:
        live.move(Event.WRITABLE)
        live.audience.notice(WRITABLE)
        live.audience.resynchronise()
        live.wake_if_wanted()

    async def _come_back(self, live: LiveRoom) -> None:
        """Reload a broken document. When this fails, the document is broken again."""
        reloaded = Event.FAILED
        try:
            async with self._turns:
                if live.state is LiveState.RECOVERING:
                    await self._reload(live)
                    reloaded = Event.RELOADED
        except Quarantined:
            self._hub.end_room(live, QUARANTINED)
        except (Rejected, StorageUnavailable):
            pass  # the next try comes after `RECOVER_EVERY`
        except Exception:  # this document's error must not stop the recovery of other documents
            logger.exception("a document could not be recovered; its live room is closed")
            self._hub.end_room(live, OUR_FAULT)
        live.move(reloaded)
        if live.state is LiveState.READ_ONLY:
            self._make_writable(live)

    async def _reload(self, live: LiveRoom) -> None:
        """Reload the document; raise `StorageUnavailable` while its last commit may still happen.

        When a commit with an unknown outcome did happen, the reload sends its changes to all
        clients. Its authors got a refusal, and retry with the same ids. A retry gets the first
        answer of its id.
        """
        await self._hub.store.find_commit(live.key, live.room.commit_id)
        await self._reopening.replace(live)
