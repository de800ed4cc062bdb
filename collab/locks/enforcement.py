"""Enforce locks: refuse or correct changes under another client's lock, and relocate the locks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import takewhile

from collab.entry import Author, Op
from collab.errors import Refusal, Rejected
from collab.ids import Json
from collab.locks.events import locked_refusal, stale_refusal
from collab.locks.position_tree import PositionTree
from collab.locks.restore import put_back_locked
from collab.locks.scopes import same_client
from collab.locks.state import Locks, LockStep
from collab.patch.apply import apply
from collab.patch.bounds import Bounds
from collab.patch.diff import diff
from collab.patch.relocate import AppliedChange
from collab.patch.steps import trace
from collab.ports.locks import StoredLock

BOUNDS = Bounds()
# These ops move no location, so their pointers can be compared as text.
_STILL = frozenset({"replace", "splice", "test"})


class LockGuard:
    """Checks changes against a room's locks. Moves each lock along with its element in a batch.

    Invariant: `committed` are the stored locks at the room's committed version. `_working` are the
    same locks after the entries of the batch so far. Each `now` is a time of the database's clock.
    """

    def __init__(self, locks: Locks) -> None:
        self.committed = locks
        self._working = locks

    def check(
        self,
        ops: Sequence[Op],
        before: Json,
        by: Author,
        fence: int | None,
        bounds: Bounds,
        now: int,
    ) -> None:
        """Raise `locked` when a lock forbids applying the ops to `before`.

        Raise `stale_lock` when the author does not hold the lock of `fence`.
        """
        locks = self._working
        if not locks.held and fence is None:
            return
        refusal = check_locks(locks, ops, before, by=by, now=now, fence=fence, bounds=bounds)
        if refusal is not None:
            raise Rejected(refusal.code, refusal.message, **refusal.extra)

    def check_for(self, by: Author, now: int) -> Callable[[Json, list[Op]], None] | None:
        """Return `check` for later ops of one author; None when no other client holds a lock."""
        if not self._others(by, now):
            return None
        return lambda before, ops: self.check(ops, before, by, None, Bounds(), now)

    def put_back_locked(self, ops: Sequence[Op], before: Json, by: Author, now: int) -> Json | None:
        """Return the value after `ops`, but with each locked element as it was before.

        Return None when all locked elements are intact.
        """
        others = self._others(by, now)
        if not others or self._passes(ops, before, by, now):
            return None
        value = put_back_locked(others, ops, before)
        # The entry's ops will be the diff to this value, and locks are relocated through these ops.
        # A diff recognizes an element without an id only by its content, so it may move a locked
        # element. Then the method returns `before`: the whole change is reverted.
        return value if self._passes(diff(before, value), before, by, now) else before

    def _passes(self, ops: Sequence[Op], before: Json, by: Author, now: int) -> bool:
        return check_locks(self._working, ops, before, by=by, now=now) is None

    def add_change(self, change: AppliedChange) -> None:
        """Relocate the working locks through a new entry of the batch."""
        if self._working.held:
            self._working = self._working.relocate(change).locks

    def batch_step(self, history: Sequence[AppliedChange], revision: int) -> LockStep | None:
        """Return the changes that the batch makes to the locks' rows, or None.

        `revision` is the document's revision.
        """
        if not self.committed.held or not history:
            return None
        return self.at(revision, history[0].version - 1).relocate(*history)

    def at(self, revision: int, version: int) -> Locks:
        """Return a copy of the committed locks that has this revision and this version.

        The caller knows that no lock has changed up to this revision and version.
        """
        locks = self.committed
        return Locks(revision, locks.held, version, locks.terms)

    def set_committed(self, locks: Locks) -> None:
        """Replace the committed and the working locks by the locks of the stored rows."""
        self.committed = self._working = locks

    def _others(self, by: Author, now: int) -> list[StoredLock]:
        return [
            lock
            for lock in self._working.held
            if lock.expires_at > now and not same_client(lock.holder, by)
        ]


def check_locks(
    locks: Locks,
    ops: Sequence[Op],
    before: Json,
    *,
    by: Author,
    now: int,
    fence: int | None = None,
    bounds: Bounds = BOUNDS,
) -> Refusal | None:
    """Return the refusal `locked` when a lock forbids applying the ops to `before`.

    Return `stale_lock` when the author does not hold the lock of `fence`, and otherwise None.

    - A change touches a lock when it changes anything inside the scope.
    - It also touches the lock when it replaces, removes or moves a parent of the scope.
    - A change may insert an element before the locked element, or move its siblings.
    - The check ends at an op whose pointer does not exist: `apply` refuses that op later.
    """
    if not locks.held and fence is None:
        return None
    ops = list(takewhile(_is_readable, ops))
    others = [
        lock for lock in locks.held if lock.expires_at > now and not same_client(lock.holder, by)
    ]
    if fence is not None and not _holds(locks, fence, by, now):
        return stale_refusal(_touched_text(others, ops))
    if not others:
        return None
    if all(op["op"] in _STILL for op in ops):
        touched = _touched_text(others, ops)
    else:
        touched = _touched(_near(others, ops), ops, before, bounds)
    return None if touched is None else locked_refusal(touched)


def _holds(locks: Locks, fence: int, by: Author, now: int) -> bool:
    return any(
        lock.fence == fence and same_client(lock.holder, by) and lock.expires_at > now
        for lock in locks.held
    )


def _is_readable(op: Op) -> bool:
    """Whether an op's name and pointers are strings; `apply` refuses other ops."""
    parts = op.get("op"), op.get("path"), op.get("from", "")
    return all(isinstance(part, str) for part in parts)


