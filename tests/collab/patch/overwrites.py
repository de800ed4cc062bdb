"""Random stale patches, and an oracle for what they may overwrite.

Every value in a document is a number that is written once, so the oracle knows a value again
wherever it is. It has its own RFC 6902 and shares no code with the rebase.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from collab.entry import Author, Op
from collab.errors import Code, Rejected
from collab.messages import Conflict
from collab.patch.apply import apply
from collab.patch.bridge import Bridge
from collab.patch.carry import Past
from collab.patch.rebase import rebase

KEYS = "abc"
KINDS = ["add", "add", "replace", "remove", "move", "move", "move", "copy"]


class Invalid(Exception):
    """An op that RFC 6902 forbids on this value."""


def spelled(pointer: str) -> list[str]:
    return pointer.split("/")[1:]


def child(node: Any, token: str) -> Any:
    if isinstance(node, dict) and token in node:
        return node[token]
    if isinstance(node, list) and token.isdigit() and int(token) < len(node):
        return node[int(token)]
    raise Invalid(token)


def at(value: Any, pointer: str) -> Any:
    for token in spelled(pointer):
        value = child(value, token)
    return value


def fresh(value: Any) -> Any:
    """The same value, with no container that two places share."""
    return json.loads(json.dumps(value))


def done(value: Any, ops: Sequence[Op]) -> Any:
    """The value after a patch, by RFC 6902 and nothing else."""
    value = fresh(value)
    for op in ops:
        _do(value, op)
    return value


def _do(value: Any, op: Op) -> None:
    kind, path = op["op"], op["path"]
    new = fresh(at(value, op["from"]) if "from" in op else op.get("value"))
    if kind == "move":
        if path == op["from"]:
            return
        if path.startswith(op["from"] + "/"):
            raise Invalid(path)
        _remove(value, op["from"])
    if kind in ("remove", "replace"):
        at(value, path)
    if kind == "remove":
        _remove(value, path)
        return
    holder, token = at(value, path.rpartition("/")[0]), path.rpartition("/")[2]
    if isinstance(holder, dict):
        holder[token] = new
    elif isinstance(holder, list) and token.isdigit() and int(token) <= len(holder):
        holder[int(token) : int(token) + (kind == "replace")] = [new]
    else:
        raise Invalid(path)


def _remove(value: Any, pointer: str) -> None:
    holder, token = at(value, pointer.rpartition("/")[0]), pointer.rpartition("/")[2]
    child(holder, token)
    del holder[token if isinstance(holder, dict) else int(token)]


def stamps(value: Any) -> Counter[int]:
    """How often each number is in a value."""
    if isinstance(value, int):
        return Counter([value])
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found: Counter[int] = Counter()
    for item in items:
        found += stamps(item)
    return found


class Writer:
    """Makes random documents and patches; no number is made twice."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0

    def value(self, depth: int = 2) -> Any:
        kind = self.chance.choice(["number", "number", "object", "list"]) if depth else "number"
        if kind == "object":
            return self.document(depth - 1)
        if kind == "list":
            return [self.value(depth - 1) for _ in range(self.chance.randrange(4))]
        self.count += 1
        return self.count

    def document(self, depth: int = 2) -> dict[str, Any]:
        keys = self.chance.sample(KEYS, self.chance.randint(1, len(KEYS)))
        return {key: self.value(depth) for key in keys}

    def patch(self, view: Any) -> list[Op]:
        """A patch that is valid on a value."""
        ops: list[Op] = []
        wanted = self.chance.randint(1, 4)
        while len(ops) < wanted:
            op = self._op(view)
            try:
                view = done(view, [op])
            except Invalid:
                continue
            ops.append(op)
        return ops

    def _op(self, view: Any) -> Op:
        kind = self.chance.choice(KINDS)
        there = list(pointers(view))
        path = self.chance.choice(there or ["/a"])
        if kind not in ("remove", "replace") and self.chance.random() < 0.5:
            holder = self.chance.choice(["", *there])
            path = f"{holder}/{self.chance.choice([*KEYS, '0', '1'])}"
        if kind in ("move", "copy"):
            return {"op": kind, "from": self.chance.choice(there or ["/a"]), "path": path}
        return {"op": kind, "path": path, **({} if kind == "remove" else {"value": self.value(1)})}


def pointers(value: Any, under: str = "") -> list[str]:
    """Every location in a value but the root."""
    found = []
    items: Any = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else items:
        found += [f"{under}/{key}", *pointers(item, f"{under}/{key}")]
    return found


