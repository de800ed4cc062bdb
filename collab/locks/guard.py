"""The lock guard: what a batch may do while others hold locks, and where it takes the locks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from collab.entry import Author, Op
from collab.errors import Rejected
from collab.ids import Json
from collab.locks.check import check_locks
from collab.locks.restore import restore
from collab.locks.scopes import same
from collab.locks.state import Locks, LockStep
from collab.patch.bounds import Bounds
from collab.patch.diff import diff
from collab.patch.relocate import Past
from collab.ports.locks import StoredLock


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

    def follow(self, past: Past) -> None:
        """The batch has a new entry."""
        if self._ahead.held:
            self._ahead = self._ahead.carry(past).locks

    def step(self, history: Sequence[Past], revision: int) -> LockStep | None:
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
