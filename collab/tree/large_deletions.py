"""Finds large deletions of a Yjs update: entries of maps that together have many blocks of yrs.

An entry that the update overwrites counts too (`collab/tree/overwriting.py`).

yrs deletes the content of a map recursively, in one call. So an update of ten bytes may block the
interpreter for seconds. Therefore the server first deletes these entries in portions. Only then it
applies the update (rule G27 of SPEC.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple
from weakref import ref

from collab.structs.struct_index import StructIndex
from collab.structs.subtrees import MOST_HIDDEN, HiddenBlocks
from collab.tree.overwriting import lost, overwritten
from collab.tree.summary import UpdateSummary
from collab.types.handles import Txn, get_or_none, is_map
from collab.types.layout import Step
from collab.types.loader import CONTENT
from collab.types.yjs_document import MOST_BLOCKS
from collab.writing.removal import blocks_in
from collab.yjs.lists import KEYED, StructPlace, list_id
from collab.yjs.spans import Id
from collab.yjs.update import free_rows

# A path through the Yjs types. The value that an element wraps is one step below the element.
TypesPath = tuple[Step, ...]
# Documents with fewer blocks are not searched.
SMALL: Final = 10_000
# Maps with fewer blocks are not measured one by one.
LEAST: Final = 20
# Blocks that a document may gain before its maps are measured again.
MOST_GAINED: Final = 1_000


class LargeDeletion(NamedTuple):
    """Entries of one map that an update deletes.

    `types` are the shared types among them, by their keys, if there are very many hidden blocks
    inside.
    """

    path: TypesPath
    keys: list[str]
    types: Mapping[str, Id] = {}


class Found(NamedTuple):
    """The large deletions of an update.

    When there may be very many hidden blocks inside, `types` are the outermost types that the
    update deletes, in all places. `is_large` says that the entries have many blocks in the value.
    """

    entries: Sequence[LargeDeletion] = ()
    types: Sequence[Id] = ()
    is_large: bool = False


class MapSizes:
    """The blocks of each map in a document, measured from time to time.

    A search through the document takes a second for 450,000 blocks. So a deletion is estimated by
    these sizes first, and most need no search.
    """

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}  # by the list of the map's key (`StructPlace.list`)
        self._index: Callable[[], StructIndex | None] = lambda: None
        self._blocks = 0  # of the index, when the maps were measured

    def most_blocks(
        self,
        txn: Txn,
        content: Any,
        index: StructIndex,
        alive: Sequence[StructPlace],
        lists: Iterable[int] = (),
    ) -> int:
        """Return an upper estimate of the blocks of these structs and of their content.

        The present values of the keys with these `lists` count too.
        """
        if self._index() is not index or index.blocks - self._blocks > MOST_GAINED:
            self._measure(txn, content, index)
        gained = index.blocks - self._blocks
        types = (self._sizes.get(place.list, LEAST) for place in alive if place.holds)
        return len(alive) + gained + sum(types) + sum(self._sizes.get(key, LEAST) for key in lists)

    def _measure(self, txn: Txn, content: Any, index: StructIndex) -> None:
        self._sizes.clear()
        ids = dict(index.present_types())
        self._measure_in(txn, content, CONTENT, ids)
        self._index, self._blocks = ref(index), index.blocks

    def _measure_in(self, txn: Txn, held: Any, own: Id | str, ids: Mapping[int, Id]) -> int:
        """Measure the maps inside a map, whose id is `own`. Return the blocks of the map."""
        blocks = 1
        for key in held.keys(txn):
            inner, place = get_or_none(txn, held, key), list_id(own, key) | KEYED
            if is_map(inner) and place in ids:
                size = self._measure_in(txn, inner, ids[place], ids)
            else:
                size = blocks_in(txn, inner, MOST_BLOCKS)
            if size >= LEAST:
                self._sizes[place] = size
            blocks += size
        return blocks


class Sizes:
    """What a document's maps have in the value, and what is hidden in its types."""

    def __init__(self, hidden: HiddenBlocks) -> None:
        self.maps = MapSizes()
        self.hidden = hidden


