"""Random stale patches, and an oracle for the values that they may overwrite.

Every value in a document is a number that is written once, so the oracle recognizes a value at any
location. It has its own RFC 6902 and shares no code with the rebase.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.apply import apply
from collab.patch.relocate import AppliedChange
from collab.rebase.pipeline import Pipeline
from collab.rebase.rebase import rebase
from tests.collab.patch.model import value_seen
from tests.collab.rebase.stamped import Writer, at, done, nodes, pointers, stamps


@dataclass
class World:
    """One document, the changes of others, and one author who has not received them.

    - `moved` are the numbers that others moved.
    - `touched` are the numbers that others moved, also inside a container, or copied.
    - `twice` are the numbers that were copied.
    """

    base: Any
    head: Any
    changes: list[AppliedChange]
    moved: set[int]
    twice: set[int]
    touched: set[int]

    def since(self, version: int) -> list[AppliedChange]:
        """The changes after a version."""
        return self.changes[version:]

    def happens(self, name: str, ops: list[Op]) -> None:
        """Another author changes the document."""
        now = self.head
        for op in ops:
            if "from" in op and op["path"] != op["from"] and name != "me":
                self._brings(at(now, op["from"]), moved=op["op"] == "move")
            now = done(now, [op])
            self.twice |= {number for number, count in stamps(now).items() if count > 1}
        applied = apply(self.head, ops)
        assert done(self.head, applied.ops) == applied.value == now
        if applied.ops:
            self.changes.append(
                AppliedChange(len(self.changes) + 1, Author(name), applied.ops, self.head)
            )
            self.head = now

    def _brings(self, value: Any, *, moved: bool) -> None:
        """Note that others moved or copied a value. At its new location it counts as theirs."""
        self.touched |= set(stamps(value))
        self.moved |= {value} if moved and isinstance(value, int) else set()

    def check(self, told: Told, mine: set[int]) -> None:
        """Check that each overwritten edit is reported. `mine` are all numbers by the author."""
        moved = set(self.moved)
        now = told.view
        for op in told.ops:
            if op["op"] == "move":
                moved -= set(stamps(at(now, op["from"])))
            now = done(now, [op])
            self.twice |= {number for number, count in stamps(now).items() if count > 1}
        moved -= {at(told.view, each) for each in _unmoved(told.view, told.before)}
        moved -= _seen_whole(told)
        told.check(mine - self.touched, moved, self.twice)
        self.moved = moved


@dataclass
class Told:
    """A stale patch that was accepted: the value that it was made on, and its result."""

    view: Any
    ops: list[Op]
    before: Any
    after: Any
    conflicts: list[Conflict]
    landed: Sequence[Op]

    def check(self, mine: set[int], moved: set[int], twice: set[int]) -> None:
        """Check the patch by the numbers that the author wrote, others moved, or a copy made."""
        view, seen = stamps(done(self.view, self.ops)), stamps(self.view)
        before, after = stamps(self.before), stamps(self.after)
        named: Counter[int] = Counter()
        for each in self.conflicts:
            news = set(stamps(each.theirs)) - set(stamps(each.base))
            assert not news & mine - twice, "its author's own value is reported as theirs"
            named += stamps(each.theirs)
        lost = set(before) - set(after) - twice
        unseen = {each for each in lost if each not in seen or each in view or each in moved}
        assert unseen - mine <= set(named), "a value of others is lost and in no conflict"
        kept = set(view) & mine & (set(before) | (set(view) - set(seen)))
        assert kept <= set(after) | twice, "its author's own value is gone"
        if not any(op["op"] == "copy" for op in self.ops):
            for number, count in after.items():
                most = before[number] + max(0, view[number] - seen[number])
                assert count <= most or number in mine, "a value is in the document twice"


def _unmoved(view: Any, head: Any) -> list[str]:
    """The pointers at which two values have the same number."""
    there = {each for each in pointers(head) if isinstance(at(head, each), int)}
    return [each for each in pointers(view) if each in there and at(view, each) == at(head, each)]


def _seen_whole(told: Told) -> set[int]:
    """The numbers in each value that a patch removes exactly as its author saw it.

    There are several ways to come to this:

    - Others moved a number within the container and back.
    - Others moved it past a neighbour that the author moved too.
    - Others moved it past a neighbour that the author takes out with the op itself.
    - Others moved it to a key, and the author copied it to the same key.

    The author saw all that the patch removes, so nothing is lost.
    """
    states = list(_states(told.before, told.landed))
    heads = [at(head, each) for head in states for each in nodes(head)]
    found: set[int] = set()
    for view, op in zip(_states(told.view, told.ops), told.ops, strict=False):
        if not _takes_away(view, op):
            continue
        gone, upward = at(view, op["path"]), op.get("from", "").startswith(op["path"] + "/")
        if upward:
            gone = done(gone, [{"op": "remove", "path": op["from"].removeprefix(op["path"])}])
        if isinstance(gone, int):
            stood = any(
                op["path"] in nodes(head) and at(head, op["path"]) == gone for head in states
            )
            found |= {gone} if stood else set()
        else:
            rests = (rest for head in heads for rest in (_less_one(head) if upward else [head]))
            found |= set(stamps(gone)) if gone in rests else set()
    return found


def _takes_away(view: Any, op: Op) -> bool:
    """Whether an op removes or replaces the value at its path. An insertion does not."""
    path = op["path"]
    if path not in nodes(view) or path == op.get("from"):
        return False
    inserts = path and isinstance(at(view, path.rpartition("/")[0]), list)
    return op["op"] in ("remove", "replace") or not inserts


def _less_one(value: Any) -> list[Any]:
    """The value with one of its inner values removed, for each of them."""
    return [done(value, [{"op": "remove", "path": each}]) for each in pointers(value)]


def _states(value: Any, ops: Sequence[Op]) -> Iterator[Any]:
    """The value before each op of a patch, and the value after the last."""
    yield value
    for op in ops:
        value = done(value, [op])
        yield value


def refused(error: Rejected) -> str:
    """Check that a patch that was valid for its author is refused only with `conflict`."""
    assert error.refusal.code == Code.CONFLICT, error.refusal
    return "refused"


def stale(seed: int) -> str:
    """Rebase one patch over the changes of others. Return what became of it."""
    chance = random.Random(seed)
    writer = Writer(chance)
    base = writer.document()
    world = World(base, base, [], set(), set(), set())
    for _ in range(chance.randint(1, 3)):
        world.happens(chance.choice(["bo", "cy"]), writer.patch(world.head))
    start = writer.count
    ops = writer.patch(base)
    mine = set(range(start + 1, writer.count + 1))
    try:
        rebased = rebase(ops, world.changes, world.head)
        applied = apply(world.head, rebased.ops)
    except Rejected as error:
        return refused(error)
    after = done(world.head, applied.ops)
    assert after == applied.value == done(world.head, rebased.ops)
    world.check(Told(base, ops, world.head, after, rebased.conflicts, rebased.ops), mine)
    return "conflicts" if rebased.conflicts else "applied"


def pipelined(seed: int) -> str:
    """Send patches that build on each other, without answers, and with others' in between."""
    return _connection(random.Random(seed), advances=0)


