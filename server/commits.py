"""The commit loop: everything that waits becomes one transaction, and nobody hears before COMMIT.

Group commit without a timer: while one transaction is in flight, whatever arrives waits for the
next. So a batch is as large as the disk is slow, and a lone edit never waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from collab.errors import Rejected
from collab.messages import Notice
from collab.ports import (
    Append,
    Clash,
    Committed,
    Corrupt,
    Duplicate,
    Outcome,
    StorageUnavailable,
    Stored,
)
from collab.wire import encode
from server.history import befores
from server.hub import Hub
from server.live import IN_TROUBLE, LiveRoom, LiveState

logger = logging.getLogger(__name__)

RECOVER_EVERY = 0.5
READ_ONLY = encode(Notice(code="read_only"))
WRITABLE = encode(Notice(code="writable"))


class CommitLoop:
    """Drives batches of all live rooms through the log, one transaction at a time."""

    def __init__(self, hub: Hub, group: asyncio.TaskGroup) -> None:
        self._hub = hub
        self._group = group
        self._recovering = False

    async def run(self) -> None:
        hub = self._hub
        while True:
            await hub.work.wait()
            hub.work.clear()
            lives = [live for live in hub.dirty if live.state is LiveState.OPEN]
            hub.dirty.clear()
            if lives:
                await self._commit(lives)

    async def drain(self) -> None:
        """Return when nothing waits any more."""
        while any(live.queue or live.in_flight for live in self._hub.lives.values()):
            await asyncio.sleep(0.01)

    async def _commit(self, lives: Sequence[LiveRoom]) -> None:
        hub = self._hub
        for live in lives:
            if live.renewal is not None:
                self._reopen(live)
        lives = [live for live in lives if live.state is LiveState.OPEN]
        commit_id = hub.clock.new_id("c")
        now = hub.clock.now_ms()
        appends = [(live, live.begin(now, commit_id)) for live in lives]
        try:
            forgetful = await self._find_forgotten(lives)
            outcomes = await self._write(
                [
                    (live, append)
                    for live, append in appends
                    if append and live not in forgetful and not live.is_broken
                ]
            )
        except StorageUnavailable:
            logger.warning("a commit failed or its outcome is unknown", exc_info=True)
            self._enter_trouble(lives)
            return
        for live, append in appends:
            if live in forgetful or live.is_broken:
                self._reopen(live)
            elif append is None:
                self._settle(live)
            else:
                self._judge(live, outcomes[live])

    async def _write(self, appends: list[tuple[LiveRoom, Append]]) -> dict[LiveRoom, Outcome]:
        if not appends:
            return {}
        began_at = self._hub.clock.monotonic()
        outcomes = await self._hub.store.commit([append for _, append in appends])
        self._hub.witness.written((append for _, append in appends), outcomes, began_at)
        return dict(zip((live for live, _ in appends), outcomes, strict=True))

    async def _find_forgotten(self, lives: Sequence[LiveRoom]) -> set[LiveRoom]:
        """Rooms that refused or waved through an id which the log says was accepted long ago."""
        forgetful: set[LiveRoom] = set()
        for live in lives:
            for user, ids in live.doubtful().items():
                found = await self._hub.store.find_accepted(live.key, user, ids)
                if found:
                    live.room.learn(found)
                    forgetful.add(live)
        return forgetful

    def _judge(self, live: LiveRoom, outcome: Outcome) -> None:
        match outcome:
            case Committed():
                self._settle(live)
            case Clash():
                logger.info("another writer was first; the document is opened anew")
                self._reopen(live)
            case Duplicate():
                live.room.learn(outcome.accepted)
                self._reopen(live)

    def _settle(self, live: LiveRoom) -> None:
        hub = self._hub
        news = live.settle()
        live.count_unsnapshotted(news.entries, hub.clock.monotonic())
        if hub.is_snapshot_due(live):
            self._spawn(hub.save_snapshot(live), f"snapshot {live.key.doc}")
        self._go_on(live)

    def _go_on(self, live: LiveRoom) -> None:
        """Come back to what is still queued; fetch what it stands on when that is not at hand."""
        if not live.queue:
            return
        if live.is_beyond_tail(live.queue[0]):
            live.state = LiveState.FETCHING
            self._spawn(self._look_back(live), f"look back {live.key.doc}")
        else:
            self._hub.wake(live)

    # --- opening anew -----------------------------------------------------------------------

    def _reopen(self, live: LiveRoom) -> None:
        live.put_back()
        live.state = LiveState.FETCHING
        self._spawn(self._open_anew(live), f"open anew {live.key.doc}")

    async def _open_anew(self, live: LiveRoom) -> None:
        """Throw the working document away and take up where the log stands."""
        try:
            await self._replace(live)
        except (Rejected, StorageUnavailable):
            self._enter_trouble([live])
            return
        live.state = LiveState.OPEN
        self._wake_if_wanted(live)

    def _wake_if_wanted(self, live: LiveRoom) -> None:
        if live.queue or live.renewal is not None:
            self._hub.wake(live)

    async def renew(self, live: LiveRoom) -> None:
        """The document was changed in the log behind its room: open it from there."""
        while live.in_flight or live.state is LiveState.FETCHING:
            await asyncio.sleep(0.001)
        live.state = LiveState.FETCHING
        await self._open_anew(live)

    async def _replace(self, live: LiveRoom) -> None:
        hub = self._hub
        before, renewal = live.room.version, live.renewal
        room, stored = await hub.load(live.key)
        missed = None
        if isinstance(stored, Stored):
            missed = await hub.history.between(
                live.key, before, room.version, self._hub.bounds.room.tail_entries
            )
        live.replace(room, missed or [])
        live.renewed(renewal)

    async def _look_back(self, live: LiveRoom) -> None:
        """Bring the entries that the next request stands on back into the tail, if kept."""
        hub = self._hub
        submission = live.queue[0]
        submission.looked_back = True
        base = getattr(submission.request, "base", 0)
        tail = live.room.tail
        try:
            entries = await hub.history.between(
                live.key, base, tail.base, hub.bounds.room.tail_entries
            )
            if entries:
                value = await hub.history.value_at(live.key, base, live.room.epoch)
                tail.look_back(entries, befores(value, entries))
        except (Rejected, Corrupt):
            logger.info("what a request stands on is not kept any more")
        except StorageUnavailable:
            self._enter_trouble([live])
            return
        live.state = LiveState.OPEN
        hub.wake(live)

    # --- trouble ----------------------------------------------------------------------------

    def _enter_trouble(self, lives: Sequence[LiveRoom]) -> None:
        """Refuse what is under way; every document is read-only until the database is back."""
        for live in lives:
            live.fail(IN_TROUBLE)
        for live in self._hub.lives.values():
            if live.state is not LiveState.READ_ONLY:
                live.state = LiveState.READ_ONLY
                live.refuse_waiting(IN_TROUBLE)
                live.audience.notice(READ_ONLY)
        if not self._recovering:
            self._recovering = True
            self._spawn(self._recover(), "recover")

    async def _recover(self) -> None:
        """Ask until the database answers, then open every document from what it says."""
        try:
            while not await self._is_well():
                await asyncio.sleep(RECOVER_EVERY)
            for live in self._hub.every(lambda live: live.state is LiveState.READ_ONLY):
                await self._recover_room(live)
        finally:
            self._recovering = False

    async def _is_well(self) -> bool:
        try:
            await self._hub.store.ping()
        except StorageUnavailable:
            return False
        return True

    async def _recover_room(self, live: LiveRoom) -> None:
        while live.state is LiveState.READ_ONLY:
            try:
                await self._replace(live)
            except (Rejected, StorageUnavailable):
                await asyncio.sleep(RECOVER_EVERY)
                continue
            live.state = LiveState.OPEN
            live.audience.notice(WRITABLE)
            live.audience.resynchronise()
            self._wake_if_wanted(live)

    def _spawn(self, work: asyncio._CoroutineLike[None], name: str) -> None:
        self._group.create_task(work, name=name)
