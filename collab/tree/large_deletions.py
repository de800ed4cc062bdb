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
    """Entries of one map that an update deletes."""

    path: TypesPath
    keys: list[str]


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


def large_deletions(
    txn: Txn,
    content: Any,
    index: StructIndex | None,
    summary: UpdateSummary,
    sizes: MapSizes,
    state: Callable[[Txn], bytes],
) -> list[LargeDeletion]:
    """Return the entries that an update deletes or overwrites, or none when they have few blocks.

    `state` returns the state of the document.
    """
    if index is None or index.blocks < SMALL or not (summary.deletes or summary.values):
        return []
    alive = [
        place
        for client, ranges in summary.deletes.items()
        for start, end in ranges
        for place in index.alive(client, start, end)
    ]
    lists = {place.list for place in alive}
    present = overwritten(index, summary.values)
    present = {where: own for where, own in present.items() if where not in lists}
    if len(alive) < MOST_BLOCKS and not present and not any(place.holds for place in alive):
        return []
    found: list[LargeDeletion] = []
    if sizes.most_blocks(txn, content, index, alive, present) >= MOST_BLOCKS:
        lists |= lost(present, summary.values, index, partial(state, txn))
        search = _Search(txn, index, lists)
        found = list(search.below(content, CONTENT, ()))
        if search.blocks < MOST_BLOCKS:
            found = []
    free_rows(alive)
    return found


class _Search:
    """Searches all maps but the smallest. `blocks` counts the blocks of the entries found so far.

    A map has few blocks of its own, but many such maps together may lose many.
    """

    def __init__(self, txn: Txn, index: StructIndex, lists: set[int]) -> None:
        self._txn = txn
        self._ids = dict(index.present_types())
        self._lists = lists  # the lists of the structs to delete (`StructPlace.list`)
        self.blocks = 0

    def below(self, held: Any, own: Id | str, path: TypesPath) -> Iterator[LargeDeletion]:
        """Find the entries to delete of the map `held`, whose id is `own`, and of maps inside."""
        keys: list[str] = []
        inside: list[tuple[str, Any, Id]] = []
        for key in held.keys(self._txn):
            inner, place = get_or_none(self._txn, held, key), list_id(own, key) | KEYED
            blocks = blocks_in(self._txn, inner, MOST_BLOCKS)
            if place in self._lists:
                keys.append(key)
                self.blocks += blocks
            elif is_map(inner) and blocks >= LEAST and place in self._ids:
                inside.append((key, inner, self._ids[place]))
        if keys:
            yield LargeDeletion(path, keys)
        for key, inner, its_id in inside:
            yield from self.below(inner, its_id, (*path, key))


def map_at(txn: Txn, content: Any, path: TypesPath) -> Any:
    """Return the map at a path, or None when there is no map."""
    held = content
    for step in path:
        held = get_or_none(txn, held, step) if is_map(held) else None
    return held if is_map(held) else None
