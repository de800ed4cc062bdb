"""Presence: who is in a document and what they show, on both lanes at once.

Rules W1-W13 of SPEC.md. One entry, as the book sees them:

| state   | event                                        | next    | announced                 |
|---------|----------------------------------------------|---------|---------------------------|
| unseen  | patch lane: `join`                           | present | joined                    |
| unseen  | Yjs lane: first state under an id of its own | present | joined                    |
| present | another state                                | present | updated, at most 20 a second |
| present | its cursor was relocated by a change         | present | updated, at most 20 a second |
| present | state null, or 30 s without a message        | unseen  | left                      |
| unseen  | a state or another message                   | present | joined                    |
| any     | `leave`                                      | gone    | left, where it was present |

The transitions announce nothing: they mark the entries that changed, and `flush` returns one
difference for the whole room. So a tick costs one encoding, also when many cursors moved. The
newest state wins; there is no queue. Cursors of the Yjs lane are relayed as they are; only a
patch client's `cursor.path` and `cursor.offset` are relocated.

The rules are made for what unmodified y-websocket clients send: their own state on opening and
every 15 s, an echo of everything, the states of other tabs of the same browser, and removals of
clients that they think have timed out. Only the state of a session's own id is accepted.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
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
    """What the next difference contains: who changed, who left, whose clock is renewed."""

    changed: dict[str, None] = field(default_factory=dict)
    left: dict[str, None] = field(default_factory=dict)
    awareness: dict[int, State] = field(default_factory=dict)


class PresenceBook:
    """Who is in one document.

    Invariants: a client id belongs to one session at most; every state that is sent
    has the user as the server knows them; the clocks sent for an id only grow; the
    differences together give exactly `peers`.
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
        """A session opened the document; on the Yjs lane it is shown from its first state.

        A patch client's `client_id` must not be taken.
        """
        self._joins += 1
        entry = PresenceEntry(identity, joined=self._joins, last_seen_at=now)
        self._entries[identity.session] = entry
        if identity.lane == "patch":
            self._ids.assign(entry, identity.client_id)
            entry.set_state({})
            self._mark(entry)

    def set_state(self, session: str, state: dict[str, Any] | None, now: float) -> Refusal | None:
        """A patch client shows another state, or with null no state any more."""
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
        """A Yjs client's awareness; returns the states that it must be sent first (W13).

        `leases` has the user of each client id that edits carry.
        """
        entry = self._entries[session]
        behind: list[State] = []
        accepted = self.accepted_client_ids(session, leases or {})
        for received in states:
            if received.state is None and not entry.client_id:
                continue  # an echo of a session that left must not become its own id
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
        """A patch client has sent a message."""
        entry = self._entries[session]
        if entry.identity.lane == "patch":
            if entry.timed_out:
                self._mark(entry)
            entry.mark_alive(now)

    def extend_timeout(self, session: str, now: float) -> None:
        """We do not read from this session, so it does not time out for its silence."""
        entry = self._entries[session]
        if not entry.timed_out:
            entry.last_seen_at = now

    def leave(self, session: str) -> None:
        entry = self._entries.pop(session, None)
        if entry is None:
            return
        self._marked.changed.pop(session, None)
        self._remove(entry)

    def expire(self, now: float) -> list[str]:
        """Time out sessions that have sent nothing for 30 s, connected or not; returns them."""
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
        """Renew the awareness of patch clients, which do not do it themselves."""
        for entry in self._entries.values():
            is_due = now - entry.sent_to_yjs_at >= RENEW_AFTER
            if is_due and entry.announced and entry.identity.lane == "patch":
                entry.sent_to_yjs_at = now
                self._announce_state(entry)

    def relocate_cursors(self, change: AppliedChange) -> None:
        """Move every patch client's cursor as the change moved its element and text."""
        prefixes = moved_prefixes(change.ops)
        for entry in self._entries.values():
            if entry.cursor and entry.cursor.startswith(prefixes):
                relocated = relocate_cursor(entry.state or {}, change)
                if relocated is not entry.state:
                    entry.set_state(relocated)
                    self._mark(entry)

    # --- what is sent ---------------------------------------------------------------------

    def flush(self, now: float) -> PresenceDifference | None:
        """The difference to send now; a session that changed too often waits for the next."""
        joined: list[Peer] = []
        updated: list[Peer] = []
        for session in list(self._marked.changed):
            entry = self._entries[session]
            # A session that left and came again needs two differences, in that order.
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
        """Seconds until `flush` has something; None when nothing changed."""
        if self._marked.left or self._marked.awareness:
            return 0.0
        waits = [
            self._entries[session].announced_at + self._interval - now
            for session in self._marked.changed
        ]
        return max(0.0, min(waits)) if waits else None

    def unannounced(self) -> dict[str, Peer]:
        """The peers that are there but not announced yet, for a session that has just opened.

        When one leaves before it is announced, that is announced: the new session knows it.
        """
        unannounced = {}
        for session in self._marked.changed:
            entry = self._entries[session]
            if entry.visible and not entry.announced:
                entry.sent_to_newcomer = True
                unannounced[session] = entry.peer
        return unannounced

    def peers(self, *, but: str = "") -> list[Peer]:
        """The peers that were announced, without the session `but`."""
        return [p.peer for at, p in self._entries.items() if p.announced and at != but]

    def present(self) -> list[Peer]:
        """The peers that are there now, announced or not, for a caller that gets no updates."""
        return [entry.peer for entry in self._entries.values() if entry.visible]

    def awareness(self, *, but: str = "") -> list[State]:
        """The states of announced entries, for a session that opens on the Yjs lane."""
        return [p.awareness for at, p in self._entries.items() if p.announced and at != but]

    def possibly_own(self, session: str, states: Iterable[State]) -> list[State]:
        """The states that may be of an older socket of this client, which has no id yet."""
        entry = self._entries[session]
        if entry.client_id or not entry.may_show:
            return []
        return [one for one in states if one.state and self._ids.is_older(one.client, entry)]

    @property
    def pending(self) -> frozenset[str]:
        """Sessions that have changed since they were last sent."""
        return frozenset(self._marked.changed)

    def other_tabs(self, session: str) -> list[str]:
        """The user's other sessions that edit, where this one may (`another_tab`)."""
        newcomer = self._entries[session].identity
        return [one for one, p in self._entries.items() if newcomer.is_another_tab(p.identity)]

    def accepted_client_ids(self, session: str, leases: Mapping[int, str]) -> Container[int]:
        """The client ids whose states are accepted from a Yjs client."""
        return self._ids.accepted(self._entries[session], leases)

    def is_taken(self, client_id: int) -> bool:
        """Whether a client id for a new session belongs to another session."""
        return client_id in self._ids

    # --- marks ----------------------------------------------------------------------------

    def _take_over(self, entry: PresenceEntry, client_id: int) -> None:
        """Give the id to this session, and take it from the socket that had it before."""
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
        """Announce that the session is not there any more."""
        entry.announced = entry.sent_to_newcomer = False
        entry.clock = min(entry.clock + 1, MAX_CLOCK)
        self._marked.left[entry.identity.session] = None
        self._marked.awareness[entry.client_id] = State(entry.client_id, entry.clock, None)

    def _announce_state(self, entry: PresenceEntry) -> None:
        # A client's own clock is kept when possible: the client then ignores the echo of its own
        # state. When others have seen a later clock it is raised, or they would ignore the state.
        entry.clock = min(max(entry.clock + 1, entry.client_clock), MAX_CLOCK)
        self._marked.awareness[entry.client_id] = entry.awareness

    def _pass_renewal(self, entry: PresenceEntry, now: float) -> None:
        """Renew the same state under a later clock, which keeps it alive on the Yjs lane.

        A clock that we raised ourselves comes back as an echo; to answer it would never end.
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
