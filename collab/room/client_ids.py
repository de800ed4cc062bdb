"""Client ids: whose each awareness entry is, and the clock it has come to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from collab.room.person import Person

# Clients remember the clock of an id for ever; we remember those of the last so many who left.
CLOCKS_KEPT = 2048


class ClientIds:
    """Invariant: an id belongs to one person at most, and a person has one id or none."""

    def __init__(self) -> None:
        self._owners: dict[int, Person] = {}
        self._clocks: OrderedDict[int, int] = OrderedDict()

    def __contains__(self, client_id: int) -> bool:
        """Whether somebody has it, or had it so lately that a newcomer would pass for them."""
        return client_id in self._owners or client_id in self._clocks

    def owner(self, client_id: int) -> Person | None:
        return self._owners.get(client_id)

    def may_claim(self, person: Person, client_id: int, leases: Mapping[int, str]) -> bool:
        """Whether this id may become the person's own.

        A socket that is half dead and the one that came after it: the newer one is the client.
        The older may go on echoing the id, and is not listened to.
        """
        user = person.visitor.user
        if not client_id or leases.get(client_id, user) != user:
            return False
        owner = self._owners.get(client_id)
        if owner is None:
            return True
        yields = owner.visitor.lane == "yjs" and owner.joined < person.joined
        return yields and owner.visitor.user == user

    def give(self, person: Person, client_id: int) -> None:
        person.client_id = client_id
        person.clock = self._clocks.pop(client_id, 0)
        self._owners[client_id] = person

    def release(self, person: Person) -> None:
        if not person.client_id:
            return
        del self._owners[person.client_id]
        self._clocks[person.client_id] = person.clock
        while len(self._clocks) > CLOCKS_KEPT:
            self._clocks.popitem(last=False)
        person.client_id = 0
