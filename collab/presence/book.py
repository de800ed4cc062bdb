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
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from collab.errors import Refusal
from collab.messages import Peer
from collab.patch.relocate import AppliedChange, moved_prefixes
from collab.presence.client_ids import ClientIds
from collab.presence.cursors import relocate_cursor
from collab.presence.difference import PresenceDifference, difference
from collab.presence.presence_entry import (
    MAX_STATE_BYTES,
    ClientIdentity,
    PresenceEntry,
    check_state,
)
from collab.yjs.awareness import MAX_CLOCK, State

PER_SECOND = 20
# y-protocols' awareness: a state is renewed every 15 s and dropped when 30 s old.
SILENT_AFTER = 30.0
RENEW_AFTER = 15.0


@dataclass(slots=True)
class _Marked:
    """The next difference: changed sessions, sessions that left, and awareness states."""

    changed: dict[str, None] = field(default_factory=dict)
    left: dict[str, None] = field(default_factory=dict)
    awareness: dict[int, State] = field(default_factory=dict)


class PresenceBook:
    """Keeps the presence entries of one document, and makes the differences to broadcast.

    Invariants: a client id belongs to at most one session. Every state that is sent names the user
    from the token. The clocks sent for a client id only grow. All differences together give
    exactly `peers`.
    """

    def __init__(self, *, per_second: float = PER_SECOND, max_bytes: int = MAX_STATE_BYTES) -> None:
        self._interval = 1.0 / per_second if per_second else 0.0
        self._max_bytes = max_bytes
        self._entries: dict[str, PresenceEntry] = {}
        self._ids = ClientIds()
        self._joins = 0
        self._marked = _Marked()

    def __len__(self) -> int:
        return len(self._entries)

    # --- transitions ----------------------------------------------------------------------

    def join(self, identity: ClientIdentity, now: float) -> None:
        """Add a session: present at once on the patch lane, after its first state on the Yjs lane.

        A patch client's `client_id` must be free.
        """
        self._joins += 1
        entry = PresenceEntry(identity, joined=self._joins, last_seen_at=now)
        self._entries[identity.session] = entry
        if identity.lane == "patch":
            self._ids.assign(entry, identity.client_id)
            entry.set_state({})
            self._mark(entry)

    def set_state(self, session: str, state: dict[str, Any] | None, now: float) -> Refusal | None:
        """Set a patch client's state; None hides the session. Return a refusal if not valid."""
        refusal = check_state(state, max_bytes=self._max_bytes)
        if refusal is not None:
            return refusal
        entry = self._entries[session]
        entry.mark_alive(now)
        entry.set_state(state)
        self._mark(entry)
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
                self._take_over(entry, received.client)
                accepted = (received.client,)
            if entry.accepts(received):
                behind = entry.catch_up(received)
                entry.mark_alive(now)
                before = entry.awareness_state
                entry.set_state(received.state)
                if before != entry.awareness_state or not entry.announced:
                    self._mark(entry)
                elif session not in self._marked.changed:
                    self._pass_renewal(entry, now)
        return behind

    def touch(self, session: str, now: float) -> None:
        """Note that a patch client has sent a message. So its session does not time out."""
        entry = self._entries[session]
        if entry.identity.lane == "patch":
            if entry.timed_out:
                self._mark(entry)
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
            self._marked.changed.pop(session, None)
            self._remove(entry)

    def expire(self, now: float) -> list[str]:
        """Time out sessions that sent nothing for 30 s, even connected ones. Return their ids."""
        timed_out = [
            entry
            for entry in self._entries.values()
            if entry.announced and not entry.timed_out and now - entry.last_seen_at >= SILENT_AFTER
        ]
        for entry in timed_out:
            entry.timed_out = True
            self._mark(entry)
        return [entry.identity.session for entry in timed_out]

    def renew(self, now: float) -> None:
        """Renew the awareness of patch clients, which do not renew it themselves."""
        for entry in self._entries.values():
            is_due = now - entry.sent_to_yjs_at >= RENEW_AFTER
            if is_due and entry.announced and entry.identity.lane == "patch":
                entry.sent_to_yjs_at = now
                self._announce_state(entry)

    @property
    def has_cursors(self) -> bool:
        """Whether a patch client shows a cursor, which changes may move."""
        return any(map(attrgetter("cursor"), self._entries.values()))

    def relocate_cursors(self, change: AppliedChange) -> None:
        """Relocate every patch client's cursor through a change."""
        prefixes = moved_prefixes(change.ops)
        for entry in self._entries.values():
            if entry.cursor and entry.cursor.startswith(prefixes):
                relocated = relocate_cursor(entry.state or {}, change)
                if relocated is not entry.state:
                    entry.set_state(relocated)
                    self._mark(entry)

    # --- differences and queries ----------------------------------------------------------

    def flush(self, now: float) -> PresenceDifference | None:
        """Return the difference to send now. A session waits if its last change was just sent."""
        joined: list[Peer] = []
        updated: list[Peer] = []
        for session in list(self._marked.changed):
            entry = self._entries[session]
            # A session that left and returned needs two differences: first left, then joined.
            if now - entry.announced_at < self._interval or session in self._marked.left:
                continue
            del self._marked.changed[session]
            if not entry.visible:
                if entry.announced or entry.sent_to_newcomer:
                    self._retract(entry)
                    entry.announced_at = now
                continue
            (updated if entry.announced else joined).append(entry.peer)
            entry.announced, entry.sent_to_newcomer = True, False
            entry.announced_at = entry.sent_to_yjs_at = now
            self._announce_state(entry)
        return self._difference(joined, updated)

    def wait(self, now: float) -> float | None:
        """Return the seconds until `flush` has a difference; None when no session changed."""
        if self._marked.left or self._marked.awareness:
            return 0.0
        waits = [
            self._entries[session].announced_at + self._interval - now
            for session in self._marked.changed
        ]
        return max(0.0, min(waits)) if waits else None

    def unannounced(self) -> dict[str, Peer]:
        """Return the present but unannounced peers, for a session that has just opened.

        When such a peer leaves before it is announced, its leave is still announced, because the
        new session knows the peer.
        """
        unannounced = {}
        for session in self._marked.changed:
            entry = self._entries[session]
            if entry.visible and not entry.announced:
                entry.sent_to_newcomer = True
                unannounced[session] = entry.peer
        return unannounced

    def peers(self, *, but: str = "") -> list[Peer]:
        """Return the peers that all sessions know, without the session `but`."""
        return [p.peer for at, p in self._entries.items() if p.announced and at != but]

    def present(self) -> list[Peer]:
        """Return all present peers, announced or not, for a caller that gets no differences."""
        return [entry.peer for entry in self._entries.values() if entry.visible]

    def awareness(self, *, but: str = "") -> list[State]:
        """Return the states of announced entries, for a session that opens on the Yjs lane."""
        return [p.awareness for at, p in self._entries.items() if p.announced and at != but]

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

    # --- marks ----------------------------------------------------------------------------

    def _take_over(self, entry: PresenceEntry, client_id: int) -> None:
        """Give the client id to this session, and take it from the older socket, if any."""
        owner = self._ids.owner(client_id)
        if owner is not None:
            self._remove(owner)
            owner.set_state(None)
        self._ids.assign(entry, client_id)

    def _remove(self, entry: PresenceEntry) -> None:
        if entry.announced or entry.sent_to_newcomer:
            self._retract(entry)
        self._ids.release(entry)

    def _mark(self, entry: PresenceEntry) -> None:
        self._marked.changed[entry.identity.session] = None

    def _retract(self, entry: PresenceEntry) -> None:
        """Mark that the session left."""
        entry.announced = entry.sent_to_newcomer = False
        entry.clock = min(entry.clock + 1, MAX_CLOCK)
        self._marked.left[entry.identity.session] = None
        self._marked.awareness[entry.client_id] = State(entry.client_id, entry.clock, None)

    def _announce_state(self, entry: PresenceEntry) -> None:
        # If possible, the clock is the client's own. Then the client ignores the echo of its state.
        # If other clients have seen a later clock, the clock must grow, or they ignore the state.
        entry.clock = min(max(entry.clock + 1, entry.client_clock), MAX_CLOCK)
        self._marked.awareness[entry.client_id] = entry.awareness

    def _pass_renewal(self, entry: PresenceEntry, now: float) -> None:
        """Send an unchanged state with a later clock, which keeps it alive on the Yjs lane.

        The server ignores the echo of a clock that it has increased: each answer causes an echo.
        """
        if entry.client_clock > entry.clock and now - entry.sent_to_yjs_at >= self._interval:
            entry.sent_to_yjs_at = now
            self._announce_state(entry)

    def _difference(self, joined: list[Peer], updated: list[Peer]) -> PresenceDifference | None:
        marked = self._marked
        left, awareness = list(marked.left), list(marked.awareness.values())
        if not (joined or updated or left or awareness):
            return None
        marked.left, marked.awareness = {}, {}
        return difference(joined, updated, left, awareness)
