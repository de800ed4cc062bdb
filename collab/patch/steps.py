"""Steps: what ops did to locations, told apart from what they did to values.

A pointer alone does not say whether `/pages/404` is the member `404` of an object or the element
404 of a list, and only the latter moves when something is put before it. A step's path says it:
indexes of lists are integers, keys of objects are strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from collab.entry import Op
from collab.patch.apply import Applied, replay
from collab.patch.diff import diff
from collab.patch.pointer import Tokens, index_of, lookup, parse

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One exact op. `source` is a move's, `path` counts after the source was taken out (RFC 6902).

    A copy is an `add` of what was copied. `old` is what was removed or replaced.
    """

    kind: Literal["add", "remove", "replace", "move"]
    path: Path
    source: Path = ()
    value: Any = None
    old: Any = None

    @property
    def structural(self) -> bool:
        """Whether any location but the step's own can be touched by it."""
        return self.kind != "replace" or is_container(self.old) or is_container(self.value)


def is_container(value: Any) -> bool:
    return type(value) is dict or type(value) is list


def typed(value: Any, tokens: Tokens) -> Path:
    """The path of a location that exists, or whose parent does (its last token may be new)."""
    path: list[str | int] = []
    last = len(tokens) - 1
    for position, token in enumerate(tokens):
        if type(value) is list:
            index = len(value) if token == "-" else index_of(token)
            key: str | int = token if index is None else index
        else:
            key = token
        path.append(key)
        if position < last:
            value = lookup(value, (token,))
    return tuple(path)


def untyped(path: Path) -> Tokens:
    return tuple([str(token) for token in path])


def trace(value: Any, ops: Sequence[Op], *, expand: bool = False) -> tuple[list[Step], Any]:
    """The steps of exact ops, and the value after them.

    With `expand`, an object or array that was replaced by another counts as edited where the two
    differ, so that what is the same in both keeps its location.
    """
    steps: list[Step] = []
    for op in ops:
        after = replay(value, (op,))
        step = step_of(value, op, after)
        steps += _expanded(step) if expand else (step,)
        value = after
    return steps, value


def traced(before: Any, done: Applied) -> list[Step]:
    """The steps of what was just applied."""
    if len(done.ops) == 1:
        return [step_of(before, done.ops[0], done.value)]
    return trace(before, done.ops)[0]


def step_of(before: Any, op: Op, after: Any) -> Step:
    """The step of one exact op, from the values on both sides of it."""
    kind = op["op"]
    tokens = parse(op["path"])
    if kind == "replace":
        return Step("replace", typed(before, tokens), value=op["value"], old=lookup(before, tokens))
    if kind == "remove":
        return Step("remove", typed(before, tokens), old=lookup(before, tokens))
    path = typed(after, tokens)
    if kind == "move":
        source = parse(op["from"])
        return Step("move", path, source=typed(before, source), value=lookup(before, source))
    return Step("add", path, value=lookup(after, tokens))


def _expanded(step: Step) -> Iterable[Step]:
    old, new = step.old, step.value
    if step.kind != "replace" or not is_container(old) or type(old) is not type(new):
        return (step,)
    inner, _ = trace(old, diff(old, new))
    return [
        replace(each, path=step.path + each.path, source=step.path + each.source)
        if each.kind == "move"
        else replace(each, path=step.path + each.path)
        for each in inner
    ]
