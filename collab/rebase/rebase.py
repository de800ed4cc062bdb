"""Rebase a stale patch: change its ops, made for an older version, so that they fit the head.

First, every pointer is relocated through the changes since the base. Then the value that the author
saw at a location is compared with the value there now. When they differ, another author edited the
value meanwhile. An op that overwrites such an edit names it in a conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.entry import Op, TextChange
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.apply import with_op
from collab.patch.bounds import UNBOUNDED, Bounds
from collab.patch.pointer import covers, exists, lookup, not_found, parse, render
from collab.patch.relocate import AppliedChange, element_before
from collab.patch.steps import Path, Step, TracedRun, to_tokens
from collab.patch.text_changes import as_splices, difference, joined, rebased
from collab.patch.values import Atomic, named_atomic, same
from collab.rebase.client_view import ClientView
from collab.rebase.conflicts import Conflicts, Rebased, refused, without
from collab.rebase.edits import Edit, edit_of
from collab.rebase.found import Found, Origin, Removed
from collab.rebase.text_edits import TextEdits
from collab.rebase.text_merge import Merger

# How many times one patch may relocate a pointer through a step. Each time takes about 0.5 us.
MAX_RELOCATIONS = 25_000

# An edit as ops for the head, and the path that these ops write. It is the location after the ops.
HeadOps = tuple[tuple[Op, ...], Path]


def rebase(
    ops: Sequence[Any],
    others: Sequence[AppliedChange],
    head: Any,
    *,
    bounds: Bounds = UNBOUNDED,
    splices: bool = False,
    atomic: Atomic = named_atomic,
) -> Rebased:
    """Rebase `ops` over the changes `others` of other authors. `head` is the value after them.

    When a target is gone, this raises `conflict` with `conflicts`, `removed_by`, `op` and `path`.
    When the ops do not apply to the value that they were made for, it raises what `apply` raises.
    """
    if not others:
        return Rebased(list(ops))
    view = ClientView()
    view.add_changes(others)
    rebasing = Rebasing(view, others[0].before, head, atomic, bounds=bounds, splices=splices)
    return rebasing.run(ops)


class Rebasing:
    """Rebases one patch to the head, op by op.

    Invariant: `view` relocates from the author's value to `head`. The author's value has the ops so
    far, and `head` has the rebased ops so far. When `answered` is off, the patch is rebased as a
    client rebases its own pending patches: texts are not merged, a `test` is left out, and a copy
    becomes an `add` of its value.
    """

    def __init__(
        self,
        view: ClientView,
        seen: Any,
        head: Any,
        atomic: Atomic = named_atomic,
        *,
        bounds: Bounds = UNBOUNDED,
        splices: bool = True,
        answered: bool = True,
    ) -> None:
        self.view = view
        self.ops: list[Op] = []
        self._seen = TracedRun(seen, bounds, splices=splices, tests=False)
        self._head = TracedRun(head, splices=True)
        self._atomic = atomic
        self._answered = answered
        self._merger = Merger()
        self._conflicts = Conflicts()
        self._index = 0

    @property
    def head(self) -> Any:
        return self._head.root

    def run(self, ops: Sequence[Any]) -> Rebased:
        # First apply the whole patch to the value that its author saw: this checks its bounds.
        before = len(self._seen.tested)
        parts = self._seen.perform(ops)
        tested = iter(self._seen.tested[before:])
        texts = TextEdits()
        for index, (op, span) in enumerate(zip(ops, parts, strict=True)):
            self._index = index
            if self.view.cost * (len(ops) - index) > MAX_RELOCATIONS:
                raise self._refused(op["path"], "rebasing takes too long; send smaller patches")
            if texts.add(op, self._seen, span, index):
                continue
            self._rebase_texts(texts)
            self._index = index
            if op["op"] != "test":
                self._rebase_op(op, span)
            elif self._answered:
                self._test(op, next(tested))
        self._rebase_texts(texts)
        return Rebased(self.ops, *self._conflicts.after(self._head.steps))

    def _rebase_op(self, op: Op, span: range) -> None:
        """Rebase one op as one edit: with everything that the op did to the author's value."""
        edit = edit_of(self._seen, op, span)
        if edit is None:
            return
        if edit.step.replaces_holder and self._others_did_it(edit):
            edit = edit.written
        self._apply(edit, *self._rebase_edit(edit))

    def _others_did_it(self, edit: Edit) -> bool:
        """Whether other users have moved the same element over its holder, compared by value."""
        found = self.view.element(edit.step.source)
        holder = self.view.element(edit.step.path)
        if isinstance(holder, Removed):
            return False
        if isinstance(found, Found) and not covers(holder.path, found.path):
            return False
        return self._unchanged(holder.path, edit.step.value)

    def _apply(self, edit: Edit, ops: Sequence[Op], where: Path) -> None:
        """Apply the ops that an edit became to the head, and add them to the rebased patch."""
        start = len(self._head.steps)
        for op in ops:
            self._head.apply(op)
        self.ops += ops
        self.view.applied_as(edit, self._head.steps[start:], where)
        self._conflicts.edit_applied(len(self._head.steps))

    def _rebase_texts(self, texts: TextEdits) -> None:
        """Rebase the collected edits of texts. All edits of one text are rebased as one edit."""
        for text in texts.drain():
            self._index = text.index
            edit = Edit(text.step, upsert=text.upsert, splices=text.splices)
            self._apply(edit, *self._replace(edit))

    def _rebase_edit(self, edit: Edit) -> HeadOps:
        """The ops for the head that an edit of the author becomes."""
        if edit.step.kind == "add":
            return self._add(edit)
        if edit.step.kind == "move":
            return self._move(edit)
        if edit.step.kind == "remove":
            return self._remove(edit.step)
        return self._replace(edit)

    def _replace(self, edit: Edit) -> HeadOps:
        step, splices = edit.step, edit.splices
        found = self.view.element(step.path)
        if edit.upsert and not self._has_stayed(found, step.path):
            # An `add` over a member writes to the key, also when the member was moved or removed.
            return self._add(edit)
        kept = self._found_or_refuse(found, step, step.value)
        path = kept.path
        now = lookup(self.head, to_tokens(path))
        if kept.moved is not None and splices is None and same(step.old, now):
            self._conflicts.add(path, step.old, now, step.value)
        if splices is not None and self._answered and type(now) is str:
            ops = self._splice(path, step, now, splices)
            return tuple(as_splices(render(path), ops)), path
        value = self._resolve(path, step, now)
        # An `add` stays an `add`: so the next rebase knows that the op does not need the member.
        kind = "add" if edit.upsert else "replace"
        return ({"op": kind, "path": render(path), "value": value},), path

    def _has_stayed(self, found: Found | Removed, key: Path) -> bool:
        """Whether an element is still at the key where the author saw it."""
        place = self.view.place(key)
        return isinstance(found, Found) and isinstance(place, Found) and found.path == place.path

    def _splice(
        self, path: Path, step: Step, theirs: str, splices: Sequence[TextChange]
    ) -> Sequence[TextChange]:
        """The splices for a text that others may have changed. When they conflict, merge words."""
        changes = self.view.texts.changes(path, step.old, theirs, self._merger.changes)
        both = None
        if not (changes and self._atomic(to_tokens(path), self.head)):
            both = rebased(splices, changes)
        if both is None:
            return difference(theirs, self._resolve(path, step, theirs))
        if changes:
            self._refuse_overwriting_own(step, path, step.path)
            self._conflicts.add_merged(path)
        return joined(both[0])

    def _resolve(self, path: Path, step: Step, theirs: Any) -> Any:
        """The value to write for a `replace`, when others may have changed the old value."""
        base, yours = step.old, step.value
        if base is theirs or same(base, theirs) or same(theirs, yours):
            return yours
        self._refuse_overwriting_own(step, path, step.path)
        texts = type(base) is type(theirs) is type(yours) is str
        if texts and self._answered and not self._atomic(to_tokens(path), self.head):
            merged = self._merger.merge(base, theirs, yours)
            if merged.clean:
                self._conflicts.add_merged(path)
            else:
                self._conflicts.add(path, base, theirs, yours)
            return merged.text
        self._conflicts.add(path, base, theirs, yours)
        return yours

    def _remove(self, step: Step) -> HeadOps:
        found = self.view.element(step.path)
        if isinstance(found, Removed) and found.by is None:
            return (), step.path  # An earlier op of this patch has already overwritten it.
        kept = self._found_or_refuse(found, step, None)
        now = lookup(self.head, to_tokens(kept.path))
        if kept.moved is not None or not same(step.old, now):
            self._refuse_overwriting_own(step, kept.path, step.path)
            self._conflicts.add(kept.path, step.old, now, None)
        return ({"op": "remove", "path": render(kept.path)},), kept.path

    def _add(self, edit: Edit) -> HeadOps:
        step = edit.step
        path = self._found_or_refuse(self.view.place(step.path), step, step.value).path
        self._overwrite(edit, path, path)
        if edit.copies and self._answered:
            source = self.view.element(step.source)
            if isinstance(source, Found) and self._unchanged(source.path, step.value):
                return ({"op": "copy", "from": render(source.path), "path": render(path)},), path
        return ({"op": "add", "path": render(path), "value": step.value},), path

    def _unchanged(self, path: Path, value: Any) -> bool:
        return same(lookup(self.head, to_tokens(path)), value)

    def _move(self, edit: Edit) -> HeadOps:
        step = edit.step
        found = self._found_or_refuse(self.view.element(step.source), step, step.value)
        client = Step("remove", step.source)
        head = Step("remove", found.path)
        target = self.view.without_element(client, head).place(step.path)
        path = self._found_or_refuse(target, step, step.value).path
        if path == found.path:
            return (), path  # Other users have already moved the element there.
        if found.moved is not None:
            self._conflicts.add(path, render(step.source), render(found.path), render(path))
        self._overwrite(edit, path, element_before(path, head), moved=found.path)
        source, target_path = render(found.path), render(path)
        if covers(found.path, path):
            # RFC 6902 forbids this `move`: without the element, the next one has the same pointer.
            moved = lookup(self.head, to_tokens(found.path))
            self._head.mark_shared(moved)
            added = {"op": "add", "path": target_path, "value": moved}
            return ({"op": "remove", "path": source}, added), path
        return ({"op": "move", "from": source, "path": target_path},), path

    def _overwrite(
        self, edit: Edit, path: Path, now_at: Path | None, *, moved: Path | None = None
    ) -> None:
        """Add a conflict when an edit writes to a key over a value that its author did not see.

        `path` is the key after the edit, and `now_at` is the key in the head before it. `moved` is
        the moved element. When its holder is at the key, the edit overwrites only the rest of it.
        """
        if now_at is None or (path and type(path[-1]) is not str):
            return
        if not exists(self.head, to_tokens(now_at)):
            return
        now, seen = lookup(self.head, to_tokens(now_at)), edit.overwritten
        member = edit.overwrites
        if member is not None and not self._sees(member, now_at):
            member = None
        if member is not None:
            left = without(seen, member, edit.step.source)
            if same(left, without(now, now_at, moved)):
                return
        self._refuse_overwriting_own(edit.step, now_at, member)
        if not same(now, edit.step.value):
            self._conflicts.add(path, seen, now, edit.step.value)

    def _sees(self, path: Path, now_at: Path) -> bool:
        """Whether the head has, at `now_at`, the element that the author sees at `path`."""
        found = self.view.element(path)
        return isinstance(found, Found) and found.path == now_at

    def _refuse_overwriting_own(self, step: Step, place: Path, under: Path | None) -> None:
        """Refuse to overwrite the client's own value, which other users moved to this place."""
        if self.view.overwrites_own(place, under):
            message = f"the patch would overwrite your own change, now moved to {render(place)!r}"
            raise self._refused(render(step.path), message)

    def _test(self, op: Op, step: Step | None) -> None:
        """Check a `test` against the head, at the location that its author meant."""
        if step is None:
            raise with_op(not_found(parse(op["path"])), self._index, op)
        path = self._found_or_refuse(self.view.element(step.path), step, op["value"]).path
        if not same(lookup(self.head, to_tokens(path)), op["value"]):
            where = {"op": self._index, "path": op["path"]}
            raise Rejected(Code.TEST_FAILED, "the value at `path` differs from the `test`", **where)

    # --- refusals ---------------------------------------------------------------------------

    def _found_or_refuse(self, found: Found | Removed, step: Step, yours: Any) -> Found:
        if isinstance(found, Found):
            return found
        path = render(step.source if step.kind == "move" else step.path)
        conflict = Conflict(path=path, base=step.old, theirs=None, yours=yours, resolution="theirs")
        raise self._refused(path, found.sentence(path), conflict, found.by)

    def _refused(
        self, path: str, message: str, conflict: Conflict | None = None, by: Origin | None = None
    ) -> Rejected:
        return refused(self._index, path, message, conflict, by)
