"""Lock scopes: which collide, whose they are, and where a change takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collab.entry import Author
from collab.errors import Refusal, Rejected
from collab.ids import Json
from collab.locks.position_tree import LockMap
from collab.patch.pointer import lookup, parse, render
from collab.patch.relocate import AppliedChange, moved_prefixes
from collab.patch.steps import untyped
from collab.ports.locks import StoredLock


def collide(a: str, b: str) -> bool:
    """Whether one pointer is the other or lies under it."""
    return f"{a}/".startswith(f"{b}/") or f"{b}/".startswith(f"{a}/")


def same(a: Author, b: Author) -> bool:
    """A holder is a user's client: the same user's other tab is somebody else."""
    return a.user == b.user and a.client == b.client


def reached(locks: Sequence[StoredLock], history: Sequence[AppliedChange]) -> Sequence[StoredLock]:
    """The locks that one change may have carried elsewhere; of a longer history, all."""
    if len(history) > 1:
        return locks
    prefixes = moved_prefixes(history[0].ops)
    return [lock for lock in locks if lock.scope.startswith(prefixes)]


def carried(locks: Iterable[StoredLock], history: Sequence[AppliedChange]) -> dict[str, str]:
    """By id: the scopes after the changes that each has not followed yet; of what is left."""
    waiting = sorted(locks, key=lambda lock: lock.version, reverse=True)
    standing = LockMap()
    for change in [change for change in history if change.structural]:
        while waiting and waiting[-1].version < change.version:
            standing.put(waiting.pop(), change.before)
        for step in change.structural:
            standing.follow(step)
    untouched = {lock.id: lock.scope for lock in waiting}
    return untouched | {lock.id: render(untyped(path)) for lock, path in standing.places()}


def covered(locks: Iterable[StoredLock]) -> list[StoredLock]:
    """Of locks that lie in each other, the younger: only whoever holds both can have moved one."""
    over: list[StoredLock] = []
    upper: StoredLock | None = None
    # Sorted like this, whatever lies in a scope follows right after it.
    for lock in sorted(locks, key=lambda one: f"{one.scope}/"):
        if upper is None or not collide(upper.scope, lock.scope):
            upper = lock
            continue
        younger = max(upper, lock, key=lambda one: one.fence)
        over.append(younger)
        upper = upper if younger is lock else lock
    return over


def not_an_element(scope: str, value: Json) -> Refusal | None:
    """Why nothing can be locked there: a lock ends with its element, so there must be one."""
    try:
        lookup(value, parse(scope))
    except Rejected as rejected:
        return rejected.refusal
    return None
