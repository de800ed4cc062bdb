"""Sharing: what one instance and the others say to each other about a document's presence.

| event                                    | what this instance does                              |
|------------------------------------------|------------------------------------------------------|
| a session here changed, at a tick        | show the changes, with the next number               |
| it begins to share, or messages are lost | ask all others for their sessions                    |
| a message shows that one is missing      | ask its sender for its sessions                      |
| another instance asks                    | show all sessions here                               |
| 1 s, 3 s, 7 s, 13 s, … without a change  | repeat the number, while it has or had sessions      |
| 30 s without a message from another      | remove the sessions of that instance                 |
| it ends                                  | show that no session is here                         |

A lost, late or repeated message does no harm: numbers are dense, and the list of all sessions has
the number of its sender's last change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from msgspec import structs

from collab.patch.relocate import AppliedChange
from collab.presence.book import SILENT_AFTER, PresenceBook
from collab.presence.cursors import relocate_cursor_since
from collab.presence.shared import PresenceAsked, PresenceShown, SharedMarks, SharedSession

# Seconds between a change and the first repeated number, and the most between two. The first ones
# come soon, so that the loss of the last change is found soon.
FIRST_BEAT = 1.0
BEAT_EVERY = 6.0
# Seconds between two answers to other instances, and between two questions.
WHOLE_EVERY = 0.5
ASK_EVERY = 1.0
# Sessions in one message. A message with more would delay all others.
MOST_SESSIONS = 100

PresenceMessage = PresenceShown | PresenceAsked


@dataclass(frozen=True, slots=True)
class Head:
    """The document's position here. `since` returns the later changes; None when some are gone."""

    epoch: int
    version: int
    since: Callable[[int], Sequence[AppliedChange] | None]


@dataclass(slots=True)
class _Other:
    """Another instance: the number of its last message that was applied, and when one came."""

    number: int
    heard_at: float


