"""A document may name a schema of the server. Such a schema only grows."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from collab.errors import Code, Rejected
from collab.room.requests import UndoRequest
from collab.schema.check import Schema
from collab.schema.named import NAMES, named_schema
from server.demo import content
from tests.collab.room.rooms import commit, done, member, opened, put

DEMO = Path(content.__file__).parent
# The first version of the format, as pages were made with it. It never changes.
FIRST = json.loads(files("tests.collab.schema").joinpath("landing-page-1.json").read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_document_may_name_a_schema(name: str) -> None:
    named = Schema.compile(json.dumps({"$ref": f"weft:{name}"}).encode())
    named.check({"pages": {}})
    with pytest.raises(Rejected) as refused:
        named.check({"pages": {"home": {"title": 7, "sections": []}}})
    refusal = refused.value.refusal
    assert (refusal.code, refusal.extra["path"]) == (Code.INVALID_DOCUMENT, "/pages/home/title")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        Schema.compile(b'{"$ref": "weft:poster"}')
    assert refused.value.refusal.code == Code.INVALID_DOCUMENT
    assert "weft:poster" in refused.value.refusal.message


def test_a_name_beside_other_rules_is_no_name() -> None:
    with pytest.raises(Rejected):
        Schema.compile(b'{"$ref": "weft:landing-page", "maxProperties": 1}')


@pytest.mark.parametrize("page", sorted(DEMO.glob("*.json")), ids=lambda path: path.stem)
def test_a_demo_page_is_valid_in_the_first_version_and_in_the_newest(page: Path) -> None:
    value = json.loads(page.read_text("utf-8"))
    for schema in (FIRST, json.loads(named_schema("landing-page") or b"")):
        jsonschema_rs.validate(schema, value)


def test_the_newest_version_has_each_rule_of_the_first_or_a_weaker_one() -> None:
    assert list(stricter(FIRST, json.loads(named_schema("landing-page") or b""), "")) == []


def test_an_older_page_its_undo_and_waiting_edits_are_valid_under_a_newer_format() -> None:
    """A newer format renames a field: it has the new name, and keeps the old one."""
    newer: Any = copy.deepcopy(json.loads(named_schema("landing-page") or b""))
    fields = newer["$defs"]["hero"]["properties"]["content"]["properties"]
    fields["claim"] = {**fields["subheadline"]}
    fields["subheadline"]["deprecated"] = True
    assert list(stricter(FIRST, newer, "")) == []

    hero = {"id": "h", "type": "hero", "content": {"headline": "One", "subheadline": "Two"}}
    room = opened(
        {"pages": {"home": {"title": "Home", "sections": [hero]}}}, json.dumps(FIRST).encode()
    )
    at = "/pages/home/sections/0/content"
    done(room, put(f"{at}/subheadline", "Three", base=1))
    commit(room)
    room.working.schema = Schema(newer)

    done(room, put(f"{at}/headline", "Waited in a browser", "old-tab.1", base=1), member("bo"))
    done(room, put(f"{at}/claim", "New"), member("cy"))
    done(room, UndoRequest("u"))
    value: Any = room.document.value
    content = value["pages"]["home"]["sections"][0]["content"]
    assert content == {"headline": "Waited in a browser", "subheadline": "Two", "claim": "New"}


def stricter(old: Any, new: Any, at: str) -> Any:
    """Yield each place of a format where the new rules refuse something that the old ones allow."""
    if not isinstance(old, dict):
        return
    for key in ("maxLength", "maxItems", "maximum", "maxProperties"):
        if key in new and new[key] < old.get(key, float("-inf")):
            yield f"{at}/{key}"
    for key in ("minLength", "minimum", "minItems"):
        if key in new and new[key] > old.get(key, float("-inf")):
            yield f"{at}/{key}"
    for key in ("pattern", "type", "const", "$ref"):
        if key in new and new[key] != old.get(key):
            yield f"{at}/{key}"
    if set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{at}/required"
    if set(old.get("enum", ())) - set(new.get("enum", old.get("enum", ()))):
        yield f"{at}/enum"
    for key in ("properties", "$defs"):
        for name, part in old.get(key, {}).items():
            if name not in new.get(key, {}):
                yield f"{at}/{key}/{name}"
            else:
                yield from stricter(part, new[key][name], f"{at}/{key}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), dict):
            yield from stricter(old[key], new.get(key, {}), f"{at}/{key}")
