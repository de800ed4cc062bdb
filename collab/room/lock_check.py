"""Whether a change may pass the locks of others: what it touches, op by op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.entry import Author, Op
from collab.errors import Refusal, Rejected
from collab.ids import Json
from collab.patch.apply import apply
from collab.patch.bounds import Bounds
from collab.patch.carry import forward
from collab.patch.pointer import covers, parse
from collab.patch.steps import Path, Step, trace, typed
from collab.ports import StoredLock
from collab.room.lock_messages import locked, stale
from collab.room.lock_scope import collide, same
from collab.room.locks import Locks

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
    others = [lock for lock in locks.held if lock.expires_at > now and not same(lock.holder, by)]
    if fence is not None and not _holds(locks, fence, by, now):
        return stale(_touched_text(others, ops))
    near = [lock for lock in others if _related(lock, ops)]
    if not near:
        return None
    touched = _touched_text(near, ops) if _all_still(ops) else _touched(near, ops, before, bounds)
    return None if touched is None else locked(touched)


def _holds(locks: Locks, fence: int, by: Author, now: int) -> bool:
    return any(
        lock.fence == fence and same(lock.holder, by) and lock.expires_at > now
        for lock in locks.held
    )


def _related(lock: StoredLock, ops: Sequence[Op]) -> bool:
    """Whether these ops can touch the lock or move its element: a cheap and generous test."""
    return any(
        collide(lock.scope, pointer[: pointer.rfind("/")])
        for op in ops
        for pointer in (op["path"], op.get("from", op["path"]))
        if pointer
    ) or any(not op["path"] for op in ops)


def _all_still(ops: Sequence[Op]) -> bool:
    return all(op["op"] in _STILL for op in ops)


def _touched_text(near: list[StoredLock], ops: Sequence[Op]) -> StoredLock | None:
    for op in ops:
        if op["op"] != "test":
            for lock in near:
                if collide(lock.scope, op["path"]):
                    return lock
    return None


def _touched(
    near: list[StoredLock], ops: Sequence[Op], before: Json, bounds: Bounds
) -> StoredLock | None:
    """Op by op: an earlier op of the same patch may move what a later pointer means."""
    scopes: dict[StoredLock, Path | None] = {lock: _path(before, lock.scope) for lock in near}
    for step in trace(before, _exact(before, ops, bounds))[0]:
        for lock, scope in scopes.items():
            if scope is not None and _touches(step, scope):
                return lock
            scopes[lock] = None if scope is None else forward(scope, step)
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


def _touches(step: Step, scope: Path) -> bool:
    if step.kind == "move":
        if _overlap(step.source, scope):
            return True
        left = forward(scope, Step("remove", step.source))
        return left is None or _inserts_into(step.path, left)
    if step.kind == "add":
        return _inserts_into(step.path, scope)
    return _overlap(step.path, scope)


def _inserts_into(path: Path, scope: Path) -> bool:
    """A new element of a list shifts its siblings and changes only what holds the list."""
    if path and type(path[-1]) is int:
        return covers(scope, path[:-1])
    return _overlap(path, scope)


def _overlap(a: Path, b: Path) -> bool:
    return covers(a, b) or covers(b, a)


def _path(value: Any, scope: str) -> Path:
    tokens = parse(scope)
    try:
        return typed(value, tokens)
    except Rejected:
        return tokens
