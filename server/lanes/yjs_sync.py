"""The sync of a Yjs client: sync steps 1 and 2 at the beginning, and catch-ups later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from collab.room.requests import Answer, ReadState, ReadStateVector, Request
from collab.yjs import frames as yjs_frames

if TYPE_CHECKING:
    from server.broadcast.news import News
    from server.lanes.yjs_feed import YjsFeed

NOTHING = b"\x00"


class CatchUp(ReadState):
    """Read a diff for a slow client."""


class Mark(ReadStateVector):
    """Read the document's state vector just before the diff of the next `CatchUp`."""


class YjsSync:
    """Makes the sync requests of one connection, and sends their answers.

    Invariant: the client has, or will receive, everything up to the state vector `_known`. So a
    catch-up needs only a diff from `_known`.

    - `resume` repeats the requests that failed because the storage was unavailable.
    - The server answers one sync step 1 of the client at a time. When several wait, it answers only
      the last one.
    - When an update depends on updates that the server lacks, the server asks the client for them.
      After the client has sent everything that it has, the server asks at most once more.
    """

    def __init__(self, feed: YjsFeed, submit: Callable[[Request], None]) -> None:
        self._feed = feed
        self._submit = submit
        self._known = NOTHING
        self._marked = NOTHING
        self._is_unanswered = False
        self._is_asked = self._is_asked_again = False
        self._lacks_something = False  # all that the client has was not enough

    def ask_client(self) -> None:
        """Send the server's sync step 1; the client answers with what the server lacks."""
        self._submit(ReadStateVector())

    def ask_for_missing(self, is_whole: bool) -> bool:
        """Ask for the updates that an update depends on; False when the client lacks them too.

        The server asks twice. When the client sends its first sync step 2, it may not have the
        server's state yet, and its edits may depend on that state.
        """
        if is_whole and self._lacks_something:
            return False
        self._lacks_something = self._lacks_something or is_whole
        self.ask_client()
        return True

    def whole_accepted(self) -> None:
        """Note that the client's sync step 2 was accepted."""
        self._lacks_something = False

    def answer_client(self, state_vector: bytes) -> None:
        """Answer the client's sync step 1 with the state that it lacks."""
        self._known = state_vector
        if self._is_asked:
            self._is_asked_again = True
        else:
            self._is_asked = True
            self._submit(ReadState(state_vector))

    def catch_up(self) -> None:
        """Request the state vector of the head, and then one diff that leads to it."""
        self._submit(Mark())
        self._submit(CatchUp(self._known))

    def resume(self) -> None:
        """Repeat the failed requests when the storage is available again.

        The client still has the updates that the server refused.
        """
        self.ask_client()
        if self._is_unanswered:
            self._is_unanswered = False
            self.answer_client(self._known)
        if self._feed.is_diff_requested:
            self.catch_up()

    def on_answer(self, request: ReadState | ReadStateVector, answer: Answer, news: News) -> None:
        """Send the result of a request; `news` is the commit that came with the answer."""
        is_there = answer.refusal is None
        match request:
            case CatchUp():
                if is_there:
                    self._feed.send_diff(answer.state, answer.version, news)
                    self._known = self._marked
            case Mark():
                if is_there:
                    self._marked = answer.state
            case ReadState():
                if is_there:
                    self._feed.send(yjs_frames.sync_step2(answer.state))
                self._is_unanswered = self._is_unanswered or not is_there
                again = self._is_asked_again and is_there
                self._is_asked = self._is_asked_again = False
                if again:
                    self.answer_client(self._known)
            case ReadStateVector():
                if is_there:
                    self._feed.send(yjs_frames.sync_step1(answer.state))
