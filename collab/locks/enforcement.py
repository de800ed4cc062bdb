"""Enforcing locks: what a change may do while others hold locks, and where it takes the locks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import takewhile

from collab.entry import Author, Op
from collab.errors import Refusal, Rejected
from collab.ids import Json
from collab.locks.events import locked, stale
from collab.locks.position_tree import LockMap
from collab.locks.restore import restore
from collab.locks.scopes import same
from collab.locks.state import Locks, LockStep
from collab.patch.apply import apply
from collab.patch.bounds import Bounds
from collab.patch.diff import diff
from collab.patch.relocate import AppliedChange
from collab.patch.steps import trace
from collab.ports.locks import StoredLock

BOUNDS = Bounds()
# Ops that leave every other location where it is: their pointers can be compared as text.
_STILL = frozenset({"replace", "splice", "test"})


class LockGuard:
    """A room's locks, and the same as the batch under way would carry them.

    Invariant: `standing` are the rows at its revision, on the room's committed version; `ahead`
    are these, carried through the batch. `now` is the database's clock as of the batch's begin.
    """

    def __init__(self, locks: Locks) -> None:
        self.standing = locks
        self.now = 0
        self._ahead = locks

    def judge(
        self, ops: Sequence[Op], before: Json, by: Author, fence: int | None, bounds: Bounds
    ) -> None:
        """Raises `locked` or `stale_lock` where the ops may not be applied to `before`."""
        refusal = check_locks(
            self._ahead, ops, before, by=by, now=self.now, fence=fence, bounds=bounds
        )
        if refusal is not None:
            raise Rejected(refusal.code, refusal.message, **refusal.extra)

    def judge_for(self, by: Author) -> Callable[[Json, list[Op]], None] | None:
        """`judge` for ops that are only known when they are about to happen; None if free."""
        if not self._others(by):
            return None
        return lambda before, ops: self.judge(ops, before, by, None, Bounds())

    def restore(self, ops: Sequence[Op], before: Json, by: Author) -> Json | None:
        """The value after `ops` with what others hold as it was; None where it is untouched."""
        others = self._others(by)
        if not others or self._passes(ops, before, by):
            return None
        value = restore(others, ops, before)
        # The entry's ops will be this diff, which locks must be able to follow: it knows elements
        # that have no id by what they say.
        return value if self._passes(diff(before, value), before, by) else before

    def _passes(self, ops: Sequence[Op], before: Json, by: Author) -> bool:
        return check_locks(self._ahead, ops, before, by=by, now=self.now) is None

    def follow(self, change: AppliedChange) -> None:
        """The batch has a new entry."""
        if self._ahead.held:
            self._ahead = self._ahead.carry(change).locks

    def step(self, history: Sequence[AppliedChange], revision: int) -> LockStep | None:
        """What the batch does to the rows, if it does anything; `revision` is the document's."""
        if not self.standing.held or not history:
            return None
        return self.at(revision, history[0].version - 1).carry(*history)

    def at(self, revision: int, version: int) -> Locks:
        """The standing locks; what else moves the revision or the version leaves them alone."""
        locks = self.standing
        return Locks(revision, locks.held, version, locks.terms)

    def settle(self, locks: Locks) -> None:
        """These are the rows now."""
        self.standing = self._ahead = locks

    def _others(self, by: Author) -> list[StoredLock]:
        return [
            lock
            for lock in self._ahead.held
            if lock.expires_at > self.now and not same(lock.holder, by)
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
    """None, or why the ops may not be applied to `before`: `stale_lock`, `locked`.

    A change touches a lock when it changes anything in its scope, or replaces, removes or moves
    something around it. Putting something before the locked element, or moving its siblings,
    does not. An op whose pointer leads nowhere ends the check: applying it will say so.
    """
    if not locks.held and fence is None:
        return None
    ops = list(takewhile(_is_readable, ops))
    others = [lock for lock in locks.held if lock.expires_at > now and not same(lock.holder, by)]
    if fence is not None and not _holds(locks, fence, by, now):
        return stale(_touched_text(others, ops))
    if not others:
        return None
    if all(op["op"] in _STILL for op in ops):
        touched = _touched_text(others, ops)
    else:
        touched = _touched(_near(others, ops), ops, before, bounds)
    return None if touched is None else locked(touched)


def _holds(locks: Locks, fence: int, by: Author, now: int) -> bool:
    return any(
        lock.fence == fence and same(lock.holder, by) and lock.expires_at > now
        for lock in locks.held
    )


def _is_readable(op: Op) -> bool:
    """Whether an op says where; applying it will refuse it where it does not."""
    parts = op.get("op"), op.get("path"), op.get("from", "")
    return all(isinstance(part, str) for part in parts)


def _near(others: list[StoredLock], ops: Sequence[Op]) -> list[StoredLock]:
    """Whom these ops may touch, or move in their list: a cheap and generous choice."""
    pointers = [op["path"] for op in ops] + [op["from"] for op in ops if "from" in op]
    lists = {f"{pointer[: max(0, pointer.rfind('/'))]}/" for pointer in pointers}
    return [lock for lock in others if _meets(f"{lock.scope}/", lists)]


def _touched_text(others: list[StoredLock], ops: Sequence[Op]) -> StoredLock | None:
    paths = [f"{op['path']}/" for op in ops if op["op"] != "test"]
    return next((lock for lock in others if _meets(f"{lock.scope}/", paths)), None)


def _meets(scope: str, pointers: Collection[str]) -> bool:
    """`collide` with any of them; all of them end in a slash."""
    return any(pointer.startswith(scope) or scope.startswith(pointer) for pointer in pointers)


def _touched(
    near: list[StoredLock], ops: Sequence[Op], before: Json, bounds: Bounds
) -> StoredLock | None:
    """Op by op: an earlier op of the same patch may move what a later pointer means."""
    if not near:
        return None
    standing = LockMap(near, before)
    for step in trace(before, _exact(before, ops, bounds))[0]:
        touched = standing.touched(step)
        if touched:
            return min(touched, key=lambda lock: lock.fence)
        standing.follow(step)
    return None


def _exact(before: Json, ops: Sequence[Op], bounds: Bounds) -> list[Op]:
    """The ops as they would be applied, up to the first that would be refused.

    Bounded as the patch itself will be: a lock is asked for before the patch is applied, and
    twenty copies can make a megabyte of nothing.
    """
    try:
        return apply(before, ops, bounds=bounds, splices=True).ops
    except Rejected as rejected:
        sound = ops[: rejected.refusal.extra.get("op", 0)]
        return apply(before, sound, bounds=bounds, splices=True).ops
