"""How JSON lies in a Yjs document: the reserved keys, and reading a layout back as JSON.

Reading is a function of the layout's own JSON form (what `toJSON` gives): a Y.Map and a plain
object, a Y.Text and a plain string read alike, so every shape that a client may write has a
value. What identity needs beside the value, the elements' keys and order, is kept in nodes.
The collector does not look at nodes: a large document has 100,000, and no circles.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from heapq import merge
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from collab.ids import Json
from collab.patch.values import FORBIDDEN_KEYS, canonical_number
from collab.types.order_keys import is_order_key

ARRAY = "@array"  # true marks a map as an array of its elements
ORDER = "@order"  # on an element: where it stands
DELETED = "@deleted"  # true on an element hides it
VALUE = "@value"  # on an element: the value, where it is no object
RESERVED = frozenset((ARRAY, ORDER, DELETED, VALUE))
# Map keys that are no key of the JSON object: machinery, and what would reach a prototype.
UNSEEN = RESERVED | FORBIDDEN_KEYS
# Types within each other under `content`: 64 levels of JSON, of which arrays and the wrappers of
# their elements take two each.
DEEPEST = 128

_NEEDS_ESCAPE = re.compile(r"@+(?:array|order|deleted|value)")
_SORTED_AT_ONCE = 5_000
_LAST = "~"  # sorts after every order key: elements whose order is missing or garbage

# A step of a path through the Yjs types: a map's key or an array's index.
Step: TypeAlias = str | int
Sortable = TypeVar("Sortable", str, tuple[str, str])


def escape(key: str) -> str:
    """The map key that a JSON key is kept under: one more `@` before a reserved word."""
    return "@" + key if key[:1] == "@" and _NEEDS_ESCAPE.fullmatch(key) else key


def unescape(key: str) -> str:
    """The JSON key of a map key that is not reserved."""
    return key[1:] if key[:2] == "@@" and _NEEDS_ESCAPE.fullmatch(key) else key


class ObjectNode(Struct, gc=False):
    """An object; `children` are its containers, by map key."""

    children: dict[str, Node] = {}

    def copy(self) -> ObjectNode:
        return ObjectNode(dict(self.children))


class ArrayNode(Struct, gc=False):
    """An array of keyed elements.

    Invariant: `order` lists the visible elements as (order key, element key), sorted, and
    `orders` holds the same pairs by element key; position in `order` is position in the JSON.
    """

    children: dict[str, Node] = {}
    order: list[tuple[str, str]] = []
    orders: dict[str, str] = {}

    def copy(self) -> ArrayNode:
        return ArrayNode(dict(self.children), list(self.order), dict(self.orders))

    def index(self, key: str) -> int:
        return bisect_left(self.order, (self.orders[key], key))

    def show(self, key: str, order: str) -> int:
        """Put a hidden or new element where its order says; the index that it gets."""
        index = bisect_left(self.order, (order, key))
        self.order.insert(index, (order, key))
        self.orders[key] = order
        return index

    def hide(self, key: str) -> int:
        """Take an element out of sight; the index that it had."""
        index = self.index(key)
        del self.order[index], self.orders[key]
        self.children.pop(key, None)
        return index


class ListNode(Struct, gc=False):
    """A Y.Array or a plain list, which only other clients write; elements by index."""

    children: list[Node | None] = []

    def copy(self) -> ListNode:
        return ListNode(list(self.children))


Node: TypeAlias = "ObjectNode | ArrayNode | ListNode"


def read(raw: Any) -> tuple[Json, Node | None]:
    """The value of a layout in its JSON form, and the node where it is a container."""
    if isinstance(raw, dict):
        return read_array(raw) if raw.get(ARRAY) is True else read_object(raw)
    if isinstance(raw, list):
        pairs = [read(item) for item in raw]
        return [value for value, _ in pairs], ListNode([node for _, node in pairs])
    return scalar(raw), None


def read_object(raw: dict[str, Any]) -> tuple[dict[str, Json], ObjectNode]:
    value: dict[str, Json] = {}
    node = ObjectNode()
    # pycrdt gives the keys in another order each time; reading the same gives the same.
    for key in _sorted(list(raw)):
        inner = raw[key]
        if type(inner) is str:
            if key not in UNSEEN:
                value[unescape(key)] = inner
        elif key not in UNSEEN:
            value[unescape(key)], child = read(inner)
            if child is not None:
                node.children[key] = child
    return value, node


def read_array(raw: dict[str, Any]) -> tuple[list[Json], ArrayNode]:
    node = ArrayNode()
    values: dict[str, Json] = {}
    for key, element in raw.items():
        if key in RESERVED or is_hidden(element):
            continue
        values[key], child = read_element(element)
        if child is not None:
            node.children[key] = child
        node.orders[key] = order_of(element)
    node.order = _sorted([(order, key) for key, order in node.orders.items()])
    return [values[key] for _, key in node.order], node


def _sorted(items: list[Sortable]) -> list[Sortable]:
    """The items in order. To sort 100,000 in one call keeps the interpreter for 80 ms."""
    if len(items) <= _SORTED_AT_ONCE:
        return sorted(items)
    parts = range(0, len(items), _SORTED_AT_ONCE)
    return list(merge(*(sorted(items[at : at + _SORTED_AT_ONCE]) for at in parts)))


def read_element(raw: Any) -> tuple[Json, Node | None]:
    return read(raw[VALUE] if isinstance(raw, dict) and VALUE in raw else raw)


def hidden_in(raw: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
    """The soft-deleted elements of a layout: the paths of their arrays, and their keys."""
    if isinstance(raw, list):
        for index, inner in enumerate(raw):
            yield from hidden_in(inner, (*path, index))
    elif isinstance(raw, dict):
        is_array = raw.get(ARRAY) is True
        for key, inner in raw.items():
            if key in RESERVED:
                continue
            if is_array and is_hidden(inner):
                yield path, key
            elif is_array and isinstance(inner, dict) and VALUE in inner:
                yield from hidden_in(inner[VALUE], (*path, key))
            else:
                yield from hidden_in(inner, (*path, key))


def is_hidden(element: Any) -> bool:
    return isinstance(element, dict) and element.get(DELETED) is True


def order_of(element: Any) -> str:
    return sortable(element.get(ORDER)) if isinstance(element, dict) else _LAST


def sortable(order: object) -> str:
    """The order key to sort by; garbage sorts last."""
    return order if isinstance(order, str) and is_order_key(order) else _LAST


def scalar(raw: Any) -> Json:
    """A plain value as JSON: integral numbers are integers, what JSON lacks is null or a list.

    Yjs has one kind of number and pycrdt hands it back as a float; what its own JSON form
    makes of NaN, infinities, undefined and bytes is done here alike.
    """
    kind = type(raw)
    if kind is str or kind is bool or raw is None:
        return raw  # type: ignore[no-any-return]  # narrowed by its exact type
    if kind is int or kind is float:
        return canonical_number(raw)
    if isinstance(raw, bytes | bytearray):
        return list(raw)
    return None


def write_layout(value: Json, node: Node | None) -> Any:
    """The JSON form of a layout that reads as `value` with the keys and orders of `node`."""
    if isinstance(value, dict) and isinstance(node, ObjectNode):
        children = node.children
        return {
            (raw := escape(key)): write_layout(inner, children.get(raw))
            for key, inner in value.items()
        }
    if isinstance(value, list) and isinstance(node, ArrayNode):
        raw_array: dict[str, Any] = {ARRAY: True}
        for inner, (order, key) in zip(value, node.order, strict=True):
            raw_array[key] = element_layout(inner, node.children.get(key), order)
        return raw_array
    if isinstance(value, list) and isinstance(node, ListNode):
        return [
            write_layout(inner, child) for inner, child in zip(value, node.children, strict=True)
        ]
    return value


def element_layout(value: Json, node: Node | None, order: str) -> Any:
    if isinstance(value, dict):
        return {**write_layout(value, node), ORDER: order}
    return {VALUE: write_layout(value, node), ORDER: order}
