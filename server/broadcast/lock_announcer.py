"""Announces a document's lock events, and runs a timer until the next lock is due.

A lock is due when it expires, or when its holder did not answer a take-over in time. The commit
loop ends the locks that are due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from server.broadcast.news import LockNews

if TYPE_CHECKING:
    from collab.locks.state import Locks
    from collab.messages import LockChange
    from collab.room.member import Member
    from server.broadcast.audience import Audience
    from server.runtime.database_clock import DatabaseClock

# The timer fires again after this time. The commit loop may have skipped the document, for example
# during a reload.
REMIND_AFTER = 1.0
# Seconds that the timer waits longer, because it may fire early by a tick of the database's clock.
LATER = 0.002


class LockAnnouncer:
    """Announces lock events, and wakes the commit loop when a lock is due.

    Invariant: while a lock is held, a timer runs and fires when the first lock is due. A closed
    announcer has no timer: a timer would fire for ever, and keep an unused room in memory.
    """

    def __init__(self, audience: Audience, time: DatabaseClock, on_due: Callable[[], None]) -> None:
        self.time = time
        self.is_due = False
        self._closed = False
        self._audience = audience
        self._on_due = on_due
        self._timer: asyncio.TimerHandle | None = None

    def announce(
        self, events: Sequence[LockChange], by: Member | None = None, asked: str = ""
    ) -> None:
        """Send events to each subscriber. Every lock event of the document passes here once.

        `by` is the member whose request caused the events, and `asked` is the request's action.
        `by` is None when a timeout or an edit caused them.
        """
        if events:
            audience = self._audience
            news, now = LockNews(events), audience.clock.monotonic()
            audience.send_to_each(lambda subscriber: subscriber.on_locks(news, now))
            if audience.observer is not None:
                audience.observer.on_locks_changed(audience.key, events, by, asked)

    def watch(self, locks: Locks) -> None:
        """Restart the timer for these locks, which are the document's locks from now on."""
        self._stop()
        due_at = locks.due_at()
        if due_at is not None and not self._closed:
            self._call_in(max(0.0, (due_at - self.time.now()) / 1000) + LATER)

    def close(self) -> None:
        """Stop the timer and drop the callback.

        Otherwise the room and the announcer would keep each other in memory until a garbage
        collection.
        """
        self._closed = True
        self._on_due = _nothing
        self._stop()

    def _due(self) -> None:
        self.is_due = True
        self._on_due()
        self._call_in(REMIND_AFTER)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _call_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._due)


def _nothing() -> None:
    """The callback of a closed announcer."""
