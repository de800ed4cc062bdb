"""What the guard remembers of a document's structs, because pycrdt cannot be asked before it acts.

Three things that yrs 0.28 does (measured) need it. A struct whose parent is no shared type raises
in the middle of the update, and what came before it stays. Cutting a surrogate pair in two, by a
deleted range or an origin, makes the document lose a clock when it is loaded again. Shared types
20,000 deep kill the process when the document is read, and they may be brought in one at a time.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import Final

from collab.yjs.causality import in_causal_order
from collab.yjs.contents import DELETED, TYPE
from collab.yjs.update import GC, GuardBounds, Id, Inspected, Range, Struct, inspect

_UNBOUNDED: Final = GuardBounds(update_bytes=0)
_DEEPEST: Final = 2**15 - 1
_FAR: Final = 2**32


class _Client:
    """One client's clocks, in runs of equal place.

    Invariant: `starts` ascends; `places[i]` holds from `starts[i]` up to the next start. A place
    is how many types a struct lies in, negated where it may be named as a parent (a shared type,
    or what is deleted and may have been one), and 0 where nothing is left of it.
    """

    __slots__ = ("deleted", "pairs", "places", "starts")

    def __init__(self) -> None:
        self.starts = array("I")
        self.places = array("h")
        self.pairs = array("I")  # clocks of the second halves of surrogate pairs
        self.deleted: list[Range] = []

    def append(self, clock: int, place: int) -> None:
        if not self.places or self.places[-1] != place:
            self.starts.append(clock)
            self.places.append(place)

    def cuts(self, clock: int) -> bool:
        at = bisect_left(self.pairs, clock)
        return at < len(self.pairs) and self.pairs[at] == clock

    def delete(self, start: int, end: int) -> None:
        ranges = self.deleted
        first = bisect_left(ranges, (start, 0))
        if first and ranges[first - 1][1] >= start:
            first -= 1
        last = first
        while last < len(ranges) and ranges[last][0] <= end:
            start = min(start, ranges[last][0])
            end = max(end, ranges[last][1])
            last += 1
        ranges[first:last] = [(start, end)]

    def has_deleted(self, start: int, end: int) -> bool:
        at = bisect_right(self.deleted, (start, _FAR)) - 1
        return at >= 0 and end <= self.deleted[at][1]


class StructIndex:
    """Place, surrogate pairs and deletions of every struct of one document.

    Invariant: it holds every update that was applied, in order. Add what pycrdt says of each
    transaction, which names the deletions of what lay below as well, not what a client sent.
    """

    def __init__(self, base: StructIndex | None = None) -> None:
        self._base = base
        self._clients: dict[int, _Client] = {}
        # The state vector of what was added.
        self.clocks: dict[int, int] = {}

    @classmethod
    def of(cls, update: bytes) -> StructIndex:
        """The index of a document from its whole state as one update."""
        index = cls()
        index.add(inspect(update, _UNBOUNDED))
        return index

    def add(self, inspected: Inspected) -> None:
        """Take in an update that was applied; what is known already changes nothing."""
        for client, struct in in_causal_order(inspected.sections, self.clocks):
            self.append(client, struct)
        for client, ranges in inspected.deletes.items():
            known = self._client(client)
            for start, end in ranges:
                known.delete(start, end)

    def append(self, client: int, struct: Struct) -> None:
        known = self._client(client)
        clock = max(struct.clock, self.clocks.get(client, 0))
        place = min(self.depth(struct), _DEEPEST)
        if struct.text is not None:
            known.pairs.extend(half for half in second_halves(struct) if half >= clock)
        known.append(clock, -place if struct.kind in (TYPE, DELETED) else place)
        self.clocks[client] = struct.end

    def depth(self, struct: Struct) -> int:
        """How many types a struct lies in, its root included; 0 where nothing is left of it."""
        if struct.kind == GC:
            return 0
        if struct.parent is not None:
            depth = abs(self._place(struct.parent))
            return depth + 1 if depth else 0
        if struct.origin is None and struct.right is None:
            return 1
        depth = abs(self._place(struct.origin)) if struct.origin else 0
        return depth or (abs(self._place(struct.right)) if struct.right else 0)

    def may_be_parent(self, at: Id) -> bool:
        return self._place(at) <= 0

    def cuts(self, client: int, clock: int) -> bool:
        """Whether a cut before this clock parts a surrogate pair."""
        known = self._clients.get(client)
        if known is not None and known.pairs and known.cuts(clock):
            return True
        return self._base is not None and self._base.cuts(client, clock)

    def has_deleted(self, client: int, start: int, end: int) -> bool:
        known = self._clients.get(client)
        return known is not None and known.has_deleted(start, end)

    def _place(self, at: Id) -> int:
        client, clock = at
        known = self._clients.get(client)
        if known is not None and known.starts and clock >= known.starts[0]:
            return known.places[bisect_right(known.starts, clock) - 1]
        # What nobody told us of counts as a type in a root.
        return -1 if self._base is None else self._base._place(at)

    def _client(self, client: int) -> _Client:
        known = self._clients.get(client)
        if known is None:
            known = self._clients[client] = _Client()
        return known


def second_halves(struct: Struct) -> list[int]:
    """The clocks at which a cut would part a surrogate pair of this string."""
    clock = struct.clock
    halves: list[int] = []
    for character in struct.text or "":
        if character > "\uffff":
            halves.append(clock + 1)
            clock += 1
        clock += 1
    return halves
