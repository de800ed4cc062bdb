"""Finds what is inside shared types, and how many blocks of yrs the value does not show.

The server deletes the entries of maps in portions (`collab/writing/removal.py`). It counts them in
the value. The blocks of former values and of deleted keys are *hidden*: the value does not show
them. So are the pieces of a text, and everything in a Y.Array or in XML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple
from weakref import ref

from collab.structs.struct_index import StructIndex
from collab.yjs.lists import KEYED, StructPlace, list_id
from collab.yjs.update import Id, Range

# Hidden blocks that yrs may delete in one call, in about 15 ms.
MOST_HIDDEN: Final = 10_000
# So many hidden blocks of each type do not count: a text that was edited once has as many.
UNCOUNTED: Final = 2
# Types with fewer hidden blocks are not kept.
LEAST: Final = 20
# Blocks that a document may gain before its types are measured again.
MOST_GAINED: Final = 1_000


class Subtree(NamedTuple):
    """Everything inside some types: the clocks by client, and how many hidden blocks it has."""

    ranges: dict[int, list[Range]]
    hidden: int


class _Type(NamedTuple):
    id: Id
    own: int  # the list of its children
    place: StructPlace

    @property
    def is_keyed(self) -> bool:
        return self.place.list & KEYED > 0


def subtree_of(index: StructIndex, roots: Iterable[Id]) -> Subtree:
    """Return everything inside these types, but not the types themselves."""
    inner: dict[int, list[_Type]] = {}
    for one in _types(index):
        inner.setdefault(one.place.holder, []).append(one)
    is_portioned = {list_id(at): index.place(at).list & KEYED > 0 for at in roots}
    waiting = list(is_portioned)
    while waiting:
        holder = waiting.pop()
        for one in inner.get(holder, ()):
            if one.own not in is_portioned:
                is_portioned[one.own] = is_portioned[holder] and one.is_keyed
                waiting.append(one.own)
    hidden = sum(map(index.contents.of, is_portioned))
    hidden -= UNCOUNTED * sum(is_portioned.values())
    ranges: dict[int, list[Range]] = {}
    for client, start, end, place in index.all_runs():
        if place.depth and place.holder in is_portioned:
            ranges.setdefault(client, []).append((start, end))
            if place.list & KEYED and is_portioned[place.holder]:
                hidden -= index.count_alive(client, start, end)
    return Subtree(ranges, hidden)


def _types(index: StructIndex) -> Iterator[_Type]:
    """Yield the types that are not deleted and have content."""
    for at, place in index.all_alive_types():
        own = list_id(at)
        if index.contents.of(own):
            yield _Type(at, own, place)


class HiddenBlocks:
    """The hidden blocks of each type in a document, measured from time to time.

    To measure them takes 1 µs for each run of the index. A deletion is estimated by the last
    measurement first, and most deletions need no other.
    """

    def __init__(self) -> None:
        self._hidden: dict[int, int] = {}  # by the list of the type's children
        self._total: dict[int, int] = {}  # all blocks inside
        self._large: dict[int, Id] = {}
        self._index: Callable[[], StructIndex | None] = lambda: None
        self._blocks = 0  # of the index, when it was measured

    def most(self, index: StructIndex, roots: Iterable[tuple[Id, StructPlace]]) -> int:
        """Return an upper estimate of the hidden blocks inside these types."""
        self._update(index)
        most = index.blocks - self._blocks
        for at, place in roots:
            sizes = self._hidden if place.list & KEYED else self._total
            most += sizes.get(list_id(at), 0)
        return most

    def large(self, index: StructIndex) -> dict[int, Id]:
        """Return the types that are entries and may have very many hidden blocks inside.

        They are by the list of their key (`StructPlace.list`).
        """
        self._update(index)
        return self._large

    def _update(self, index: StructIndex) -> None:
        if self._index() is not index or index.blocks - self._blocks > MOST_GAINED:
            self._measure(index)

    def _measure(self, index: StructIndex) -> None:
        alive: dict[int, int] = {}
        for client, start, end, place in index.all_runs():
            if place.list & KEYED and place.depth:
                count = index.count_alive(client, start, end)
                alive[place.holder] = alive.get(place.holder, 0) + count
        levels: dict[int, list[_Type]] = {}
        for one in _types(index):
            levels.setdefault(one.place.depth, []).append(one)
        hidden, total, large = dict[int, int](), dict[int, int](), dict[int, Id]()
        for depth in sorted(levels, reverse=True):  # what is inside comes first
            for one in levels[depth]:
                own = index.contents.of(one.own)
                all_of = total[one.own] = total.get(one.own, 0) + own
                shown = alive.get(one.own, 0) + UNCOUNTED
                hides = hidden[one.own] = hidden.get(one.own, 0) + max(0, own - shown)
                holder, more = one.place.holder, hides if one.is_keyed else all_of
                total[holder] = total.get(holder, 0) + all_of
                hidden[holder] = hidden.get(holder, 0) + more
                if one.is_keyed and all_of + MOST_GAINED >= MOST_HIDDEN:
                    large[one.place.list] = one.id
        self._hidden = {own: size for own, size in hidden.items() if size >= LEAST}
        self._total = {own: size for own, size in total.items() if size >= LEAST}
        self._large = large
        self._index, self._blocks = ref(index), index.blocks
