"""Position tree: the locations of locks in a value, relocated step by step.

To relocate each of a thousand locks through each of a thousand ops takes seconds (measured). In
a tree of their paths a step costs the length of its own path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from collab.errors import Rejected
from collab.ids import Json
from collab.patch.pointer import parse
from collab.patch.steps import Path, Step, to_path
from collab.ports.locks import StoredLock


class _Node:
    """A location with its lock, if it has one, and the locations under it that lead to locks.

    Invariant: locations in a list are in `elements`, `None` where no lock is below; elements that
    are left out at the end have no lock below. Locations in an object are in `members`.
    """

    __slots__ = ("elements", "lock", "members")

    def __init__(self) -> None:
        self.lock: StoredLock | None = None
        self.members: dict[str, _Node] = {}
        self.elements: list[_Node | None] = []

    def child(self, key: str | int) -> _Node | None:
        if isinstance(key, str):
            return self.members.get(key)
        return self.elements[key] if key < len(self.elements) else None

    def put(self, key: str | int, child: _Node) -> None:
        if isinstance(key, str):
            self.members[key] = child
            return
        self.elements += [None] * (key + 1 - len(self.elements))
        self.elements[key] = child

    def insert(self, key: str | int, child: _Node | None) -> None:
        """The elements of a list from there on move up."""
        if isinstance(key, int) and key < len(self.elements):
            self.elements.insert(key, child)
        elif child is not None:
            self.put(key, child)

    def pop(self, key: str | int) -> _Node | None:
        """The elements of a list behind it move down."""
        if isinstance(key, str):
            return self.members.pop(key, None)
        return self.elements.pop(key) if key < len(self.elements) else None

    def clear(self) -> None:
        self.members, self.elements = {}, []

    def children(self) -> Iterator[tuple[str | int, _Node]]:
        yield from self.members.items()
        for index, child in enumerate(self.elements):
            if child is not None:
                yield index, child


class PositionTree:
    """Invariant: every lock is where its element is after the steps so far; a lock whose element
    is gone is not in the tree any more.
    """

    def __init__(self, locks: Iterable[StoredLock] = (), value: Json = None) -> None:
        self._root = _Node()
        for lock in locks:
            self.put(lock, value)

    def put(self, lock: StoredLock, value: Json) -> None:
        """Its scope is in `value`, the value after the steps so far."""
        node = self._root
        for key in _path(value, lock.scope):
            child = node.child(key)
            if child is None:
                node.put(key, child := _Node())
            node = child
        node.lock = lock

    def touched_by(self, step: Step) -> list[StoredLock]:
        """Whose scope it changes something in, or replaces, removes or moves something around."""
        if step.kind == "add":
            return self._inserting(step.path)
        if step.kind == "move":
            # Where it goes is said as of when its source is out: no lock on its way is in there.
            return self._overlapping(step.source) + self._inserting(_before(step))
        return self._overlapping(step.path)

    def apply(self, step: Step) -> None:
        """Move every lock where the step moves its element."""
        if step.kind == "replace":
            node = self._at(step.path)
            if node is not None:
                node.clear()
            return
        moved = None if step.kind == "add" else self._take(step.source or step.path)
        if step.kind != "remove":
            self._insert(step.path, moved if step.kind == "move" else None)

    def places(self) -> Iterator[tuple[StoredLock, Path]]:
        yield from _places(self._root, ())

    def _inserting(self, path: Path) -> list[StoredLock]:
        """A new element shifts its siblings, and changes only the list and its parents."""
        if path and type(path[-1]) is int:
            return self._over(path[:-1])
        return self._overlapping(path)

    def _overlapping(self, path: Path) -> list[StoredLock]:
        node = self._at(path)
        under = [] if node is None else [lock for lock, _ in _places(node, ())]
        return self._over(path[:-1]) + under if path else under

    def _over(self, path: Path) -> list[StoredLock]:
        """The locks on the path's end and on its parents."""
        node: _Node | None = self._root
        over = [self._root.lock]
        for key in path:
            node = None if node is None else node.child(key)
            over.append(None if node is None else node.lock)
        return [lock for lock in over if lock is not None]

    def _at(self, path: Path) -> _Node | None:
        node: _Node | None = self._root
        for key in path:
            node = None if node is None else node.child(key)
        return node

    def _take(self, path: Path) -> _Node | None:
        if not path:
            taken, self._root = self._root, _Node()
            return taken
        holder = self._at(path[:-1])
        return None if holder is None else holder.pop(path[-1])

    def _insert(self, path: Path, child: _Node | None) -> None:
        if not path:
            self._root = child or _Node()
            return
        node = self._root
        for key in path[:-1]:
            inner = node.child(key)
            if inner is None:
                if child is None:
                    return
                node.put(key, inner := _Node())
            node = inner
        node.insert(path[-1], child)


def _before(step: Step) -> Path:
    """The target of a move, by its path before the source was removed."""
    at, key = len(step.source) - 1, step.source[-1] if step.source else ""
    path = step.path
    if type(key) is not int or len(path) <= at or path[:at] != step.source[:at]:
        return path
    mine = path[at]
    if type(mine) is not int or mine < key or (len(path) == at + 1 and mine == key):
        return path
    return (*path[:at], mine + 1, *path[at + 1 :])


def _places(node: _Node, path: Path) -> Iterator[tuple[StoredLock, Path]]:
    waiting = [(node, path)]
    while waiting:
        node, path = waiting.pop()
        if node.lock is not None:
            yield node.lock, path
        waiting += [(child, (*path, key)) for key, child in node.children()]


def _path(value: Any, scope: str) -> Path:
    tokens = parse(scope)
    try:
        return to_path(value, tokens)
    except Rejected:
        return tokens
