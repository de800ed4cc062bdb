"""The hub: the open documents of this process. Each is opened once, and unloaded when idle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from collab.entry import Entry
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.ports.store import StorageUnavailable, Store, Stored
from collab.room.member import Member
from collab.room.requests import Answer, Request
from server.broadcast.audience import Audience
from server.broadcast.close_reasons import (
    DELETED,
    GONE,
    IN_TROUBLE,
    RESTARTING,
    CloseReason,
)
from server.broadcast.subscriber import Submission
from server.documents.changes import LastChange
from server.documents.live_room import LiveRoom
from server.documents.others import NoOthers, Others
from server.documents.room_state import IDLE, Event, LiveState
from server.documents.snapshots import HubBounds, Snapshots
from server.loading.crash_quarantine import CrashQuarantine
from server.loading.history import History
from server.loading.opening import OpeningScheduler, has_long_schema
from server.loading.room_loader import RoomLoader
from server.recording.recorder import Recorder
from server.runtime.clock import Clock
from server.runtime.database_clock import DatabaseClock
from server.runtime.worker_threads import LARGE, free_in_thread, wait_for_freeing

logger = logging.getLogger(__name__)


class Hub:
    """Opens and unloads documents, and queues their requests.

    Invariant: a key has at most one live room. A live room in use is never unloaded.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bounds: HubBounds,
        recorder: Recorder | None = None,
        crash_quarantine: CrashQuarantine | None = None,
    ) -> None:
        self.crash_quarantine = crash_quarantine or CrashQuarantine(None)
        self.recorder = recorder or Recorder(store, clock)
        self.store = store
        self.clock = clock
        self.bounds = bounds
        scheduler = OpeningScheduler(clock)
        self.history = History(store, scheduler)
        self.snapshots = Snapshots(store, clock, bounds, self.recorder)
        self.time = DatabaseClock(store, clock)
        self.rooms = RoomLoader(
            store, clock, self.time, bounds.room, bounds.terms, scheduler, self.crash_quarantine
        )
        self.others: Others = NoOthers()
        self.lives: dict[DocKey, LiveRoom] = {}
        self.dirty: dict[LiveRoom, None] = {}
        self.has_work = asyncio.Event()
        self.draining = False
        self._opening: dict[DocKey, asyncio.Future[LiveRoom]] = {}

    # --- opening ----------------------------------------------------------------------------

    async def open(self, key: DocKey) -> LiveRoom:
        """Return the document's live room. The caller uses it until `release`."""
        while True:
            live = self.lives.get(key)
            if live is not None:
                live.users += 1
                await self._level(live)
                if self.lives.get(key) is live:
                    return live
                self.release(live)
                continue
            if self.draining:
                raise _restarting()
            await self._open_once(key)

    async def _level(self, live: LiveRoom) -> None:
        try:
            await self.others.level(live)
        except BaseException:  # also when cancelled: this use must not keep the room open
            self.release(live)
            raise

    def release(self, live: LiveRoom) -> None:
        """End one use of a live room."""
        live.users -= 1
        live.idle_since = self.clock.monotonic()
        if not live.room.exists and self._is_idle(live):
            self.drop(live)  # else rooms of documents that do not exist would fill the memory

    @asynccontextmanager
    async def using(self, key: DocKey) -> AsyncIterator[LiveRoom]:
        """Open the document for the length of a block."""
        live = await self.open(key)
        try:
            yield live
        finally:
            self.release(live)

    async def missed(self, key: DocKey, after: int, upto: int) -> list[Entry] | None:
        """Return the entries after `after`; None when readers get one merged change instead."""
        room = self.bounds.room
        return await self.history.between(key, after, upto, room.tail_entries, room.tail_bytes)

    async def _open_once(self, key: DocKey) -> None:
        """Open the document, or wait for the task that opens it already."""
        opening = self._opening.get(key)
        if opening is not None:
            await asyncio.wait([opening])
            if not opening.cancelled():  # if that task was cancelled, the caller tries again
                opening.result()
            return
        future: asyncio.Future[LiveRoom] = asyncio.get_running_loop().create_future()
        self._opening[key] = future
        try:
            room, stored = await self.rooms.load(key)
            live = LiveRoom(room, self.clock, self.bounds.new_book(), self.time, self.wake)
            live.audience.observer = self.recorder
            if isinstance(stored, Stored):
                self.snapshots.opened(live, stored)
                if stored.entries:
                    live.last_change = LastChange.of(stored.entries[-1])
            self.lives[key] = live
            self.others.opened(live)
            future.set_result(live)
        except BaseException as error:
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # mark it as retrieved: perhaps no other task waits for it
            else:
                future.cancel()
            raise
        finally:
            del self._opening[key]

    # --- requests ---------------------------------------------------------------------------

    def submit(self, live: LiveRoom, submission: Submission) -> None:
        """Queue a request for the commit loop; the answer comes by `on_commit` or `deliver`."""
        if self.draining:
            # The client retries with the same id, at another instance or after the restart.
            submission.refuse(_restarting())
            return
        live.queue.put(submission)
        if live.state is LiveState.OPEN:
            self.wake(live)
        elif live.is_read_only:
            live.refuse_waiting(IN_TROUBLE)
        elif live.state is LiveState.CLOSED:
            live.refuse_waiting(GONE)

    def wake(self, live: LiveRoom) -> None:
        self.dirty[live] = None
        self.has_work.set()

    async def ask(self, live: LiveRoom, member: Member, request: Request) -> Answer:
        """Submit a request and wait for its answer; raise its refusal."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def deliver(answer: Answer | Exception) -> None:
            if future.done():
                return
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

        self.submit(live, Submission(member, request, self.clock.monotonic(), deliver=deliver))
        try:
            answer = await asyncio.wait_for(future, self.bounds.answer_seconds)
        except TimeoutError as error:
            raise Rejected(
                Code.STORAGE_UNAVAILABLE, "the database did not answer in time; try again"
            ) from error
        if answer.refusal is not None:
            raise Rejected(answer.refusal.code, answer.refusal.message, **answer.refusal.extra)
        return answer

    async def reopen(self, live: LiveRoom) -> None:
        """Reload the document after its schema or publication changed; no request is lost.

        A large document waits until earlier ones are freed. Else many requests at once would keep
        a copy of the document for each reload.
        """
        if live.room.document.work_size > LARGE:
            await wait_for_freeing()
        reopen_waiter = self.request_reopen(live)
        if reopen_waiter is None:
            return  # the next opening reads the document from the log
        try:
            await asyncio.wait_for(asyncio.shield(reopen_waiter), self.bounds.answer_seconds)
        except TimeoutError as error:
            raise Rejected(
                Code.STORAGE_UNAVAILABLE, "the database did not answer in time; try again"
            ) from error
        self.others.controlled(live)

    async def refresh(self, live: LiveRoom) -> None:
        """Follow another writer, who has changed the schema, the locks or the publication.

        When that is not possible, reload the document.
        """
        revision = live.room.control.revision
        await self.others.level(live)
        if live.room.control.revision == revision:
            await self.reopen(live)

    def request_reopen(self, live: LiveRoom) -> asyncio.Future[None] | None:
        """Request a reload: a write may have changed the document without this live room.

        Return a future that is done after the reload; None when the live room has ended.
        """
        if live.state is LiveState.CLOSED:
            return None
        if live.reopen_waiter is None:
            live.reopen_waiter = asyncio.get_running_loop().create_future()
        self.wake(live)
        return live.reopen_waiter

    async def delete(self, live: LiveRoom) -> None:
        """Delete the document in the database, then close its connections."""
        try:
            await self.store.delete(live.key, self.clock.now_ms())
        except StorageUnavailable as error:
            self.request_reopen(live)
            raise Rejected(
                Code.STORAGE_UNAVAILABLE, "the database does not answer; try again"
            ) from error
        self.end_room(live, DELETED)
        self.others.deleted(live.key)

    async def delete_unopened(self, key: DocKey) -> None:
        """Delete a document that cannot be opened, so that it has no clients."""
        await self.store.delete(key, self.clock.now_ms())
        self.others.deleted(key)

    def end_room(self, live: LiveRoom, close_reason: CloseReason) -> None:
        """End the live room and close its connections. Clients may reconnect to a new live room."""
        live.move(Event.END)
        live.lock_announcer.close()
        live.end(close_reason.refusal)
        live.audience.end(close_reason)
        self.others.closed(live)
        if self.lives.get(live.key) is live:
            del self.lives[live.key]
        self.dirty.pop(live, None)

    # --- unloading --------------------------------------------------------------------------

    async def unload_idle(self) -> None:
        """Unload unused documents. Save a document first if it changed enough."""
        deadline = self.clock.monotonic() - self.bounds.idle_seconds
        for live in list(self.lives.values()):
            if self._is_idle(live) and live.idle_since <= deadline:
                await self.unload(live)

    async def unload(self, live: LiveRoom) -> None:
        if live.unsaved.is_worth_saving:
            await self.snapshots.save(live)
        if self._is_idle(live):  # a client may have opened it while the snapshot was written
            self.drop(live)

    def drop(self, live: LiveRoom) -> None:
        """Remove a live room from memory."""
        live.move(Event.END)
        if self.lives.get(live.key) is live:
            del self.lives[live.key]
        self.dirty.pop(live, None)
        self.others.closed(live)
        live.presence.close()
        live.lock_announcer.close()
        live.room.close()
        if live.room.document.work_size > LARGE or has_long_schema(live.room.control):
            free_in_thread(live)

    def _is_idle(self, live: LiveRoom) -> bool:
        is_used = live.users or live.queue or len(live.audience)
        return live.state in IDLE and not is_used

    def audiences(self) -> list[Audience]:
        """Return the audiences of all open documents."""
        return [live.audience for live in self.lives.values()]

    def every(self, condition: Callable[[LiveRoom], bool]) -> list[LiveRoom]:
        return [live for live in self.lives.values() if condition(live)]


def _restarting() -> Rejected:
    """Return a new exception for each request, because a raised exception keeps its traceback."""
    return Rejected(RESTARTING.code, RESTARTING.message)
