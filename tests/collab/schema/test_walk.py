"""The validators of sub-schemas, compiled on demand, equal those compiled all at once."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from collab.schema.check import Schema
from collab.schema.walk import OPTIONS, SchemaTree

SCHEMAS: tuple[dict[str, Any], ...] = (
    {
        "$id": "https://weft.test/s",
        "$defs": {"n": {"type": "object", "properties": {"k": {"$ref": "#/$defs/n"}}}},
        "oneOf": [{"$ref": "#/$defs/n"}, {"type": "array", "items": {"$ref": "#"}}, False],
    },
    {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"a": {"type": "string"}},
        "properties": {
            "x": {"$ref": "#/definitions/a", "maxLength": 1},
            "y": {"items": [{"type": "number"}, True]},
            "a b/~%é": {"type": "null"},
        },
        "additionalProperties": False,
    },
    {
        "$id": "page.schema.json",
        "$defs": {"n": {"type": "object", "properties": {"k": {"$ref": "page.schema.json"}}}},
        "oneOf": [{"$ref": "#/$defs/n"}, {"type": "array", "items": {"$ref": "#"}}],
    },
    {
        "properties": {
            "x": {"$id": "x.json", "$ref": "#/$defs/s", "$defs": {"s": {"type": "string"}}},
            "k": {"$id": "/k/", "items": {"$id": "item.json", "type": "number"}},
        },
        "items": {"anyOf": [{"$ref": "x.json"}, {"$ref": "/k/item.json"}]},
    },
)
VALUES: tuple[Any, ...] = (None, 1, "long", [], {}, [1, [{"k": 2}]], {"k": {"k": 2}}, {"x": 1})


def said(validator: jsonschema_rs.Validator, value: Any) -> tuple[Any, ...] | None:
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        return error.message, list(error.instance_path)
    return None


@pytest.mark.parametrize("root", SCHEMAS)
def test_a_validator_on_demand_equals_that_of_all_at_once(root: dict[str, Any]) -> None:
    tree, at_once = SchemaTree(root), jsonschema_rs.validator_map_for(root, **OPTIONS)
    pointers = [pointer.removeprefix("#") for pointer in at_once.keys()]  # noqa: SIM118  # no dict
    assert len(pointers) > 4
    for pointer in pointers:
        for value in VALUES:
            alone, among = tree.validator(pointer), at_once[f"#{pointer}"]
            assert said(alone, value) == said(among, value), (pointer, value)


def test_compiling_a_schema_makes_one_validator(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    validator_for: Callable[..., jsonschema_rs.Validator] = jsonschema_rs.validator_for

    def counting(schema: dict[str, Any], **options: Any) -> jsonschema_rs.Validator:
        made.append(schema)
        return validator_for(schema, **options)

    monkeypatch.setattr(jsonschema_rs, "validator_for", counting)
    properties = {f"p{number}": {"type": "string"} for number in range(2_500)}
    schema = Schema.compile(json.dumps({"properties": properties}).encode())
    assert len(made) == 1
    op = {"op": "add", "path": "/p7", "value": "x"}
    schema.check({"p7": "x"}, [op], {})
    assert len(made) <= 4


def test_a_schema_is_freed_with_its_last_reference() -> None:
    """A cycle of references would keep megabytes until the next full garbage collection."""
    root = {
        "$defs": {"item": {"type": "object", "properties": {"type": {"const": "a"}}}},
        "properties": {
            "list": {"items": {"anyOf": [{"$ref": "#/$defs/item"}, {"type": "string"}]}},
            "own": {"$ref": "#"},
        },
        "patternProperties": {"^x": {"type": "number"}, "^own": {"$ref": "#"}},
        "allOf": [{"$ref": "#/$defs/item"}],
    }
    schema = Schema.compile(json.dumps(root).encode())
    value = {"type": "a", "list": [{"type": "a"}, "b"], "x1": 1, "own": {"type": "a"}}
    schema.check(value)
    for path in ("/list/0/type", "/own/type", "/x1"):
        ops = [{"op": "replace", "path": path, "value": "a" if path != "/x1" else 2}]
        schema.check(value, ops, value)
        schema.is_atomic(tuple(path[1:].split("/")), value)
    gc.collect()
    gc.disable()
    try:
        is_freed = weakref.finalize(schema, lambda: None)
        tree = weakref.ref(schema._tree)
        del schema
        assert not is_freed.alive
        assert tree() is None
    finally:
        gc.enable()
