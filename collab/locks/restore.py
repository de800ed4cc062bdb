"""Put back locked elements: the server cannot refuse a Yjs update, so it reverts a part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collab.entry import Author, Op
from collab.errors import Rejected
from collab.ids import Json
from collab.locks.position_tree import PositionTree
from collab.patch.apply import replay
from collab.patch.pointer import Tokens, covers, lookup, parse, render
from collab.patch.relocate import AppliedChange, element_after
from collab.patch.steps import Path, Step, to_path, to_tokens
from collab.ports.locks import StoredLock

_NO_AUTHOR = Author("")
# The most relocations for one update. Without this limit, an update that moved three hundred locked
# elements took a minute.
MAX_RELOCATIONS = 50_000


class _Restoring:
    """Puts back the locked elements that an update changed, by further ops.

    Invariant: `_history` has the update's ops and the further ops. `value` is the value before the
    update with `_history` applied. So a location in the value before the update can be relocated to
    `value`.
    """

    def __init__(self, before: Json, ops: Sequence[Op]) -> None:
        self._before = before
        self._update = AppliedChange(0, _NO_AUTHOR, ops, before)
        self._history = [self._update]
        self._relocations = 0
        self.value: Json = self._update.after

    def touched_by_update(self, others: Iterable[StoredLock]) -> list[StoredLock]:
        """Return the locks that the update touched, the oldest first."""
        positions = PositionTree(others, self._before)
        touched: dict[StoredLock, None] = {}
        for step in self._update.exact:
            touched |= dict.fromkeys(positions.touched_by(step))
            if len(touched) * len(self._update.exact) > MAX_RELOCATIONS:
                raise LookupError
            positions.apply(step)
        return sorted(touched, key=lambda lock: lock.fence)

    def put_back(self, scope: Tokens) -> None:
        """Put the element back at its place, with its content from before the update."""
        path = to_path(self._before, scope)
        content = lookup(self._before, scope)
        self._spend(len(self._update.exact))
        was_moved, was_changed = _touched(self._update.exact, path)
        if was_moved and path:
            self._reinsert(path, content)
        elif was_moved or was_changed:
            self._replace(self._locate(scope), content)

    def _reinsert(self, path: Path, content: Json) -> None:
        stray = self._relocate(to_tokens(path))
        if stray is not None:
            self._do({"op": "remove", "path": render(stray)})
        was_in = to_tokens(path[:-1])
        holder = self._locate(was_in)
        if type(lookup(self.value, holder)) is not type(lookup(self._before, was_in)):
            raise LookupError
        key = path[-1]
        if type(key) is int:
            key = self._place_in(holder, was_in, key)
        self._do({"op": "add", "path": render((*holder, key)), "value": content})

    def _place_in(self, holder: Tokens, was_in: Tokens, index: int) -> int:
        """Return the index after the nearest earlier sibling that is still in the list."""
        for sibling in range(index - 1, -1, -1):
            found = self._relocate((*was_in, str(sibling)))
            if found is not None and found[:-1] == holder:
                return int(found[-1]) + 1
        return 0

    def _replace(self, place: Tokens, content: Json) -> None:
        self._do({"op": "replace", "path": render(place), "value": content})

    def _locate(self, tokens: Tokens) -> Tokens:
        found = self._relocate(tokens)
        if found is None:
            raise LookupError
        return found

    def _relocate(self, tokens: Tokens) -> Tokens | None:
        """Return the location now of an element from before the update; None when it is gone."""
        self._spend(len(self._update.structural) + len(self._history))
        found: Tokens | None = tokens
        for change in self._history:
            found = None if found is None else change.relocate(found)
        return found

    def _spend(self, relocations: int) -> None:
        self._relocations += relocations
        if self._relocations > MAX_RELOCATIONS:
            raise LookupError

    def _do(self, op: Op) -> None:
        self._history.append(AppliedChange(0, _NO_AUTHOR, [op], self.value))
        self.value = replay(self.value, [op])


def put_back_locked(others: Iterable[StoredLock], ops: Sequence[Op], before: Json) -> Json:
    """Return the value after `ops` on `before`, with every locked element as before.

    The update's other changes stay. In two cases, no change of the update stays: the parent of a
    locked element is gone or has another type, or the work takes too long.
    """
    restoring = _Restoring(before, ops)
    try:
        for lock in restoring.touched_by_update(others):
            restoring.put_back(parse(lock.scope))
    except (LookupError, Rejected):
        return before
    return restoring.value


def _touched(steps: Sequence[Step], path: Path) -> tuple[bool, bool]:
    """Return whether an element was moved, removed or replaced, and whether its content changed."""
    moved = changed = False
    at: Path | None = path
    for step in steps:
        if at is None:
            return True, changed
        own = step.source if step.kind == "move" else step.path
        if step.kind != "add" and covers(own, at) and (own != at or step.kind != "replace"):
            moved = True
        elif covers(at, own) or covers(at, step.path):
            changed = True
        at = element_after(at, step)
    return moved or at is None, changed
