"""Whether a change may pass the locks of others: what it touches, op by op."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import takewhile

from collab.entry import Author, Op
from collab.errors import Refusal, Rejected
from collab.ids import Json
from collab.locks.events import locked, stale
from collab.locks.position_tree import LockMap
from collab.locks.scopes import same
from collab.locks.state import Locks
from collab.patch.apply import apply
from collab.patch.bounds import Bounds
from collab.patch.steps import trace
from collab.ports.locks import StoredLock

BOUNDS = Bounds()
# Ops that leave every other location where it is: their pointers can be compared as text.
_STILL = frozenset({"replace", "splice", "test"})


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
