"""Finds items of Y.Arrays by their ids: the items on a path, and their current indexes.

The first id of an item is its Yjs id at its first insertion. Records name items by first ids
(`collab/types/records.py`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec.structs import replace
from pycrdt import _pycrdt as native

from collab.identity.characters import id_at, left_of, sticky
from collab.identity.identity_index import IdentityIndex
from collab.identity.item_chains import ItemChains
from collab.identity.labels import reach_any
from collab.types.handles import ArrayStandIn, Txn, is_array
from collab.types.records import ItemsHunk, MovedRecord, Path, Record, SetRecord, ShownRecord
from collab.yjs.spans import Id, Run, merged
from collab.yjs.update import Range

# Steps of yrs to find the ids of items: 0.5 s. Each item takes a step for each item before it.
MOST_STEPS: Final = 100_000_000
NO_CHAINS: Final = ItemChains()


def items_on(txn: Txn, held: Any, identity: IdentityIndex, path: Path) -> tuple[Id, ...]:
    """Return the first ids of the Y.Array items that a path leads through."""
    if not any(isinstance(step, int) for step in path):
        return ()
    found: list[Id] = []
    for depth, step in enumerate(path):
        inner = reach_any(txn, held, path[:depth])
        if isinstance(step, str):
            continue
        if not is_array(inner) or step >= inner.len(txn):
            break
        if isinstance(inner, ArrayStandIn):
            found.append(inner.first(step))
        else:
            found.append(identity.first_id(id_at(txn, inner, step)))
    return tuple(found)


def on_items(txn: Txn, content: Any, identity: IdentityIndex, record: Record) -> Record:
    """Return the record with the first ids of the items that its path leads through now."""
    if not isinstance(record, SetRecord | ShownRecord | MovedRecord):
        return record
    found = items_on(txn, content, identity, record.path)
    return replace(record, items=found) if found else record


def current_ids(
    txn: Txn, handle: Any, start: int, end: int, chains: ItemChains = NO_CHAINS
) -> list[Run] | None:
    """Return the ids of a list's items from `start` to `end`.

    Return None when yrs would need more than `MOST_STEPS` steps.
    """
    found: list[Run] = []
    steps, at = 0, start
    while at < end:
        runs = _first_of(chains.after(id_at(txn, handle, at)), end - at)
        count = sum(run[2] for run in runs)
        steps += 2 * at + count
        while count > 1 and id_at(txn, handle, at + count - 1) != _last_of(runs):
            count //= 2
            runs = _first_of(iter(runs), count)
            steps += at + count
        if steps > MOST_STEPS:
            return None
        found += runs
        at += count
    return merged(found)


def _first_of(runs: Iterator[Run], count: int) -> list[Run]:
    """Return the first `count` ids of some runs, or all of them."""
    found: list[Run] = []
    for client, clock, length in runs:
        found.append((client, clock, min(length, count)))
        count -= length
        if count <= 0:
            break
    return found


def _last_of(runs: Sequence[Run]) -> Id:
    client, clock, length = runs[-1]
    return client, clock + length - 1


def spots(
    txn: Txn, handle: Any, identity: IdentityIndex, run: Run, *, is_unchanged: bool = True
) -> Iterator[int]:
    """Yield the current indexes of the items in a run of first ids.

    `is_unchanged` says that the transaction has not removed items of this list.
    """
    for _, (client, clock, length) in identity.current_runs(run):
        for start, end in present(txn, identity, client, clock, clock + length):
            yield from _indexes(txn, handle, client, start, end, is_unchanged)


def present(
    txn: Txn, identity: IdentityIndex, client: int, start: int, end: int
) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a client's clocks that were not deleted before a transaction.

    An imported record may name clocks that the document does not have. pycrdt panics on them.
    """
    gone: Sequence[Range] = ()
    if identity.deletions is not None:
        start, end = max(0, start), identity.deletions.known(txn, client, end)
        gone = identity.deletions.before(txn).get(client, ())
    at = max(0, bisect_right(gone, (start, 2**53)) - 1)
    while at < len(gone) and gone[at][0] < end:
        if start < gone[at][0]:
            yield start, gone[at][0]
        start = max(start, gone[at][1])
        at += 1
    if start < end:
        yield start, end


def _indexes(
    txn: Txn, handle: Any, client: int, start: int, end: int, is_unchanged: bool
) -> Iterator[int]:
    """Yield the indexes of items with consecutive ids. They are in this order in the list."""
    if not is_unchanged and end > start + 1:
        for clock in range(start, end):
            yield from _indexes(txn, handle, client, clock, clock + 1, is_unchanged)
        return
    first = index_of(txn, handle, (client, start))
    last = first if end == start + 1 else index_of(txn, handle, (client, end - 1))
    if first is not None and last is not None and last - first == end - 1 - start:
        yield from range(first, last + 1)  # no other item is between them
    elif end > start + 1:
        middle = (start + end) // 2
        yield from _indexes(txn, handle, client, start, middle, is_unchanged)
        yield from _indexes(txn, handle, client, middle, end, is_unchanged)


def index_of(txn: Txn, handle: Any, at: Id) -> int | None:
    """Return the index of the item with this current id; None when it is not in this list.

    The item must not have been deleted before the transaction.
    """
    index: int = native.decode_sticky_index(sticky(at)).get_offset(txn)
    there = 0 <= index < handle.len(txn) and id_at(txn, handle, index) == at
    return index if there else None


def first_ids(
    txn: Txn, handle: Any, identity: IdentityIndex, start: int, end: int
) -> tuple[Run, ...]:
    """Return the first ids of the items from `start` to `end`; nothing when that takes too long."""
    return tuple(identity.first_runs(current_ids(txn, handle, start, end) or ()))


def items_hunk(
    txn: Txn,
    handle: Any,
    identity: IdentityIndex,
    at: int,
    removed: tuple[Any, ...],
    gone: tuple[Run, ...],
    values: tuple[Any, ...],
    chains: ItemChains = NO_CHAINS,
) -> ItemsHunk:
    """Return the hunk of a replacement at `at`. The list already holds the new items.

    When it takes too long to find the new ids, the hunk is empty: undo cannot take the replacement
    back. `chains` are those of the update that has made the replacement.
    """
    if values:
        inserted = current_ids(txn, handle, at, at + len(values), chains)
        if inserted is None:
            return ItemsHunk(())
        return ItemsHunk(removed, gone, tuple(identity.first_runs(inserted)), values)
    left = left_of(txn, handle, at)
    right = id_at(txn, handle, at) if at < handle.len(txn) else None
    ends = [None if one is None else identity.first_id(one) for one in (left, right)]
    return ItemsHunk(removed, gone, (), (), *ends)
