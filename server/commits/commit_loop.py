"""The commit loop: the waiting requests go into one transaction; clients get news after COMMIT.

This is group commit without a timer: requests that arrive during a transaction wait for the next
one. So batches grow when the disk is slow, and a single edit on an idle server never waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from weakref import WeakSet

from collab.errors import Code, Refusal
from collab.ports.store import (
    Append,
    Clash,
    Committed,
    Duplicate,
    Full,
    Held,
    Outcome,
    StorageUnavailable,
)
from collab.room.requests import Round
from server.broadcast.close_reasons import GONE, IN_TROUBLE, OUR_FAULT
from server.commits.contended_commits import LockedBatch, must_lock, note_clash
from server.commits.document_tasks import DocumentTasks
from server.commits.following import Following
from server.commits.lock_requests import LockRequests
from server.commits.looking_back import load_history
from server.commits.recovery import Recovery
from server.commits.reopening import Reopening
from server.commits.stale_answers import StaleAnswers
from server.commits.transactions import Appends, RowLockedCommits, record
from server.documents.batch import Stop
from server.documents.hub import Hub
from server.documents.live_room import MAX_SECONDS, LiveRoom
from server.documents.room_state import READY, Event, LiveState

logger = logging.getLogger(__name__)

QUOTA_REACHED = Refusal(
    Code.QUOTA_EXCEEDED, "the tenant has as many documents as it may have; delete one first"
)


class CommitLoop:
    """Commits the batches of all live rooms (open documents), one transaction at a time."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._tasks = DocumentTasks(hub)
        self._reopening = Reopening(hub, self._tasks)
        self._following = Following(hub, self._reopening, self._tasks)
        self._recovery = Recovery(hub, self._reopening, self._tasks)
        self._row_locked = RowLockedCommits(hub, self._reopening)
        self._retries = False  # whether a task now retries commits of documents with a locked row
        self._lock_requests = LockRequests(hub, self._reopening)
        self._stale_answers = StaleAnswers(hub)
        # Rooms of a failed commit. The loop commits each of them alone (`_isolate_failures`).
        self._isolated_rooms: WeakSet[LiveRoom] = WeakSet()

    async def run(self) -> None:
        """Run until cancelled. The tasks that it started end with it."""
        async with self._tasks.group:
            self._tasks.spawn(self._recovery.run, "recover")
            while True:
                await self._hub.has_work.wait()
                self._hub.has_work.clear()
                groups = self._ready()
                while groups:  # keep no closed document in this frame
                    await self._write(self._begin(groups.pop(0)))
                # A round without a write does not await, so let other tasks run now.
                await asyncio.sleep(0)

    def _ready(self) -> list[list[LiveRoom]]:
        """Return the rooms with work, in groups that share a transaction."""
        lives = list(self._hub.dirty)
        self._hub.dirty.clear()
        if not self._isolated_rooms:
            return [lives]
        together = [live for live in lives if live not in self._isolated_rooms]
        return [together, *([live] for live in self._isolated_rooms.intersection(lives))]

    async def drain(self) -> None:
        """Return when no request waits, except in read-only documents."""
        while self._hub.every(lambda live: live.is_busy and not live.is_read_only):
            await asyncio.sleep(0.01)

    async def _write(self, appends: dict[LiveRoom, Append | None]) -> None:
        """Write applied batches in one transaction, and handle their outcomes."""
        if not appends:
            return
        hub, lives = self._hub, list(appends)
        unsure: list[LiveRoom] = []
        to_write: Appends = {}
        for live, append in appends.items():
            if live.batch.has_answer_without_entry:
                unsure.append(live)
            if append is not None:
                to_write[live] = append
        try:
            stale = await self._stale_answers.find_stale_rooms(unsure) if unsure else ()
            for live in stale:
                to_write.pop(live, None)
            rows, began_at = list(to_write.values()), hub.clock.monotonic()
            outcomes = await hub.store.commit(rows) if rows else []
        except StorageUnavailable:
            logger.warning("a commit failed or its outcome is unknown", exc_info=True)
            self._reopening.enter_trouble(lives)
            return
        except Exception:  # a server bug or a damaged row: the loop continues for other documents
            logger.exception(
                "a bug or a damaged row made a commit fail; the server refuses its requests"
            )
            self._isolate_failures(lives)
            return
        ended_at = record(hub, rows, outcomes, began_at) if rows else began_at
        self._isolated_rooms.difference_update(lives)
        written = dict(zip(to_write, outcomes, strict=True))
        for live, append in appends.items():
            outcome = Clash() if live in stale else written.get(live, Committed())
            self._handle_outcome(live, append, outcome, ended_at)

    def _begin(self, lives: Sequence[LiveRoom]) -> dict[LiveRoom, Append | None]:
        """Apply requests for at most `MAX_SECONDS`, and return the batches with their rows.

        The remaining rooms are first in the next round.
        """
        if not lives:
            return {}
        hub, at = self._hub, self._hub.clock.monotonic()
        now = Round(hub.clock.now_ms(), hub.time.at(at), hub.clock.new_id("c"))
        until = at + MAX_SECONDS
        appends: dict[LiveRoom, Append | None] = {}
        for live in lives:
            if live.state not in READY:
                continue
            if appends and hub.clock.monotonic() > until:
                hub.wake(live)
                continue
            try:
                if self._apply_waiting(live, now, until):
                    appends[live] = live.room.pending()
            except Exception:  # any bug here must end one document only
                self._tasks.fail(live)
        return appends

    def _apply_waiting(self, live: LiveRoom, now: Round, until: float) -> bool:
        """Apply the waiting requests of a room; return whether its batch is to be committed."""
        if live.reopen_waiter is not None:
            self._reopening.reopen(live)
            return False
        if live.state is LiveState.OPEN:
            if live.contended_until and must_lock(self._hub, live):
                self._begin_locked(live)
                return False
            if live.remote.has_heard and not self._following.follow(live):
                return False
        stop = live.apply_waiting(now, until)
        if stop is Stop.BUG:
            self._reopening.reopen(live)
        elif live.batch.answered:
            live.move(Event.WRITE)
            return True
        elif stop is Stop.LONG:
            live.move(Event.WORK)
            work = partial(self._apply_in_thread, live, now)
            self._tasks.spawn(work, f"apply {live.key.doc}", live)
        else:
            self._continue(live)
        return False

    def _begin_locked(self, live: LiveRoom) -> None:
        if live.lock_announcer.is_due or live.has_lock_request():
            self._begin_to_decide(live)
        else:
            live.move(Event.WRITE)
            work = partial(self._commit_locked, live)
            self._tasks.spawn(work, f"commit {live.key.doc}", live)

    def _begin_to_decide(self, live: LiveRoom) -> None:
        live.move(Event.LOCK)
        work = partial(self._lock_requests.decide, live)
        self._tasks.spawn(work, f"locks {live.key.doc}", live)

    def _handle_outcome(
        self, live: LiveRoom, append: Append | None, outcome: Outcome, now: float
    ) -> None:
        try:
            match outcome:
                case Committed():
                    self._finish_commit(live, append, now)
                case Clash():
                    logger.info("another writer was first; the document is reloaded")
                    note_clash(live, now)
                    self._reopening.reopen(live)
                case Duplicate():
                    self._reopening.reopen(live, outcome.accepted)
                case Full():
                    live.fail(QUOTA_REACHED)
                    self._reopening.reopen(live)
                case Held():
                    assert append is not None
                    self._wait_for_row(live, append, now)
        except Exception:  # any bug here must end one document only
            self._tasks.fail(live)

    async def _commit_locked(self, live: LiveRoom) -> None:
        """Commit the next batch of a contended document, whose row is locked first."""
        batch = LockedBatch(self._hub, live, self._stale_answers)
        try:
            outcome = await batch.commit()
        except StorageUnavailable:
            logger.warning("a commit failed or its outcome is unknown", exc_info=True)
            self._reopening.enter_trouble([live])
            return
        except Exception:  # a server bug or a damaged row: the loop continues for other documents
            logger.exception("a bug or a damaged row made a commit fail; the document is closed")
            self._isolate_failures([live])
            return
        now = self._hub.clock.monotonic()
        if batch.must_reload:
            self._reopening.reopen(live)
        elif outcome is not None:
            self._handle_outcome(live, batch.append, outcome, now)
        else:
            live.move(Event.COMMITTED)
            if live.state is LiveState.OPEN:
                self._continue(live)
        self._hub.others.followed(live)

    def _wait_for_row(self, live: LiveRoom, append: Append, now: float) -> None:
        """Wait until no other transaction locks the document's row.

        A document that became read-only or ended meanwhile is handled as if another writer had
        committed first (a clash): `reopen` refuses its waiting requests.
        """
        if live.state is not LiveState.COMMITTING:
            self._handle_outcome(live, append, Clash(), now)
            return
        live.move(Event.HOLD)
        self._row_locked.add(live, append)
        if not self._retries:
            self._retries = True
            self._tasks.spawn(self._retry_row_locked, "held documents")

    async def _retry_row_locked(self) -> None:
        """Retry the commits of held documents (with a locked row) until no document is held."""
        try:
            while self._row_locked:
                await asyncio.sleep(self._row_locked.pause())
                now = self._hub.clock.monotonic()
                for live, append in self._row_locked.take_stopped().items():
                    self._handle_outcome(live, append, Clash(), now)
                for live, append, outcome in await self._row_locked.retry():
                    self._handle_outcome(live, append, outcome, self._hub.clock.monotonic())
        finally:
            self._retries = False

    def _finish_commit(self, live: LiveRoom, append: Append | None, now: float) -> None:
        hub, was = self._hub, live.room.control.revision
        news = live.commit_batch(now)
        live.has_clashed = False
        live.move(Event.COMMITTED)
        if append is not None and append.entries:
            hub.others.committed(live, append.entries, was)
        live.unsaved.add(news.entries, now)
        if hub.snapshots.is_due(live, now):
            saving = hub.snapshots.begin_save(live)
            if saving is not None:
                self._tasks.spawn(saving, f"snapshot {live.key.doc}", live)
        if live.state is LiveState.OPEN:
            self._continue(live)

    def _continue(self, live: LiveRoom) -> None:
        """Start what waits next: a reload, the locks, older entries, or a batch."""
        first = live.queue.first
        if live.reopen_waiter is not None or live.needs_to_follow:
            self._hub.wake(live)
        elif live.lock_announcer.is_due or (first is not None and live.has_lock_request()):
            self._begin_to_decide(live)
        elif first is not None and live.needs_history(first):
            live.move(Event.FETCH)
            work = partial(load_history, self._hub, self._reopening, live, first)
            self._tasks.spawn(work, f"look back {live.key.doc}", live)
        elif first is not None:
            self._hub.wake(live)

    async def _apply_in_thread(self, live: LiveRoom, now: Round) -> None:
        """Apply long requests, unless none is first any more; the next round commits them."""
        is_applied = await live.apply_in_thread(now)
        if live.state is LiveState.CLOSED:
            live.fail(GONE)
            live.refuse_waiting(GONE)
        elif is_applied:
            live.move(Event.APPLIED if live.batch else Event.WORKED)
            self._hub.wake(live)
        else:
            self._reopening.reopen(live)

    # --- failures ---------------------------------------------------------------------------

    def _isolate_failures(self, lives: Sequence[LiveRoom]) -> None:
        """Refuse the batches of a failed commit, and find the document that made it fail.

        After such a failure of several documents, the loop commits the next batch of each of them
        alone. When this commit succeeds, the document shares transactions again. When it fails, the
        document's live room ends.
        """
        for live in lives:
            live.fail(IN_TROUBLE)
            if len(lives) == 1:
                self._hub.end_room(live, OUR_FAULT)
            else:
                self._isolated_rooms.add(live)
                self._reopening.reopen(live)
                live.audience.resynchronise()  # Yjs clients do not retry a refused update
