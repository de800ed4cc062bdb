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

# Each patch that stands on a rejected one is rejected too and stands here itself, so that a chain
# of any length needs its newest links only.
MOST_REFUSED = 256


@dataclass(slots=True, eq=False)
class Member:
    """Who asks, by what right, and what their patches stand on.

    `broken` is the id of the member's newest rejected patch that its client may not have seen
    yet, with the number of the barrier that will tell that it has: until then every patch stood
    on it and is refused with it. A client that says what a patch stands on need not be guessed
    at: `refused` holds its newest rejected patches.
    """

    author: Author
    rights: Rights
    lane: Lane
    client_id: int = 0
    splice: bool = False
    pipelines: bool = False  # a live patch lane: several patches may be under way
    pipeline: Pipeline | None = None
    broken: tuple[str, int] | None = None
    refused: dict[str, None] = field(default_factory=dict)
    barriers: int = 0  # rejects so far: the number of the newest barrier
    origin: str = ""  # the address that they speak from
    budget: ByteAndMessageBudget | None = None  # pays for long work and large entries

    def change_rights(self, rights: Rights) -> None:
        """The user has shown another token."""
        self.rights = rights

    def require_writer(self, now: int) -> None:
        """Rights are judged at every commit, not when the connection was opened."""
        if not self.rights.alive(now):
            raise Rejected(Code.UNAUTHENTICATED, "the token has expired")
        if not self.rights.can_write():
            raise Rejected(Code.FORBIDDEN, "this role may not change the document")

    def pipeline_state(self) -> PipelineState:
        """What `reset_pipeline` needs to take back what a batch does."""
        return (None if self.pipeline is None else self.pipeline.copy()), self.broken

    def reset_pipeline(self, state: PipelineState) -> None:
        """The batch was not written: the member's patches stand where they stood before it."""
        self.pipeline, self.broken = state

    def made_by(self, request: object = None) -> MadeBy:
        """What decides which undo step a change is part of that the member makes by a request."""
        client = self.author.client
        if self.lane != "patch" or not isinstance(request, PatchRequest):
            return MadeBy(self.lane, client)
        kinds = [op.get("op") for op in request.ops if op.get("op") != "test"]
        splices = bool(kinds) and all(kind == "splice" for kind in kinds)
        return MadeBy(self.lane, client, request.step, splices)

    def reject_patch(self, request_id: str) -> int:
        """Remember that what is already under way stands on a refused patch; the barrier's number.

        Only a live lane has anything under way; elsewhere there is no barrier, 0.
        """
        if self.pipelines:
            self.barriers += 1
            self.broken = (request_id, self.barriers)
            self.refused[request_id] = None
            if len(self.refused) > MOST_REFUSED:
                del self.refused[next(iter(self.refused))]
        return self.barriers

    def refused_below(self, after: str | None) -> str | None:
        """The rejected patch that a patch stands on: by what it says, else by the barrier."""
        if after is not None:
            return after if after in self.refused else None
        return None if self.broken is None else self.broken[0]

    def pass_barrier(self, nonce: int) -> None:
        if self.broken is not None and self.broken[1] <= nonce:
            self.broken = None
