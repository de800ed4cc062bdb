"""Snapshots: when and how the server saves the state of an open document."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from collab.locks.terms import DEFAULT_TERMS, LockTerms
from collab.ports.store import StorageUnavailable
from collab.presence.book import PresenceBook
from collab.room.working import RoomBounds
from collab.structs.state_updates import are_counted_as_many
from collab.yjs.update import decode_state_vector
from server.documents.changes import Unsaved
from server.documents.long_work import LARGE
from server.documents.room_state import Event, LiveState
from server.loading.state_in_child import (
    EncodedState,
    NoStateError,
    encode_here,
    encode_in_child,
)
from server.runtime.logs import error_sentence
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.document.document import Document
    from collab.document.snapshot_format import Draft
    from collab.ports.store import Snapshot, Store, Stored
    from collab.room.room import Room
    from server.documents.live_room import LiveRoom
    from server.recording.recorder import Recorder
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

T = TypeVar("T")
EncodeState = Callable[[Sequence[bytes], float], Awaitable[EncodedState]]


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
    the log has all changes. A child process encodes the state of a document with many blocks, one
    document at a time: each takes up to 0.3 GB of memory.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bounds: HubBounds,
        recorder: Recorder,
        encode_state: EncodeState = encode_in_child,
    ) -> None:
        self._store = store
        self._clock = clock
        self._bounds = bounds
        self._recorder = recorder
        self._encode_state = encode_state
        self._encoding = asyncio.Lock()

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
        """Save the committed state, if `begin_save` can do so after other documents."""
        while self._must_wait(live):
            async with self._encoding:
                pass
        saving = self.begin_save(live)
        if saving is not None:
            await saving()

    def begin_save(self, live: LiveRoom) -> Callable[[], Coroutine[Any, Any, None]] | None:
        """Begin to save the committed state, and return a function that does the rest.

        None while a task uses the room, or when the room must be loaded again or has no document.
        None, too, when the document may have many blocks while another one is encoded. A
        small document is read at once, because under load the next batch begins before any other
        task runs. A worker thread reads a large document.
        """
        if live.state not in (LiveState.OPEN, LiveState.READ_ONLY) or not live.room.exists:
            return None
        if self._must_wait(live):
            return None
        may_have_many = live.room.document.updates.may_have_many_blocks
        if live.room.document.work_size > LARGE and live.state is LiveState.OPEN:
            live.move(Event.WORK)
            return partial(self._save_draft if may_have_many else self._save_large, live)
        if may_have_many:
            return partial(self._finish, live, live.room, self._make(live, _draft))
        return partial(self._write, live, live.room.epoch, self._make(live, _snapshot))

    def _must_wait(self, live: LiveRoom) -> bool:
        return self._encoding.locked() and live.room.document.updates.may_have_many_blocks

    async def _save_large(self, live: LiveRoom) -> None:
        epoch = live.room.epoch
        await self._write(live, epoch, await self._make_in_thread(live, _snapshot))

    async def _save_draft(self, live: LiveRoom) -> None:
        room = live.room
        await self._finish(live, room, await self._make_in_thread(live, _draft))

    async def _make_in_thread(
        self, live: LiveRoom, make: Callable[[Document, bool], T]
    ) -> T | None:
        try:
            return await live.in_thread(lambda: self._make(live, make))
        finally:
            live.move(Event.WORKED)
            live.wake_if_wanted()

    def _make(self, live: LiveRoom, make: Callable[[Document, bool], T]) -> T | None:
        """Make a snapshot or a draft of the committed document; return None when that fails."""
        live.unsaved_steps.join(live.unsaved)
        with_steps = live.unsaved_steps.is_worth_saving
        live.unsaved = Unsaved(live.unsaved.size)
        try:
            return make(live.room.document_to_save(), with_steps)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic of pycrdt is not an `Exception`
            logger.exception("a snapshot could not be made; the log has all changes")
            return None

    async def _finish(self, live: LiveRoom, room: Room, draft: Draft | None) -> None:
        """Encode the state of a draft in a child process, and save the snapshot.

        Meanwhile the room takes edits. When the child fails, a later snapshot has the changes.
        """
        if draft is None:
            return
        try:
            async with self._encoding:
                made = await self._encode(draft)
            snapshot = await run_in_thread(_complete, draft, made)
        except NoStateError as error:
            logger.warning("a snapshot could not be made; the log has all changes: %s", error)
            self._recorder.metrics.snapshots.labels("failed").inc()
            live.unsaved.mark_due(self._clock.monotonic())
            return
        room.document.updates.replace(draft.updates, made.state, made.blocks)
        await self._write(live, room.epoch, snapshot)

    async def _encode(self, draft: Draft) -> EncodedState:
        """Encode the state in a child process, or here when its blocks turn out to be few."""
        state, *since = draft.updates
        if not await run_in_thread(are_counted_as_many, state, since):
            return await run_in_thread(_encode_here, draft)
        return await self._encode_state(draft.updates, draft.body.opening_seconds)

    async def _write(self, live: LiveRoom, epoch: int, snapshot: Snapshot | None) -> None:
        """Save a snapshot with the epoch in which it was made.

        Meanwhile the document may have got a new room and a new epoch.
        """
        if snapshot is None:
            return
        live.unsaved.size = len(snapshot.body)
        if snapshot.steps:
            live.unsaved_steps = Unsaved(len(snapshot.steps))
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


def _snapshot(document: Document, with_steps: bool) -> Snapshot:
    return document.snapshot(steps=with_steps)


def _draft(document: Document, with_steps: bool) -> Draft:
    return document.draft(steps=with_steps)


def _encode_here(draft: Draft) -> EncodedState:
    try:
        return encode_here(draft.updates, draft.body.opening_seconds)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of pycrdt is not an `Exception`
        raise NoStateError(error_sentence(error)) from error


def _complete(draft: Draft, made: EncodedState) -> Snapshot:
    """Return the snapshot of a draft; raise `NoStateError` when the state is another one."""
    if decode_state_vector(made.state_vector) != decode_state_vector(draft.state_vector):
        raise NoStateError("the child process has made another state")
    return draft.with_state(made.state)
