"""A live room's batch: requests that are applied and not durable yet."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from collab.errors import Code
from server.documents.update_charges import UpdateCharges

if TYPE_CHECKING:
    from collab.room.member import Member, PipelineState
    from collab.room.recent_ids import RecentIds
    from collab.room.requests import Answer
    from server.broadcast.subscriber import Answered, Submission

BY_LOCKS = frozenset({Code.LOCKED, Code.STALE_LOCK})

# One room may not keep the loop to itself: what is over goes into the next batch.
MAX_BATCH = 256


class Batch:
    """Requests in the order in which they were applied, with their answers.

    Invariant: no client has been sent any of it. `is_handed_out` while the log is being asked to
    write it.
    """

    def __init__(self) -> None:
        self.answered: list[Answered] = []
        self.is_handed_out = False
        self._is_closed = False
        self._charges = UpdateCharges()
        self._pipelines: dict[Member, PipelineState] = {}

    def __bool__(self) -> bool:
        return bool(self.answered)

    @property
    def is_full(self) -> bool:
        return self._is_closed or len(self.answered) >= MAX_BATCH

    def save_pipeline(self, member: Member) -> None:
        """Save a member's pipeline before a request of theirs is applied."""
        if member not in self._pipelines:
            self._pipelines[member] = member.pipeline_state()

    def add(self, submission: Submission, answer: Answer, seconds: float) -> None:
        self.answered.append((submission, answer))
        self._charges.note(submission, answer, seconds)
        # Its author's next requests may be based on the rest of a long update.
        self._is_closed = bool(answer.rest)

    def finish(self) -> list[Answered]:
        """It is durable: its requests and answers, to be sent now."""
        self._pipelines.clear()
        return self._clear()

    def charge(self, queue: deque[Submission], now: float) -> None:
        """The batch is sent: charge its authors, and queue the rest of long updates."""
        self._charges.charge(queue, now)

    def discard(self) -> list[Answered]:
        """It was not written: restore the members' pipelines; its requests and answers."""
        for member, state in self._pipelines.items():
            member.reset_pipeline(state)
        self._pipelines.clear()
        self._charges.discard()
        return self._clear()

    def _clear(self) -> list[Answered]:
        answered, self.answered = self.answered, []
        self.is_handed_out = self._is_closed = False
        return answered

    # --- answers that may be stale ------------------------------------------------------------

    def ids_to_verify(self, known: RecentIds) -> dict[str, list[str]]:
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

    def was_refused_by_locks(self) -> bool:
        """Whether a client is refused for locks that another instance may have ended since."""
        refusals = [answer.refusal for _, answer in self.answered if answer.refusal is not None]
        return any(refusal.code in BY_LOCKS for refusal in refusals)

    def was_refused_as_stale(self) -> bool:
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
