"""A document may name a schema of the server. Such a schema only grows."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from collab.errors import Code, Rejected
from collab.rights.user_rights import Role
from collab.room.member import Member
from collab.room.requests import ReadState, Replace, Request, UndoRequest
from collab.schema.check import Schema
from collab.schema.named import NAMES, named_schema
from server.demo import content
from tests.collab.room.rooms import code, commit, done, member, opened, put, refusal
from tests.collab.room.test_yjs_rules import Peer

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


def test_a_document_with_an_unknown_name_opens_and_keeps_edits_for_a_newer_server() -> None:
    room = opened({"pages": {}})
    yjs = Peer(room)
    done(room, put("/note", "Before"))
    commit(room)
    room.working.schema = Schema.stored(b'{"$ref": "weft:poster"}')

    edits: list[tuple[Request, Member]] = [
        (put("/note", "After"), member()),
        (UndoRequest("u"), member()),
        (Replace({"pages": {}}, None), member()),
        (yjs.update(note="After"), member(lane="yjs")),
    ]
    for request, by in edits:
        refused = refusal(room, request, by)
        assert (refused.code, refused.retryable) == (Code.STORAGE_UNAVAILABLE, True)
        assert "weft:poster" in refused.message
        assert refused.extra["retry_after_ms"] > 0
    assert room.document.value == {"pages": {}, "note": "Before"}
    assert done(room, ReadState(b"\x00"), member("vera", Role.VIEWER, lane="yjs")).state
    assert code(room, put("/note", "x"), member("vera", Role.VIEWER)) == "forbidden"

    room.working.schema = Schema.stored(b'{"$ref": "weft:landing-page"}')
    refusal(room, put("/pages", 7))
    done(room, put("/pages", {"home": {"title": "Home", "sections": []}}))


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


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("properties/site", {"maxProperties": 9}),
        ("properties/site", {"required": ["name"]}),
        ("properties/site", {"not": {}}),
        ("properties/theme/properties/mode", {"enum": ["light"]}),
        ("properties/pages", {"propertyNames": {"pattern": "^a$"}}),
        ("$defs/headline", {"maxLength": 10}),
        ("$defs/section", {"oneOf": []}),
        ("$defs/page/properties/sections", {"uniqueItems": True}),
        ("$defs/hero/properties/content", {"properties": {}}),
    ],
)
def test_a_stricter_rule_is_found(path: str, change: dict[str, Any]) -> None:
    newer: Any = copy.deepcopy(FIRST)
    part = newer
    for step in path.split("/"):
        part = part[step]
    part.update(change)
    assert list(stricter(FIRST, newer, "")) != []


# A larger number, or a smaller one, allows more.
MOST = ("maxLength", "maxItems", "maximum", "maxProperties")
LEAST = ("minLength", "minItems", "minimum", "minProperties")
# These say nothing about what a page may contain.
NOTES = {"title", "description", "deprecated", "contentMediaType", "x-weft-version", "$schema"}


def stricter(old: Any, new: Any, at: str) -> Iterator[str]:
    """Yield each place of a format where the new rules may refuse what the old ones allow."""
    for key in (old.keys() | new.keys()) - NOTES:
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        match key:
            case "properties" | "$defs":
                for name, part in was.items():
                    yield from stricter(part, now.get(name, {"not": {}}), f"{at}/{key}/{name}")
            case "items" | "additionalProperties" if isinstance(was, dict) and now:
                yield from stricter(was, now, f"{at}/{key}")
            case "required" if set(now or ()) <= set(was or ()):
                pass
            case "enum" if now is None or set(now) >= set(was or now):
                pass
            case "oneOf" if now[: len(was)] == was:
                pass
            case _ if key in MOST and was is not None and (now is None or now > was):
                pass
            case _ if key in LEAST and was is not None and (now is None or now < was):
                pass
            case _:
                yield f"{at}/{key}"