def large_deletions(
    txn: Txn,
    content: Any,
    index: StructIndex | None,
    summary: UpdateSummary,
    sizes: Sizes,
    state: Callable[[Txn], bytes],
) -> Found:
    """Return what an update deletes or overwrites, or nothing when that has few blocks.

    `state` returns the state of the document.
    """
    if index is None or index.blocks < SMALL or not (summary.deletes or summary.values):
        return Found()
    ranges = [(client, *one) for client, own in summary.deletes.items() for one in own]
    alive = [place for one in ranges for place in index.alive(*one)]
    lists = {place.list for place in alive}
    present = overwritten(index, summary.values)
    present = {where: own for where, own in present.items() if where not in lists}
    has_types = bool(present) or any(place.holds for place in alive)
    if len(alive) < MOST_BLOCKS and not has_types:
        return Found()
    types = _outermost(index, ranges) if has_types else []
    is_hidden = sizes.hidden.most(index, [*types, *present.values()]) >= MOST_HIDDEN
    found = Found()
    if is_hidden or sizes.maps.most_blocks(txn, content, index, alive, present) >= MOST_BLOCKS:
        certain = lost(present, summary.values, index, partial(state, txn))
        search = _Search(txn, index, lists | certain, is_hidden=is_hidden)
        entries = list(search.below(content, CONTENT, ()))
        is_large = search.blocks >= MOST_BLOCKS
        if is_hidden:
            deleted = types + [present[where] for where in certain]
            found = Found(entries, deleted, is_large)
        elif is_large:
            found = Found(entries, (), is_large)
    free_rows(alive)
    return found


def _outermost(index: StructIndex, ranges: Iterable[tuple[int, int, int]]) -> list[Id]:
    """Return the types in some ranges of clocks, but not the types inside these types."""
    found = [one for each in ranges for one in index.alive_types(*each)]
    inside = {list_id(at) for at, _ in found}
    return [at for at, place in found if place.holder not in inside]


class _Search:
    """Searches all maps but the smallest. `blocks` counts the blocks of the entries found so far.

    A map has few blocks of its own, but many such maps together may lose many. With `is_hidden`,
    the smallest maps are searched too, because the value does not show their blocks.
    """

    def __init__(
        self, txn: Txn, index: StructIndex, lists: set[int], *, is_hidden: bool = False
    ) -> None:
        self._txn = txn
        self._ids = dict(index.present_types())
        self._lists = lists  # the lists of the structs to delete (`StructPlace.list`)
        self._is_hidden = is_hidden
        self.blocks = 0

    def below(self, held: Any, own: Id | str, path: TypesPath) -> Iterator[LargeDeletion]:
        """Find the entries to delete of the map `held`, whose id is `own`, and of maps inside."""
        keys: list[str] = []
        types: dict[str, Id] = {}
        inside: list[tuple[str, Any, Id]] = []
        for key in held.keys(self._txn):
            inner, place = get_or_none(self._txn, held, key), list_id(own, key) | KEYED
            blocks = blocks_in(self._txn, inner, MOST_BLOCKS)
            if place in self._lists:
                keys.append(key)
                self.blocks += blocks
                if self._is_hidden and place in self._ids:
                    types[key] = self._ids[place]
            elif is_map(inner) and self._has_many(blocks) and place in self._ids:
                inside.append((key, inner, self._ids[place]))
        if keys:
            yield LargeDeletion(path, keys, types)
        for key, inner, its_id in inside:
            yield from self.below(inner, its_id, (*path, key))

    def _has_many(self, blocks: int) -> bool:
        return self._is_hidden or blocks >= LEAST


def map_at(txn: Txn, content: Any, path: TypesPath) -> Any:
    """Return the map at a path, or None when there is no map."""
    held = content
    for step in path:
        held = get_or_none(txn, held, step) if is_map(held) else None
    return held if is_map(held) else None
