"""Finds places: the Yjs types at a JSON Pointer or at a path.

A path (`Path`) names an array element by its key; a pointer names it by its index. A *step* is one
part of a path. A *handle* is a Yjs type as pycrdt returns it (`collab/types/handles.py`). A *node*
describes the shape of a container (`collab/types/layout.py`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from collab.ids import Json
from collab.patch.pointer import Tokens, lookup
from collab.types.handles import ARRAYS, MAPS, StandIn, Txn, get_or_none, is_map, raw_of
from collab.types.layout import (
    VALUE,
    ArrayNode,
    ListNode,
    Node,
    ObjectNode,
    Step,
    escape,
    read,
    read_element,
    unescape,
)
from collab.types.records import Path


class Place(NamedTuple):
    """A container that is stored as a Yjs type, not as a plain value.

    `path` and `tokens` both give its location. `path` names elements by key, so it stays valid
    when elements move. `tokens` is the JSON Pointer at present.
    """

    handle: Any
    node: Node
    path: Path
    tokens: Tokens


class Slot(NamedTuple):
    """An entry of a Y.Map.

    `handle` is the map, and `path` is the path of the map. `tokens` is the JSON location of the
    entry's value. When this value is a container, its node is `children[name]`.
    """

    handle: Any
    key: str
    path: Path
    tokens: Tokens
    children: dict[str, Any]
    name: str


def enter(txn: Txn, place: Place, step: Step, token: str | None = None) -> Place | None:
    """Return the container under a step, or None when there is a plain value or no value.

    `token` is the pointer token of the step, if the caller has it.
    """
    inner = node_under(place.node, step)
    if inner is None:
        return None
    handle = get_or_none(txn, place.handle, step)
    if type(place.node) is ArrayNode and is_map(handle) and handle.has(txn, VALUE):
        handle = handle.get(txn, VALUE)  # the element wraps its value
    if not isinstance(handle, ARRAYS if type(inner) is ListNode else MAPS):
        return None
    if isinstance(place.handle, StandIn):
        inner = _owned(place, step, inner)
    if token is None:
        token = token_of(place.node, step)
    return Place(handle, inner, (*place.path, step), (*place.tokens, token))


def _owned(place: Place, step: Step, inner: Node) -> Node:
    """Return the overlay's own copy of the node under a step. The first call makes the copy.

    An overlay is a stand-in for a Yjs type in a dry run (`collab/writing/overlay.py`).
    """
    if place.handle.owned.get(id(inner)) is not inner:
        inner = inner.copy()
        place.handle.owned[id(inner)] = inner
        place.node.children[step] = inner  # type: ignore[index]  # a step of its node
    return inner


def node_under(node: Node, step: Step) -> Node | None:
    """Return the node under a step."""
    if isinstance(node, ListNode):
        there = isinstance(step, int) and 0 <= step < len(node.children)
        return node.children[int(step)] if there else None
    return None if isinstance(step, int) else node.children.get(step)


def token_of(node: Node, step: Step) -> str:
    """Return the pointer token that a step with a node has at present."""
    if type(node) is ArrayNode:
        return str(node.index(str(step)))
    return unescape(step) if isinstance(step, str) else str(step)


def step_of(node: Node, token: str) -> Step:
    """Return the step for a pointer's token. The value at this token must exist."""
    if type(node) is ObjectNode:
        return escape(token) if token[:1] == "@" else token
    if type(node) is ArrayNode:
        return node.order[int(token)][1]
    return int(token)


def node_at(root: Node, tokens: Tokens) -> Node | None:
    """Return the node at a location; None for a plain value and for a location without a value."""
    node: Node | None = root
    for token in tokens:
        if node is None:
            return None
        if type(node) is ArrayNode and not (token.isdigit() and int(token) < len(node.order)):
            return None
        if type(node) is ListNode and not token.isdigit():
            return None
        node = node_under(node, step_of(node, token))
    return node


def open_tokens(txn: Txn, root: Place, tokens: Tokens) -> Place:
    """Return the container at a location, or the deepest Yjs container above the location."""
    place = root
    for token in tokens:
        inner = enter(txn, place, step_of(place.node, token), token)
        if inner is None:
            break
        place = inner
    return place


def open_path(txn: Txn, root: Place, path: Path) -> Place | None:
    """Return the container at a path. Return None when it is gone, hidden or a plain value."""
    place: Place | None = root
    for step in path:
        if place is None:
            return None
        place = enter(txn, place, step)
    return place


def value_at(txn: Txn, root: Place, tokens: Tokens) -> Json:
    """Return the JSON at a location that exists, read from the Yjs types."""
    place = open_tokens(txn, root, tokens)
    rest = tokens[len(place.tokens) :]
    if not rest:
        return read(raw_of(txn, place.handle))[0]
    value: Json = lookup(value_under(txn, place, step_of(place.node, rest[0])), rest[1:])
    return value


def value_under(txn: Txn, place: Place, step: Step) -> Json:
    """Return the JSON under a step, from a type or from a plain value."""
    raw = raw_of(txn, get_or_none(txn, place.handle, step))
    return (read_element(raw) if type(place.node) is ArrayNode else read(raw))[0]


def pointer_tokens(root: Node, path: Path) -> Tokens:
    """Return the JSON Pointer that a path has at present.

    The pointer ends before a hidden or missing element. It also ends at a value without a node.
    """
    node: Node | None = root
    tokens: list[str] = []
    for step in path:
        if node is None or (type(node) is ArrayNode and step not in node.orders):
            break
        tokens.append(token_of(node, step))
        node = node_under(node, step)
    return tuple(tokens)
