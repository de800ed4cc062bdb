"""The sync of a Yjs client: sync steps 1 and 2 at the beginning, and catch-ups later."""

from __future__ import annotations

from collab.room.requests import Answer, ReadState, ReadStateVector, Request

NOTHING = b"\x00"


class CatchUp(ReadState, frozen=True):
    """Read a diff for a slow client."""


class YjsSync:
    """Keeps the state of one client's sync. Its methods return the requests to submit.

    Invariant: the client has, or will receive, everything up to the state vector `_known`. So a
    catch-up needs only a diff from `_known`.

    - `resume` repeats the requests that failed because the storage was unavailable.
    - The server answers one sync step 1 of the client at a time. When several wait, it answers only
      the last one.
    - When an update depends on updates that the server lacks, the server asks the client for them.
      After the client has sent everything that it has, the server asks at most once more.
    """

    def __init__(self) -> None:
        self.is_diff_requested = False  # true until the commit loop answers a `CatchUp`
        self._known = NOTHING
        self._asked = NOTHING  # the state vector of the client's last sync step 1
        self._is_unanswered = False
        self._is_asked = self._is_asked_again = False
        self._lacks_something = False  # all that the client has was not enough

    def ask_for_missing(self, is_whole: bool) -> Request | None:
        """Ask for the updates that an update depends on; None when the client lacks them too.

        The server asks twice. When the client sends its first sync step 2, it may not have the
        server's state yet, and its edits may depend on that state.
        """
        if is_whole and self._lacks_something:
            return None
        self._lacks_something = self._lacks_something or is_whole
        return ReadStateVector()

    def whole_accepted(self) -> None:
        """Note that the client's sync step 2 was accepted."""
        self._lacks_something = False

    def answer_client(self, state_vector: bytes) -> Request | None:
        """Answer the client's sync step 1 with the state that it lacks, or wait for our turn."""
        self._known = self._asked = state_vector
        if self._is_asked:
            self._is_asked_again = True
            return None
        self._is_asked = True
        return ReadState(state_vector)

    def catch_up(self) -> Request:
        """Request one diff that leads to the head."""
        self.is_diff_requested = True
        return CatchUp(self._known)

    def resume(self) -> list[Request]:
        """Repeat the failed requests when the storage is available again.

        The client still has the updates that the server refused.
        """
        requests: list[Request | None] = [ReadStateVector()]
        if self._is_unanswered:
            self._is_unanswered = False
            requests.append(self.answer_client(self._asked))
        if self.is_diff_requested:
            requests.append(self.catch_up())
        return [request for request in requests if request is not None]

    def on_state(self, answer: Answer) -> Request | None:
        """Note the answer to the client's sync step 1; answer the next step 1, if one waits."""
        again = self._is_asked_again
        self._is_asked = self._is_asked_again = False
        if answer.refusal is not None:
            self._is_unanswered = True
            return None
        self._known = answer.state_vector
        return self.answer_client(self._asked) if again else None

    def on_caught_up(self, answer: Answer) -> None:
        """Note that the client gets the diff of a catch-up."""
        self.is_diff_requested = False
        self._known = answer.state_vector
