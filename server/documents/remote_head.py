"""What other instances have committed to an open document, and this instance has not applied yet.

Versions have no gaps. So a message that was lost, repeated or late is noticed by its versions. Then
the instance asks the database, which decides.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from collab.ports.positions import Position

if TYPE_CHECKING:
    from collab.entry import Entry

# The most entries that wait. With more, the instance asks the database for all of them.
MOST_WAITING: Final = 256


class Ask(Enum):
    """What follows when no waiting entry can be applied."""

    NOTHING = auto()  # the document is level with all messages
    DATABASE = auto()  # something is missing: ask the database


class RemoteHead:
    """Keeps the entries of other instances, and decides what to do next. It does no I/O.

    `at` is always the position of the open document. Nearly always nothing is due: then
    `has_heard` is False, and the other methods need no call.

    Invariant: the waiting entries have no gap between them. There may be one before them, because
    the database may be asked already. A message may name a position that neither the room nor the
    waiting entries reach. Then `next` returns `Ask.DATABASE`, until the database is asked. Without
    `has_heard`, nothing is due and no request waits.
    """

    def __init__(self) -> None:
        self.has_heard = False  # something, since the document was level
        self.is_awaited = False  # a request waits until the document is level
        self._waiting: deque[Entry] = deque()
        self._newest: Position | None = None
        self._is_unsure = False

    def note_commit(
        self, at: Position, before: int, reached: Position, entries: Sequence[Entry]
    ) -> None:
        """Note a commit of the versions after `before`. `reached` is the position after it.

        `entries` has these versions, or nothing when they are large.
        """
        self.note(at, reached)
        last = self._waiting[-1].version if self._waiting else max(at.version, before)
        if reached.epoch != at.epoch or reached.version <= last or before > last:
            return
        if len(self._waiting) + len(entries) > MOST_WAITING:
            return
        self._waiting += [one for one in entries if one.version > last]
        self.has_heard = True

    def note(self, at: Position, reached: Position) -> None:
        """Note that the document has reached a position."""
        if is_after(reached, self._newest or at):
            self._newest = reached
            self.has_heard = True

    def doubt(self) -> None:
        """Note that messages may be lost, or that the document may be deleted."""
        self._is_unsure = self.has_heard = True

    def await_level(self) -> None:
        """Note that a request waits until the document is level."""
        self.is_awaited = self.has_heard = True

    def is_due(self, at: Position) -> bool:
        """Whether `next` has work."""
        return bool(self._waiting) or self._is_unsure or is_after(self._newest, at)

    def next(self, at: Position) -> list[Entry] | Ask:
        """Return the entries that can be applied now, or what else to do."""
        waiting = [one for one in self._waiting if one.version > at.version]
        self._waiting.clear()
        if waiting and waiting[0].version == at.version + 1:
            return waiting
        if self._is_unsure or is_after(self._newest, at):
            return Ask.DATABASE
        self.has_heard = self.is_awaited
        return Ask.NOTHING

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Let entries that `next` has returned wait again, before all others."""
        self._waiting.extendleft(reversed(list(entries)))
        self.has_heard = True

    def begin_asking(self) -> None:
        """Forget what was heard: the database is asked now, and its answer includes all of it."""
        self._waiting.clear()
        self._newest, self._is_unsure = None, False


def is_after(reached: Position | None, at: Position) -> bool:
    """Whether a position has something that another position lacks."""
    if reached is None or reached.epoch < at.epoch:
        return False
    return (
        reached.epoch > at.epoch or reached.version > at.version or reached.revision > at.revision
    )
