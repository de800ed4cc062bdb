"""An order in which yrs can integrate the new structs of an update, if there is one.

yrs is the Yjs library that pycrdt contains. A struct is one item of an update: client id, clocks
and content. A client gives each unit that it writes, such as a character, a number: its clock. yrs
integrates a struct when it adds the struct to the document. When yrs cannot integrate a struct, it
keeps the struct pending and reports no error. The content of such an update is then missing in
every later state (measured). So this module first looks for an order, in the same way as yrs: it
takes the structs client by client. A client waits when its next struct depends on another client's
struct, and that struct is not in the order yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from typing import NoReturn

from collab.errors import Code, Rejected
from collab.yjs.update import SKIP, Id, Struct

# A section of an update has the structs of one client.
Sections = Mapping[int, list[Struct]]
Clocks = Mapping[int, int]
# The new structs of an update with their clients, in an order in which they can be integrated.
Fresh = list[tuple[int, Struct]]


def in_causal_order(sections: Sections, known: Clocks) -> Fresh:
    """Return the structs that are newer than the clocks in `known`, in causal order.

    Each struct comes after all structs that it depends on.

    Raise `Rejected(MISSING_DEPENDENCY)` in three cases:

    - The clocks of a client have a gap: after its clock in `known`, or between two new structs.
    - A struct depends on a struct that is neither known nor in the update.
    - Structs depend on each other in a circle.
    """
    fresh = {}
    for client, structs in sections.items():
        clock = known.get(client, 0)
        if structs[-1].end > clock and (beyond := _beyond(structs, clock)):
            fresh[client] = beyond
    if len(fresh) > 1:
        return _CausalSort(fresh, known).order
    order: Fresh = []
    for client, structs in fresh.items():
        for struct in structs:
            if _missing(struct, client, known, known) is not None:
                refuse_missing()
            order.append((client, struct))
    return order


def _beyond(structs: list[Struct], clock: int) -> list[Struct]:
    """The structs that end after `clock`, without a gap."""
    fresh = []
    for struct in structs:
        if struct.end > clock and struct.kind != SKIP:
            if struct.clock > clock:
                refuse_missing()
            fresh.append(struct)
            clock = struct.end
    return fresh


def _missing(struct: Struct, client: int, reached: Clocks, known: Clocks) -> Id | None:
    """The first id that a struct depends on and that is not integrated yet, or None."""
    for at in (struct.origin, struct.right, struct.parent):
        if isinstance(at, tuple):
            owner = at[0]
            end = struct.clock if owner == client else reached.get(owner, known.get(owner, 0))
            if at[1] >= end:
                return at
    return None


class _CausalSort:
    """Sorts the new structs of several clients into one order in which they can be integrated.

    Invariant: each client is done, ready or waiting. The next struct of a waiting client needs a
    clock of another client. The sort does not look at a waiting client before this clock is in the
    order. So it examines a struct once or twice, and once more for each wait.

    A waiting client continues as soon as it can. So yrs integrates a struct soon after its
    neighbours `origin` and `right`. Few other structs are then between these neighbours, and yrs
    finds the place of the new struct fast.
    """

    def __init__(self, fresh: dict[int, list[Struct]], known: Clocks) -> None:
        self._known = known
        self._reached = {client: known.get(client, 0) for client in fresh}
        self._left = {client: iter(structs) for client, structs in fresh.items()}
        self._waiting: dict[int, list[tuple[int, int, Struct]]] = {c: [] for c in fresh}
        self.order: Fresh = []
        firsts = [(client, next(structs)) for client, structs in self._left.items()]
        ready = [one for one in firsts if self._is_free(*one)]
        while ready:
            client, first = ready.pop()
            ahead = self._advance(client, first)
            if ahead is not None:
                ready.append((client, ahead))
            ready.extend(self._resumed_by(client))
        if any(self._waiting.values()):
            refuse_missing()

    def _advance(self, client: int, struct: Struct | None) -> Struct | None:
        """Take structs of a client until a struct has to wait, or another client can continue.

        When another client can continue, return this client's next struct. Otherwise return None.
        """
        waiting = self._waiting[client]
        while struct is not None and self._is_free(client, struct):
            self.order.append((client, struct))
            self._reached[client] = reached = struct.end
            struct = next(self._left[client], None)
            if waiting and waiting[0][0] < reached:
                return struct
        return None

    def _is_free(self, client: int, struct: Struct) -> bool:
        """Whether a struct's dependencies are integrated. If not, its client starts to wait."""
        needed = _missing(struct, client, self._reached, self._known)
        if needed is None:
            return True
        if needed[0] not in self._waiting or needed[0] == client:
            refuse_missing()
        # A client waits with one struct at a time, so the heap never compares structs.
        heappush(self._waiting[needed[0]], (needed[1], client, struct))
        return False

    def _resumed_by(self, client: int) -> Iterator[tuple[int, Struct]]:
        queue = self._waiting[client]
        while queue and queue[0][0] < self._reached[client]:
            _, waiting, struct = heappop(queue)
            yield waiting, struct


def refuse_missing() -> NoReturn:
    raise Rejected(
        Code.MISSING_DEPENDENCY,
        "the update depends on edits that the server does not have; send these edits first",
    )
