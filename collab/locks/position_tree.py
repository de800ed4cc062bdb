"""Position tree: the locations of locks in a value, relocated step by step.

A thousand locks take seconds when each is relocated through a thousand ops (measured). In a tree of
the locks' paths, a step costs only the length of its own path. `collab.patch.steps` explains steps.
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
    """A location with its lock, if any, and the locations below it that lead to locks.

    Invariant: `elements` has the locations in a list. `None` marks an element without locks, and
    elements without locks at the end are left out. `members` has the locations in an object.
    """

    __slots__ = ("elements", "lock", "members")

    def __init__(self) -> None:
        self.lock: StoredLock | None = None
        self.members: dict[str, _Node] = {}
        self.elements: list[_Node | None] = []

    def child(self, key: str | int) -> _Node | None:
        """Return the node of a member or an element, or None."""
        if isinstance(key, str):
            return self.members.get(key)
        return self.elements[key] if key < len(self.elements) else None

    def put(self, key: str | int, child: _Node) -> None:
        """Set the node of a member or an element."""
        if isinstance(key, str):
            self.members[key] = child
            return
        self.elements += [None] * (key + 1 - len(self.elements))
        self.elements[key] = child

    def insert(self, key: str | int, child: _Node | None) -> None:
        """Insert a node; in a list, the later elements move up by one."""
        if isinstance(key, int) and key < len(self.elements):
            self.elements.insert(key, child)
        elif child is not None:
            self.put(key, child)

    def pop(self, key: str | int) -> _Node | None:
        """Remove and return a node; in a list, the later elements move down by one."""
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
    """Finds the locks that a step touches, and relocates locks through steps.

    Invariant: every lock is at the location of its element after the steps so far. The tree drops
    a lock whose element was removed.
    """

    def __init__(self, locks: Iterable[StoredLock] = (), value: Json = None) -> None:
        self._root = _Node()
        for lock in locks:
            self.put(lock, value)

    def put(self, lock: StoredLock, value: Json) -> None:
        """Add a lock whose scope is a location in `value`, the value after the steps so far."""
        node = self._root
        for key in _path(value, lock.scope):
            child = node.child(key)
            if child is None:
                node.put(key, child := _Node())
            node = child
        node.lock = lock

    def touched_by(self, step: Step) -> list[StoredLock]:
        """Return the locks that a step touches.

        A step touches a lock when it changes something in the scope, or when it replaces, removes
        or moves a parent of the scope.
        """
        if step.kind == "add":
            return self._inserting(step.path)
        if step.kind == "move":
            # The target's path counts without the source, which is removed first; `_before` turns
            # it into a path before the step. No lock on that path is inside the source.
            return self._overlapping(step.source) + self._inserting(_before(step))
        return self._overlapping(step.path)

    def apply(self, step: Step) -> None:
        """Move every lock to the place to which the step moves its element."""
        if step.kind == "replace":
            node = self._at(step.path)
            if node is not None:
                node.clear()
            return
        moved = None if step.kind == "add" else self._take(step.source or step.path)
        if step.kind != "remove":
            self._insert(step.path, moved if step.kind == "move" else None)

    def places(self) -> Iterator[tuple[StoredLock, Path]]:
        """Yield every lock with its path now."""
        yield from _places(self._root, ())

    def _inserting(self, path: Path) -> list[StoredLock]:
        """Return the locks that an insertion touches.

        A new element shifts its siblings, but it changes only the list and the list's parents.
        """
        if path and type(path[-1]) is int:
            return self._over(path[:-1])
        return self._overlapping(path)

    def _overlapping(self, path: Path) -> list[StoredLock]:
        node = self._at(path)
        under = [] if node is None else [lock for lock, _ in _places(node, ())]
        return self._over(path[:-1]) + under if path else under

    def _over(self, path: Path) -> list[StoredLock]:
        """Return the locks on the path and on its parents."""
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
    """Return the target of a move as a path before the source was removed."""
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
