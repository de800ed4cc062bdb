"""Client ids: whose each awareness entry is, and the clock it has come to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Mapping
from dataclasses import dataclass

from collab.presence.presence_entry import Person, Visitor

# Clients remember the clock of an id for ever; we remember those of the last so many who left.
CLOCKS_KEPT = 2048


@dataclass(frozen=True, slots=True)
class _Former:
    """Whose an id was, and the clock that it had come to."""

    clock: int
    visitor: Visitor
    joined: int


class ClientIds:
    """Invariant: an id belongs to one person at most, and a person has one id or none."""

    def __init__(self) -> None:
        self._owners: dict[int, Person] = {}
        self._former: OrderedDict[int, _Former] = OrderedDict()

    def __contains__(self, client_id: int) -> bool:
        """Whether somebody has it, or had it so lately that a newcomer would pass for them."""
        return client_id in self._owners or client_id in self._former

    def owner(self, client_id: int) -> Person | None:
        return self._owners.get(client_id)

    def may_claim(self, person: Person, client_id: int, leases: Mapping[int, str]) -> bool:
        """Whether this id may become the person's own.

        A socket that is half dead and the one that came after it: the newer one is the client.
        The older may go on echoing the id, and is not listened to. Whoever has left may come
        back: their id is nobody else's, who may only echo it, or want to keep them out.
        """
        user = person.visitor.user
        if not client_id or leases.get(client_id, user) != user:
            return False
        owner = self._owners.get(client_id)
        if owner is None:
            former = self._former.get(client_id)
            return former is None or _is_same_client(former.visitor, former.joined, person)
        return _is_same_client(owner.visitor, owner.joined, person)

    def is_older(self, client_id: int, person: Person) -> bool:
        """Whether who has an id may be the same client as a person, by an older socket."""
        owner = self._owners.get(client_id)
        return owner is not None and _is_same_client(owner.visitor, owner.joined, person)

    def audible(self, person: Person, leases: Mapping[int, str]) -> Container[int]:
        """The ids that somebody is heard under; of others they echo, or forge, the states."""
        if not person.may_show:
            return ()
        own = person.client_id
        return (own,) if own else Claimable(self, person, leases)

    def give(self, person: Person, client_id: int) -> None:
        person.client_id = client_id
        former = self._former.pop(client_id, None)
        person.clock = former.clock if former is not None else 0
        self._owners[client_id] = person

    def release(self, person: Person) -> None:
        if not person.client_id:
            return
        del self._owners[person.client_id]
        self._former[person.client_id] = _Former(person.clock, person.visitor, person.joined)
        while len(self._former) > CLOCKS_KEPT:
            self._former.popitem(last=False)
        person.client_id = 0


class Claimable:
    """The client ids one of which a session that has none may make its own."""

    __slots__ = ("_ids", "_leases", "_person")

    def __init__(self, ids: ClientIds, person: Person, leases: Mapping[int, str]) -> None:
        self._ids = ids
        self._person = person
        self._leases = leases

    def __contains__(self, client_id: object) -> bool:
        return isinstance(client_id, int) and self._ids.may_claim(
            self._person, client_id, self._leases
        )


def _is_same_client(before: Visitor, joined: int, newcomer: Person) -> bool:
    """Whether somebody who had an id is the user that asks for it, come back by a newer socket."""
    older = joined < newcomer.joined
    return before.lane == "yjs" and older and before.user == newcomer.visitor.user
