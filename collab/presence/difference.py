"""A presence difference: the changes of a document's presence since the last difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import UNSET

from collab.messages import Peer, PresenceChange
from collab.yjs.awareness import State

# When more sessions than this are updated in one tick, all sessions get the same frame. So a
# session also gets its own state. A separate frame for each of 500 sessions would need 250,000
# encoded states instead of 500.
MOST_OWN_FRAMES = 16


@dataclass(frozen=True, slots=True)
class PresenceDifference:
    """The changes of presence since the last difference, for both lanes."""

    change: PresenceChange | None
    awareness: list[State]
    sessions: frozenset[str] = frozenset()  # each of them gets the difference `without` itself

    def without(
        self, session: str, already_sent: Mapping[str, Peer] | None = None
    ) -> PresenceChange | None:
        """Return the patch lane's message for one session, without the session itself.

        The session received the peers in `already_sent` when it opened. For these peers, the
        message has only changes since then.
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
        """Remove from `already_sent` the peers that this difference announces or that left."""
        gone = self.change.left if self.change is not None else ()
        for session in (*self.sessions, *(gone or ())):
            already_sent.pop(session, None)


def difference(
    joined: list[Peer], updated: list[Peer], left: list[str], awareness: list[State]
) -> PresenceDifference:
    """Return the difference of both lanes."""
    apart = joined + updated if len(updated) <= MOST_OWN_FRAMES else joined
    sessions = frozenset([peer.session for peer in apart])
    return PresenceDifference(_change(joined, updated, left), awareness, sessions)


def _change(joined: list[Peer], updated: list[Peer], left: list[str]) -> PresenceChange | None:
    if not (joined or updated or left):
        return None
    return PresenceChange(joined=joined or UNSET, updated=updated or UNSET, left=left or UNSET)
