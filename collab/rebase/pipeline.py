"""Pipelining: a connection's patches that stand on its own earlier ones, unanswered as yet.

A client need not wait for an answer. Its next patch is made for the value that it sees: the value
at `base`, with its own patches on it that it has no answer to. By the time the patch arrives
these have versions of their own, and others' entries have come between. The bridge keeps what the
client sees apart from what is; a passage leads from one to the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.patch.apply import replay
from collab.patch.bounds import UNBOUNDED, Bounds
from collab.patch.relocate import AppliedChange, Pointers, are_disjoint, replaced_pointers
from collab.patch.values import Atomic, named_atomic
from collab.rebase.client_view import Passage, Source
from collab.rebase.edits import Edit, edits_of
from collab.rebase.pending import Patches, carry_answered, carry_over, exact, settle
from collab.rebase.rebase import Rebased, Rebasing

# Letters that the texts of unanswered patches may have in all when they have to be carried: each is
# done again for the next one, and 400 patches of a megabyte took minutes (measured).
MAX_CARRIED_TEXT = 8 << 20

# The entries after a version, up to the head; raises `unknown_version` where they are not kept.
Since = Callable[[int], Sequence[AppliedChange]]


@dataclass(slots=True)
class _Pending:
    """An own patch that the client may not have the answer to.

    Invariant: `ops` stand on what the client saw, which is the value at the bridge's base with
    the pendings before this one.
    """

    version: int
    ops: Sequence[Op]
    made_version: bool
    settled: bool = False


class Bridge:
    """What one connection has sent and may not know the answer to.

    Invariant: every pending's version is above `base`, the last version that the client said it
    had; so it counts as unanswered. A connection that sends nothing keeps nothing here.
    """

    def __init__(self, base: int) -> None:
        self.base = base
        self._pending: list[_Pending] = []

    def copy(self) -> Bridge:
        """As it is now, for a caller who may have to take back what lands from here on."""
        other = Bridge(self.base)
        other._pending = [replace(pending) for pending in self._pending]
        return other

    @property
    def stands_on(self) -> int | None:
        """The version that the unanswered patches stand on, whose successors `advance` needs."""
        return self.base if self._pending else None

    def submit(
        self,
        base: int,
        ops: Sequence[Any],
        since: Since,
        head: Any,
        *,
        bounds: Bounds = UNBOUNDED,
        splices: bool = False,
        atomic: Atomic = named_atomic,
    ) -> Rebased:
        """`ops` for `head`, the value after the last of `since(base)`; raises as `rebase` does."""
        self.advance(base, since)
        changes = since(base)
        if self._sees(changes) or self._is_disjoint(replaced_pointers(ops), changes):
            return Rebased(list(ops))
        passage, seen = _passage(self._pending, changes)
        rebasing = Rebasing(passage, seen, head, atomic, bounds=bounds, splices=splices)
        return rebasing.run(ops)

    def advance(self, base: int, since: Since) -> None:
        """The client has every version up to `base`: own patches up to there are answered."""
        if base < self.base:
            raise Rejected(Code.UNKNOWN_VERSION, f"this connection already had {self.base}")
        if base > self.base:
            if all(pending.version <= base for pending in self._pending):
                self._pending.clear()
            else:
                self._carry(base, since)
        self.base = base

    def _sees(self, changes: Sequence[AppliedChange]) -> bool:
        """Whether the client sees the end of `changes`: all are its own, as it sent them."""
        if len(changes) != len(self._pending):
            return False
        for entry, pending in zip(changes, self._pending, strict=True):
            if not pending.made_version or entry.version != pending.version:
                return False
            if entry.ops != pending.ops:
                return False
        return True

    def _is_disjoint(self, mine: Pointers | None, changes: Sequence[AppliedChange]) -> bool:
        """Whether `mine` means the same at the end of `changes`, and overwrites nobody there.

        So it is where everything between only replaces, the client's own patches landed as they
        were sent, and nobody else's lie at, above or below a place of mine.
        """
        if mine is None:
            return False
        own = {pending.version: pending for pending in self._pending}
        if any(not pending.made_version for pending in self._pending):
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

    def landed(self, version: int, ops: Sequence[Any], *, made_version: bool = True) -> None:
        """A patch of this connection, `ops` as sent, is answered with `version`.

        A patch that changes nothing is answered at the head and makes no version. An id that was
        sent again lands where it landed before: call this with the version that it has.
        """
        if version > self.base:
            self._pending.append(_Pending(version, ops, made_version))
            self._pending.sort(key=_version)

    def seen(self, since: Since, head: Any) -> Any:
        """What the client sees: the value at `base` with its unanswered patches."""
        changes = since(self.base)
        return _passage(self._pending, changes)[1] if changes else head

    def _carry(self, base: int, since: Since) -> None:
        """Make what stays unanswered stand on `base`, as the client did: one version at a time."""
        changes = since(self.base)
        if self._sees(changes):
            self._pending = [pending for pending in self._pending if pending.version > base]
            return
        mine = replaced_pointers([op for pending in self._pending for op in pending.ops])
        if self._is_disjoint(mine, changes):
            self._pending = [pending for pending in self._pending if pending.version > base]
            return
        self._settle(changes[0].before)
        for entry in changes:
            if entry.version > base or not self._pending:
                break
            first = self._pending[0]
            if first.made_version and first.version == entry.version:
                self._answered(entry.before, entry.ops)
            else:
                self._keep(carry_over([each.ops for each in self._pending], entry))
            while self._pending and self._pending[0].version == entry.version:
                self._answered(entry.after, ())

    def _answered(self, before: Any, applied: Sequence[Op]) -> None:
        patches = carry_answered([each.ops for each in self._pending], before, applied)
        del self._pending[0]
        self._keep(patches)

    def _settle(self, value: Any) -> None:
        """Bring every pending into the form that is carried; `value` is the one at the base."""
        for pending in self._pending:
            if not pending.settled:
                pending.ops = settle(value, pending.ops)
                pending.settled = True
            value = replay(value, exact(value, pending.ops))

    def _keep(self, patches: Patches) -> None:
        """The pendings as carried; the client shows nothing of those that were left out."""
        for index, pending in enumerate(self._pending):
            pending.ops = patches[index] if index < len(patches) else ()


def _version(pending: _Pending) -> int:
    return pending.version


def _passage(pendings: Sequence[_Pending], changes: Sequence[AppliedChange]) -> tuple[Passage, Any]:
    """The way from what a client sees to the end of `changes`, and what it sees."""
    seen = changes[0].before
    sent: list[tuple[_Pending, list[Edit]]] = []
    letters = 0
    for pending in pendings:
        edits, seen = edits_of(seen, pending.ops)
        letters += sum(len(each.step.value) for each in edits if type(each.step.value) is str)
        if letters > MAX_CARRIED_TEXT:
            raise Rejected(Code.CONFLICT, "too much is unanswered to be carried to the head")
        sent.append((pending, edits))
    passage = Passage()
    waiting = deque(sent)
    made = {pending.version for pending, _ in sent if pending.made_version}
    for entry in changes:
        if entry.version in made:
            _landed(passage, waiting, entry)
        else:
            passage.happened(entry.structural, Source(entry.version, entry.author))
        while waiting and not waiting[0][0].made_version and waiting[0][0].version <= entry.version:
            passage.landed(waiting.popleft()[1], ())
    for _, edits in waiting:
        passage.sent([step for edit in edits for step in edit.steps])
    return passage, seen


def _landed(
    passage: Passage, waiting: deque[tuple[_Pending, list[Edit]]], entry: AppliedChange
) -> None:
    """An own patch is in the head as `entry`; those before it have made no version."""
    while True:
        pending, edits = waiting.popleft()
        if pending.made_version and pending.version == entry.version:
            passage.landed(edits, entry.exact)
            return
        passage.sent([step for edit in edits for step in edit.steps])
