"""Handles: pycrdt's native types, used without its Python wrappers.

A read through a wrapper takes more than ten times as long as a native read. Measured with pycrdt
0.14.13: `get` on a native map takes 0.12 µs; reading an item of `pycrdt.Map` takes 1.7 µs. The open
transaction is an argument of every call. Text indexes count UTF-8 bytes.

A dry run tries an undo without writing anything. In a dry run, a *stand-in* replaces a handle.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeGuard

from pycrdt import _pycrdt as native

from collab.patch.values import canonical_number
from collab.structs.array_sizes import LONG_ARRAY
from collab.types.layout import ListNode, Node
from collab.types.xml import SORTED, xml_string

Txn = native.Transaction


class TextHandle(Protocol):
    def len(self, txn: Txn) -> int: ...
    def get_string(self, txn: Txn) -> str: ...
    def insert(self, txn: Txn, index: int, chunk: str, attrs: None = None) -> None: ...
    def remove_range(self, txn: Txn, index: int, length: int) -> None: ...


class ContainerHandle(Protocol):
    def len(self, txn: Txn) -> int: ...
    def to_json(self, txn: Txn) -> str: ...


class MapHandle(ContainerHandle, Protocol):
    def get(self, txn: Txn, key: str) -> Any: ...
    def has(self, txn: Txn, key: str) -> bool: ...
    def keys(self, txn: Txn) -> list[str]: ...
    def insert(self, txn: Txn, key: str, value: Any) -> None: ...
    def insert_map_prelim(self, txn: Txn, key: str) -> MapHandle: ...
    def insert_array_prelim(self, txn: Txn, key: str) -> ArrayHandle: ...
    def insert_text_prelim(self, txn: Txn, key: str) -> TextHandle: ...
    def remove(self, txn: Txn, key: str) -> None: ...


class ArrayHandle(ContainerHandle, Protocol):
    def get(self, txn: Txn, index: int) -> Any: ...
    def insert(self, txn: Txn, index: int, value: Any) -> None: ...
    def insert_map_prelim(self, txn: Txn, index: int) -> MapHandle: ...
    def insert_array_prelim(self, txn: Txn, index: int) -> ArrayHandle: ...
    def insert_text_prelim(self, txn: Txn, index: int) -> TextHandle: ...
    def remove_range(self, txn: Txn, index: int, length: int) -> None: ...


class StandIn:
    """Replaces a native type in a dry run (`collab/writing/overlay.py`)."""

    def raw(self) -> Any:
        raise NotImplementedError


class MapStandIn(StandIn):
    """Replaces a Y.Map in a dry run."""


class ArrayStandIn(StandIn):
    """Replaces a Y.Array in a dry run. `handle` is the real Y.Array, or None for a new one.

    The first id of an item is its Yjs id at its first insertion (`collab/types/records.py`).
    """

    handle: Any = None

    def where(self, runs: Iterable[tuple[int, int, int]]) -> list[int]:
        """Return the indexes of the items whose first ids are in the runs.

        A run is a range of Yjs ids (`collab/yjs/spans.py`).
        """
        raise NotImplementedError

    def first(self, index: int) -> tuple[int, int]:
        """Return the first id of an item. A new item has the id (0, 0), which no real item has."""
        raise NotImplementedError

    def set_identity(self, at: int, firsts: Sequence[tuple[int, int]]) -> None:
        """Set the first ids of consecutive items, beginning with the item at index `at`."""
        raise NotImplementedError


class TextStandIn(StandIn):
    """Replaces a Y.Text in a dry run."""


MAPS = (native.Map, MapStandIn)
ARRAYS = (native.Array, ArrayStandIn)
_TEXTS = (native.Text, TextStandIn)
_XML = (native.XmlFragment, native.XmlElement, native.XmlText)


def is_map(handle: object) -> TypeGuard[MapHandle]:
    return isinstance(handle, MAPS)


def is_array(handle: object) -> TypeGuard[ArrayHandle]:
    return isinstance(handle, ARRAYS)


def is_text(handle: object) -> TypeGuard[TextHandle]:
    return isinstance(handle, _TEXTS)


def is_type(handle: object) -> bool:
    """Whether a value from `get` is a shared type of yrs."""
    return isinstance(handle, (native.Map, native.Array, native.Text, *_XML))


def get_or_none(txn: Txn, handle: Any, step: str | int) -> Any:
    """Return the value at a key or an index; None for an absent key (`get` would raise)."""
    if type(step) is str and not handle.has(txn, step):
        return None
    return handle.get(txn, step)


def type_at(txn: Txn, content: Any, path: Iterable[str | int]) -> Any:
    """Return what the Yjs types hold at the path of an event; None when there is nothing."""
    held = content
    for step in path:
        if isinstance(step, str):
            held = get_or_none(txn, held, step) if is_map(held) else None
        else:
            held = held.get(txn, step) if is_array(held) and step < held.len(txn) else None
    return held


def matches_node(node: Node, held: object) -> bool:
    """Whether `held` is a Yjs container of the same kind as the node."""
    return isinstance(held, ARRAYS if type(node) is ListNode else MAPS)


def raw_of(txn: Txn, handle: Any) -> Any:
    """Convert a value from `get` into its JSON form (`collab/types/layout.py` explains this form).

    XML becomes its string. A text loses its embedded objects. A sub-document becomes an object
    with its `guid`. The types are read one by one: one native call for 150,000 values would block
    Python for 400 ms. Only a long Y.Array is read in one call. For each item by itself, yrs would
    walk over all items before it. The guard bounds what a long Y.Array contains
    (`collab/structs/array_sizes.py`).
    """
    if isinstance(handle, native.Map):
        keys = handle.keys(txn)  # type: ignore[attr-defined]  # not in its stub
        return {key: raw_of(txn, handle.get(txn, key)) for key in keys}
    if isinstance(handle, native.Array):
        count = handle.len(txn)
        if count > LONG_ARRAY:
            return raw_at_once(txn, handle)
        return [raw_of(txn, handle.get(txn, at)) for at in range(count)]
    if isinstance(handle, native.Text):
        return handle.get_string(txn)
    if isinstance(handle, StandIn):
        return handle.raw()
    if isinstance(handle, _XML):
        return xml_string(txn, handle, raw_of)
    if isinstance(handle, native.Doc):
        return {"guid": handle.guid()}
    return plain(handle)


def raw_at_once(txn: Txn, handle: Any) -> Any:
    """Return the same as `raw_of`, in two thirds of the time.

    Use it only for a map or an array with few values.
    """
    text = handle.to_json(txn)
    raw = json.loads(text)
    if SORTED in text:
        _sort_xml(txn, handle, raw)
    return raw


def _sort_xml(txn: Txn, handle: Any, raw: Any) -> None:
    """Sort the attributes and formats of each XML string in `raw`, a container's JSON form."""
    steps = raw if isinstance(raw, dict) else range(len(raw))
    for step in [step for step in steps if _may_have_xml(raw[step])]:
        held = handle.get(txn, step)
        if isinstance(held, _XML):
            raw[step] = xml_string(txn, held, raw_of)
        elif isinstance(held, native.Map | native.Array):
            _sort_xml(txn, held, raw[step])


def _may_have_xml(raw: Any) -> bool:
    """Whether a string in a JSON form may be XML with something to sort."""
    if type(raw) is str:
        return SORTED in raw
    return isinstance(raw, dict | list) and any(
        map(_may_have_xml, raw.values() if isinstance(raw, dict) else raw)
    )


def plain(value: Any) -> Any:
    """Return a plain value from `get` as `toJSON` shows it: 1.0 becomes 1, which is shorter."""
    if type(value) is float:
        return canonical_number(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, bytearray | bytes):
        return list(value)
    return value