@dataclass
class World:
    """One document, what others did to it, and one author who has not heard of that.

    `moved` are the numbers that others moved, and `touched` those too that were moved along.
    `twice` are the numbers that were copied.
    """

    base: Any
    head: Any
    past: list[Past]
    moved: set[int]
    twice: set[int]
    touched: set[int]

    def happens(self, name: str, ops: list[Op]) -> None:
        """Another author changes the document."""
        now = self.head
        for op in ops:
            if op["op"] == "move" and op["path"] != op["from"]:
                self._moves(name, at(now, op["from"]))
            now = done(now, [op])
            self.twice |= {number for number, count in stamps(now).items() if count > 1}
        applied = apply(self.head, ops)
        assert done(self.head, applied.ops) == applied.value == now
        if applied.ops:
            self.past.append(Past(len(self.past) + 1, Author(name), applied.ops, self.head))
            self.head = now

    def _moves(self, name: str, value: Any) -> None:
        if name != "me":
            self.touched |= set(stamps(value))
            self.moved |= {value} if isinstance(value, int) else set()

    def check(self, told: Told, mine: set[int]) -> None:
        """No edit is overwritten in silence; `mine` is what the author wrote in all."""
        moved = set(self.moved)
        now = told.view
        for op in told.ops:
            if op["op"] == "move":
                moved -= set(stamps(at(now, op["from"])))
            now = done(now, [op])
            self.twice |= {number for number, count in stamps(now).items() if count > 1}
        moved -= {at(told.view, each) for each in _unmoved(told.view, told.before)}
        told.check(mine - self.touched, moved, self.twice)
        self.moved = moved


@dataclass
class Told:
    """A stale patch that was accepted: what it was made on, and what came of it."""

    view: Any
    ops: list[Op]
    before: Any
    after: Any
    conflicts: list[Conflict]

    def check(self, mine: set[int], moved: set[int], twice: set[int]) -> None:
        """`mine` is what the author wrote, `moved` what others moved, `twice` what was copied."""
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
        if not any(op["op"] == "copy" or _outward(op) for op in self.ops):
            for number, count in after.items():
                most = before[number] + max(0, view[number] - seen[number])
                assert count <= most or number in mine, "a value is there twice"


def _unmoved(view: Any, head: Any) -> list[str]:
    """Where a number is at the same place in two values."""
    there = {each for each in pointers(head) if isinstance(at(head, each), int)}
    return [each for each in pointers(view) if each in there and at(view, each) == at(head, each)]


def _outward(op: Op) -> bool:
    """Whether an op moves a value over what holds it."""
    return bool(op["op"] == "move" and op["from"].startswith(op["path"] + "/"))


def refused(error: Rejected) -> str:
    """A patch that was valid for its author is refused as `conflict` and as nothing else."""
    assert error.refusal.code == Code.CONFLICT, error.refusal
    return "refused"


def stale(seed: int) -> str:
    """One patch over what others did; says what became of it."""
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
        rebased = rebase(ops, world.past, world.head)
        applied = apply(world.head, rebased.ops)
    except Rejected as error:
        return refused(error)
    after = done(world.head, applied.ops)
    assert after == applied.value == done(world.head, rebased.ops)
    world.check(Told(base, ops, world.head, after, rebased.conflicts), mine)
    return "conflicts" if rebased.conflicts else "applied"


def pipelined(seed: int) -> str:
    """Patches that stand on each other and have no answers yet, with others' between them."""
    chance = random.Random(seed)
    writer = Writer(chance)
    base = view = writer.document()
    world = World(base, base, [], set(), set(), set())
    bridge = Bridge(0)
    mine: set[int] = set()
    for _ in range(chance.randint(2, 4)):
        if chance.random() < 0.6:
            world.happens(chance.choice(["bo", "cy"]), writer.patch(world.head))
        start = writer.count
        ops = writer.patch(view)
        mine |= set(range(start + 1, writer.count + 1))
        try:
            rebased = bridge.submit(0, ops, lambda version: world.past[version:], world.head)
            apply(world.head, rebased.ops)
        except Rejected as error:
            return refused(error)
        before, known = world.head, len(world.past)
        world.happens("me", rebased.ops)
        world.check(Told(view, ops, before, world.head, rebased.conflicts), mine)
        bridge.landed(len(world.past), ops, made_version=len(world.past) > known)
        view = done(view, ops)
    return "applied"
