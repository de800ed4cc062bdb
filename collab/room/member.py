"""A member: a connection or an HTTP client, as the rules of a room see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from collab.document.steps import MadeBy
from collab.room.requests import PatchRequest

if TYPE_CHECKING:
    from collab.entry import Author, Lane
    from collab.flow.budget import ByteAndMessageBudget
    from collab.rebase.pipeline import Pipeline
    from collab.rights.user_rights import Rights

PipelineState: TypeAlias = "tuple[Pipeline | None, tuple[str, int] | None]"

# A patch that depends on a rejected patch is rejected and remembered too. So the newest rejected
# patches are enough for a chain of any length.
MOST_REJECTED = 256


@dataclass(slots=True, eq=False)
class Member:
    """A user in a room: their identity, their rights, and the base of their next patches.

    `pipeline` keeps the patches whose answers the client may not have yet
    (`collab/rebase/pipeline.py`).

    `rejected_patch` is the id of the newest rejected patch, and the number of its barrier. The
    barrier is a ping that the server sends with the reject. Until the client's pong arrives, the
    room rejects every patch without `after`, because the patch may depend on the rejected patch. A
    patch with `after` names the patch that it depends on. The room looks for this name in
    `rejected_patches`, the ids of the newest rejected patches.
    """

    author: Author
    rights: Rights
    lane: Lane
    client_id: int = 0
    splice: bool = False
    pipelines: bool = False  # a live patch lane: several patches may wait for their answers
    pipeline: Pipeline | None = None
    rejected_patch: tuple[str, int] | None = None
    rejected_patches: dict[str, None] = field(default_factory=dict)
    barrier_count: int = 0  # rejected patches so far: the number of the newest barrier
    origin: str = ""  # the client's IP address
    budget: ByteAndMessageBudget | None = None  # is charged for long work and large entries

    def change_rights(self, rights: Rights) -> None:
        """Replace the rights with those of the user's new token."""
        self.rights = rights

    def pipeline_state(self) -> PipelineState:
        """Return a copy of the state before a batch, for `reset_pipeline`."""
        return (None if self.pipeline is None else self.pipeline.copy()), self.rejected_patch

    def reset_pipeline(self, state: PipelineState) -> None:
        """Restore the state from before a batch whose commit failed."""
        self.pipeline, self.rejected_patch = state

    def made_by(self, request: object = None) -> MadeBy:
        """Return the facts that decide which undo step a change of this member joins."""
        client = self.author.client
        if self.lane != "patch" or not isinstance(request, PatchRequest):
            return MadeBy(self.lane, client)
        splices = False
        for op in request.ops:
            kind = op.get("op")
            if kind == "splice":
                splices = True
            elif kind != "test":
                return MadeBy(self.lane, client, request.step)
        return MadeBy(self.lane, client, request.step, splices)

    def reject_patch(self, request_id: str) -> int:
        """Remember a rejected patch, and return the number of its barrier.

        Patches that the client has already sent may depend on it. Only a live patch lane has
        such patches; all other members have no barrier, and the number is 0.
        """
        if self.pipelines:
            self.barrier_count += 1
            self.rejected_patch = (request_id, self.barrier_count)
            self.rejected_patches[request_id] = None
            if len(self.rejected_patches) > MOST_REJECTED:
                del self.rejected_patches[next(iter(self.rejected_patches))]
        return self.barrier_count

    def rejected_dependency(self, after: str | None) -> str | None:
        """Return the id of the rejected patch that a patch depends on, or None.

        With `after` the patch names its dependency. Without it, the barrier decides.
        """
        if after is not None:
            return after if after in self.rejected_patches else None
        return None if self.rejected_patch is None else self.rejected_patch[0]

    def pass_barrier(self, nonce: int) -> None:
        """Note the pong to the barrier `nonce`: later patches no longer depend on its reject."""
        if self.rejected_patch is not None and self.rejected_patch[1] <= nonce:
            self.rejected_patch = None
