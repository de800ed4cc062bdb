"""The sync of a Yjs client: the steps at its start, and catch-ups later."""

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
    """A diff for a reader that had fallen behind."""


class Mark(ReadStateVector):
    """What the document holds before the diff that is asked for next."""


class YjsSync:
    """The sync requests of one connection to its document, and their answers.

    Invariant: the client has everything up to `_known`, a state vector, or it is on its way; so a
    diff from there is all that a catch-up needs. `resume` repeats requests that failed with the
    storage. One request of the client runs at a time: of those that come meanwhile only the last
    is made. After a client has sent all that it has, it is asked for missing updates at most once
    more: what it lacks then, no client has.
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
        """Send our step 1: the client answers with what we have not got."""
        self._submit(ReadStateVector())

    def ask_for_missing(self, is_whole: bool) -> bool:
        """Ask for the updates that an update depends on; False when the client has sent all it has.

        The first time it may not have had our own answer yet, which its edits may wait for.
        """
        if is_whole and self._lacks_something:
            return False
        self._lacks_something = self._lacks_something or is_whole
        self.ask_client()
        return True

    def whole_accepted(self) -> None:
        """All that the client has was taken."""
        self._lacks_something = False

    def answer_client(self, state_vector: bytes) -> None:
        """The client's step 1, which the guard has seen."""
        self._known = state_vector
        if self._is_asked:
            self._is_asked_again = True
        else:
            self._is_asked = True
            self._submit(ReadState(state_vector))

    def catch_up(self) -> None:
        """One diff to the head, and before that what the client will have with it."""
        self._submit(Mark())
        self._submit(CatchUp(self._known))

    def resume(self) -> None:
        """The storage is back: what it refused is in the client still, or was never answered."""
        self.ask_client()
        if self._is_unanswered:
            self._is_unanswered = False
            self.answer_client(self._known)
        if self._feed.is_diff_requested:
            self.catch_up()

    def on_answer(self, request: ReadState | ReadStateVector, answer: Answer, news: News) -> None:
        """Send what an answer brings; `news` is the commit that the answer came with."""
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
