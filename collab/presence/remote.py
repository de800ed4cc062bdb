"""Remote sessions: the presence entries of clients whose connections other instances have."""

from __future__ import annotations

from collab.presence.announcements import Announcements
from collab.presence.client_ids import ClientIds, outranks
from collab.presence.presence_entry import PresenceEntry
from collab.presence.shared import SharedSession
from collab.yjs.awareness import MAX_CLOCK


class RemoteSessions:
    """Keeps the entries of the other instances in the presence book of one document.

    They differ from the entries of this instance in these points:

    - Only messages of their instance change, renew and remove them.
    - This instance relocates the cursors that it shows, through the entries that it applies. It
      skips the changes that the session's own instance has already applied.
    - Their clock is that of their instance, unless the clients here have seen a later one.
    """

    def __init__(
        self, entries: dict[str, PresenceEntry], ids: ClientIds, marked: Announcements
    ) -> None:
        self._entries = entries
        self._ids = ids
        self._marked = marked
        self._of: dict[str, dict[str, PresenceEntry]] = {}
        self._last_shown: dict[str, SharedSession] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def sessions(self, instance: str) -> list[str]:
        """Return the sessions of an instance."""
        return list(self._of.get(instance, ()))

    def show(self, instance: str, shared: SharedSession, cursor_version: int, now: float) -> bool:
        """Add or update a session. Return whether it is new here.

        The session's cursor already contains the changes up to `cursor_version`.
        """
        entry = self._entries.get(shared.session)
        is_new = entry is None
        if entry is None:
            entry = PresenceEntry(shared.identity, shared.joined, now, instance)
            self._entries[shared.session] = entry
            self._of.setdefault(instance, {})[shared.session] = entry
            self._ids.note_joined(shared.joined)
        elif entry.instance != instance:
            return False
        self._last_shown[shared.session] = shared
        before, client_id_before = entry.state, entry.client_id
        has_id = self._give_id(entry, shared.client_id)
        is_seen = has_id or entry.identity.lane == "patch"
        entry.client_clock = shared.clock
        entry.set_state(shared.state if is_seen else None)
        entry.cursor_version = cursor_version
        is_same = entry.state == before and entry.client_id == client_id_before
        if entry.visible != entry.announced or not is_same:
            self._marked.mark(entry)
        elif entry.announced and shared.clock > entry.clock:
            self._marked.renew(entry, now)
        return is_new

    def renew(self, instance: str, session: str, clock: int, now: float) -> None:
        """Renew a session's unchanged state for the Yjs clients of this instance."""
        entry = self._of.get(instance, {}).get(session)
        if entry is None or not entry.announced:
            return
        entry.client_clock = max(entry.client_clock, clock)
        self._marked.renew(entry, now)
        if entry.clock > clock and self._marked.shared is not None:
            self._marked.shared.ahead[session] = entry.clock

    def raise_clock(self, session: str, clock: int) -> None:
        """Note that clients of another instance have seen this clock of a session of this one.

        A Yjs client may move between instances. It ignores a state without a later clock.
        """
        entry = self._entries.get(session)
        if entry is not None and not entry.instance:
            entry.clock = min(max(entry.clock, clock + 1), MAX_CLOCK)

    def hide(self, instance: str, session: str) -> None:
        """Remove a session that has left."""
        sessions = self._of.get(instance, {})
        if session in sessions:
            self._marked.leave(sessions.pop(session))
            del self._entries[session], self._last_shown[session]
            if not sessions:
                del self._of[instance]

    def keep_none(self) -> None:
        """Remove the sessions of all instances."""
        for instance in list(self._of):
            self.keep_only(instance, [])

    def keep_only(self, instance: str, sessions: list[str]) -> None:
        """Remove all other sessions of an instance."""
        for session in set(self._of.get(instance, ())).difference(sessions):
            self.hide(instance, session)

    def give_free_ids(self) -> None:
        """Give sessions the client ids that they lost to other sessions, which have left."""
        for session, shared in self._last_shown.items():
            entry = self._entries[session]
            has_lost = shared.client_id and not entry.client_id
            if has_lost and self._give_id(entry, shared.client_id):
                if entry.identity.lane == "yjs":
                    entry.set_state(shared.state)
                self._marked.mark(entry)

    def _give_id(self, entry: PresenceEntry, client_id: int) -> bool:
        """Give an entry its client id, unless another entry keeps it. Return whether it has it."""
        if entry.client_id != client_id:
            if entry.client_id:
                self._marked.withdraw(entry)
            owner = self._ids.owner(client_id)
            if client_id and (owner is None or outranks(entry, owner)):
                self._marked.take_over(entry, client_id)
        return entry.client_id == client_id
