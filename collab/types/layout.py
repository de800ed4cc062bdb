"""The layout of JSON in a Yjs document: the reserved keys, and how a layout is read as JSON.

A layout is read from its JSON form, which `toJSON` of Yjs returns. In this form a Y.Map is an
object, and a Y.Text is a string. So every shape that a client can write has a JSON value.

Each container has a node. A node keeps facts that the JSON value lacks: the keys of an array's
elements and their order. Undo and patches find elements by these keys. Python's garbage collector
skips nodes: a large document has 100,000 of them, and they form no reference cycles.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from heapq import merge
from typing import Any, Final, TypeAlias, TypeVar

from msgspec import Struct
from pycrdt import _pycrdt as native

from collab.ids import Json
from collab.patch.values import FORBIDDEN_KEYS, canonical_number
from collab.types.order_keys import is_order_key

ARRAY = "@array"  # true marks a map as an array of keyed elements
ORDER = "@order"  # in an element: its order key
DELETED = "@deleted"  # in an element: true hides it
VALUE = "@value"  # in an element: its value, when the value is not an object
RESERVED = frozenset((ARRAY, ORDER, DELETED, VALUE))
# Map keys that are never JSON keys: the reserved keys, and keys that reach a JavaScript prototype.
UNSEEN = RESERVED | FORBIDDEN_KEYS
# The most levels of types under `content`. 64 levels of JSON need up to 128, because an array can
# take two levels: the array itself, and the map that wraps an element.
DEEPEST = 128

# What a Yjs value may be besides plain JSON.
SHARED_TYPES: Final = (
    native.Map,
    native.Array,
    native.Text,
    native.XmlFragment,
    native.XmlElement,
    native.XmlText,
    native.Doc,
)

_NEEDS_ESCAPE = re.compile(r"@+(?:array|order|deleted|value)")
_SORTED_AT_ONCE = 5_000
_LAST = "~"  # sorts after every order key: for elements whose order key is missing or invalid

# A step of a path through the Yjs types: a map's key or an array's index.
Step: TypeAlias = str | int
Sortable = TypeVar("Sortable", str, tuple[str, str])


def escape(key: str) -> str:
    """Return the map key for a JSON key. A key that looks like a reserved key gets one more `@`."""
    return "@" + key if key[:1] == "@" and _NEEDS_ESCAPE.fullmatch(key) else key


def unescape(key: str) -> str:
    """Return the JSON key for a map key that is not reserved."""
    return key[1:] if key[:2] == "@@" and _NEEDS_ESCAPE.fullmatch(key) else key


# A removed key counts as so many characters more than it has.
KEY_COST: Final = 8
# Characters of removed keys in one map. yrs takes 30 ms to collect 14,000 entries.
MOST_GONE: Final = 128 * 1024


class ObjectNode(Struct, gc=False, eq=False):  # noqa: PLW1641  # it is changed in place
    """An object. `children` holds the nodes of its containers, by map key.

    `gone` counts the characters of keys that were removed since the document was opened. The Y.Map
    never forgets a key.
    """

    children: dict[str, Node] = {}
    gone: int = 0

    def __eq__(self, other: object) -> bool:
        """Compare what both describe, whatever was there before."""
        return isinstance(other, ObjectNode) and self.children == other.children

    def note_gone(self, key: str) -> None:
        """Count a removed key."""
        self.gone += len(key) + KEY_COST

    def copy(self) -> ObjectNode:
        return ObjectNode(dict(self.children), self.gone)


class ArrayNode(Struct, gc=False):
    """An array of keyed elements.

    Invariant: `order` is the sorted list of (order key, element key) of the visible elements.
    `orders` holds the same pairs by element key. An index in `order` is the index in the JSON.
    """

    children: dict[str, Node] = {}
    order: list[tuple[str, str]] = []
    orders: dict[str, str] = {}

    def copy(self) -> ArrayNode:
        return ArrayNode(dict(self.children), list(self.order), dict(self.orders))

    def index(self, key: str) -> int:
        return bisect_left(self.order, (self.orders[key], key))

    def show(self, key: str, order: str) -> int:
        """Add a hidden or new element at its place in the order, and return its index."""
        index = bisect_left(self.order, (order, key))
        self.order.insert(index, (order, key))
        self.orders[key] = order
        return index

    def hide(self, key: str) -> int:
        """Remove an element from the visible elements, and return the index that it had."""
        index = self.index(key)
        del self.order[index], self.orders[key]
        self.children.pop(key, None)
        return index


class ListNode(Struct, gc=False):
    """A Y.Array or a plain list. Only Yjs clients create them; the server writes keyed arrays.

    `children` has the node of each item, or None for a plain value.
    """

    children: list[Node | None] = []

    def copy(self) -> ListNode:
        return ListNode(list(self.children))


Node: TypeAlias = "ObjectNode | ArrayNode | ListNode"


def read(raw: Any) -> tuple[Json, Node | None]:
    """Return the value of a layout's JSON form, and its node: None when it is no container."""
    if isinstance(raw, dict):
        return read_array(raw) if raw.get(ARRAY) is True else read_object(raw)
    if isinstance(raw, list):
        pairs = [read(item) for item in raw]
        return [value for value, _ in pairs], ListNode([node for _, node in pairs])
    return scalar(raw), None


def read_object(raw: dict[str, Any]) -> tuple[dict[str, Json], ObjectNode]:
    value: dict[str, Json] = {}
    node = ObjectNode()
    # pycrdt returns the keys in a different order each time. Sorting makes each read the same.
    for key in in_order(list(raw)):
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
    node.order = in_order([(order, key) for key, order in node.orders.items()])
    return [values[key] for _, key in node.order], node


def in_order(items: list[Sortable]) -> list[Sortable]:
    """Return the items sorted. One call for 100,000 items would block the interpreter for 80 ms."""
    if len(items) <= _SORTED_AT_ONCE:
        return sorted(items)
    parts = range(0, len(items), _SORTED_AT_ONCE)
    return list(merge(*(sorted(items[at : at + _SORTED_AT_ONCE]) for at in parts)))


def read_element(raw: Any) -> tuple[Json, Node | None]:
    return read(raw[VALUE] if isinstance(raw, dict) and VALUE in raw else raw)


def hidden_in(raw: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield the hidden elements of a layout: the path of the array, and the element's key."""
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
    """Return the order key that an element sorts by. An element without a valid one sorts last."""
    return order if isinstance(order, str) and is_order_key(order) else _LAST


def scalar(raw: Any) -> Json:
    """Return a plain value as JSON: an integral number as an integer, bytes as a list.

    NaN, an infinity and `undefined` become null. Yjs has one kind of number, which pycrdt returns
    as a float. The result is the same as that of pycrdt's own JSON form.
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
    """Return the layout's JSON form for `value`, with the keys and orders of `node`."""
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
