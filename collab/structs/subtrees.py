"""Finds what is inside shared types, and how many blocks of yrs the value does not show.

The server deletes the entries of maps in portions (`collab/writing/removal.py`). It counts them in
the value. The blocks of former values and of deleted keys are *hidden*: the value does not show
them. So are the pieces of a text, and everything in a Y.Array, in XML, or in another root type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeAlias
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
# A document may gain this share of its blocks, and so many more, until it is measured again. So the
# time to measure is at most a few times the time to gain them. A deletion may be larger by as many.
GAINED_SHARE: Final = 16
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


Levels: TypeAlias = dict[int, list[_Type]]


def subtree_of(index: StructIndex, roots: Iterable[Id], root: str) -> Subtree:
    """Return everything inside these types, but not the types themselves.

    `root` is the root type whose maps the value shows.
    """
    levels = _levels(index)
    reached = _reached(levels, root)
    inside = {list_id(at) for at in roots}
    for depth in sorted(levels):
        inside.update(one.own for one in levels[depth] if one.place.holder in inside)
    hidden = sum(map(index.contents.of, inside)) - UNCOUNTED * len(inside & reached)
    ranges: dict[int, list[Range]] = {}
    for client, start, end, place in index.all_runs():
        if place.depth and place.holder in inside:
            ranges.setdefault(client, []).append((start, end))
            if place.list & KEYED and place.holder in reached:
                hidden -= index.count_alive(client, start, end)
    return Subtree(ranges, hidden)


def _levels(index: StructIndex) -> Levels:
    """Return the types that are not deleted and have content, by their depth."""
    levels: Levels = {}
    for at, place in index.all_alive_types():
        own = list_id(at)
        if index.contents.of(own):
            levels.setdefault(place.depth, []).append(_Type(at, own, place))
    return levels


def _reached(levels: Levels, root: str) -> set[int]:
    """Return the types that are reached from a root type by keys alone."""
    reached = {list_id(root)}
    for depth in sorted(levels):
        reached.update(
            one.own for one in levels[depth] if one.is_keyed and one.place.holder in reached
        )
    return reached


class HiddenBlocks:
    """The hidden blocks of each type in a document, measured from time to time.

    To measure them takes several µs for each run of the index. So they are measured when a type is
    deleted, and only after the document has gained many blocks.
    """

    def __init__(self, root: str) -> None:
        self._root = root  # the root type whose maps the value shows
        self._sizes: dict[int, int] = {}  # by the list of the type's children
        self._large: dict[int, Id] = {}
        self._index: Callable[[], StructIndex | None] = lambda: None
        self._blocks = 0  # of the index, when it was measured

    def most(self, index: StructIndex, roots: Iterable[Id]) -> int:
        """Return about how many hidden blocks are inside these types."""
        self._update(index)
        return sum(self._sizes.get(list_id(at), 0) for at in roots)

    def large(self, index: StructIndex) -> dict[int, Id]:
        """Return the types that are entries and may have very many hidden blocks inside.

        They are by the list of their key (`StructPlace.list`).
        """
        self._update(index)
        return self._large

    def _update(self, index: StructIndex) -> None:
        if self._index() is not index or index.blocks - self._blocks > _allowed(self._blocks):
            self._measure(index)

    def _measure(self, index: StructIndex) -> None:
        alive: dict[int, int] = {}
        for holder, count in index.keyed_runs():
            alive[holder] = alive.get(holder, 0) + count
        levels = _levels(index)
        reached = _reached(levels, self._root)
        sizes, total, large = dict[int, int](), dict[int, int](), dict[int, Id]()
        least = MOST_HIDDEN - _allowed(index.blocks)
        for depth in sorted(levels, reverse=True):  # what is inside comes first
            for one in levels[depth]:
                own, holder = index.contents.of(one.own), one.place.holder
                all_of = total[one.own] = total.get(one.own, 0) + own
                if one.own in reached:
                    own = max(0, own - alive.get(one.own, 0) - UNCOUNTED)
                size = sizes[one.own] = sizes.get(one.own, 0) + own
                total[holder] = total.get(holder, 0) + all_of
                sizes[holder] = sizes.get(holder, 0) + size
                if one.is_keyed and all_of >= least:
                    large[one.place.list] = one.id
        self._sizes = {own: size for own, size in sizes.items() if size >= LEAST}
        self._large = large
        self._index, self._blocks = ref(index), index.blocks


def _allowed(blocks: int) -> int:
    """Return how many blocks a document may gain until it is measured again."""
    return MOST_GAINED + blocks // GAINED_SHARE
