"""A member: one connection or HTTP caller in a room, as the room's rules see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from collab.document.steps import MadeBy
from collab.errors import Code, Rejected
from collab.room.requests import PatchRequest

if TYPE_CHECKING:
    from collab.entry import Author, Lane
    from collab.flow.budget import ByteAndMessageBudget
    from collab.rebase.pipeline import Pipeline
    from collab.rights.user_rights import Rights

PipelineState: TypeAlias = "tuple[Pipeline | None, tuple[str, int] | None]"

# A patch that depends on a rejected one is rejected too and is kept here itself. So a chain of any
# length needs its newest patches only.
MOST_REJECTED = 256


@dataclass(slots=True, eq=False)
class Member:
    """A user in a room: their identity, their rights, and the base of their next patches.

    `rejected_patch` is the id of the member's newest rejected patch, as long as its client may
    not have seen the reject, with the number of the barrier that will show that it has. Until
    then every patch depends on it and is refused too. When a patch names the patch that it
    depends on (`after`), `rejected_patches` holds the newest rejected ones to compare with.
    """

    author: Author
    rights: Rights
    lane: Lane
    client_id: int = 0
    splice: bool = False
    pipelines: bool = False  # a live patch lane: several patches may be under way
    pipeline: Pipeline | None = None
    rejected_patch: tuple[str, int] | None = None
    rejected_patches: dict[str, None] = field(default_factory=dict)
    barrier_count: int = 0  # rejects so far: the number of the newest barrier
    origin: str = ""  # the address of the client
    budget: ByteAndMessageBudget | None = None  # pays for long work and large entries

    def change_rights(self, rights: Rights) -> None:
        """The user has shown another token."""
        self.rights = rights

    def require_writer(self, now: int) -> None:
        """Check the right to write; called for every request, not only on opening."""
        if not self.rights.is_valid_at(now):
            raise Rejected(Code.UNAUTHENTICATED, "the token has expired")
        if not self.rights.can_write():
            raise Rejected(Code.FORBIDDEN, "this role may not change the document")

    def pipeline_state(self) -> PipelineState:
        """The state before a batch, for `reset_pipeline`."""
        return (None if self.pipeline is None else self.pipeline.copy()), self.rejected_patch

    def reset_pipeline(self, state: PipelineState) -> None:
        """The batch was not written: restore the state before it."""
        self.pipeline, self.rejected_patch = state

    def made_by(self, request: object = None) -> MadeBy:
        """What decides which undo step a change of this member is part of."""
        client = self.author.client
        if self.lane != "patch" or not isinstance(request, PatchRequest):
            return MadeBy(self.lane, client)
        kinds = [op.get("op") for op in request.ops if op.get("op") != "test"]
        splices = bool(kinds) and all(kind == "splice" for kind in kinds)
        return MadeBy(self.lane, client, request.step, splices)

    def reject_patch(self, request_id: str) -> int:
        """Remember that patches already under way depend on a rejected patch; the barrier's number.

        Only a live lane has patches under way; elsewhere there is no barrier, 0.
        """
        if self.pipelines:
            self.barrier_count += 1
            self.rejected_patch = (request_id, self.barrier_count)
            self.rejected_patches[request_id] = None
            if len(self.rejected_patches) > MOST_REJECTED:
                del self.rejected_patches[next(iter(self.rejected_patches))]
        return self.barrier_count

    def rejected_dependency(self, after: str | None) -> str | None:
        """The rejected patch that a patch depends on, by its `after`, else by the barrier."""
        if after is not None:
            return after if after in self.rejected_patches else None
        return None if self.rejected_patch is None else self.rejected_patch[0]

    def pass_barrier(self, nonce: int) -> None:
        if self.rejected_patch is not None and self.rejected_patch[1] <= nonce:
            self.rejected_patch = None