class PresenceSharing:
    """Shares the presence of one document between this instance and the others.

    Invariant: after messages have arrived, the book has all sessions of all instances. This needs
    only that some of the later messages arrive.

    `number` is greater than every number that this instance has used for the document before.
    """

    def __init__(self, book: PresenceBook, instance: str, number: int, now: float) -> None:
        self.number = number
        self._book = book
        self._instance = instance
        self._others: dict[str, _Other] = {}
        self._is_first = True
        self._is_whole_due = False
        self._whole_at = -inf
        self._ask_at = inf
        self._asked_at = -inf
        self._ask_of: set[str] = set()
        self._beat_at = now
        self._beat_wait = FIRST_BEAT
        self._had_sessions_at = -inf
        book.begin_sharing()

    @property
    def is_idle(self) -> bool:
        """Whether no instance has sessions here, and nothing is to be sent."""
        is_quiet = self._ask_at == inf and self._had_sessions_at == -inf and not self._is_whole_due
        return is_quiet and not self._others and not self._book

    def is_due(self, now: float) -> bool:
        """Whether a question or an answer is to be sent now."""
        return now >= self._ask_at or self._may_answer(now)

    # --- out ------------------------------------------------------------------------------

    def messages(self, head: Head, now: float) -> Iterator[PresenceMessage]:
        """Yield the messages to send now. Call it after each tick, and about once a second."""
        marks = self._book.take_shared()
        if len(self._book) or (marks is not None and marks.left):
            self._had_sessions_at = now
        if marks is not None and self._is_first:
            yield from self._whole(head, now)
            marks = SharedMarks(ahead=marks.ahead)
        if marks:
            yield from self._changes(marks, head, now)
        if now >= self._ask_at:
            yield self._question(now)
        if self._may_answer(now):
            yield from self._whole(head, now)
        if not self._was_here(now):
            self._had_sessions_at = -inf
        elif now >= self._beat_at:
            self._beat_wait = min(2 * self._beat_wait, BEAT_EVERY)
            self._beat_at = now + self._beat_wait
            yield PresenceShown(self.number, self.number)

    def end(self, now: float) -> PresenceShown | None:
        """End the sharing. Return the message that no session is here any more, if needed."""
        is_shown = bool(self._book) or self._was_here(now)
        self._book.end_sharing()
        self.number += 1
        return PresenceShown(self.number, self.number, sessions_here=[]) if is_shown else None

    def _question(self, now: float) -> PresenceAsked:
        """Return the question that is due. When all are asked, this instance shows itself too.

        It asks all when messages were lost: perhaps its own ones.
        """
        of = next(iter(self._ask_of)) if len(self._ask_of) == 1 else ""
        self._ask_at, self._asked_at = inf, now
        self._ask_of.clear()
        if not of and self._was_here(now):
            self._is_whole_due = True
        return PresenceAsked(of)

    def _changes(self, marks: SharedMarks, head: Head, now: float) -> Iterator[PresenceShown]:
        sessions = self._book.shared(marks.changed)
        first = PresenceShown(
            self.number,
            self.number + 1,
            renewed=self._book.clocks(marks.renewed.keys() - marks.changed.keys()),
            left=list(marks.left),
            ahead=list(marks.ahead.items()),
        )
        yield from self._numbered(first, sessions, head, now)

    def _whole(self, head: Head, now: float) -> Iterator[PresenceShown]:
        """Yield all sessions. The first message has the number of the last change.

        So an instance that has all messages ignores it.
        """
        self._is_first, self._is_whole_due, self._whole_at = False, False, now
        sessions = self._book.own_sessions()
        here = [one.session for one in sessions]
        first = PresenceShown(self.number, self.number, sessions_here=here)
        yield from self._numbered(first, sessions, head, now)

    def _numbered(
        self, first: PresenceShown, sessions: Sequence[SharedSession], head: Head, now: float
    ) -> Iterator[PresenceShown]:
        """Yield the message with the first sessions, and further messages with the others."""
        self._beat_at, self._beat_wait = now + FIRST_BEAT, FIRST_BEAT
        self.number = first.number
        some, more = list(sessions[:MOST_SESSIONS]), sessions[MOST_SESSIONS:]
        yield structs.replace(first, epoch=head.epoch, version=head.version, sessions=some)
        for begin in range(0, len(more), MOST_SESSIONS):
            some = list(more[begin : begin + MOST_SESSIONS])
            self.number += 1
            yield PresenceShown(self.number - 1, self.number, head.epoch, head.version, some)

    def _may_answer(self, now: float) -> bool:
        return self._is_whole_due and now - self._whole_at >= WHOLE_EVERY

    def _was_here(self, now: float) -> bool:
        """Whether another instance may still show sessions of this one."""
        return now - self._had_sessions_at < SILENT_AFTER

    # --- in -------------------------------------------------------------------------------

    def receive(self, sender: str, message: PresenceMessage, head: Head, now: float) -> list[str]:
        """Apply a message of another instance. Return the sessions that are new here."""
        if sender == self._instance:
            return []
        if isinstance(message, PresenceAsked):
            if message.of == self._instance or (not message.of and self._was_here(now)):
                self._is_whole_due = True
            return []
        other = self._others.get(sender) or _Other(-1, now)
        other.heard_at = now
        is_whole = message.sessions_here is not None
        if message.number <= other.number:
            return []
        if message.before > other.number and not is_whole:
            self.ask(now, sender)
            return []
        other.number = message.number
        self._others[sender] = other
        return self._apply(sender, message, head, now)

    def ask(self, now: float, of: str = "", wait: float = 0.0) -> None:
        """Ask an instance, or all, for their sessions: after `wait` seconds at the latest.

        `wait` spreads the questions about many documents.
        """
        is_new = self._ask_at == inf
        due = max(now + wait, self._asked_at + ASK_EVERY)
        if not of:
            self._ask_of.clear()
        if of and (is_new or self._ask_of):
            self._ask_of.add(of)
        self._ask_at = min(self._ask_at, due)

    def expire(self, now: float) -> None:
        """Remove the sessions of instances that sent nothing for 30 s. Call it once a second."""
        for instance, other in list(self._others.items()):
            if now - other.heard_at >= SILENT_AFTER:
                del self._others[instance]
                self._book.remote.keep_only(instance, [])
        self._book.remote.give_free_ids()

    def _apply(self, sender: str, shown: PresenceShown, head: Head, now: float) -> list[str]:
        remote = self._book.remote
        if shown.sessions_here is not None:
            remote.keep_only(sender, shown.sessions_here)
        for name in shown.left:
            remote.hide(sender, name)
        new = []
        for session in shown.sessions:
            at_head, cursor_version = _at_head(session, shown, head)
            if remote.show(sender, at_head, cursor_version, now):
                new.append(session.session)
        for name, clock in shown.renewed:
            remote.renew(sender, name, clock, now)
        for name, clock in shown.ahead:
            remote.raise_clock(name, clock)
        return new


def _at_head(session: SharedSession, shown: PresenceShown, head: Head) -> tuple[SharedSession, int]:
    """Return the session with its cursor at the head, and the version of the cursor.

    When the sender is ahead, the cursor already contains changes that this instance applies later.
    """
    state = session.state
    if state is None or "cursor" not in state or session.lane != "patch":
        return session, 0
    if shown.epoch == head.epoch and shown.version >= head.version:
        return session, shown.version
    is_known = shown.epoch == head.epoch
    changes = head.since(shown.version) if is_known else None
    relocated = relocate_cursor_since(state, changes)
    return structs.replace(session, state=relocated), head.version