def _near(others: list[StoredLock], ops: Sequence[Op]) -> list[StoredLock]:
    """Return the locks that these ops may touch or shift, by a cheap comparison of text."""
    pointers = [op["path"] for op in ops] + [op["from"] for op in ops if "from" in op]
    lists = {f"{pointer[: max(0, pointer.rfind('/'))]}/" for pointer in pointers}
    return [lock for lock in others if _meets(f"{lock.scope}/", lists)]


def _touched_text(others: list[StoredLock], ops: Sequence[Op]) -> StoredLock | None:
    paths = [f"{op['path']}/" for op in ops if op["op"] != "test"]
    return next((lock for lock in others if _meets(f"{lock.scope}/", paths)), None)


def _meets(scope: str, pointers: Collection[str]) -> bool:
    """Whether the scope overlaps any pointer; the scope and the pointers end in a slash."""
    return any(pointer.startswith(scope) or scope.startswith(pointer) for pointer in pointers)


def _touched(
    near: list[StoredLock], ops: Sequence[Op], before: Json, bounds: Bounds
) -> StoredLock | None:
    """Find the first op that touches a lock. Return the oldest lock that it touches, or None.

    The check goes op by op: an earlier op may move the location that a later pointer means.
    """
    if not near:
        return None
    positions = PositionTree(near, before)
    for step in trace(before, _exact(before, ops, bounds))[0]:
        touched = positions.touched_by(step)
        if touched:
            return min(touched, key=lambda lock: lock.fence)
        positions.apply(step)
    return None


def _exact(before: Json, ops: Sequence[Op], bounds: Bounds) -> list[Op]:
    """Return the exact ops that `apply` would make, up to the first op that it would refuse.

    The patch's bounds apply here too, because the locks are checked before the patch is applied.
    Twenty `copy` ops can make a megabyte from a tiny value.
    """
    try:
        return apply(before, ops, bounds=bounds, splices=True).ops
    except Rejected as rejected:
        sound = ops[: rejected.refusal.extra.get("op", 0)]
        return apply(before, sound, bounds=bounds, splices=True).ops
