"""Finds items of Y.Arrays by their ids: the items on a path, and their current indexes.

The first id of an item is its Yjs id at its first insertion. Records name items by first ids
(`collab/types/records.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from collab.identity.characters import Characters, id_at, left_of
from collab.identity.identity_index import IdentityIndex
from collab.identity.labels import reach_any
from collab.types.handles import ArrayStandIn, Txn, is_array
from collab.types.records import ItemsHunk, MovedRecord, Path, Record, SetRecord, ShownRecord
from collab.yjs.spans import Id, Run


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


def items(txn: Txn, handle: Any, start: int, end: int) -> Characters:
    """Return the ids of a list's items from `start` to `end`."""
    return Characters((*id_at(txn, handle, index), 1) for index in range(start, end))


def spots(txn: Txn, handle: Any, identity: IdentityIndex, run: Run) -> list[int]:
    """Return the current indexes of the items in a run of first ids."""
    ids = items(txn, handle, 0, handle.len(txn))
    return [
        index
        for _, now in identity.current_runs(run)
        for at, (_, _, count) in ids.find(now)
        for index in range(at, at + count)
    ]


def first_ids(
    txn: Txn, handle: Any, identity: IdentityIndex, start: int, end: int
) -> tuple[Run, ...]:
    """Return the first ids of the items from `start` to `end`."""
    runs = items(txn, handle, start, end).runs
    return tuple(identity.first_runs(runs))


def each_first(txn: Txn, handle: Any, identity: IdentityIndex) -> Iterator[Run]:
    """Yield the first id of each item of a list."""
    for index in range(handle.len(txn)):
        yield (*identity.first_id(id_at(txn, handle, index)), 1)


def items_hunk(
    txn: Txn,
    handle: Any,
    identity: IdentityIndex,
    at: int,
    removed: tuple[Any, ...],
    gone: tuple[Run, ...],
    values: tuple[Any, ...],
) -> ItemsHunk:
    """Return the hunk of a replacement at `at`. The list already holds the new items."""
    if values:
        inserted = first_ids(txn, handle, identity, at, at + len(values))
        return ItemsHunk(removed, gone, inserted, values)
    left = left_of(txn, handle, at)
    right = id_at(txn, handle, at) if at < handle.len(txn) else None
    ends = [None if one is None else identity.first_id(one) for one in (left, right)]
    return ItemsHunk(removed, gone, (), (), *ends)