def advancing(seed: int) -> str:
    """The same for a client that receives some answers and changes in between."""
    return _connection(random.Random(seed), advances=0.4)


def _connection(chance: random.Random, *, advances: float) -> str:
    writer = Writer(chance)
    base = view = writer.document()
    world = World(base, base, [], set(), set(), set())
    pipeline = Pipeline(0)
    mine: set[int] = set()
    for _ in range(chance.randint(2, 4)):
        if chance.random() < 0.6:
            world.happens(chance.choice(["bo", "cy"]), writer.patch(world.head))
        if advances and chance.random() < advances:
            pipeline.advance(chance.randint(pipeline.base, len(world.changes)), world.since)
            view = value_seen(pipeline, world.since, world.head)
        start = writer.count
        ops = writer.patch(view)
        mine |= set(range(start + 1, writer.count + 1))
        try:
            rebased = pipeline.submit(pipeline.base, ops, world.since, world.head)
            apply(world.head, rebased.ops)
        except Rejected as error:
            return refused(error)
        before, known = world.head, len(world.changes)
        world.happens("me", rebased.ops)
        told = Told(view, ops, before, world.head, rebased.conflicts, rebased.ops)
        world.check(told, mine)
        pipeline.applied_as(len(world.changes), ops, made_version=len(world.changes) > known)
        view = done(view, ops)
    return "applied"
