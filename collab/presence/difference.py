"""What changed of a document's presence since the last difference, for both lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import UNSET

from collab.messages import Peer, PresenceChange
from collab.yjs.awareness import State

# When more sessions moved in one tick they all get the same frame, with themselves in it: a frame
# for each of 500 sessions would be 250,000 encoded states in place of 500.
MOST_OWN_FRAMES = 16


@dataclass(frozen=True, slots=True)
class PresenceDifference:
    """What changed since the last one, for both lanes."""

    change: PresenceChange | None
    awareness: list[State]
    sessions: frozenset[str] = frozenset()  # each gets it `without` itself

    def without(
        self, session: str, already_sent: Mapping[str, Peer] | None = None
    ) -> PresenceChange | None:
        """The patch lane's message for one session, without the session itself.

        `already_sent` are the peers that it was sent on opening: of these it gets only changes.
        """
        if self.change is None:
            return None
        already_sent = already_sent or {}
        others = [peer for peer in self.change.joined or () if peer.session != session]
        joined = [peer for peer in others if peer.session not in already_sent]
        updated = [peer for peer in self.change.updated or () if peer.session != session]
        updated += [p for p in others if p.session in already_sent and already_sent[p.session] != p]
        return _change(joined, updated, list(self.change.left or ()))

    def forget_announced(self, already_sent: dict[str, Peer]) -> None:
        """Remove the peers that this announces, or that are gone."""
        gone = self.change.left if self.change is not None else ()
        for session in (*self.sessions, *(gone or ())):
            already_sent.pop(session, None)


def difference(
    joined: list[Peer], updated: list[Peer], left: list[str], awareness: list[State]
) -> PresenceDifference:
    apart = joined + updated if len(updated) <= MOST_OWN_FRAMES else joined
    sessions = frozenset([peer.session for peer in apart])
    return PresenceDifference(_change(joined, updated, left), awareness, sessions)


def _change(joined: list[Peer], updated: list[Peer], left: list[str]) -> PresenceChange | None:
    if not (joined or updated or left):
        return None
    return PresenceChange(joined=joined or UNSET, updated=updated or UNSET, left=left or UNSET)
