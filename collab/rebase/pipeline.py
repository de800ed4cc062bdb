"""Pipelining: a connection's patches that build on its own unanswered patches.

A client need not wait for an answer. It makes its next patch for the value that it sees: the value
at `base` with its own unanswered patches applied. When the patch arrives, the server has already
given versions to the unanswered patches. Between them may be entries of other users. The pipeline
computes the value that the client sees. A `ClientView` relocates from this value to the head.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.patch.apply import replay
from collab.patch.bounds import UNBOUNDED, Bounds
from collab.patch.relocate import AppliedChange, Pointers, are_disjoint, replaced_pointers
from collab.patch.values import Atomic, named_atomic
from collab.rebase.client_view import ClientView
from collab.rebase.conflicts import Rebased
from collab.rebase.edits import Edit, edits_of
from collab.rebase.pending import Patches, exact_ops, normalize, rebase_over, rebase_over_answer
from collab.rebase.rebase import Rebasing

# The most letters in the texts of unanswered patches that have to be rebased. Each new patch
# applies all of them again: 400 patches of a megabyte took minutes (measured).
MAX_REBASED_TEXT = 8 << 20

# Returns the entries after a version, up to the head; raises `unknown_version` when some are not
# kept.
Since = Callable[[int], Sequence[AppliedChange]]


class _PendingPatch(Struct, frozen=True):
    """A patch of this connection whose answer the client may not have yet.

    Invariant: `ops` fit the value that the client saw: the value at the pipeline's base with the
    pending patches before this one.
    """

    version: int
    ops: Sequence[Op]
    made_version: bool
    normalized: bool = False

    def may_be_unanswered(self, base: int) -> bool:
        """Whether a client that has `base` may still lack the answer to this patch."""
        return not self.made_version and self.version == base


class Pipeline(Struct, eq=False):
    """Keeps the patches of one connection whose answers the client may not have yet.

    Invariant: `base` is the newest `base` that the client has sent. Every pending patch has a
    version above `base`, so it counts as unanswered. A connection that sends nothing has no pending
    patches.
    """

    base: int
    pending: list[_PendingPatch] = []  # by version; `advance` needs the versions after `base`

    def copy(self) -> Pipeline:
        """A copy. The caller returns to it when the next answers do not become durable."""
        return Pipeline(self.base, self.pending.copy())

    def submit(
        self,
        base: int,
        ops: Sequence[Any],
        since: Since,
        head: Any,
        *,
        after: str | None = None,
        bounds: Bounds = UNBOUNDED,
        splices: bool = False,
        atomic: Atomic = named_atomic,
    ) -> Rebased:
        """Rebase `ops` to `head`, the value after all changes of `since(base)`.

        Raise what `rebase` and `advance` raise.
        """
        self.advance(base, since, after)
        changes = since(base)
        if not (changes or self.pending):
            return Rebased(list(ops))
        if self._sees(changes) or self._is_disjoint(replaced_pointers(ops), changes):
            return Rebased(list(ops))
        view, seen = _client_view(self.pending, changes)
        rebasing = Rebasing(view, seen, head, atomic, bounds=bounds, splices=splices)
        return rebasing.run(ops)

    def advance(self, base: int, since: Since, after: str | None = None) -> None:
        """Drop the pending patches whose answers the client has, because it names a newer `base`.

        Some patches make no version. Their answer has the number of the version before it. So when
        `after` shows that the client lacks an answer, it may be the answer to such a patch. When
        this answer changes the value that the client sees, raise `conflict`. When the client names
        an older base than before, raise `unknown_version`.
        """
        if base < self.base:
            raise Rejected(
                Code.UNKNOWN_VERSION,
                f"`base` must not be below the last one of this connection, {self.base}",
            )
        is_unclear = False
        if base > self.base:
            is_behind = bool(self.pending) and self.pending[-1].version > base
            if is_behind or (after and self._may_lack_an_answer(base)):
                is_unclear = self._rebase_pending(base, since)
            else:
                self.pending.clear()
        self.base = base
        if after and is_unclear:
            raise Rejected(
                Code.CONFLICT,
                "it is unclear which answers at `base` you had; wait for them all, then send again",
            )

    def _may_lack_an_answer(self, base: int) -> bool:
        """Whether a client that has `base` may still lack the answer to a pending patch."""
        return any(one.may_be_unanswered(base) for one in self.pending)

    def _sees(self, changes: Sequence[AppliedChange]) -> bool:
        """Whether the client sees the value after `changes`.

        It does when all changes are its own patches, applied as it sent them.
        """
        if len(changes) != len(self.pending):
            return False
        for entry, pending in zip(changes, self.pending, strict=True):
            if not pending.made_version or entry.version != pending.version:
                return False
            if entry.ops != pending.ops:
                return False
        return True

    def _is_disjoint(self, mine: Pointers | None, changes: Sequence[AppliedChange]) -> bool:
        """Whether `mine` means the same after `changes`, and overwrites none of them.

        True when all of these hold:

        - All changes only replace values.
        - The client's own patches were applied as they were sent.
        - No change of another author is at, above or below a pointer in `mine`.
        """
        if mine is None:
            return False
        own = {pending.version: pending for pending in self.pending}
        if any(not pending.made_version for pending in self.pending):
            return False
        for entry in changes:
            if entry.replaced_pointers is None:
                return False
            pending = own.pop(entry.version, None)
            if pending is not None:
                if entry.ops != pending.ops:
                    return False
            elif not are_disjoint(mine, entry.replaced_pointers):
                return False
        return not own

    def applied_as(self, version: int, ops: Sequence[Any], *, made_version: bool = True) -> None:
        """Note that a patch of this connection, with `ops` as sent, is answered with `version`.

        When a patch changes nothing, it makes no version, and `version` is the head. When the
        client sent an id again, `version` is the version of the first answer.
        """
        if version > self.base:
            self.pending.append(_PendingPatch(version, ops, made_version))
            if len(self.pending) > 1:
                self.pending.sort(key=_version)

    def _rebase_pending(self, base: int, since: Since) -> bool:
        """Rebase unanswered patches to `base` as the client did: one version at a time.

        The client may lack an answer with the version `base`. Return whether it then sees another
        value than with this answer.
        """
        changes = since(self.base)
        if self._sees(changes):
            self.pending = [pending for pending in self.pending if pending.version > base]
            return False
        mine = replaced_pointers([op for pending in self.pending for op in pending.ops])
        if self._is_disjoint(mine, changes):
            self.pending = [pending for pending in self.pending if pending.version > base]
            return False
        self._normalize(changes[0].before)
        is_unclear = False
        for entry in changes:
            if entry.version > base or not self.pending:
                break
            first = self.pending[0]
            if first.made_version and first.version == entry.version:
                self._answered(entry.before, entry.ops)
            else:
                self._set_ops(rebase_over([each.ops for each in self.pending], entry))
            while self.pending and self.pending[0].version == entry.version:
                if self.pending[0].may_be_unanswered(base):
                    is_unclear |= bool(exact_ops(entry.after, self.pending[0].ops))
                self._answered(entry.after, ())
        return is_unclear

    def _answered(self, before: Any, applied: Sequence[Op]) -> None:
        patches = rebase_over_answer([each.ops for each in self.pending], before, applied)
        del self.pending[0]
        self._set_ops(patches)

    def _normalize(self, value: Any) -> None:
        """Normalize every pending patch; `value` is the value at the base."""
        for index, pending in enumerate(self.pending):
            if not pending.normalized:
                ops = normalize(value, pending.ops)
                pending = self.pending[index] = replace(pending, ops=ops, normalized=True)
            value = replay(value, exact_ops(value, pending.ops))

    def _set_ops(self, patches: Patches) -> None:
        """Set the rebased ops. A patch beyond `patches` gets none: the client does not show it."""
        for index, pending in enumerate(self.pending):
            ops = patches[index] if index < len(patches) else ()
            self.pending[index] = replace(pending, ops=ops)


def _version(pending: _PendingPatch) -> int:
    return pending.version


def _client_view(
    pendings: Sequence[_PendingPatch], changes: Sequence[AppliedChange]
) -> tuple[ClientView, Any]:
    """A view from the client's value to the value after `changes`, and the client's value."""
    seen = changes[0].before
    sent: list[tuple[_PendingPatch, list[Edit]]] = []
    letters = 0
    for pending in pendings:
        edits, seen = edits_of(seen, pending.ops)
        letters += sum(len(each.step.value) for each in edits if type(each.step.value) is str)
        if letters > MAX_REBASED_TEXT:
            raise Rejected(
                Code.CONFLICT,
                "your unanswered patches are too large to be rebased; wait for their answers first",
            )
        sent.append((pending, edits))
    view = ClientView()
    waiting = deque(sent)
    made = {pending.version for pending, _ in sent if pending.made_version}
    for entry in changes:
        if entry.version in made:
            _add_own_change(view, waiting, entry)
        else:
            view.add_changes((entry,))
        while waiting and not waiting[0][0].made_version and waiting[0][0].version <= entry.version:
            view.all_applied_as(waiting.popleft()[1], ())
    for _, edits in waiting:
        view.add_client_steps([step for edit in edits for step in edit.steps])
    return view, seen


def _add_own_change(
    view: ClientView, waiting: deque[tuple[_PendingPatch, list[Edit]]], entry: AppliedChange
) -> None:
    """Add an entry that a patch of the client made.

    The waiting patches before this patch made no version.
    """
    while True:
        pending, edits = waiting.popleft()
        if pending.made_version and pending.version == entry.version:
            view.all_applied_as(edits, entry.exact)
            return
        view.add_client_steps([step for edit in edits for step in edit.steps])
