"""Rebasing a stale patch: its ops, made for what its author saw, as they have to be at the head.

Every pointer is carried through what happened since; then each op is judged by its values. What
the author saw at a location is compared with what is there now: where these differ, somebody has
edited it meanwhile, and an op that overwrites it names that edit in a conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.apply import Applied, apply, replay
from collab.patch.atoms import Atomic, named_atomic
from collab.patch.bounds import JUDGED, UNBOUNDED, Bounds
from collab.patch.carry import Past, element
from collab.patch.equality import same
from collab.patch.passage import Found, Lost, Passage, Source
from collab.patch.pointer import covers, exists, lookup, parse, render
from collab.patch.steps import Path, Step, traced, typed, untyped
from collab.patch.text_merge import Merged, merge, merge_stretch
from collab.patch.utf16 import as_splice, stretch

# Carrying every pointer of a patch through every step since its base takes about 0.5 us each.
MAX_CARRIES = 25_000


@dataclass(frozen=True, slots=True)
class Rebased:
    """A patch for the head, and which edits of others it overwrites or was merged with.

    `ops` are a patch like any other: exact ops come of applying it.
    """

    ops: list[Op]
    conflicts: list[Conflict] = field(default_factory=list)


def rebase(
    ops: Sequence[Any],
    others: Sequence[Past],
    head: Any,
    *,
    bounds: Bounds = UNBOUNDED,
    splices: bool = False,
    atomic: Atomic = named_atomic,
) -> Rebased:
    """`ops` that were made for the value before `others`, for `head`, the value after them.

    Raises `Rejected`: `conflict` where a target is gone (`conflicts`, `removed_by`, `op`, `path`),
    or what `apply` raises where the ops were no patch of the value that they were made for.
    """
    if not others:
        return Rebased(list(ops))
    passage = Passage()
    for past in others:
        if past.structural:
            passage.happened(past.structural, Source(past.version, past.author))
    return Rebasing(passage, others[0].before, head, atomic).run(ops, bounds, splices)


class Rebasing:
    """One patch on its way to the head.

    Invariant: `passage` leads from `seen`, what the author saw after the ops so far, to `head`,
    the value after the ops that came of them. With `answered` off the patch is only carried on,
    as a client does with its own: texts are not merged, tests are left out, a copy is its value.
    """

    def __init__(
        self,
        passage: Passage,
        seen: Any,
        head: Any,
        atomic: Atomic = named_atomic,
        *,
        answered: bool = True,
    ) -> None:
        self.passage = passage
        self.seen = seen
        self.head = head
        self.ops: list[Op] = []
        self._atomic = atomic
        self._answered = answered
        self._conflicts: list[tuple[int, Path, Conflict]] = []
        self._applied: list[Step] = []
        self._index = 0

    def run(self, ops: Sequence[Any], bounds: Bounds, splices: bool) -> Rebased:
        # The whole patch first, on what its author saw: nothing unbounded is carried anywhere.
        whole = apply(self.seen, ops, bounds=bounds, splices=splices, tests=False)
        for index, op in enumerate(ops):
            self._index = index
            if self.passage.cost * (len(ops) - index) > MAX_CARRIES:
                raise self._refused(op["path"], "the patch is too long to be carried to the head")
            if op["op"] != "test":
                self._rebase_op(op, whole if len(ops) == 1 else self._seen_after(op, splices))
            elif self._answered:
                self._test(op)
        return Rebased(self.ops, self._settled())

    def _seen_after(self, op: Op, splices: bool) -> Applied:
        return apply(self.seen, (op,), bounds=JUDGED, splices=splices)

    def _rebase_op(self, op: Op, done: Applied) -> None:
        """One op as sent: the exact ops that it is for its author, carried one by one."""
        for exact, step in zip(done.ops, traced(self.seen, done), strict=True):
            noted = len(self._conflicts)
            carried = self._judge(step, exact, op)
            landed = apply(self.head, carried, bounds=JUDGED, splices=True)
            applied = traced(self.head, landed)
            self.head = landed.value
            self.passage.sent((step,))
            self.passage.landed((step,), applied)
            if step.kind != "remove" or op["op"] == "remove":
                self.ops += carried
            self._applied += applied
            for index in range(noted, len(self._conflicts)):
                self._conflicts[index] = (len(self._applied), *self._conflicts[index][1:])
            if len(done.ops) > 1:
                self.seen = replay(self.seen, (exact,))
        self.seen = done.value

    def _judge(self, step: Step, exact: Op, op: Op) -> tuple[Op, ...]:
        """What a step of the author's has to be at the head."""
        if step.kind == "add":
            return (self._add(step, exact),)
        if step.kind == "move":
            return self._move(step)
        if step.kind == "remove":
            return self._remove(step, implied=op["op"] != "remove")
        return (self._replace(step, op),)

    def _replace(self, step: Step, op: Op) -> Op:
        found = self.passage.element(step.path)
        upsert = op["op"] == "add"
        if isinstance(found, Lost) and upsert:
            # An `add` over a member does not need the member.
            return self._add(step, {"op": "add"})
        path = self._kept(found, step, step.value).path
        now = lookup(self.head, untyped(path))
        value = self._settle(path, step.old, now, step.value, op)
        if op["op"] == "splice" and self._answered and type(now) is str and now != value:
            return as_splice(render(path), now, value)
        # Sent as an `add` it stays one: the next who carries it must know that it needs no member.
        return {"op": "add" if upsert else "replace", "path": render(path), "value": value}

    def _settle(self, path: Path, base: Any, theirs: Any, yours: Any, op: Op) -> Any:
        """The value that stands, where one was replaced that may have changed meanwhile."""
        if base is theirs or same(base, theirs) or same(theirs, yours):
            return yours
        texts = type(base) is type(theirs) is type(yours) is str
        if texts and self._answered and not self._atomic(untyped(path), self.head):
            merged = _merge(base, theirs, yours, op)
            resolution = "merged" if merged.clean else "yours"
            self._note(path, base, theirs, yours, resolution)
            return merged.text
        self._note(path, base, theirs, yours, "yours")
        return yours

    def _remove(self, step: Step, *, implied: bool) -> tuple[Op, ...]:
        found = self.passage.element(step.path)
        if isinstance(found, Lost) and implied:
            return ()
        path = self._kept(found, step, None).path
        now = lookup(self.head, untyped(path))
        if not same(step.old, now):
            self._note(path, step.old, now, None, "yours")
        return ({"op": "remove", "path": render(path)},)

    def _add(self, step: Step, exact: Op) -> Op:
        path = self._kept(self.passage.place(step.path), step, step.value).path
        self._overwrite(path, step.value)
        if exact["op"] == "copy" and self._answered:
            source = self.passage.element(typed(self.seen, parse(exact["from"])))
            if isinstance(source, Found) and self._unchanged(source.path, step.value):
                return {"op": "copy", "from": render(source.path), "path": render(path)}
        return {"op": "add", "path": render(path), "value": step.value}

    def _unchanged(self, path: Path, value: Any) -> bool:
        return same(lookup(self.head, untyped(path)), value)

    def _move(self, step: Step) -> tuple[Op, ...]:
        found = self._kept(self.passage.element(step.source), step, step.value)
        client = Step("remove", step.source)
        head = Step("remove", found.path)
        target = self.passage.cut(client, head).place(step.path)
        path = self._kept(target, step, step.value).path
        if found.moved is not None:
            self._note(path, render(step.source), render(found.path), render(path), "yours")
        self._overwrite_moved(path, step.value, found.path)
        source, target_path = render(found.path), render(path)
        if covers(found.path, path):
            # Another element stands there once this one is out; RFC 6902 forbids to say it so.
            moved = lookup(self.head, untyped(found.path))
            added = {"op": "add", "path": target_path, "value": moved}
            return {"op": "remove", "path": source}, added
        return ({"op": "move", "from": source, "path": target_path},)

    def _overwrite(self, path: Path, value: Any) -> None:
        """Name what somebody put meanwhile where this author saw nothing."""
        if path and type(path[-1]) is str and exists(self.head, untyped(path)):
            now = lookup(self.head, untyped(path))
            if not same(now, value):
                self._note(path, None, now, value, "yours")

    def _overwrite_moved(self, path: Path, value: Any, source: Path) -> None:
        cut = apply(self.head, ({"op": "remove", "path": render(source)},)).value
        if path and type(path[-1]) is str and exists(cut, untyped(path)):
            self._note(path, None, lookup(cut, untyped(path)), value, "yours")

    def _test(self, op: Op) -> None:
        """A test asks about the head, at the location that its author meant."""
        tokens = parse(op["path"])
        lookup(self.seen, tokens)
        step = Step("replace", typed(self.seen, tokens), old=lookup(self.seen, tokens))
        path = self._kept(self.passage.element(step.path), step, op["value"]).path
        if not same(lookup(self.head, untyped(path)), op["value"]):
            where = {"op": self._index, "path": op["path"]}
            raise Rejected(Code.TEST_FAILED, "the value is not the one that is expected", **where)

    # --- what comes of it -------------------------------------------------------------------

    def _kept(self, found: Found | Lost, step: Step, yours: Any) -> Found:
        if isinstance(found, Found):
            return found
        path = render(step.source if step.kind == "move" else step.path)
        conflict = Conflict(path, step.old, None, yours, "theirs")
        raise self._refused(path, _who(found, path), conflict, found.by)

    def _refused(
        self, path: str, message: str, conflict: Conflict | None = None, by: Source | None = None
    ) -> Rejected:
        extra: dict[str, Any] = {"op": self._index, "path": path}
        extra["conflicts"] = [conflict] if conflict else []
        if by is not None:
            extra["removed_by"] = by.author
        return Rejected(Code.CONFLICT, message, **extra)

    def _note(self, path: Path, base: Any, theirs: Any, yours: Any, resolution: Any) -> None:
        conflict = Conflict(render(path), base, theirs, yours, resolution)
        self._conflicts.append((len(self._applied), path, conflict))

    def _settled(self) -> list[Conflict]:
        """The conflicts with their paths as they are at the end of the patch."""
        settled: list[Conflict] = []
        for at, path, conflict in self._conflicts:
            rest = element(path, self._applied[at:])
            where = render(rest) if rest is not None else conflict.path
            fields = (conflict.base, conflict.theirs, conflict.yours, conflict.resolution)
            settled.append(Conflict(where, *fields))
        return settled


def _merge(base: str, theirs: str, yours: str, op: Op) -> Merged:
    if op["op"] == "splice":
        start, end = stretch(base, op["offset"], op.get("delete", 0))
        text = merge_stretch(base, theirs, start, end, op.get("insert", ""))
        if text is not None:
            return Merged(text, clean=True)
    return merge(base, theirs, yours)


def _who(lost: Lost, path: str) -> str:
    if lost.by is None:
        return f"{path!r} is no longer there"
    author = lost.by.author
    return f"{author.name or author.user} removed {path!r} in version {lost.by.version}"
