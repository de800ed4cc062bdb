"""A tree of many locks gives the same result as each lock alone."""

from __future__ import annotations

import random
from typing import Any

import pytest

from collab.entry import Author, Op
from collab.errors import Rejected
from collab.locks.position_tree import PositionTree
from collab.patch.apply import apply
from collab.patch.pointer import covers, parse
from collab.patch.relocate import element_after
from collab.patch.steps import Path, Step, to_path, trace
from collab.ports.locks import StoredLock

VALUE: dict[str, Any] = {
    "a": [{"t": [1, 2, 3]}, {"t": [4]}, [5, [6, 7]], 8],
    "b": {"c": {"d": [9, 10]}, "0": [11]},
    "e": [],
}


def lock(scope: str) -> StoredLock:
    return StoredLock(f"l-{scope}", scope, Author("ada"), 1, 0, 1, b"")


def pointers(value: Any, at: str = "") -> list[str]:
    children: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = [(str(index), child) for index, child in enumerate(value)]
    return [at] + [one for key, child in children for one in pointers(child, f"{at}/{key}")]


def _inserts_into(path: Path, scope: Path) -> bool:
    if path and type(path[-1]) is int:
        return covers(scope, path[:-1])
    return covers(path, scope) or covers(scope, path)


def touches(step: Step, scope: Path) -> bool:
    """Whether a step touches one lock, as rule L10 says."""
    if step.kind == "add":
        return _inserts_into(step.path, scope)
    source = step.source if step.kind == "move" else step.path
    if covers(source, scope) or covers(scope, source):
        return True
    left = element_after(scope, Step("remove", source))
    return step.kind == "move" and (left is None or _inserts_into(step.path, left))


def random_op(choose: random.Random, value: Any) -> Op:
    places = pointers(value)
    at, other = choose.choice(places), choose.choice(places)
    fresh: Any = choose.choice([1, {"t": [1]}, [1, 2], []])
    new = f"{other}/{choose.choice(['0', '1', '-', 'c', 'n'])}"
    ops: list[Op] = [
        {"op": "remove", "path": at},
        {"op": "replace", "path": at, "value": fresh},
        {"op": "add", "path": new, "value": fresh},
        {"op": "move", "from": at, "path": choose.choice([new, other])},
        {"op": "move", "from": at, "path": new},
        {"op": "copy", "from": at, "path": new},
    ]
    return choose.choice(ops)


@pytest.mark.parametrize("seed", range(100))
def test_l8_l10_a_tree_of_locks_agrees_with_each_lock_alone(seed: int) -> None:
    choose = random.Random(seed)
    value: Any = VALUE
    scopes = choose.sample(pointers(value), 12)
    alone: dict[str, Path | None] = {scope: to_path(value, parse(scope)) for scope in scopes}
    together = PositionTree([lock(scope) for scope in scopes], value)
    for _ in range(30):
        try:
            done = apply(value, [random_op(choose, value)])
        except Rejected:
            continue
        steps, value = trace(value, done.ops)
        for step in steps:
            standing = {scope: path for scope, path in alone.items() if path is not None}
            touched = {scope for scope, path in standing.items() if touches(step, path)}
            assert {one.scope for one in together.touched_by(step)} == touched
            together.apply(step)
            alone = {scope: element_after(path, step) for scope, path in standing.items()}
            assert {one.scope: path for one, path in together.places()} == {
                scope: path for scope, path in alone.items() if path is not None
            }
