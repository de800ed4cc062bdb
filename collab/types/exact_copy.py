"""Exact copies of values in the Yjs types, and the writer that puts them back.

An exact copy has everything that a Yjs client can read: hidden elements, order keys, formats,
embedded objects and XML. An undo record has less: it keeps the JSON form of a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from pycrdt import _pycrdt as native

from collab.structs.array_sizes import LONG_ARRAY
from collab.types.handles import Txn
from collab.types.layout import SHARED_TYPES
from collab.types.yjs_document import OpenTransaction

# A piece of a text with its formats: a string or an embedded object.
Piece: TypeAlias = tuple[Any, dict[str, Any] | None]


class NotCopied(Exception):
    """pycrdt cannot write this value as it is."""


class MapCopy(NamedTuple):
    entries: Mapping[str, Any]


class ArrayCopy(NamedTuple):
    items: Sequence[Any]


class TextCopy(NamedTuple):
    pieces: Sequence[Piece]


class FragmentCopy(NamedTuple):
    children: Sequence[Any]


class ElementCopy(NamedTuple):
    tag: str
    attributes: Mapping[str, str]
    children: Sequence[Any]


class XmlTextCopy(NamedTuple):
    attributes: Mapping[str, str]
    pieces: Sequence[Piece]


def exact_copy(txn: Txn, held: Any) -> Any:
    """Return a copy of a value from `get`. A plain value is its own copy.

    Raise `NotCopied` when the value has a shared type in a text, in an attribute, or where pycrdt
    can only read it. Raise it for a long Y.Array too, because its items cannot be read one by one.
    """
    if isinstance(held, native.Map):
        keys = held.keys(txn)  # type: ignore[attr-defined]  # not in its stub
        return MapCopy({key: exact_copy(txn, held.get(txn, key)) for key in keys})
    if isinstance(held, native.Array):
        if held.len(txn) > LONG_ARRAY:
            raise NotCopied
        return ArrayCopy([exact_copy(txn, held.get(txn, at)) for at in range(held.len(txn))])
    if isinstance(held, native.Text):
        return TextCopy(_pieces(txn, held))
    if isinstance(held, native.XmlFragment):
        return FragmentCopy([_node_copy(txn, node) for node in held.children(txn)])
    return _plain(held)


def _node_copy(txn: Txn, held: Any) -> ElementCopy | XmlTextCopy:
    if isinstance(held, native.XmlText):
        return XmlTextCopy(_attributes(txn, held), _pieces(txn, held))
    if not isinstance(held, native.XmlElement):
        raise NotCopied
    children = [_node_copy(txn, node) for node in held.children(txn)]
    return ElementCopy(held.tag(), _attributes(txn, held), children)  # type: ignore[attr-defined]  # not in its stub


def _pieces(txn: Txn, held: Any) -> list[Piece]:
    return [(_plain(inserted), _plain(formats)) for inserted, formats in held.diff(txn)]


def _attributes(txn: Txn, held: Any) -> dict[str, str]:
    attributes = dict(held.attributes(txn))
    if not all(type(value) is str for value in attributes.values()):
        raise NotCopied
    return attributes


def _plain(value: Any) -> Any:
    """Return a plain value as pycrdt writes it. pycrdt reads bytes as a `bytearray`."""
    if isinstance(value, SHARED_TYPES):
        raise NotCopied
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return bytes(value) if isinstance(value, bytearray) else value


class CopyWriter:
    """Writes exact copies. A large copy is written in several transactions."""

    def __init__(self, open_transaction: OpenTransaction) -> None:
        self._open = open_transaction

    def put(self, holder: Any, step: str | int, copy: Any) -> None:
        """Write a copy at a key of a map, or insert it at an index of an array."""
        txn = self._open.txn
        match copy:
            case MapCopy():
                held = holder.insert_map_prelim(txn, step)
                for key, inner in copy.entries.items():
                    self.put(held, key, inner)
            case ArrayCopy():
                held = holder.insert_array_prelim(txn, step)
                for at, inner in enumerate(copy.items):
                    self.put(held, at, inner)
            case TextCopy():
                self._fill_text(holder.insert_text_prelim(txn, step), copy.pieces)
            case FragmentCopy():
                self._fill_xml(holder.insert_xmlfragment_prelim(txn, step), copy.children)
            case _:
                holder.insert(txn, step, copy)
        self._open.spend()

    def _fill_text(self, text: Any, pieces: Sequence[Piece]) -> None:
        is_plain = not any(formats for _, formats in pieces)
        for inserted, formats in pieces:
            txn = self._open.txn
            # Without formats, the piece would get those of the piece before it.
            named = None if is_plain else _each(formats)
            if type(inserted) is str:
                text.insert(txn, text.len(txn), inserted, named)
            else:
                text.insert_embed(txn, text.len(txn), inserted, named)
            self._open.spend(1 + 2 * len(formats or ()))

    def _fill_xml(self, held: Any, children: Sequence[Any]) -> None:
        for at, inner in enumerate(children):
            txn = self._open.txn
            if isinstance(inner, ElementCopy):
                self._fill_element(held.insert_element_prelim(txn, at, inner.tag), inner)
            else:
                self._fill_xml_text(held.insert_str(txn, at, ""), inner)

    def _fill_element(self, element: Any, copy: ElementCopy) -> None:
        for name, value in copy.attributes.items():
            element.insert_attribute(self._open.txn, name, value)
        self._open.spend(1 + len(copy.attributes))
        self._fill_xml(element, copy.children)

    def _fill_xml_text(self, text: Any, copy: XmlTextCopy) -> None:
        for name, value in copy.attributes.items():
            text.insert_attribute(self._open.txn, name, value)
        self._open.spend(1 + len(copy.attributes))
        self._fill_text(text, copy.pieces)


def _each(formats: dict[str, Any] | None) -> Iterator[tuple[str, Any]]:
    return iter((formats or {}).items())
