"""A live room's batch: requests that are applied but not durable yet."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec.structs import replace

from collab.errors import Code
from collab.room.requests import Update
from server.documents.update_charges import UpdateCharges

if TYPE_CHECKING:
    from collab.room.member import Member, PipelineState
    from collab.room.recent_ids import RecentIds
    from collab.room.requests import Answer
    from server.broadcast.subscriber import Answered, Submission

BY_LOCKS = frozenset({Code.LOCKED, Code.STALE_LOCK})

# The most requests of a batch, so that one room cannot block the event loop.
MAX_BATCH = 256


class Stop(Enum):
    """Why a live room applies no further request to its batch."""

    FULL = auto()  # the batch is full, its time is over, or the queue is empty
    NOT_NOW = auto()  # the next request is a lock request, or needs older entries
    LONG = auto()  # the next request needs a worker thread
    BUG = auto()  # a request failed with a bug, which may have left the room half changed


class Batch:
    """Keeps the applied requests in order, with their answers.

    Invariant: the server has sent no part of the batch to a client.
    """

    def __init__(self) -> None:
        self.answered: list[Answered] = []
        self.has_answer_without_entry = False  # such an answer may be stale
        self.is_full = False  # then further requests go into the next batch
        self.charges = UpdateCharges()
        self._pipelines: dict[Member, PipelineState] = {}

    def __bool__(self) -> bool:
        return bool(self.answered)

    @property
    def free(self) -> int:
        """How many more requests the batch may have."""
        return MAX_BATCH - len(self.answered)

    def save_pipeline(self, member: Member) -> None:
        """Save a member's pipeline (its pending patches) before the room applies its request."""
        if member not in self._pipelines:
            self._pipelines[member] = member.pipeline_state()

    def add(self, submission: Submission, answer: Answer, seconds: float) -> None:
        """Add an applied request, its answer, and the seconds that it took."""
        if answer.rest and submission.joined:
            answer = replace(answer, rest=_updates_of(submission))
        self.answered.append((submission, answer))
        if answer.entry is None:
            self.has_answer_without_entry = True
        self.charges.note(submission, answer, seconds)
        # The rest of a long update comes before the author's next requests, which may depend on it.
        self.is_full = bool(answer.rest) or len(self.answered) >= MAX_BATCH

    def finish(self) -> list[Answered]:
        """Empty the durable batch, and return its requests and answers to send now."""
        self._pipelines.clear()
        answered, self.answered = self.answered, []
        self.is_full = self.has_answer_without_entry = False
        return answered

    def discard(self) -> list[Submission]:
        """Empty a batch that was not written, and return its requests.

        Joined updates are apart again, because other rules may hold when they are applied next.
        This also restores the saved pipelines of the members.
        """
        for member, state in self._pipelines.items():
            member.reset_pipeline(state)
        self.charges.discard()
        return [part for submission, _ in self.finish() for part in submission.parts]

    # --- answers that may be stale ------------------------------------------------------------

    def ids_to_verify(self, known: RecentIds) -> dict[str, list[str]]:
        """Return the request ids, by user, to look up in the store before the answers are sent.

        A retry of an accepted id must get its first answer, even when the request would fail now.
        The unique key of the log finds a retry that makes an entry. A refusal, or an ack without an
        entry, is right only when the store does not know the id. Ids that the room itself knows
        need no lookup.
        """
        ids: dict[str, list[str]] = {}
        for submission, answer in self.answered:
            user, request_id = submission.member.author.user, getattr(submission.request, "id", "")
            if request_id and answer.entry is None and known.find(user, request_id) is None:
                ids.setdefault(user, []).append(request_id)
        return ids

    def was_refused_by_locks(self) -> bool:
        """Whether a lock caused a refusal; another instance may have ended this lock since then."""
        refusals = [answer.refusal for _, answer in self.answered if answer.refusal is not None]
        return any(refusal.code in BY_LOCKS for refusal in refusals)

    def was_refused_as_stale(self) -> bool:
        """Whether a client was refused because it knows edits that the room lacks.

        Another instance may have written these edits; then the room is behind. Each request counts
        once.
        """
        found = False
        for submission, answer in self.answered:
            refusal = answer.refusal
            if refusal is not None and refusal.code is Code.STALE_DOCUMENT:
                found = found or not submission.read_log
                submission.read_log = True
        return found


def _updates_of(joined: Submission) -> list[bytes]:
    """Return the updates of which only a part is applied. The other part is each of them again.

    A correction takes back a whole update. So no update may have pieces of several. What the
    document has of an update already has no effect.
    """
    requests = [one.request for one in joined.joined]
    return [request.update for request in requests if isinstance(request, Update)]
