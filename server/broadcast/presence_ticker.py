"""Announces a document's presence to all subscribers, at most once a tick."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from collab import wire
from collab.messages import Notice
from collab.presence.book import PresenceBook
from server.broadcast.news import PresenceNews

if TYPE_CHECKING:
    from collab.entry import Author, Entry
    from collab.room.room import Room
    from server.broadcast.audience import Audience
    from server.runtime.clock import Clock

# A cursor's move is announced within this, together with all others of that time.
TICK = 0.02
ANOTHER_TAB = wire.encode(Notice(code="another_tab"))


class PresenceTicker:
    """The presence book, and the timer that announces what changed in it.

    Invariant: while the book has a change to announce, a timer runs.
    """

    def __init__(self, clock: Clock, audience: Audience, book: PresenceBook) -> None:
        self.book = book
        self._clock = clock
        self._audience = audience
        self._timer: asyncio.TimerHandle | None = None

    def notify_other_tabs(self, author: Author) -> bool:
        """Announce this client to the same user's others, on either lane; whether any is."""
        others = set(self.book.other_tabs(author.session))
        if others:
            self._audience.notice_to(others, ANOTHER_TAB)
        return bool(others)

    def changed(self) -> None:
        """Something was written into the book."""
        if self._timer is None:
            wait = self.book.wait(self._clock.monotonic())
            if wait is not None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(max(wait, TICK), self._tick)

    def relocate_cursors(self, room: Room, entries: Sequence[Entry]) -> None:
        """Cursors follow what was just committed."""
        if len(self.book) and entries:
            for change in room.tail.changes(max(entries[0].version - 1, room.tail.base)):
                self.book.relocate_cursors(change)
            self.changed()

    def renew(self) -> None:
        """About once a second: drop silent clients, and renew the others on the Yjs lane."""
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
        difference = self.book.flush(self._clock.monotonic())
        if difference is not None:
            news = PresenceNews(difference)
            self._audience.send_to_each(lambda subscriber: subscriber.on_presence(news))
        self.changed()
