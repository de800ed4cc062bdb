"""Limits how deep values nest: applies a Yjs update, and removes each value that is too deep.

pycrdt reads types recursively. A document that nests too deep would overflow the stack of pycrdt
or of Python.

The Yjs guard (`collab/structs/guard.py`) refuses types that nest deeper than 256 levels. Here the
limit is lower (`DEEPEST`), and the objects and lists in plain values count too. The guard does not
check this. So this module measures the changed places after each update.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from collab.ids import Json
from collab.patch.bounds import nesting
from collab.types.build import Layouts
from collab.types.events import DirtyPlace, Observer
from collab.types.handles import ARRAYS, MAPS, Txn, get_or_none, is_array, is_map, raw_of
from collab.types.layout import DEEPEST, VALUE, ArrayNode, Step
from collab.types.place import Place, enter
from collab.types.records import Path


def too_deep(txn: Txn, content: Any, dirty: DirtyPlace) -> Iterator[Path]:
    """Yield the path of each changed place whose nesting is too deep."""
    waiting: list[tuple[Any, DirtyPlace, Path]] = [(content, dirty, ())]
    while waiting:
        handle, place, path = waiting.pop()
        for step in _changed(txn, handle, place, len(path)):
            held = get_or_none(txn, handle, step)
            if is_map(held) or is_array(held) or isinstance(held, dict | list):
                depth = len(path) + 1 + nesting(raw_of(txn, held))[0]
                if depth > DEEPEST:
                    yield (*path, step)
        for step, deeper in place.below.items():
            held = type_under(txn, handle, step)
            if held is not None:
                waiting.append((held, deeper, (*path, step)))


def fits_depth(txn: Txn, root: Place, path: Path, value: Json) -> bool:
    """Whether `value` keeps the depth limit when it is written into the container at `path`."""
    place, depth = root, 1
    for step in path:
        held = get_or_none(txn, place.handle, step)
        wrapped = type(place.node) is ArrayNode and is_map(held) and held.has(txn, VALUE)
        inner = enter(txn, place, step)
        if inner is None:
            return False
        place, depth = inner, depth + 1 + wrapped
    wraps = type(place.node) is ArrayNode and not isinstance(value, dict)
    return depth + wraps + nesting(Layouts("").layout(value))[0] <= DEEPEST


def _changed(txn: Txn, handle: Any, place: DirtyPlace, depth: int) -> list[Step]:
    if place.items and is_array(handle):
        return _deep_items(txn, handle, place, DEEPEST - depth - 1)
    return sorted(place.keys) if place.keys and is_map(handle) else []


def _deep_items(txn: Txn, array: Any, place: DirtyPlace, most: int) -> list[Step]:
    """Return the indexes of new items that nest deeper than `most`, the last one first.

    When the new items are not known, return all indexes if any item nests too deep. yrs finds an
    item in time proportional to its index.
    """
    count = array.len(txn)
    if place.delta is None:
        is_deep = nesting(raw_of(txn, array))[0] - 1 > most
        return list(reversed(range(count))) if is_deep else []
    found: list[Step] = []
    at = 0
    for step in place.delta:
        at += int(step.get("retain", 0))
        for held in step.get("insert", ()):
            # The indexes may be too large: this transaction may have removed items already.
            if at < count and nesting(raw_of(txn, held))[0] > most:
                found.append(at)
            at += 1
    return found[::-1]


def type_under(txn: Txn, handle: Any, step: Step) -> Any:
    """Return the map or array under a step, or None when the step holds neither."""
    if isinstance(step, str):
        held = get_or_none(txn, handle, step) if isinstance(handle, MAPS) else None
    elif is_array(handle) and step < handle.len(txn):
        held = handle.get(txn, step)
    else:
        return None
    return held if isinstance(held, (*MAPS, *ARRAYS)) else None


def remove_at(txn: Txn, content: Any, path: Path) -> None:
    """Remove the value at `path`.

    When the path is longer than `DEEPEST`, remove the value's ancestor at that depth instead. When
    an earlier step of the path leads to no map or array, remove the value at that step.
    """
    handle = content
    for step in path[:-1][: DEEPEST - 1]:
        inner = type_under(txn, handle, step)
        if inner is None:
            break
        path, handle = path[1:], inner
    step = path[0]
    if is_map(handle) and isinstance(step, str):
        if handle.has(txn, step):
            handle.remove(txn, step)
    elif is_array(handle) and isinstance(step, int) and step < handle.len(txn):
        handle.remove_range(txn, step, 1)


def apply_update(
    doc: Any, content: Any, observer: Observer, slices: Iterable[bytes]
) -> list[bytes]:
    """Apply an update, then remove values that are too deep. Return each transaction's update."""
    updates = [_apply(doc, observer, slices)]
    while observer.may_be_deep and observer.dirty is not None:
        removal = _remove_too_deep(doc, content, observer, observer.dirty)
        if not removal:
            break
        updates.append(removal)
    return updates


def apply_of_log(doc: Any, observer: Observer, update: bytes) -> None:
    """Apply the update of an entry. It holds no value that is too deep, or removes it again."""
    _apply(doc, observer, (update,))
    observer.take_too_deep()


def _apply(doc: Any, observer: Observer, slices: Iterable[bytes]) -> bytes:
    txn = doc.create_transaction()
    try:
        for one in slices:
            doc.apply_update(txn, one)
    finally:
        txn.commit()
        txn.drop()
    return observer.take_update()


def _remove_too_deep(doc: Any, content: Any, observer: Observer, dirty: DirtyPlace) -> bytes:
    txn = doc.create_transaction()
    for path in observer.take_too_deep():
        remove_at(txn, content, path)
    for path in too_deep(txn, content, dirty):
        remove_at(txn, content, path)
    txn.commit()
    txn.drop()
    return observer.take_update()
