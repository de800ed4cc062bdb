"""Large values are checked in pieces, which comes to the same as checking them at once."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import jsonschema_rs
import pytest

from collab.errors import Code, Rejected
from collab.patch.bounds import nesting
from collab.schema import check, pieces
from collab.schema.check import Schema
from collab.schema.pieces import MOST_VALUES
from collab.schema.walk import OPTIONS, SchemaTree

NUMBERS = {"type": "array", "items": {"type": "integer"}, "maxItems": 5, "uniqueItems": True}
TYPED = [
    {"required": ["type"], "properties": {"type": {"const": name}, "n": {"type": kind}}}
    for name, kind in (("a", "integer"), ("b", "string"))
]
SCHEMAS: tuple[dict[str, Any], ...] = (
    {"properties": {"held": NUMBERS, "n": {"type": "integer"}}, "required": ["held"]},
    {"additionalProperties": {"items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}},
    {
        "$defs": {"row": {"oneOf": TYPED}},
        "patternProperties": {"^h": {"items": {"$ref": "#/$defs/row"}}},
        "additionalProperties": False,
    },
    {"allOf": [{"maxProperties": 2}, {"properties": {"held": {"items": NUMBERS}}}]},
    {"properties": {"held": {"contains": {"type": "integer"}}, "n": {"enum": [1, [1, 2]]}}},
)


def some(chance: Random, depth: int = 0) -> Any:
    kind = chance.randrange(8 if depth < 3 else 4)
    if kind < 4:
        return chance.choice([1, 2, None, "x", "a"])
    if kind < 6:
        return [some(chance, depth + 1) for _ in range(chance.randrange(5))]
    keys = ("held", "n", "type") if depth else ("held", "n", "h")
    return {
        key: chance.choice("ab") if key == "type" else some(chance, depth + 1)
        for key in keys
        if chance.random() < 0.6
    }


@pytest.mark.parametrize("root", SCHEMAS)
def test_in_pieces_the_same_values_are_valid(
    root: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (check, pieces):
        monkeypatch.setattr(module, "MOST_VALUES", 1)
    monkeypatch.setattr(pieces, "_AT_ONCE", 2)
    schema = Schema.compile(json.dumps(root).encode())
    whole = jsonschema_rs.validator_for(root, **OPTIONS)
    chance, verdicts = Random(7), set()
    for _ in range(600):
        value = {"held": some(chance)}
        if chance.random() < 0.5:
            value["n"] = chance.choice([1, "x"])
        verdict = refusal(schema, value)
        assert verdict is (None if whole.is_valid(value) else Code.INVALID_DOCUMENT), value
        verdicts.add(verdict)
    assert len(verdicts) == 2


def refusal(schema: Schema, value: Any) -> Code | None:
    try:
        schema.check(value)
    except Rejected as rejected:
        return rejected.refusal.code
    return None


class Counting:
    """A validator that notes how many values it is given."""

    def __init__(self, validator: Any, counts: list[int]) -> None:
        self._validator = validator
        self._counts = counts

    def is_valid(self, value: Any) -> bool:
        self._counts.append(nesting(value)[1])
        return bool(self._validator.is_valid(value))

    def validate(self, value: Any) -> None:
        self._counts.append(nesting(value)[1])
        self._validator.validate(value)


def test_no_call_checks_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    for name in ("validator", "validator_of_items"):
        make = getattr(SchemaTree, name)
        monkeypatch.setattr(
            SchemaTree, name, lambda tree, at, make=make: Counting(make(tree, at), counts)
        )
    root = {"properties": {"held": {"items": {"anyOf": [{"type": "integer"}, True]}}}}
    schema = Schema.compile(json.dumps(root).encode())
    value: dict[str, Any] = {"held": [0] * 20_000, "other": {}}
    schema.check(value)
    value["held"][7] = [0] * 100
    schema.check(value)
    assert sum(counts) > 40_000
    assert max(counts) <= MOST_VALUES


def test_the_refusal_names_the_item(monkeypatch: pytest.MonkeyPatch) -> None:
    root = {"properties": {"held": {"items": {"type": "integer"}, "uniqueItems": True}}}
    schema = Schema.compile(json.dumps(root).encode())
    value: dict[str, Any] = {"held": list(range(6_000))}
    schema.check(value)
    for index, wrong, path in ((5_500, "x", "/held/5500"), (3, 7, "/held")):
        held = [*value["held"]]
        held[index] = wrong
        with pytest.raises(Rejected) as refused:
            schema.check({"held": held})
        assert refused.value.refusal.extra["path"] == path
