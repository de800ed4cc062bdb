"""Numbers as Yjs stores them. Yjs has one kind of number, so 1.0 is 1 and -0.0 is 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.patch.values import canonical_number, is_exact


def canonical_ops(ops: Sequence[Any]) -> Sequence[Any]:
    """Return the ops with integral floats as integers. Return the same object if there are none."""
    changed: list[Any] | None = None
    for number, op in enumerate(ops):
        if type(op) is not dict or op.get("op") == "test":
            continue
        value = op.get("value")
        kind = type(value)
        if kind is str or kind is int or value is None:
            continue
        new = canonical(value)
        if new is not value:
            changed = changed or list(ops)
            changed[number] = {**op, "value": new}
    return ops if changed is None else changed


def canonical(value: Any) -> Any:
    """Return the value with integral floats as integers, or the same object if it has none.

    It rebuilds the value only when it finds such a float. It searches level by level, not
    recursively: the depth is not checked yet, and a deep value must not overflow Python's stack.
    """
    if type(value) is str:
        return value
    return _rebuilt(value) if _has_integral_float(value) else value


def _has_integral_float(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        deeper: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                deeper += item.values()
            elif kind is list:
                deeper += item
            elif kind is float and _is_integral(item):
                return True
        if not deeper:
            return False
        level = deeper
    return False  # too deep: a later check refuses the value


_DEEPEST = 128


def _is_integral(number: float) -> bool:
    return number.is_integer() and is_exact(number)


def _rebuilt(value: Any, depth: int = 0) -> Any:
    kind = type(value)
    if kind is float:
        return canonical_number(value) if _is_integral(value) else value
    if depth < _DEEPEST:
        if kind is dict:
            return {key: _rebuilt(inner, depth + 1) for key, inner in value.items()}
        if kind is list:
            return [_rebuilt(inner, depth + 1) for inner in value]
    return value
