"""A live room's batch: what was judged and is not durable yet."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from collab.errors import Code
from server.documents.update_charges import Work

if TYPE_CHECKING:
    from collab.room.member import Member, PipelineState
    from collab.room.recent_ids import RecentIds
    from collab.room.requests import Answer
    from server.broadcast.subscriber import Answered, Submission

BY_LOCKS = frozenset({Code.LOCKED, Code.STALE_LOCK})

# One room may not keep the loop to itself: what is over goes into the next batch.
MAX_BATCH = 256


class Batch:
    """Requests in the order in which they were judged, with their answers.

    Invariant: no client has been told of any of it. `is_handed_out` while the log is being asked to
    write it.
    """

    def __init__(self) -> None:
        self.answered: list[Answered] = []
        self.is_handed_out = False
        self._is_closed = False
        self._work = Work()
        self._bridges: dict[Member, PipelineState] = {}

    def __bool__(self) -> bool:
        return bool(self.answered)

    @property
    def is_full(self) -> bool:
        return self._is_closed or len(self.answered) >= MAX_BATCH

    def remember(self, member: Member) -> None:
        """Note where a member stands before a request of theirs is judged."""
        if member not in self._bridges:
            self._bridges[member] = member.pipeline_state()

    def add(self, submission: Submission, answer: Answer, seconds: float) -> None:
        self.answered.append((submission, answer))
        self._work.note(submission, answer, seconds)
        # Its author's next requests may stand on the rest of a long update.
        self._is_closed = bool(answer.rest)

    def take(self) -> list[Answered]:
        """It is durable, and is told now."""
        self._bridges.clear()
        return self._clear()

    def settle(self, queue: deque[Submission], now: float) -> None:
        """What was taken is told: its authors pay, and long updates are gone on with."""
        self._work.settle(queue, now)

    def forget(self) -> list[Answered]:
        """It came to nothing; what it was."""
        for member, state in self._bridges.items():
            member.reset_pipeline(state)
        self._bridges.clear()
        self._work.forget()
        return self._clear()

    def _clear(self) -> list[Answered]:
        answered, self.answered = self.answered, []
        self.is_handed_out = self._is_closed = False
        return answered

    # --- what it was judged by ----------------------------------------------------------------

    def doubtful(self, known: RecentIds) -> dict[str, list[str]]:
        """Ids by user that were answered from memory alone, and may have been accepted long ago.

        An accepted id that comes again must get its first answer, whatever would become of it
        today. Those that make an entry are caught by the log's unique key; a refusal or an ack
        without a version is only right when the log does not know the id. One that the room knows
        needs no asking, whatever it was answered.
        """
        ids: dict[str, list[str]] = {}
        for submission, answer in self.answered:
            user, request_id = submission.member.author.user, getattr(submission.request, "id", "")
            if request_id and answer.entry is None and known.find(user, request_id) is None:
                ids.setdefault(user, []).append(request_id)
        return ids

    def was_stopped_by_locks(self) -> bool:
        """Whether a client is refused for locks that another instance may have ended since."""
        refusals = [answer.refusal for _, answer in self.answered if answer.refusal is not None]
        return any(refusal.code in BY_LOCKS for refusal in refusals)

    def doubts_the_document(self) -> bool:
        """Whether a client knows edits that the room lacks; asked once for each request.

        Another instance may have written them: then it is the room that is behind.
        """
        found = False
        for submission, answer in self.answered:
            refusal = answer.refusal
            if refusal is not None and refusal.code is Code.STALE_DOCUMENT:
                found = found or not submission.read_log
                submission.read_log = True
        return found
