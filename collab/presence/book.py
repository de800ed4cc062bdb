"""Presence: who is in a document and what they show, on both lanes at once.

Rules W1-W13 of SPEC.md. One person, as the book sees them:

| state   | event                                        | next    | announced                 |
|---------|----------------------------------------------|---------|---------------------------|
| unseen  | patch lane: `join`                           | present | joined                    |
| unseen  | Yjs lane: first state under an id of its own | present | joined                    |
| present | another state                                | present | updated, at most 20 a second |
| present | its cursor was carried by a change           | present | updated, at most 20 a second |
| present | state null, or 30 s without a sign of life   | unseen  | left                      |
| unseen  | state, or a sign of life                     | present | joined                    |
| any     | `leave`                                      | gone    | left, where it was present |

Nothing is announced by the transitions themselves: they mark who changed, and `flush` gives out
one difference for the whole room, so that a tick costs one encoding however many cursors moved.
The newest state wins; there is no queue. Cursors of the Yjs lane are relayed as they are; only
a patch client's `cursor.path` and `cursor.offset` are carried.

The rules are made for what unmodified y-websocket clients send: their own state on opening and
every 15 s, an echo of everything, the states of other tabs of the same browser, and removals of
clients that they think have timed out. Only a session's own id is listened to.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from collab.errors import Refusal
from collab.messages import Peer
from collab.patch.relocate import AppliedChange, moved_prefixes
from collab.presence.client_ids import ClientIds
from collab.presence.cursors import carry_state
from collab.presence.difference import Difference, difference
from collab.presence.presence_entry import MAX_STATE_BYTES, Person, Visitor, judge_state
from collab.yjs.awareness import MAX_CLOCK, State

PER_SECOND = 20
# y-protocols' awareness: a state is renewed every 15 s and dropped when 30 s old.
SILENT_AFTER = 30.0
RENEW_AFTER = 15.0


@dataclass(slots=True)
class _Marked:
    """What the next difference has to tell: who changed, who went, whose clock is renewed."""

    changed: dict[str, None] = field(default_factory=dict)
    left: dict[str, None] = field(default_factory=dict)
    awareness: dict[int, State] = field(default_factory=dict)


class PresenceBook:
    """Who is in one document.

    Invariants: a client id belongs to one session at most; every state that is given out
    carries the user as the server knows them; the clocks given out for an id only grow; what
    the differences add up to is exactly `peers`.
    """

    def __init__(self, *, per_second: float = PER_SECOND, max_bytes: int = MAX_STATE_BYTES) -> None:
        self._interval = 1.0 / per_second if per_second else 0.0
        self._max_bytes = max_bytes
        self._people: dict[str, Person] = {}
        self._ids = ClientIds()
        self._joins = 0
        self._marked = _Marked()

    def __len__(self) -> int:
        return len(self._people)

    # --- transitions ----------------------------------------------------------------------

    def join(self, visitor: Visitor, now: float) -> None:
        """Somebody opened the document; on the Yjs lane they are seen from their first state.

        A patch client's `client_id` is one that was not taken.
        """
        self._joins += 1
        person = Person(visitor, joined=self._joins, heard_at=now)
        self._people[visitor.session] = person
        if visitor.lane == "patch":
            self._ids.give(person, visitor.client_id)
            person.show({})
            self._mark(person)

    def set_state(self, session: str, state: dict[str, Any] | None, now: float) -> Refusal | None:
        """A patch client shows another state, or with null nothing any more."""
        refusal = judge_state(state, max_bytes=self._max_bytes)
        if refusal is not None:
            return refusal
        person = self._people[session]
        person.hear(now)
        person.show(state)
        self._mark(person)
        return None

    def hear(
        self,
        session: str,
        states: Iterable[State],
        now: float,
        leases: Mapping[int, str] | None = None,
    ) -> list[State]:
        """A Yjs client's awareness; the answer is what it must be told before all else (W13).

        `leases` tells whose edits each client id carries.
        """
        person = self._people[session]
        behind: list[State] = []
        audible = self.audible(session, leases or {})
        for heard in states:
            if heard.state is None and not person.client_id:
                continue  # an echo of somebody who left must not become this session's own id
            if heard.client not in audible:
                continue
            if not person.client_id:
                self._take_over(person, heard.client)
                audible = (heard.client,)
            if person.accepts(heard):
                behind = person.catch_up(heard)
                person.hear(now)
                before = person.awareness_state
                person.show(heard.state)
                if before != person.awareness_state or not person.shown:
                    self._mark(person)
                elif session not in self._marked.changed:
                    self._pass_renewal(person, now)
        return behind

    def touch(self, session: str, now: float) -> None:
        """A patch client gave a sign of life."""
        person = self._people[session]
        if person.visitor.lane == "patch":
            if person.silent:
                self._mark(person)
            person.hear(now)

    def excuse(self, session: str, now: float) -> None:
        """We do not read from it: that nothing is heard of it says nothing."""
        person = self._people[session]
        if not person.silent:
            person.heard_at = now

    def leave(self, session: str) -> None:
        person = self._people.pop(session, None)
        if person is None:
            return
        self._marked.changed.pop(session, None)
        self._remove(person)

    def expire(self, now: float) -> list[str]:
        """Who has given no sign of life for 30 s is not there any more, connected or not."""
        silent = [
            person
            for person in self._people.values()
            if person.shown and not person.silent and now - person.heard_at >= SILENT_AFTER
        ]
        for person in silent:
            person.silent = True
            self._mark(person)
        return [person.visitor.session for person in silent]

    def renew(self, now: float) -> None:
        """Patch clients do not renew their awareness, so the server does it for them."""
        for person in self._people.values():
            if (
                person.shown
                and person.visitor.lane == "patch"
                and now - person.told_at >= RENEW_AFTER
            ):
                person.told_at = now
                self._announce_state(person)

    def carry(self, change: AppliedChange) -> None:
        """Every patch client's cursor follows what the change did to its element and text."""
        prefixes = moved_prefixes(change.ops)
        for person in self._people.values():
            if person.cursor and person.cursor.startswith(prefixes):
                carried = carry_state(person.state or {}, change)
                if carried is not person.state:
                    person.show(carried)
                    self._mark(person)

    # --- what is told ---------------------------------------------------------------------

    def flush(self, now: float) -> Difference | None:
        """Everything that may be told now, once; who changed too often stays for the next one."""
        joined: list[Peer] = []
        updated: list[Peer] = []
        for session in list(self._marked.changed):
            person = self._people[session]
            # Whoever went and came again is told of in that order, in two differences.
            if now - person.changed_at < self._interval or session in self._marked.left:
                continue
            del self._marked.changed[session]
            if not person.visible:
                if person.shown or person.met:
                    self._retract(person)
                    person.changed_at = now
                continue
            (updated if person.shown else joined).append(person.peer)
            person.shown, person.met = True, False
            person.changed_at = person.told_at = now
            self._announce_state(person)
        return self._difference(joined, updated)

    def wait(self, now: float) -> float | None:
        """Seconds until `flush` has something; None when nothing changed."""
        if self._marked.left or self._marked.awareness:
            return 0.0
        waits = [
            self._people[session].changed_at + self._interval - now
            for session in self._marked.changed
        ]
        return max(0.0, min(waits)) if waits else None

    def arriving(self) -> dict[str, Peer]:
        """Who is there but has not been announced yet: a newcomer is told of them at once.

        Should they go before they are announced, that is announced: the newcomer has met them.
        """
        arriving = {}
        for session in self._marked.changed:
            person = self._people[session]
            if person.visible and not person.shown:
                person.met = True
                arriving[session] = person.peer
        return arriving

    def peers(self, *, but: str = "") -> list[Peer]:
        """Who was announced."""
        return [p.peer for at, p in self._people.items() if p.shown and at != but]

    def present(self) -> list[Peer]:
        """Who is there now, announced or not: for those who ask and are told no more."""
        return [person.peer for person in self._people.values() if person.visible]

    def awareness(self, *, but: str = "") -> list[State]:
        """The same for a newcomer on the Yjs lane."""
        return [p.awareness for at, p in self._people.items() if p.shown and at != but]

    def maybe_own(self, session: str, states: Iterable[State]) -> list[State]:
        """Those that may be of an older socket of this client, which has not said who it is."""
        person = self._people[session]
        if person.client_id or not person.may_show:
            return []
        return [one for one in states if one.state and self._ids.is_older(one.client, person)]

    @property
    def pending(self) -> frozenset[str]:
        """Sessions that have changed since they were last told of."""
        return frozenset(self._marked.changed)

    def other_tabs(self, session: str) -> list[str]:
        """The user's other sessions that edit, where this one may (`another_tab`)."""
        newcomer = self._people[session].visitor
        return [one for one, p in self._people.items() if newcomer.is_another_tab(p.visitor)]

    def audible(self, session: str, leases: Mapping[int, str]) -> Container[int]:
        """The client ids that a Yjs client is heard under."""
        return self._ids.audible(self._people[session], leases)

    def is_taken(self, client_id: int) -> bool:
        """Whether a client id for a newcomer would be somebody else's."""
        return client_id in self._ids

    # --- marks ----------------------------------------------------------------------------

    def _take_over(self, person: Person, client_id: int) -> None:
        """The id becomes this session's own, and no more that of the socket before it."""
        owner = self._ids.owner(client_id)
        if owner is not None:
            self._remove(owner)
            owner.show(None)
        self._ids.give(person, client_id)

    def _remove(self, person: Person) -> None:
        if person.shown or person.met:
            self._retract(person)
        self._ids.release(person)

    def _mark(self, person: Person) -> None:
        self._marked.changed[person.visitor.session] = None

    def _retract(self, person: Person) -> None:
        """Whoever was announced is there no more."""
        person.shown = person.met = False
        person.clock = min(person.clock + 1, MAX_CLOCK)
        self._marked.left[person.visitor.session] = None
        self._marked.awareness[person.client_id] = State(person.client_id, person.clock, None)

    def _announce_state(self, person: Person) -> None:
        # A client's own clock is kept where it can be: it then passes over the echo of its own
        # state. It is moved on where others have seen a later one, or they would pass over it.
        person.clock = min(max(person.clock + 1, person.heard_clock), MAX_CLOCK)
        self._marked.awareness[person.client_id] = person.awareness

    def _pass_renewal(self, person: Person, now: float) -> None:
        """The same state under a later clock keeps it alive on the Yjs lane and is no news.

        A clock that we moved on ourselves comes back as an echo; to answer that would never end.
        """
        if person.heard_clock > person.clock and now - person.told_at >= self._interval:
            person.told_at = now
            self._announce_state(person)

    def _difference(self, joined: list[Peer], updated: list[Peer]) -> Difference | None:
        marked = self._marked
        left, awareness = list(marked.left), list(marked.awareness.values())
        if not (joined or updated or left or awareness):
            return None
        marked.left, marked.awareness = {}, {}
        return difference(joined, updated, left, awareness)
