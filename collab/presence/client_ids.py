"""Client ids: which session owns each awareness state, and its last clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Mapping
from dataclasses import dataclass

from collab.presence.presence_entry import ClientIdentity, PresenceEntry

# Clients remember the clock of an id for ever; we remember the clocks of so many released ids.
CLOCKS_KEPT = 2048


@dataclass(frozen=True, slots=True)
class _ReleasedId:
    """The session that had an id, and the id's last clock."""

    clock: int
    identity: ClientIdentity
    joined: int


class ClientIds:
    """Invariant: an id belongs to one entry at most, and an entry has one id or none."""

    def __init__(self) -> None:
        self._owners: dict[int, PresenceEntry] = {}
        self._released: OrderedDict[int, _ReleasedId] = OrderedDict()

    def __contains__(self, client_id: int) -> bool:
        """Whether a session has it, or had it so lately that clients remember its clock."""
        return client_id in self._owners or client_id in self._released

    def owner(self, client_id: int) -> PresenceEntry | None:
        return self._owners.get(client_id)

    def may_claim(self, entry: PresenceEntry, client_id: int, leases: Mapping[int, str]) -> bool:
        """Whether this id may become the entry's own.

        When a client opens a new socket while its old one still seems alive, the newer socket
        owns the id. The older socket may go on to echo the id, and is ignored. A client that has
        left may come back: another session must not take its id meanwhile.
        """
        user = entry.identity.user
        if not client_id or leases.get(client_id, user) != user:
            return False
        owner = self._owners.get(client_id)
        if owner is None:
            released = self._released.get(client_id)
            return released is None or _is_same_client(released.identity, released.joined, entry)
        return _is_same_client(owner.identity, owner.joined, entry)

    def is_older(self, client_id: int, entry: PresenceEntry) -> bool:
        """Whether the id's owner may be the same client as the entry, on an older socket."""
        owner = self._owners.get(client_id)
        return owner is not None and _is_same_client(owner.identity, owner.joined, entry)

    def accepted(self, entry: PresenceEntry, leases: Mapping[int, str]) -> Container[int]:
        """The ids whose states are accepted from an entry; others are echoed or forged."""
        if not entry.may_show:
            return ()
        own = entry.client_id
        return (own,) if own else ClaimableIds(self, entry, leases)

    def assign(self, entry: PresenceEntry, client_id: int) -> None:
        entry.client_id = client_id
        released = self._released.pop(client_id, None)
        entry.clock = released.clock if released is not None else 0
        self._owners[client_id] = entry

    def release(self, entry: PresenceEntry) -> None:
        if not entry.client_id:
            return
        del self._owners[entry.client_id]
        self._released[entry.client_id] = _ReleasedId(entry.clock, entry.identity, entry.joined)
        while len(self._released) > CLOCKS_KEPT:
            self._released.popitem(last=False)
        entry.client_id = 0


class ClaimableIds:
    """The client ids of which a session that has none may claim one."""

    __slots__ = ("_entry", "_ids", "_leases")

    def __init__(self, ids: ClientIds, entry: PresenceEntry, leases: Mapping[int, str]) -> None:
        self._ids = ids
        self._entry = entry
        self._leases = leases

    def __contains__(self, client_id: object) -> bool:
        return isinstance(client_id, int) and self._ids.may_claim(
            self._entry, client_id, self._leases
        )


def _is_same_client(before: ClientIdentity, joined: int, newcomer: PresenceEntry) -> bool:
    """Whether the session that had an id belongs to the same user, and is older."""
    older = joined < newcomer.joined
    return before.lane == "yjs" and older and before.user == newcomer.identity.user
