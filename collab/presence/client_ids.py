"""Yjs client ids: the session that owns each id, and the last clock of its awareness state."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Mapping
from dataclasses import dataclass

from collab.presence.presence_entry import ClientIdentity, PresenceEntry

# Clients remember the clock of an id for ever. The server remembers the clocks of the newest
# released ids, up to this number.
CLOCKS_KEPT = 2048


@dataclass(frozen=True, slots=True)
class _ReleasedId:
    """The last clock of a released id, and the session that owned it."""

    clock: int
    identity: ClientIdentity
    joined: int


class ClientIds:
    """Assigns client ids to presence entries.

    Invariant: an id belongs to at most one entry, and an entry has at most one id.
    """

    def __init__(self) -> None:
        self._newest = 0  # the greatest `joined` of all sessions so far
        self._owners: dict[int, PresenceEntry] = {}
        self._released: OrderedDict[int, _ReleasedId] = OrderedDict()

    def __contains__(self, client_id: int) -> bool:
        """Whether a session owns the id or owned it recently, so that clients know its clock."""
        return client_id in self._owners or client_id in self._released

    def next_joined(self, now_ms: int) -> int:
        """Return the number of a session that joins now: the time, or more than all before."""
        self._newest = max(self._newest + 1, now_ms)
        return self._newest

    def note_joined(self, joined: int) -> None:
        """Note the number of a session of another instance. Later sessions get greater numbers."""
        self._newest = max(self._newest, joined)

    def owner(self, client_id: int) -> PresenceEntry | None:
        """Return the entry that owns the id, or None."""
        return self._owners.get(client_id)

    def may_claim(self, entry: PresenceEntry, client_id: int, leases: Mapping[int, str]) -> bool:
        """Whether this id may become the entry's own.

        A client may open a new socket while its old socket still seems alive. Then the newer
        socket gets the id, and echoes from the older socket are ignored. A client that left may
        return, so no other client may take its id meanwhile.
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
        """Whether the id's owner may be an older socket of the entry's client."""
        owner = self._owners.get(client_id)
        return owner is not None and _is_same_client(owner.identity, owner.joined, entry)

    def accepted(self, entry: PresenceEntry, leases: Mapping[int, str]) -> Container[int]:
        """Return the ids whose states an entry may send. Other states are echoes or forged."""
        if not entry.may_show:
            return ()
        own = entry.client_id
        return (own,) if own else ClaimableIds(self, entry, leases)

    def assign(self, entry: PresenceEntry, client_id: int) -> None:
        """Make the entry the owner of the id, and restore the id's last clock."""
        entry.client_id = client_id
        released = self._released.pop(client_id, None)
        entry.clock = released.clock if released is not None else 0
        self._owners[client_id] = entry

    def release(self, entry: PresenceEntry) -> None:
        """Take the id from the entry, and remember the id's clock."""
        if not entry.client_id:
            return
        del self._owners[entry.client_id]
        self._released[entry.client_id] = _ReleasedId(entry.clock, entry.identity, entry.joined)
        while len(self._released) > CLOCKS_KEPT:
            self._released.popitem(last=False)
        entry.client_id = 0


def outranks(entry: PresenceEntry, owner: PresenceEntry) -> bool:
    """Whether an entry gets the id of its present owner, after both claimed it at once.

    Two sessions of one user on the Yjs lane are two sockets of one client: the newer one gets the
    id. Of two other sessions, the older one keeps the id. All instances decide the same.
    """
    one, other = entry.identity, owner.identity
    is_newer = (entry.joined, one.session) > (owner.joined, other.session)
    is_same_client = one.lane == other.lane == "yjs" and one.user == other.user
    return is_newer if is_same_client else not is_newer


class ClaimableIds:
    """The client ids that a session without an id may claim."""

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
    """Whether the session that had an id is an older Yjs session of the newcomer's user."""
    older = joined < newcomer.joined
    return before.lane == "yjs" and older and before.user == newcomer.identity.user
