"""Announces changes of a document's presence to all subscribers, at most once in each tick."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from collab import wire
from collab.messages import Notice
from collab.presence.book import PresenceBook
from server.broadcast.news import PresenceNews

if TYPE_CHECKING:
    from collab.patch.relocate import AppliedChange
    from server.broadcast.audience import Audience
    from server.runtime.clock import Clock

# Seconds. The ticker announces all changes within this time together.
TICK = 0.02
ANOTHER_TAB = wire.encode(Notice(code="another_tab"))


class PresenceTicker:
    """Announces the changes of a presence book by a timer.

    The presence book (`collab/presence/book.py`) holds the presence of a document's sessions.

    Invariant: while the book has a change to announce, a timer runs.
    """

    def __init__(self, clock: Clock, audience: Audience, book: PresenceBook) -> None:
        self.book = book
        self._clock = clock
        self._audience = audience
        self._timer: asyncio.TimerHandle | None = None
        self._after_tick: Callable[[], None] = _nothing

    def share(self, after_tick: Callable[[], None]) -> None:
        """Call `after_tick` after each tick: it shows the changes to the other instances."""
        self._after_tick = after_tick

    def end_sharing(self) -> None:
        """Call nothing after a tick from now on."""
        self._after_tick = _nothing

    def notify_other_tabs(self, session: str) -> bool:
        """Send a notice to the user's other tabs that may edit; return whether there are any.

        Tabs of both lanes count, but the Yjs lane ignores the notice. Tabs on another instance
        count. That instance sends them the notice when it learns of the session.
        """
        others = set(self.book.other_tabs(session))
        if others:
            self._audience.notice_to(others, ANOTHER_TAB)
        return bool(others)

    def changed(self) -> None:
        """Start the timer after a change of the book."""
        if self._timer is None:
            wait = self.book.wait(self._clock.monotonic())
            if wait is not None:
                self._call_in(max(wait, TICK))

    def tick_soon(self) -> None:
        """Start the timer although the book may have no change to announce."""
        if self._timer is None:
            self._call_in(TICK)

    def relocate_cursors(self, changes: Sequence[AppliedChange]) -> None:
        """Relocate the cursors of patch clients through the changes of a commit."""
        if changes and self.book.has_cursors:
            for change in changes:
                self.book.relocate_cursors(change)
            self.changed()

    def renew(self) -> None:
        """Time out silent clients, and renew the states that Yjs clients have of patch clients.

        Maintenance calls this about once a second.
        """
        now = self._clock.monotonic()
        self.book.expire(now)
        self.book.renew(now)
        self.changed()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        difference = self.book.flush(now)
        if difference is not None:
            news = PresenceNews(difference)
            self._audience.send_to_each(lambda subscriber: subscriber.on_presence(news, now))
        self._after_tick()
        self.changed()

    def _call_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._tick)


def _nothing() -> None:
    """Nothing follows a tick while no other instance shares the document."""
