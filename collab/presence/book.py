"""Presence of one document on both lanes: its sessions and the state that each shows.

Rules W1-W13 of SPEC.md. The states of one entry:

| state   | event                                        | next    | announced                 |
|---------|----------------------------------------------|---------|---------------------------|
| unseen  | patch lane: `join`                           | present | joined                    |
| unseen  | Yjs lane: first state with its own client id | present | joined                    |
| present | another state                                | present | updated, at most 20 a second |
| present | a change relocated its cursor                | present | updated, at most 20 a second |
| present | state null, or 30 s without a message        | unseen  | left                      |
| unseen  | a state or another message                   | present | joined                    |
| any     | `leave`                                      | gone    | left, if it was present   |

A transition announces nothing; it only marks the changed entry. At each tick of a timer, `flush`
returns all marked changes as one difference. So each tick costs one encoding, even when many
cursors moved. The newest state wins; there is no queue. The server relocates `cursor.path` and
`cursor.offset` of patch clients. It sends cursors of Yjs clients unchanged.

Unmodified y-websocket clients send four kinds of states: their own, on opening and every 15 s; an
echo of every state they receive; states of other tabs of the same browser; and removals of
clients that they consider timed out. The book accepts only the state of a session's own client id.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from operator import attrgetter
from typing import Any

from collab.errors import Refusal
from collab.messages import Peer
from collab.patch.relocate import AppliedChange, moved_prefixes
from collab.presence.announcements import Announcements
from collab.presence.client_ids import ClientIds
from collab.presence.cursors import relocate_cursor
from collab.presence.difference import PresenceDifference
from collab.presence.presence_entry import (
    MAX_STATE_BYTES,
    ClientIdentity,
    PresenceEntry,
    check_state,
)
from collab.presence.remote import RemoteSessions
from collab.presence.shared import SharedMarks, SharedSession
from collab.yjs.awareness import State

PER_SECOND = 20
# y-protocols' awareness: a state is renewed every 15 s and dropped when 30 s old.
SILENT_AFTER = 30.0
RENEW_AFTER = 15.0


class PresenceBook:
    """Keeps the presence entries of one document, and makes the differences to broadcast.

    Invariants: a client id belongs to at most one session. Every state that is sent names the user
    from the token. The clocks sent for a client id only grow. All differences together give
    exactly `peers`.

    `remote` has the sessions whose connections other instances have. Clients see them like all
    others. The book's length is the number of this instance's own sessions.
    """

    def __init__(self, *, per_second: float = PER_SECOND, max_bytes: int = MAX_STATE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._entries: dict[str, PresenceEntry] = {}
        self._ids = ClientIds()
        interval = 1.0 / per_second if per_second else 0.0
        self._marked = Announcements(self._entries, self._ids, interval)
        self.remote = RemoteSessions(self._entries, self._ids, self._marked)

    def __len__(self) -> int:
        return len(self._entries) - len(self.remote)

    # --- transitions ----------------------------------------------------------------------

    def join(self, identity: ClientIdentity, now: float, now_ms: int = 0) -> None:
        """Add a session: present at once on the patch lane, after its first state on the Yjs lane.

        A patch client's `client_id` must be free. `now_ms` is the wall clock, which orders the
        sessions of several instances.
        """
        joined = self._ids.next_joined(now_ms)
        entry = PresenceEntry(identity, joined, last_seen_at=now)
        self._entries[identity.session] = entry
        if identity.lane == "patch":
            self._ids.assign(entry, identity.client_id)
            entry.set_state({})
            self._marked.mark(entry)
        else:
            self._marked.share(entry)

    def set_state(self, session: str, state: dict[str, Any] | None, now: float) -> Refusal | None:
        """Set a patch client's state; None hides the session. Return a refusal if not valid."""
        refusal = check_state(state, max_bytes=self._max_bytes)
        if refusal is not None:
            return refusal
        entry = self._entries[session]
        entry.mark_alive(now)
        entry.set_state(state)
        self._marked.mark(entry)
        return None

    def receive_awareness(
        self,
        session: str,
        states: Iterable[State],
        now: float,
        leases: Mapping[int, str] | None = None,
    ) -> list[State]:
        """Apply a Yjs client's awareness. Return the states that this client gets first (W13).

        `leases` has the user of each client id with edits in the document.
        """
        entry = self._entries[session]
        behind: list[State] = []
        accepted = self.accepted_client_ids(session, leases or {})
        for received in states:
            if received.state is None and not entry.client_id:
                continue  # the echo of a session that left must not become this session's id
            if received.client not in accepted:
                continue
            if not entry.client_id:
                self._marked.take_over(entry, received.client)
                accepted = (received.client,)
            if entry.accepts(received):
                behind = entry.catch_up(received)
                entry.mark_alive(now)
                before = entry.awareness_state
                entry.set_state(received.state)
                if before != entry.awareness_state or not entry.announced:
                    self._marked.mark(entry)
                elif session not in self._marked.changed:
                    self._marked.pass_renewal(entry, now)
        return behind

    def touch(self, session: str, now: float) -> None:
        """Note that a patch client has sent a message. So its session does not time out."""
        entry = self._entries[session]
        if entry.identity.lane == "patch":
            if entry.timed_out:
                self._marked.mark(entry)
            entry.last_seen_at, entry.timed_out = now, False

    def extend_timeout(self, session: str, now: float) -> None:
        """Extend a session's time while the server does not read from it."""
        entry = self._entries[session]
        if not entry.timed_out:
            entry.last_seen_at = now

    def leave(self, session: str) -> None:
        """Remove a session."""
        entry = self._entries.pop(session, None)
        if entry is not None:
            self._marked.leave(entry)

    def expire(self, now: float) -> list[str]:
        """Time out sessions that sent nothing for 30 s, even connected ones. Return their ids."""
        timed_out = [
            entry
            for entry in self._entries.values()
            if entry.announced and not entry.timed_out and now - entry.last_seen_at >= SILENT_AFTER
            if not entry.instance
        ]
        for entry in timed_out:
            entry.timed_out = True
            self._marked.mark(entry)
        return [entry.identity.session for entry in timed_out]

    def renew(self, now: float) -> None:
        """Renew the awareness of patch clients, which do not renew it themselves."""
        for entry in self._entries.values():
            is_due = now - entry.sent_to_yjs_at >= RENEW_AFTER and not entry.instance
            if is_due and entry.announced and entry.identity.lane == "patch":
                self._marked.renew(entry, now)

    @property
    def has_cursors(self) -> bool:
        """Whether a patch client shows a cursor, which changes may move."""
        return any(map(attrgetter("cursor"), self._entries.values()))

    def relocate_cursors(self, change: AppliedChange) -> None:
        """Relocate every patch client's cursor through a change."""
        prefixes = moved_prefixes(change.ops)
        for entry in self._entries.values():
            is_new = entry.cursor_version < change.version
            if entry.cursor and is_new and entry.cursor.startswith(prefixes):
                relocated = relocate_cursor(entry.state or {}, change)
                if relocated is not entry.state:
                    entry.set_state(relocated)
                    self._marked.mark_moved(entry)

    # --- differences and queries ----------------------------------------------------------

    def flush(self, now: float) -> PresenceDifference | None:
        """Return the difference to send now. A session waits if its last change was just sent."""
        return self._marked.flush(now)

    def wait(self, now: float) -> float | None:
        """Return the seconds until there is something to send; None when nothing changed."""
        return self._marked.wait(now)

    def unannounced(self) -> dict[str, Peer]:
        """Return the present but unannounced peers, for a session that has just opened.

        When such a peer leaves before it is announced, its leave is still announced, because the
        new session knows the peer.
        """
        return self._marked.unannounced()

    def peers(self, *, but: str = "") -> list[Peer]:
        """Return the peers that all sessions know, without the session `but`."""
        return [p.peer for at, p in self._entries.items() if p.announced and at != but]

    def present(self) -> list[Peer]:
        """Return all present peers, announced or not, for a caller that gets no differences."""
        return [entry.peer for entry in self._entries.values() if entry.visible]

    def present_here(self) -> list[Peer]:
        """Return the present peers of this instance."""
        own = (entry for entry in self._entries.values() if not entry.instance)
        return [entry.peer for entry in own if entry.visible]

    def awareness(self, *, but: str = "") -> list[State]:
        """Return the states of announced entries, for a session that opens on the Yjs lane."""
        shown = [p for at, p in self._entries.items() if p.announced and at != but]
        return [entry.awareness for entry in shown if entry.client_id]

    def possibly_own(self, session: str, states: Iterable[State]) -> list[State]:
        """Return states of the client's older socket, if this session has no client id yet."""
        entry = self._entries[session]
        if entry.client_id or not entry.may_show:
            return []
        return [one for one in states if one.state and self._ids.is_older(one.client, entry)]

    def other_tabs(self, session: str) -> list[str]:
        """Return the user's other sessions that may edit; none if this session may not edit."""
        newcomer = self._entries[session].identity
        return [one for one, p in self._entries.items() if newcomer.is_another_tab(p.identity)]

    def accepted_client_ids(self, session: str, leases: Mapping[int, str]) -> Container[int]:
        """Return the client ids whose states the book accepts from a Yjs client."""
        return self._ids.accepted(self._entries[session], leases)

    def is_taken(self, client_id: int) -> bool:
        """Whether a client id for a new session belongs to another session."""
        return client_id in self._ids

    # --- other instances ------------------------------------------------------------------

    def begin_sharing(self) -> None:
        """Mark changes of this instance's sessions for the other instances, from now on."""
        self._marked.shared = SharedMarks()
        self._marked.shared.changed.update(dict.fromkeys(self._entries))

    def end_sharing(self) -> None:
        """Remove the sessions of other instances, and mark no more changes for them."""
        self.remote.keep_none()
        self._marked.shared = None

    def take_shared(self) -> SharedMarks | None:
        """Return the marks for the other instances, and begin others; None without marks."""
        marks = self._marked.shared
        if not marks:
            return None
        self._marked.shared = SharedMarks()
        return marks

    def own_sessions(self) -> list[SharedSession]:
        """Return all sessions of this instance, as the other instances see them."""
        return [SharedSession.of(one) for one in self._entries.values() if not one.instance]

    def shared(self, sessions: Iterable[str]) -> list[SharedSession]:
        """Return these sessions of this instance, as the other instances see them."""
        return [SharedSession.of(self._entries[session]) for session in sessions]

    def clocks(self, sessions: Iterable[str]) -> list[tuple[str, int]]:
        """Return the last clock of these sessions of this instance."""
        return [(session, self._entries[session].clock) for session in sessions]
