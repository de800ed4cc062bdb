"""Random documents and patches that write each number once, with an RFC 6902 of their own.

So a test recognizes a value at any location, and shares no code with the code under test.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from collab.entry import Op

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
    """A deep copy: no two locations share a container."""
    return json.loads(json.dumps(value))


def done(value: Any, ops: Sequence[Op]) -> Any:
    """The value after a patch, by RFC 6902 alone."""
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
    """Makes random documents and patches. It makes no number twice."""

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
    """Every location in a value except the root."""
    found = []
    items: Any = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else items:
        found += [f"{under}/{key}", *pointers(item, f"{under}/{key}")]
    return found


def nodes(value: Any) -> list[str]:
    """Every location in a value and the root."""
    return ["", *pointers(value)]
