"""Announces what happens to a document's locks, and runs the timer for the next that is due."""

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

# The timer fires again after this: the document may be busy, being loaded for example.
REMIND_AFTER = 1.0
# A timer may be early by a tick of the database's clock.
LATER = 0.002


class LockAnnouncer:
    """Invariant: while a lock is held, a timer runs, and fires when the first lock is due.

    Once the announcer is closed no timer runs: it would keep an unused room in memory, and fire
    for ever.
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
        """Send events to each subscriber; every lock event of this document passes here, once.

        `by` is the member whose request `asked` for it; None where time or an edit did it.
        """
        if events:
            news = LockNews(events)
            self._audience.send_to_each(lambda subscriber: subscriber.on_locks(news))
            if self._audience.observer is not None:
                self._audience.observer.moved_locks(events, by, asked)

    def watch(self, locks: Locks) -> None:
        """These are the locks now."""
        self._stop()
        due_at = locks.due_at()
        if due_at is not None and not self._closed:
            self._call_in(max(0.0, (due_at - self.time.now()) / 1000) + LATER)

    def close(self) -> None:
        """End it; what it woke is let go of, or the two would wait for the collector."""
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
    """What is due in a document that is closed."""
