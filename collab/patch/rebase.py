"""Rebasing a stale patch: its ops, made for what its author saw, as they have to be at the head.

Every pointer is carried through what happened since; then each op is judged by its values. What
the author saw at a location is compared with what is there now: where these differ, somebody has
edited it meanwhile, and an op that overwrites it names that edit in a conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.apply import located
from collab.patch.atoms import Atomic, named_atomic
from collab.patch.bounds import UNBOUNDED, Bounds
from collab.patch.carry import Past, backward, element
from collab.patch.equality import same
from collab.patch.passage import Found, Lost, Passage, Source
from collab.patch.pointer import covers, exists, lookup, not_found, parse, render
from collab.patch.steps import Path, Step, Trail, untyped
from collab.patch.text_edits import TextEdits
from collab.patch.text_merge import Merger, Splice
from collab.patch.utf16 import as_splice

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
    rebasing = Rebasing(passage, others[0].before, head, atomic, bounds=bounds, splices=splices)
    return rebasing.run(ops)


class Rebasing:
    """One patch on its way to the head.

    Invariant: `passage` leads from what the author saw after the ops so far to `head`, the value
    after the ops that came of them. With `answered` off the patch is only carried on, as a client
    does with its own: texts are not merged, tests are left out, a copy is its value.
    """

    def __init__(
        self,
        passage: Passage,
        seen: Any,
        head: Any,
        atomic: Atomic = named_atomic,
        *,
        bounds: Bounds = UNBOUNDED,
        splices: bool = True,
        answered: bool = True,
    ) -> None:
        self.passage = passage
        self.ops: list[Op] = []
        self._seen = Trail(seen, bounds, splices=splices, tests=False)
        self._head = Trail(head, splices=True)
        self._atomic = atomic
        self._answered = answered
        self._merger = Merger()
        self._conflicts: list[tuple[int, Path, Conflict]] = []
        self._index = 0

    @property
    def head(self) -> Any:
        return self._head.root

    def run(self, ops: Sequence[Any]) -> Rebased:
        # The whole patch first, on what its author saw: nothing unbounded is carried anywhere.
        before = len(self._seen.asked)
        parts = self._seen.perform(ops)
        asked = iter(self._seen.asked[before:])
        texts = TextEdits()
        for index, (op, span) in enumerate(zip(ops, parts, strict=True)):
            self._index = index
            if self.passage.cost * (len(ops) - index) > MAX_CARRIES:
                raise self._refused(op["path"], "the patch is too long to be carried to the head")
            if texts.take(op, self._seen, span, index):
                continue
            self._rebase_texts(texts)
            self._index = index
            if op["op"] != "test":
                self._rebase_op(op, span)
            elif self._answered:
                self._test(op, next(asked))
        self._rebase_texts(texts)
        return Rebased(self.ops, self._settled())

    def _rebase_op(self, op: Op, span: range) -> None:
        """One op as sent: the exact ops that it is for its author, carried one by one."""
        for number in span:
            step = self._seen.steps[number]
            noted = len(self._conflicts)
            carried = self._judge(step, self._seen.ops[number], op)
            self._land(step, carried, noted)
            if step.kind != "remove" or op["op"] == "remove":
                self.ops += carried

    def _land(self, step: Step, carried: Sequence[Op], noted: int) -> None:
        """Apply what came of a step to the head."""
        start = len(self._head.steps)
        for op in carried:
            self._head.step(op)
        self.passage.sent((step,))
        self.passage.landed((step,), self._head.steps[start:])
        for index in range(noted, len(self._conflicts)):
            self._conflicts[index] = (len(self._head.steps), *self._conflicts[index][1:])

    def _rebase_texts(self, texts: TextEdits) -> None:
        """Edits of texts, one after another: those of one text are carried as one edit."""
        for edits in texts.drain():
            self._index = edits.index
            noted = len(self._conflicts)
            op = self._replace(edits.step, upsert=edits.upsert, splices=edits.splices)
            self._land(edits.step, (op,), noted)
            self.ops.append(op)

    def _judge(self, step: Step, exact: Op, op: Op) -> tuple[Op, ...]:
        """What a step of the author's has to be at the head."""
        if step.kind == "add":
            return (self._add(step, exact),)
        if step.kind == "move":
            return self._move(step)
        if step.kind == "remove":
            return self._remove(step, implied=op["op"] != "remove")
        return (self._replace(step, upsert=op["op"] == "add"),)

    def _replace(self, step: Step, *, upsert: bool, splices: Sequence[Splice] | None = None) -> Op:
        found = self.passage.element(step.path)
        if isinstance(found, Lost) and upsert:
            # An `add` over a member does not need the member.
            return self._add(step, {"op": "add"})
        path = self._kept(found, step, step.value).path
        now = lookup(self.head, untyped(path))
        value = self._settle(path, step.old, now, step.value, splices)
        if splices is not None and self._answered and type(now) is str and now != value:
            return as_splice(render(path), now, value)
        # Sent as an `add` it stays one: the next who carries it must know that it needs no member.
        return {"op": "add" if upsert else "replace", "path": render(path), "value": value}

    def _settle(
        self,
        path: Path,
        base: Any,
        theirs: Any,
        yours: Any,
        splices: Sequence[Splice] | None = None,
    ) -> Any:
        """The value that stands, where one was replaced that may have changed meanwhile."""
        if base is theirs or same(base, theirs) or same(theirs, yours):
            return yours
        texts = type(base) is type(theirs) is type(yours) is str
        if texts and self._answered and not self._atomic(untyped(path), self.head):
            merged = self._merger.carry(base, theirs, yours, splices)
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
            source = self.passage.element(step.source)
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
            self._head.disown(moved)
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
        """Name what is put over where an element is moved to; `path` counts without the element."""
        place = backward(path, Step("remove", source))
        if place is None or not path or type(path[-1]) is not str or covers(source, place):
            return
        if exists(self.head, untyped(place)):
            self._note(path, None, lookup(self.head, untyped(place)), value, "yours")

    def _test(self, op: Op, step: Step | None) -> None:
        """A test asks about the head, at the location that its author meant."""
        if step is None:
            raise located(not_found(parse(op["path"])), self._index, op)
        path = self._kept(self.passage.element(step.path), step, op["value"]).path
        if not same(lookup(self.head, untyped(path)), op["value"]):
            where = {"op": self._index, "path": op["path"]}
            raise Rejected(Code.TEST_FAILED, "the value is not the one that is expected", **where)

    # --- what comes of it -------------------------------------------------------------------

    def _kept(self, found: Found | Lost, step: Step, yours: Any) -> Found:
        if isinstance(found, Found):
            return found
        path = render(step.source if step.kind == "move" else step.path)
        conflict = Conflict(path=path, base=step.old, theirs=None, yours=yours, resolution="theirs")
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
        conflict = Conflict(
            path=render(path), base=base, theirs=theirs, yours=yours, resolution=resolution
        )
        self._conflicts.append((len(self._head.steps), path, conflict))

    def _settled(self) -> list[Conflict]:
        """The conflicts with their paths as they are at the end of the patch."""
        moving = [(at, step) for at, step in enumerate(self._head.steps) if step.structural]
        settled: list[Conflict] = []
        for noted, path, conflict in self._conflicts:
            rest = element(path, [step for at, step in moving if at >= noted])
            where = render(rest) if rest is not None else conflict.path
            settled.append(replace(conflict, path=where))
        return settled


def _who(lost: Lost, path: str) -> str:
    if lost.by is None:
        return f"{path!r} is no longer there"
    author = lost.by.author
    return f"{author.name or author.user} removed {path!r} in version {lost.by.version}"
