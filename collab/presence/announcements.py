"""Announcements: the entries that changed, and the differences that announce them to clients."""

from __future__ import annotations

from collections.abc import Mapping

from collab.messages import Peer
from collab.presence.client_ids import ClientIds
from collab.presence.difference import PresenceDifference, difference
from collab.presence.presence_entry import PresenceEntry
from collab.presence.shared import SharedMarks
from collab.yjs.awareness import MAX_CLOCK, State


class Announcements:
    """Marks changed entries, and returns all changes of a tick as one difference.

    Invariant: the clocks sent for a client id only grow.

    `changed` has for each marked session whether its client changed it. If not, a change of the
    document moved its cursor. `shared` has the marks for the other instances; None without them.
    """

    def __init__(
        self, entries: Mapping[str, PresenceEntry], ids: ClientIds, interval: float
    ) -> None:
        self.changed: dict[str, bool] = {}
        self.left: dict[str, None] = {}
        self.awareness: dict[int, State] = {}
        self.shared: SharedMarks | None = None
        self._entries = entries
        self._ids = ids
        self._interval = interval

    # --- marks ----------------------------------------------------------------------------

    def mark(self, entry: PresenceEntry) -> None:
        """Mark an entry that its client has changed."""
        self.changed[entry.identity.session] = True

    def mark_moved(self, entry: PresenceEntry) -> None:
        """Mark an entry whose cursor was relocated. Each instance relocates the cursor itself."""
        self.changed.setdefault(entry.identity.session, False)

    def share(self, entry: PresenceEntry) -> None:
        """Mark an entry of this instance for the other instances."""
        if self.shared is not None and not entry.instance:
            self.shared.changed[entry.identity.session] = None

    def leave(self, entry: PresenceEntry) -> None:
        """Mark that a session has left, and take its client id."""
        session = entry.identity.session
        self.changed.pop(session, None)
        self.withdraw(entry)
        if self.shared is not None and not entry.instance:
            self.shared.leave(session)

    def withdraw(self, entry: PresenceEntry) -> None:
        """Take the client id from an entry, which other clients no longer see."""
        if entry.announced or entry.sent_to_newcomer:
            self._retract(entry)
        self._ids.release(entry)

    def take_over(self, entry: PresenceEntry, client_id: int) -> None:
        """Give a client id to this entry, and take it from its owner, if any.

        An owner on the patch lane stays visible on its own lane.
        """
        owner = self._ids.owner(client_id)
        if owner is not None:
            self.withdraw(owner)
            if owner.identity.lane == "yjs":
                owner.set_state(None)
            else:
                self.mark(owner)
            self.share(owner)
        self._ids.assign(entry, client_id)

    def announce_state(self, entry: PresenceEntry) -> None:
        """Send the entry's state to the Yjs clients, with a later clock.

        If possible, the clock is the client's own. Then the client ignores the echo of its state.
        If other clients have seen a later clock, the clock must grow, or they ignore the state.
        """
        if entry.client_id:
            entry.clock = min(max(entry.clock + 1, entry.client_clock), MAX_CLOCK)
            self.awareness[entry.client_id] = entry.awareness

    def renew(self, entry: PresenceEntry, now: float) -> None:
        """Send an unchanged state with a later clock, which keeps it alive on the Yjs lane."""
        entry.sent_to_yjs_at = now
        self.announce_state(entry)
        if self.shared is not None and not entry.instance:
            self.shared.renewed[entry.identity.session] = None

    def pass_renewal(self, entry: PresenceEntry, now: float) -> None:
        """Pass on the renewal that a Yjs client sent.

        The server ignores the echo of a clock that it has increased: each answer causes an echo.
        """
        if entry.client_clock > entry.clock and now - entry.sent_to_yjs_at >= self._interval:
            self.renew(entry, now)

    # --- differences ----------------------------------------------------------------------

    def flush(self, now: float) -> PresenceDifference | None:
        """Return the difference to send now. A session waits if its last change was just sent."""
        joined: list[Peer] = []
        updated: list[Peer] = []
        for session, is_by_client in list(self.changed.items()):
            entry = self._entries[session]
            # A session that left and returned needs two differences: first left, then joined.
            if now - entry.announced_at < self._interval or session in self.left:
                continue
            del self.changed[session]
            if is_by_client:
                self.share(entry)
            if not entry.visible:
                if entry.announced or entry.sent_to_newcomer:
                    self._retract(entry)
                    entry.announced_at = now
                continue
            (updated if entry.announced else joined).append(entry.peer)
            entry.announced, entry.sent_to_newcomer = True, False
            entry.announced_at = entry.sent_to_yjs_at = now
            self.announce_state(entry)
        left, awareness = list(self.left), list(self.awareness.values())
        if not (joined or updated or left or awareness):
            return None
        self.left, self.awareness = {}, {}
        return difference(joined, updated, left, awareness)

    def wait(self, now: float) -> float | None:
        """Return the seconds until there is something to send; None when nothing changed."""
        if self.left or self.awareness or self.shared:
            return 0.0
        waits = [
            self._entries[session].announced_at + self._interval - now for session in self.changed
        ]
        return max(0.0, min(waits)) if waits else None

    def unannounced(self) -> dict[str, Peer]:
        """Return the present but unannounced peers, and note that a newcomer knows them."""
        unannounced = {}
        for session in self.changed:
            entry = self._entries[session]
            if entry.visible and not entry.announced:
                entry.sent_to_newcomer = True
                unannounced[session] = entry.peer
        return unannounced

    def _retract(self, entry: PresenceEntry) -> None:
        """Announce that the session left."""
        entry.announced = entry.sent_to_newcomer = False
        self.left[entry.identity.session] = None
        if entry.client_id:
            entry.clock = min(entry.clock + 1, MAX_CLOCK)
            self.awareness[entry.client_id] = State(entry.client_id, entry.clock, None)
