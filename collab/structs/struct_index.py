"""The facts about a document's structs with which the guard checks updates.

The index is needed because pycrdt cannot check an update before it applies it. It keeps these facts
because yrs 0.28 behaves as follows (measured):

- A struct whose parent is not a shared type raises an error in the middle of the update. The
  structs before it stay.
- A struct whose origin and right origin are in different lists connects these lists, and a walk
  over them never ends.
- When only one of the two origins is garbage-collected, a reload puts the struct elsewhere. yjs
  drops the struct.
- When a deletion or an origin splits a surrogate pair, the document loses a clock when it is loaded
  again.
- Shared types nested 20,000 deep, added one at a time, crash the process when the document is read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping

from collab.structs.array_sizes import ArraySizes
from collab.structs.block_counts import BlockCounts
from collab.structs.clock_runs import ClockRuns
from collab.structs.text_formats import FORMATTED, TextFormats
from collab.yjs.causality import Fresh, in_causal_order
from collab.yjs.contents import DELETED, ITEMS, MAX_CLOCK, TEXT, TYPE
from collab.yjs.lists import GONE, KEYED, TAKES_TEXT, UNKNOWN, StructPlace, list_id
from collab.yjs.update import (
    GC,
    STORED_BOUNDS,
    Id,
    Inspected,
    Range,
    Struct,
    free_rows,
    inspect,
    second_halves,
)


class StructIndex:
    """Keeps the places, surrogate pairs and deletions of all structs of one document.

    With a `base`, this index is a layer over the base index: `place`, `cuts` and `is_deleted` also
    look there.

    Invariant: the index has every applied update, in order. Add the update that pycrdt reports for
    each transaction, not the update that a client sent: only pycrdt's update names the nested
    deletions. yrs keeps at most `blocks` blocks, and one more for each origin that splits a block.
    """

    def __init__(self, base: StructIndex | None = None) -> None:
        self._base = base
        self._clients: defaultdict[int, ClockRuns] = defaultdict(ClockRuns)
        self.blocks = 0
        self.contents = BlockCounts()  # empty in a layer
        self.formats = TextFormats()  # empty in a layer
        self._has_blocks = False  # true while the structs of a state are added: each is one block
        self.arrays: ArraySizes = ArraySizes(None if base is None else base.arrays)
        # The state vector of the added updates.
        self.clocks: dict[int, int] = {}

    @classmethod
    def of(cls, update: bytes) -> StructIndex:
        """The index of a document from its whole state as one update."""
        index = cls()
        inspected = inspect(update, STORED_BOUNDS)
        index._has_blocks = True
        index.add(inspected)
        index._has_blocks = False
        inspected.free()
        return index

    def add(self, inspected: Inspected) -> None:
        """Add an applied update. Structs that are known already change nothing."""
        order = in_causal_order(inspected.sections, self.clocks)
        for client, struct in order:
            self.append(client, struct)
        free_rows(order)
        self._delete(inspected.deletes)
        self.formats.finish()

    def add_checked(
        self, fresh: Fresh, places: list[StructPlace], deletes: Mapping[int, list[Range]]
    ) -> None:
        """Add an applied update as the guard has found it: its new structs with their places."""
        for (client, struct), place in zip(fresh, places, strict=True):
            self.append(client, struct, place)
        if deletes:
            self._delete(deletes)
        self.formats.finish()

    def _delete(self, deletes: Mapping[int, list[Range]]) -> None:
        for client, ranges in deletes.items():
            known = self._clients[client]
            self.blocks += 2 * len(ranges)
            for start, end in ranges:
                if self.arrays.there:
                    self.count_deletion(client, start, end, self.arrays)
                self.formats.note_deletion(client, start, end, known.has_deleted)
                if known.starts and not self._has_blocks:
                    self.contents.cut(known.place(start))
                    self.contents.cut(known.place(end - 1))
                known.delete(start, end)

    def append(self, client: int, struct: Struct, place: StructPlace | None = None) -> None:
        """Add a struct, which has this place if it is known."""
        known = self._clients[client]
        clock = max(struct.clock, self.clocks.get(client, 0))
        if struct.text is not None:
            known.pairs.extend(half for half in second_halves(struct) if half >= clock)
        place = self.place_of(struct) if place is None else place
        known.append(clock, place)
        if struct.takes == ITEMS:
            self.arrays.create(list_id((client, struct.clock)), place.array)
        if place.array:
            self.arrays.add(place, struct.end - clock)
        if self._base is None:
            self.contents.add(client, struct, place, is_block=self._has_blocks)
            if struct.kind in FORMATTED:
                self.formats.note(client, struct, place)
        self.blocks += 1
        self.clocks[client] = struct.end

    def place_of(self, struct: Struct, beside: StructPlace | None = None) -> StructPlace:
        """The place that a new struct will have. `beside` is its origin's place, if known."""
        if struct.kind == GC:
            return GONE
        kind = struct.kind
        if struct.parent is not None:
            where, depth, holder, around = self._list_in(struct.parent, struct.key)
        else:
            beside = self.place(struct.origin) if beside is None else beside
            beside = self.place(struct.right) if beside == UNKNOWN else beside
            where, depth, _, _, holder, around = beside
        if not depth:
            return UNKNOWN if where == UNKNOWN.list else GONE
        takes_text = kind == DELETED or struct.takes == TEXT
        return StructPlace(where, depth, kind in (TYPE, DELETED), takes_text, holder, around)

    def _list_in(self, parent: Id | str, key: str | None) -> tuple[int, int, int, int]:
        """Return the list of a struct in a type, its depth, its `holder` and its `array`."""
        holder = where = list_id(parent)
        if key is not None:
            where = list_id(parent, key) | KEYED
        if isinstance(parent, str):
            return where if where & KEYED else where | TAKES_TEXT, 1, holder, 0
        above = self.place(parent)
        if above == GONE:
            return GONE.list, 0, 0, 0
        takes_text = above.takes_text and key is None
        around = self.arrays.number(where) if self.arrays.there and key is None else 0
        where = where | TAKES_TEXT if takes_text else where
        return where, above.depth + 1, holder, around or above.array

    def place(self, at: Id | None) -> StructPlace:
        if at is None:
            return UNKNOWN
        known = self._clients.get(at[0])
        if known is not None and known.starts and at[1] >= known.starts[0]:
            return known.place_of_run(bisect_right(known.starts, at[1]) - 1)
        return UNKNOWN if self._base is None else self._base.place(at)

    def knows(self, at: Id) -> bool:
        """Whether the index has the struct with this id."""
        return at[1] < self._end(at[0])

    def alive(self, client: int, start: int, end: int) -> Iterator[StructPlace]:
        """The places in a range of clocks where something is not deleted yet.

        Structs of the base index are left out, and clocks that the index does not have.
        """
        end = min(end, self._end(client))
        known = self._clients.get(client)
        if known is None or not known.starts:
            return
        at = max(start, known.starts[0])
        if at >= end:
            return
        for number in range(bisect_right(known.starts, at) - 1, bisect_left(known.starts, end)):
            behind = known.starts[number + 1] if number + 1 < len(known.starts) else end
            if not known.has_deleted(max(at, known.starts[number]), min(end, behind)):
                yield known.place(known.starts[number])

    def count_deletion(self, client: int, start: int, end: int, arrays: ArraySizes) -> None:
        """Count in `arrays` what a deletion of these clocks changes."""
        known = self._clients.get(client)
        if known is not None:
            for place, _, clocks in known.alive_in_arrays(start, min(end, self._end(client))):
                arrays.add(place, -clocks)
        if self._base is not None:
            self._base.count_deletion(client, start, end, arrays)

    def in_arrays(self, client: int, start: int, end: int) -> Iterator[tuple[StructPlace, int]]:
        """Yield the places in Y.Arrays in a range of clocks, each with its first clock.

        Structs of the base index are left out.
        """
        known = self._clients.get(client)
        if known is not None:
            for place, first, _ in known.alive_in_arrays(start, min(end, self._end(client))):
                yield place, first

    def alive_in(self, where: int) -> Id | None:
        """Return the id of the present value of a key, or None. `where` is the key's list.

        Structs of the base index are left out.
        """
        for client, known in self._clients.items():
            at = -1
            while (at := known.find(where, at + 1)) >= 0:
                end = self._run_end(client, at)
                if not known.has_deleted(end - 1, end):
                    return client, end - 1
        return None

    def in_lists(self, lists: Container[int]) -> Iterator[tuple[int, int, int, int]]:
        """Yield each run in some lists, without the base: the list, the client, start and end."""
        for client, known in self._clients.items():
            for number, where in enumerate(known.lists):
                if where in lists:
                    yield where, client, known.starts[number], self._run_end(client, number)

    def _run_end(self, client: int, number: int) -> int:
        starts = self._clients[client].starts
        return starts[number + 1] if number + 1 < len(starts) else self.clocks[client]

    def all_runs(self) -> Iterator[tuple[int, int, int, StructPlace]]:
        """Yield the client, start, end and place of each run, without the base."""
        for client, known in self._clients.items():
            for number, start in enumerate(known.starts):
                yield client, start, self._run_end(client, number), known.place_of_run(number)

    def keyed_runs(self) -> Iterator[tuple[int, int]]:
        """Yield the holder of each run of values of keys, and how many of them are not deleted."""
        for client, known in self._clients.items():
            yield from known.keyed(self.clocks.get(client, 0))

    def count_alive(self, client: int, start: int, end: int) -> int:
        """Return how many of these clocks, which the index has, are not deleted."""
        return end - start - self._clients[client].deleted_in(start, end)

    def alive_types(
        self, client: int, start: int = 0, end: int = MAX_CLOCK
    ) -> Iterator[tuple[Id, StructPlace]]:
        """Yield each shared type in a range of clocks that is not deleted, and its place."""
        known, end = self._clients.get(client), min(end, self._end(client))
        if known is None or not known.starts or end <= (at := max(start, known.starts[0])):
            return
        for number in range(known.number_of(at), known.number_of(end - 1) + 1):
            depth = known.depths[number]
            if not depth & 1 or depth < 4:  # no type, or its place is unknown
                continue
            first, behind = max(at, known.starts[number]), min(end, self._run_end(client, number))
            place = known.place_of_run(number)
            # A few bytes may bring a run of millions of deleted clocks.
            for low, high in known.alive(first, behind):
                for clock in range(low, high):
                    yield (client, clock), place

    def all_alive_types(self) -> Iterator[tuple[Id, StructPlace]]:
        for client in self._clients:
            yield from self.alive_types(client)

    def present_types(self) -> Iterator[tuple[int, Id]]:
        """Yield the list of each key whose present value is a shared type, and the id of the type.

        Structs of the base index are left out.
        """
        for client, known in self._clients.items():
            for number, where in enumerate(known.lists):
                if where & KEYED and known.depths[number] & 1:
                    end = self._run_end(client, number)
                    if not known.has_deleted(end - 1, end):
                        yield where, (client, end - 1)

    def cuts(self, client: int, clock: int) -> bool:
        """Whether a cut before this clock splits a surrogate pair."""
        known = self._clients.get(client)
        if known is not None and known.pairs and known.cuts(clock):
            return True
        return self._base is not None and self._base.cuts(client, clock)

    def has_deleted(self, client: int, start: int, end: int) -> bool:
        known = self._clients.get(client)
        return known is not None and known.has_deleted(start, end)

    def is_deleted(self, at: Id) -> bool:
        if self.has_deleted(at[0], at[1], at[1] + 1):
            return True
        return self._base is not None and self._base.is_deleted(at)

    def _end(self, client: int) -> int:
        end = self.clocks.get(client)
        if end is not None:
            return end
        return 0 if self._base is None else self._base._end(client)
