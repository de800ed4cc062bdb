"""Lock scopes: which scopes overlap, and where they are after a change.

The scope of a lock is the pointer of its element. The lock covers this element and all values below
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collab.entry import Author
from collab.errors import Refusal, Rejected
from collab.ids import Json
from collab.locks.position_tree import PositionTree
from collab.patch.pointer import lookup, parse, render
from collab.patch.relocate import AppliedChange, moved_prefixes
from collab.patch.steps import to_tokens
from collab.ports.locks import StoredLock


def overlap(a: str, b: str) -> bool:
    """Whether two pointers are equal, or one is below the other."""
    return f"{a}/".startswith(f"{b}/") or f"{b}/".startswith(f"{a}/")


def same_client(a: Author, b: Author) -> bool:
    """Whether both are the same client of the same user. Another tab is another client."""
    return a.user == b.user and a.client == b.client


def possibly_moved(
    locks: Sequence[StoredLock], history: Sequence[AppliedChange]
) -> Sequence[StoredLock]:
    """Return the locks that one change may have moved; for a longer history, return all locks."""
    if len(history) > 1:
        return locks
    prefixes = moved_prefixes(history[0].ops)
    return [lock for lock in locks if lock.scope.startswith(prefixes)]


def relocated_scopes(
    locks: Iterable[StoredLock], history: Sequence[AppliedChange]
) -> dict[str, str]:
    """Return each lock's scope after the changes since the lock's version, by lock id.

    A lock whose element is gone is left out.
    """
    waiting = sorted(locks, key=lambda lock: lock.version, reverse=True)
    positions = PositionTree()
    for change in [change for change in history if change.structural]:
        while waiting and waiting[-1].version < change.version:
            positions.put(waiting.pop(), change.before)
        for step in change.structural:
            positions.apply(step)
    untouched = {lock.id: lock.scope for lock in waiting}
    return untouched | {lock.id: render(to_tokens(path)) for lock, path in positions.places()}


def overlapping(locks: Iterable[StoredLock]) -> list[StoredLock]:
    """Return the younger lock of each two locks whose scopes overlap.

    Scopes overlap when the holder of two locks moves one locked element into the other.
    """
    over: list[StoredLock] = []
    upper: StoredLock | None = None
    # In this order, all scopes inside a scope come directly after this scope.
    for lock in sorted(locks, key=lambda one: f"{one.scope}/"):
        if upper is None or not overlap(upper.scope, lock.scope):
            upper = lock
            continue
        younger = max(upper, lock, key=lambda one: one.fence)
        over.append(younger)
        upper = upper if younger is lock else lock
    return over


def check_element(scope: str, value: Json) -> Refusal | None:
    """Return a refusal when the value has no element at the scope."""
    try:
        lookup(value, parse(scope))
    except Rejected as rejected:
        return rejected.refusal
    return None
