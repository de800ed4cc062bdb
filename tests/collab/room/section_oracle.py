"""An oracle for section rights on plain values. It shares no code with the product.

A value is a tree of nodes. Before the change, the node at each pointer of the token is marked. A
node keeps its mark when ops move it. An op is allowed by the marks of the nodes that it touches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


class Invalid(Exception):
    """The patch cannot be applied to this value."""


class Node:
    """A location with its value: `held` is a dict or a list of nodes, or a scalar."""

    def __init__(self, value: Any, parent: Node | None = None) -> None:
        self.parent = parent
        self.by_index = self.by_id = False
        self.wanted = ""
        self.held: Any = None
        self.put(value)

    def put(self, value: Any) -> None:
        if isinstance(value, dict):
            self.held = {key: Node(inner, self) for key, inner in value.items()}
        elif isinstance(value, list):
            self.held = [Node(inner, self) for inner in value]
        else:
            self.held = value

    def value(self) -> Any:
        if isinstance(self.held, dict):
            return {key: inner.value() for key, inner in self.held.items()}
        if isinstance(self.held, list):
            return [inner.value() for inner in self.held]
        return self.held

    @property
    def is_marked(self) -> bool:
        return self.by_index or self.by_id

    def is_inside(self) -> bool:
        return self.is_marked or (self.parent is not None and self.parent.is_inside())

    def has_id(self, wanted: str) -> bool:
        own = self.held.get("id") if isinstance(self.held, dict) else None
        return own is not None and type(own.held) is str and own.held == wanted


def split(pointer: str) -> list[str]:
    keys = pointer.split("/")[1:]
    return [key.replace("~1", "/").replace("~0", "~") for key in keys]


def mark(root: Node, pointer: str) -> None:
    """Mark the node at a pointer of a token."""
    node, by_id, wanted = root, False, ""
    for key in split(pointer):
        by_id = False
        if isinstance(node.held, list):
            if key and all(letter in "0123456789" for letter in key):
                if str(int(key)) != key or int(key) >= len(node.held):
                    return
                node = node.held[int(key)]
            else:
                named = [element for element in node.held if element.has_id(key)]
                if len(named) != 1:
                    return
                node, by_id, wanted = named[0], True, key
        elif isinstance(node.held, dict) and key in node.held:
            node = node.held[key]
        else:
            return
    if by_id:
        node.by_id, node.wanted = True, wanted
    else:
        node.by_index = True


def find(root: Node, keys: list[str]) -> Node:
    node = root
    for key in keys:
        if isinstance(node.held, dict) and key in node.held:
            node = node.held[key]
        elif isinstance(node.held, list) and key.isdigit() and str(int(key)) == key:
            if int(key) >= len(node.held):
                raise Invalid
            node = node.held[int(key)]
        else:
            raise Invalid
    return node


class Judging:
    """The check of one patch, by a user with these sections."""

    def __init__(self, value: Any, sections: list[str]) -> None:
        self.root = Node(value)
        for pointer in sections:
            mark(self.root, pointer)
        self.renamed: list[Node] = []
        self.is_allowed = True

    def run(self, ops: list[dict[str, Any]]) -> bool:
        """Return whether the patch is allowed; raise `Invalid` when it cannot be applied."""
        for op in ops:
            self._step(op)
        for node in self.renamed:
            self.is_allowed = self.is_allowed and node.has_id(node.wanted)
        return self.is_allowed

    def _step(self, op: dict[str, Any]) -> None:
        kind, keys = op["op"], split(op["path"])
        if kind == "test":
            if json.dumps(find(self.root, keys).value(), sort_keys=True) != json.dumps(
                op["value"], sort_keys=True
            ):
                raise Invalid
        elif kind == "replace":
            self._set(find(self.root, keys), op["value"])
        elif kind == "add":
            self._add(keys, op["value"])
        elif kind == "remove":
            self._remove(keys)
        elif kind == "copy":
            self._add(keys, find(self.root, split(op["from"])).value())
        else:
            self._move(split(op["from"]), keys)

    def _move(self, source: list[str], keys: list[str]) -> None:
        if keys[: len(source)] == source:
            if keys != source:
                raise Invalid
            self._judge(find(self.root, source), replaced=False)
            return
        moved = find(self.root, source).value()
        self._remove(source)
        self._add(keys, moved)

    def _remove(self, keys: list[str]) -> None:
        if not keys:
            raise Invalid
        node = find(self.root, keys)
        self._judge(node, replaced=False)
        holder = node.parent
        assert holder is not None
        if isinstance(holder.held, dict):
            del holder.held[keys[-1]]
        else:
            del holder.held[int(keys[-1])]

    def _add(self, keys: list[str], value: Any) -> None:
        if not keys:
            self._set(self.root, value)
            return
        holder = find(self.root, keys[:-1])
        if isinstance(holder.held, dict):
            if keys[-1] in holder.held:
                self._set(holder.held[keys[-1]], value)
                return
            node = Node(value, holder)
            holder.held[keys[-1]] = node
        elif isinstance(holder.held, list):
            at = len(holder.held) if keys[-1] == "-" else find_place(holder, keys[-1])
            node = Node(value, holder)
            holder.held.insert(at, node)
        else:
            raise Invalid
        self._judge(node, replaced=False)

    def _set(self, node: Node, value: Any) -> None:
        self._judge(node, replaced=True)
        node.put(value)

    def _judge(self, node: Node, *, replaced: bool) -> None:
        """Check a change of a node.

        The value of a node inside a section may change. A node may be added or removed when its
        parent is inside a section.
        """
        above = node.parent
        inside = above is not None and above.is_inside()
        if not (inside or (replaced and node.is_marked)):
            self.is_allowed = False
        if node.by_id and not node.by_index and not inside:
            self.renamed.append(node)
        if above is None or not isinstance(above.held, dict) or above.held.get("id") is not node:
            return
        is_named = above.by_id and not above.by_index
        is_wider = above.parent is not None and above.parent.is_inside()
        if is_named and not is_wider and not (replaced and node.is_marked):
            self.renamed.append(above)


def find_place(holder: Node, key: str) -> int:
    if not key.isdigit() or str(int(key)) != key or int(key) > len(holder.held):
        raise Invalid
    return int(key)


def areas(value: Any, sections: list[str]) -> list[list[str | int]]:
    """Return the paths of the sections in a value."""
    root = Node(value)
    for pointer in sections:
        mark(root, pointer)
    return list(_marked(root, []))


def _marked(node: Node, path: list[str | int]) -> Iterator[list[str | int]]:
    if node.is_marked:
        yield path
    if isinstance(node.held, dict):
        for key, inner in node.held.items():
            yield from _marked(inner, [*path, key])
    elif isinstance(node.held, list):
        for index, inner in enumerate(node.held):
            yield from _marked(inner, [*path, index])


def masked(value: Any, areas: list[list[str | int]]) -> Any:
    """Return the value with the areas masked; a user of these areas may not change the rest."""
    root = [json.loads(json.dumps(value))]  # a copy in which no two locations share a value
    for path in sorted(areas, key=len, reverse=True):
        holder: Any = root
        try:
            for key in [0, *path][:-1]:
                holder = holder[key]
            last = [0, *path][-1]
            holder[last]
            holder[last] = "(masked)"
        except (LookupError, TypeError):
            continue
    return root[0]
