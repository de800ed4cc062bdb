"""The cost of a schema: how often its sub-schemas apply one another, with an upper limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collab.errors import Code, Rejected
from collab.patch.pointer import parse

# When each sub-schema applies another one twice, the cost doubles with each level.
MAX_APPLIED = 10_000


def check_cost(root: dict[str, Any]) -> None:
    """Raise `invalid_document` when sub-schemas apply one another more than `MAX_APPLIED` times."""
    costs: dict[int, int] = {}
    for schema in sub_schemas(root):
        if _cost(schema, root, costs) > MAX_APPLIED:
            raise Rejected(
                Code.INVALID_DOCUMENT,
                f"sub-schemas may apply one another at most {MAX_APPLIED} times",
            )


def _cost(schema: Any, root: dict[str, Any], costs: dict[int, int]) -> int:
    """The number of sub-schemas that one sub-schema applies, itself included.

    In a circle of references, a sub-schema counts once.
    """
    if type(schema) is not dict:
        return 1
    if id(schema) not in costs:
        costs[id(schema)] = 1
        lists = [schema.get(key) for key in ("allOf", "oneOf", "anyOf")]
        parts = [part for each in lists if type(each) is list for part in each]
        parts += [schema[key] for key in ("not", "if", "then", "else") if key in schema]
        reference = schema.get("$ref")
        if type(reference) is str and reference.startswith("#"):
            parts.append(_find(root, reference))
        cost = 1 + sum(_cost(part, root, costs) for part in parts)
        costs[id(schema)] = min(cost, MAX_APPLIED + 1)
    return costs[id(schema)]


def _find(root: dict[str, Any], reference: str) -> Any:
    try:
        tokens = parse(reference[1:])
    except Rejected:
        return None
    schema: Any = root
    for token in tokens:
        schema = schema.get(token) if type(schema) is dict else None
    return schema


def sub_schemas(root: Any) -> Iterator[dict[str, Any]]:
    level = [root]
    while level:
        for item in level:
            if type(item) is dict:
                yield item
        level = [
            child
            for item in level
            if type(item) in (dict, list)
            for child in (item.values() if type(item) is dict else item)
        ]
