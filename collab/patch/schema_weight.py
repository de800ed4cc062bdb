"""How often a schema's parts apply one another: what would never end is refused beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collab.errors import Code, Rejected
from collab.patch.pointer import parse

# A sub-schema that applies others twice, which apply others twice, ... doubles with each level.
MAX_APPLIED = 10_000


def check_weight(root: dict[str, Any]) -> None:
    """Refuse a schema whose sub-schemas apply one another so often that a check would not end."""
    weights: dict[int, int] = {}
    by_pointer: dict[str, Any] = {}

    def find(reference: str) -> Any:
        if reference not in by_pointer:
            schema: Any = root
            for token in parse(reference[1:]):
                schema = schema.get(token) if type(schema) is dict else None
            by_pointer[reference] = schema
        return by_pointer[reference]

    def weigh(schema: Any) -> int:
        if type(schema) is not dict:
            return 1
        if id(schema) not in weights:
            weights[id(schema)] = 1
            parts = [part for key in ("allOf", "oneOf", "anyOf") for part in schema.get(key, ())]
            parts += [schema[key] for key in ("not", "if", "then", "else") if key in schema]
            reference = schema.get("$ref")
            if type(reference) is str and reference.startswith(("#/", "#")):
                parts.append(find(reference))
            weights[id(schema)] = min(1 + sum(map(weigh, parts)), MAX_APPLIED + 1)
        return weights[id(schema)]

    for schema in schemas(root):
        if weigh(schema) > MAX_APPLIED:
            raise Rejected(Code.INVALID_DOCUMENT, "the schema applies itself too many times")


def schemas(root: Any) -> Iterator[dict[str, Any]]:
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
