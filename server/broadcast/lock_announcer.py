"""A document's locks as its audience hears of them, and the timer for what time does to them."""

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

# Rung again after this where nobody could come: the document was being opened anew, say.
RING_AGAIN = 1.0
# A timer may be early by a tick of the database's clock.
LATER = 0.002


class LockBoard:
    """Invariant: while a lock stands a timer runs, and rings when the first of them is due.

    Once it is closed none does, whatever was under way: a timer would keep a room that nobody
    uses, and ring for it for ever.
    """

    def __init__(self, audience: Audience, time: DatabaseClock, ring: Callable[[], None]) -> None:
        self.time = time
        self.is_due = False
        self._closed = False
        self._audience = audience
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def announce(
        self, events: Sequence[LockChange], by: Member | None = None, asked: str = ""
    ) -> None:
        """Tell everybody; every event of a lock of this document comes by here, once.

        `by` is who asked for it, and what they `asked`; None where time or an edit did it.
        """
        if events:
            news = LockNews(events)
            self._audience.tell(lambda listener: listener.hear_locks(news))
            if self._audience.onlooker is not None:
                self._audience.onlooker.moved_locks(events, by, asked)

    def watch(self, locks: Locks) -> None:
        """These stand now."""
        self._stop()
        due_at = locks.due_at()
        if due_at is not None and not self._closed:
            self._call_in(max(0.0, (due_at - self.time.now()) / 1000) + LATER)

    def close(self) -> None:
        self._closed = True
        self._stop()

    def _due(self) -> None:
        self.is_due = True
        self._ring()
        self._call_in(RING_AGAIN)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _call_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._due)
