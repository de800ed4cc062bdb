"""Schemas: a change that breaks one is refused with its pointer. Only touched parts are checked."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import collab.schema
from collab.entry import Op
from collab.errors import Code, Rejected
from collab.patch.apply import apply
from collab.patch.pointer import parse, render
from collab.schema.check import Schema
from tests.collab.patch.values import VALUES, locations

LANDING = (Path(collab.schema.__file__).parent / "schemas" / "landing-page.json").read_bytes()
PAGE: dict[str, Any] = {
    "site": {"name": "Acme", "language": "en"},
    "theme": {"colors": {"primary": "#ff8800"}, "mode": "light"},
    "pages": {
        "home": {
            "title": "Home",
            "seo": {"description": "About us", "robots": "index,follow"},
            "sections": [
                {"id": "s1", "type": "hero", "content": {"headline": "Hi", "buttons": []}},
                {
                    "id": "s2",
                    "type": "pricing",
                    "content": {
                        "plans": [{"id": "p1", "name": "One", "price": 3, "period": "month"}]
                    },
                },
                {
                    "id": "s3",
                    "type": "faq",
                    "content": {"items": [{"id": "q", "question": "Why?"}]},
                },
            ],
        }
    },
}
SECTIONS = "/pages/home/sections"


def schema(value: Any) -> Schema:
    return Schema.compile(json.dumps(value).encode())


def refused(held: Schema, value: Any, *patch: Op, trace: bool = True) -> str | None:
    """The pointer that a patch is refused with; None when the value stays valid."""
    done = apply(value, patch)
    try:
        held.check(done.value, done.ops, value if trace else None)
    except Rejected as error:
        refusal = error.refusal
    else:
        return None
    assert refusal.code == Code.INVALID_DOCUMENT
    return str(refusal.extra["path"])


@pytest.fixture(scope="module")
def landing() -> Schema:
    return Schema.compile(LANDING)


def test_s1_a_page_with_known_sections_is_valid(landing: Schema) -> None:
    landing.check(PAGE)
    assert (
        refused(
            landing, PAGE, {"op": "replace", "path": f"{SECTIONS}/0/content/headline", "value": "x"}
        )
        is None
    )


@pytest.mark.parametrize(
    ("op", "pointer"),
    [
        (("replace", "/0/content/headline", 3), "/0/content/headline"),
        (("add", "/0/content/nope", 3), "/0/content"),
        (("remove", "/0/id"), "/0"),
        (("remove", "/0/type"), "/0"),
        (("replace", "/0/type", "faq"), "/0/content"),
        (("replace", "/0/type", "nope"), "/0"),
        (("add", "/1", {"id": "n", "type": "hero"}), "/1"),
        (
            ("add", "/1", {"id": "n", "type": "hero", "content": {"headline": []}}),
            "/1/content/headline",
        ),
        (("replace", "/1/content/plans/0/price", -1), "/1/content/plans/0/price"),
        (("replace", "/1/content/plans/0/period", "week"), "/1/content/plans/0/period"),
        (("remove", "/1/content/plans/0/id"), "/1/content/plans/0"),
        (("add", "/0/content/image", {"src": "javascript:alert(1)"}), "/0/content/image/src"),
        (("replace", "/0/content", []), "/0/content"),
    ],
)
def test_s2_a_change_that_breaks_the_schema_names_the_pointer(
    landing: Schema, op: tuple[Any, ...], pointer: str
) -> None:
    patch: Op = {"op": op[0], "path": SECTIONS + op[1]}
    if len(op) == 3:
        patch["value"] = op[2]
    assert refused(landing, PAGE, patch) == SECTIONS + pointer


def test_s2_a_move_is_checked_at_its_source_and_its_target(landing: Schema) -> None:
    headline = f"{SECTIONS}/0/content/headline"
    assert (
        refused(landing, PAGE, {"op": "move", "from": headline, "path": "/site/logo"})
        == "/site/logo"
    )
    moved: Op = {"op": "move", "from": "/pages/home/title", "path": "/site/name2"}
    assert refused(landing, PAGE, moved) in ("/site", "/pages/home")
    swapped: Op = {"op": "move", "from": f"{SECTIONS}/2", "path": f"{SECTIONS}/0"}
    assert refused(landing, PAGE, swapped) is None


def test_s2_a_patch_is_checked_by_the_value_after_it(landing: Schema) -> None:
    broken: Op = {"op": "replace", "path": f"{SECTIONS}/0/content/headline", "value": 3}
    mended: Op = {"op": "replace", "path": f"{SECTIONS}/1/content/headline", "value": "Hi"}
    insert: Op = {
        "op": "add",
        "path": f"{SECTIONS}/0",
        "value": PAGE["pages"]["home"]["sections"][2],
    }
    assert refused(landing, PAGE, broken, insert, mended) is None
    assert refused(landing, PAGE, broken, insert) == f"{SECTIONS}/1/content/headline"
    assert refused(landing, PAGE, broken, insert, trace=False) == f"{SECTIONS}/1/content/headline"


KEYWORDS: list[dict[str, Any]] = [
    {"type": "object", "required": ["a"]},
    {"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {
        "properties": {"a": {"$ref": "#"}},
        "additionalProperties": {"type": ["integer", "object", "array"]},
    },
    {
        "patternProperties": {"^[ab]$": {"type": "integer"}},
        "additionalProperties": {"type": "array"},
    },
    {"items": {"type": "integer"}, "minItems": 1, "maxItems": 3},
    {"properties": {"a": {"items": {"type": "integer"}, "uniqueItems": True}}},
    {"properties": {"a": {"items": False}, "b": False}},
    {"properties": {"a": {"contains": {"type": "integer"}}}},
    {"properties": {"a": {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}}},
    {"maxProperties": 2, "propertyNames": {"maxLength": 1}},
    {"allOf": [{"required": ["b"]}, {"properties": {"b": {"enum": [1, [], {}]}}}]},
    {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
    {"not": {"required": ["a", "b"]}},
    {"anyOf": [{"required": ["a"]}, {"properties": {"b": {"type": "string"}}}]},
    {"dependentRequired": {"a": ["b"]}},
    {"unevaluatedProperties": False, "properties": {"a": {}}},
    {"properties": {"a": {"const": {"a": 1}}, "b": {"type": "object", "minProperties": 1}}},
    {
        "additionalProperties": {
            "oneOf": [
                {
                    "required": ["type"],
                    "properties": {"type": {"const": "a"}, "b": {"type": "integer"}},
                },
                {
                    "required": ["type"],
                    "properties": {"type": {"const": "b"}, "b": {"type": "array"}},
                },
            ]
        }
    },
    {
        "properties": {
            "a": {
                "anyOf": [
                    {"properties": {"type": {"const": "a"}, "b": {"type": "integer"}}},
                    {"properties": {"type": {"const": "b"}, "b": {"type": "array"}}},
                ]
            }
        }
    },
    {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"x": {"type": ["object", "integer"]}},
        "properties": {"a": {"$ref": "#/definitions/x", "properties": {"a": False}}},
    },
    {
        "properties": {"a": {"$dynamicRef": "#x"}},
        "$defs": {"x": {"$dynamicAnchor": "x", "type": "object"}},
    },
]


def random_value(chance: random.Random, depth: int) -> Any:
    kind = chance.choice(["dict", "dict", "list", "scalar"] if depth else ["scalar"])
    if kind == "dict":
        keys = chance.sample(["a", "b", "c", "type"], chance.randrange(4))
        return {
            key: "ab"[depth % 2] if key == "type" else random_value(chance, depth - 1)
            for key in keys
        }
    if kind == "list":
        return [random_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return chance.choice([1, 2, "a", "b", None])


def random_ops(chance: random.Random, value: Any) -> list[Op]:
    patch: list[Op] = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        places = locations(value)
        place = chance.choice(places)
        key = (chance.choice(["a", "b", "c", "type", "0", "-"]),)
        kind = chance.choice(["add", "add", "replace", "remove", "move", "copy"])
        op: Op = {
            "op": kind,
            "path": render(place if kind in ("replace", "remove") else place + key),
        }
        if kind in ("add", "replace"):
            op["value"] = random_value(chance, 2)
        if kind in ("move", "copy"):
            op["from"] = render(chance.choice(places))
        try:
            done = apply(value, [op])
        except Rejected:
            continue
        patch += done.ops
        value = done.value
    return patch


@pytest.mark.thorough
@pytest.mark.parametrize("number", range(len(KEYWORDS)))
def test_s3_checking_the_touched_parts_equals_checking_all(number: int) -> None:
    held, oracle = schema(KEYWORDS[number]), jsonschema_rs.validator_for(KEYWORDS[number])
    chance = random.Random(number)
    outcomes = {True: 0, False: 0}
    while min(outcomes.values()) < 8 and sum(outcomes.values()) < 600:
        before = random_value(chance, 3)
        patch = random_ops(chance, before)
        if not patch or not oracle.is_valid(before):
            continue
        after = apply(before, patch).value
        valid = oracle.is_valid(after)
        outcomes[valid] += 1
        for trace in (True, False):
            assert (refused(held, before, *patch, trace=trace) is None) == valid, (before, patch)
    assert min(outcomes.values()) > 2


def test_s3_an_edit_does_not_check_other_sections(landing: Schema) -> None:
    """An edit of one section does not find that another section breaks the schema already."""
    value = copy.deepcopy(PAGE)
    value["pages"]["home"]["sections"][2]["content"]["items"] = "broken"
    edit: Op = {"op": "replace", "path": f"{SECTIONS}/0/content/headline", "value": "x"}
    insert: Op = {
        "op": "add",
        "path": f"{SECTIONS}/0",
        "value": PAGE["pages"]["home"]["sections"][0],
    }
    assert refused(landing, value, edit) is None
    assert refused(landing, value, insert) is None
    assert (
        refused(landing, value, {"op": "move", "from": f"{SECTIONS}/0", "path": f"{SECTIONS}/1"})
        is None
    )


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", Code.MALFORMED),
        (b"[]", Code.INVALID_DOCUMENT),
        (b'{"type":"nope"}', Code.INVALID_DOCUMENT),
        (b'{"pattern":"("}', Code.INVALID_DOCUMENT),
        (b'{"pattern":"(?=a)(a+)+$"}', Code.INVALID_DOCUMENT),
        (b'{"$ref":"#/nope"}', Code.INVALID_DOCUMENT),
        (b'{"$ref":"https://example.com/schema.json"}', Code.INVALID_DOCUMENT),
        (b'{"$ref":"file:///etc/passwd"}', Code.INVALID_DOCUMENT),
        (b'{"$schema":"https://example.com/dialect"}', Code.INVALID_DOCUMENT),
        (b'{"items":' * 200 + b"{}" + b"}" * 200, Code.INVALID_DOCUMENT),
        (b"[" * 100_000, Code.MALFORMED),
        (b'{"title":"' + b"x" * 300_000 + b'"}', Code.INVALID_DOCUMENT),
    ],
)
def test_s4_a_bad_schema_is_refused(raw: bytes, code: Code) -> None:
    with pytest.raises(Rejected) as caught:
        Schema.compile(raw)
    assert caught.value.refusal.code == code


NAMES = st.sampled_from(
    [
        "$ref",
        "$id",
        "$schema",
        "$defs",
        "type",
        "properties",
        "items",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "const",
        "default",
        "enum",
        "required",
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "pattern",
        "format",
        "x-weft",
        "a",
    ]
)
LEAVES = st.sampled_from(["#", "#/$defs/a", "#/~x", "#a", "object", "string", "a", 3, None, True])
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, SCHEMAS, max_size=4), VALUES)
def test_s4_a_random_schema_is_refused_or_checks_correctly(
    root: dict[str, Any], value: Any
) -> None:
    try:
        held = schema(root)
    except Rejected:
        return
    done = apply({"a": 1}, [{"op": "add", "path": "/b", "value": value}])
    valid = jsonschema_rs.is_valid(root, done.value, offline=True)
    if jsonschema_rs.is_valid(root, {"a": 1}, offline=True):
        assert (refused(held, {"a": 1}, *done.ops) is None) == valid
    held.is_atomic(("b", "a"), done.value)


def test_s4_a_schema_that_applies_itself_too_often_is_refused() -> None:
    defs: dict[str, Any] = {"a0": {"type": "string"}}
    for number in range(1, 40):
        defs[f"a{number}"] = {"allOf": [{"$ref": f"#/$defs/a{number - 1}"}] * 2}
    with pytest.raises(Rejected):
        schema({"$defs": defs, "$ref": "#/$defs/a39"})
    schema({"$ref": "#"}).check({"a": 1})


def test_s5_the_schema_decides_which_strings_are_atoms(landing: Schema) -> None:
    value = copy.deepcopy(PAGE)
    content = value["pages"]["home"]["sections"][0]["content"]
    content["buttons"] = [{"id": "b", "label": "Go", "href": "/go", "style": "primary"}]
    atomic = {
        "/theme/colors/primary": True,
        "/theme/mode": True,
        "/site/name": False,
        "/site/language": True,
        "/pages/home/seo/robots": True,
        "/pages/home/seo/description": False,
        f"{SECTIONS}/0/id": True,
        f"{SECTIONS}/0/type": True,
        f"{SECTIONS}/0/content/headline": False,
        f"{SECTIONS}/0/content/buttons/0/label": False,
        f"{SECTIONS}/0/content/buttons/0/href": True,
        f"{SECTIONS}/0/content/buttons/0/style": True,
        "/nowhere/at/all": False,
    }
    for pointer, expected in atomic.items():
        assert landing.is_atomic(parse(pointer), value) == expected, pointer
