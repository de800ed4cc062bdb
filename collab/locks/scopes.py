"""Lock scopes: which overlap, which client holds them, and where a change moves them."""

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
    """Whether one pointer is the other or lies under it."""
    return f"{a}/".startswith(f"{b}/") or f"{b}/".startswith(f"{a}/")


def same_client(a: Author, b: Author) -> bool:
    """Whether it is the same client of the same user: another tab is another holder."""
    return a.user == b.user and a.client == b.client


def possibly_moved(
    locks: Sequence[StoredLock], history: Sequence[AppliedChange]
) -> Sequence[StoredLock]:
    """The locks that one change may have moved; of a longer history, all locks."""
    if len(history) > 1:
        return locks
    prefixes = moved_prefixes(history[0].ops)
    return [lock for lock in locks if lock.scope.startswith(prefixes)]


def relocated_scopes(
    locks: Iterable[StoredLock], history: Sequence[AppliedChange]
) -> dict[str, str]:
    """By lock id: the scopes after the changes since each lock's version."""
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
    """The younger of two locks where one lies in the other: their holder has moved one of them."""
    over: list[StoredLock] = []
    upper: StoredLock | None = None
    # Sorted like this, what lies in a scope follows right after the scope.
    for lock in sorted(locks, key=lambda one: f"{one.scope}/"):
        if upper is None or not overlap(upper.scope, lock.scope):
            upper = lock
            continue
        younger = max(upper, lock, key=lambda one: one.fence)
        over.append(younger)
        upper = upper if younger is lock else lock
    return over


def check_element(scope: str, value: Json) -> Refusal | None:
    """Why the scope cannot be locked: there is no such element; None when there is."""
    try:
        lookup(value, parse(scope))
    except Rejected as rejected:
        return rejected.refusal
    return None
