"""What changed of a document's presence since it was last told, for both lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import UNSET

from collab.messages import Peer, PresenceChange
from collab.yjs.awareness import State

# Where more moved in one tick they all get the same frame, with themselves in it: a frame for
# each of 500 would be 250,000 states encoded in place of 500.
TOLD_APART = 16


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed since the last one, for both lanes."""

    change: PresenceChange | None
    awareness: list[State]
    sessions: frozenset[str] = frozenset()  # who should be given it `without` themselves

    def without(
        self, session: str, told: Mapping[str, Peer] | None = None
    ) -> PresenceChange | None:
        """The patch lane's message for one session: nobody is told that they joined themselves.

        Of those that it was `told` of on arrival it hears only what they show by now.
        """
        if self.change is None:
            return None
        told = told or {}
        others = [peer for peer in self.change.joined or () if peer.session != session]
        joined = [peer for peer in others if peer.session not in told]
        updated = [peer for peer in self.change.updated or () if peer.session != session]
        updated += [p for p in others if p.session in told and told[p.session] != p]
        return _change(joined, updated, list(self.change.left or ()))

    def catch_up_with(self, told: dict[str, Peer]) -> None:
        """Who is announced here, or gone, was told of ahead of the others no more."""
        gone = self.change.left if self.change is not None else ()
        for session in (*self.sessions, *(gone or ())):
            told.pop(session, None)


def difference(
    joined: list[Peer], updated: list[Peer], left: list[str], awareness: list[State]
) -> Difference:
    apart = joined + updated if len(updated) <= TOLD_APART else joined
    sessions = frozenset([peer.session for peer in apart])
    return Difference(_change(joined, updated, left), awareness, sessions)


def _change(joined: list[Peer], updated: list[Peer], left: list[str]) -> PresenceChange | None:
    if not (joined or updated or left):
        return None
    return PresenceChange(joined=joined or UNSET, updated=updated or UNSET, left=left or UNSET)
