"""Atomic strings are plain values in Yjs when the schema says so, also inside lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from collab.document.document import Document
from collab.entry import Op
from collab.ids import Json
from collab.schema.check import Schema

SCHEMA = Schema.compile(
    json.dumps(
        {
            "properties": {
                "sections": {"items": {"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}}
            },
            "$defs": {
                "a": {
                    "properties": {
                        "type": {"const": "a"},
                        "look": {"format": "color"},
                        "links": {"items": {"format": "uri"}},
                    },
                    "required": ["type"],
                },
                "b": {"properties": {"type": {"const": "b"}}, "required": ["type"]},
            },
        }
    ).encode()
)
A = {"type": "a", "id": "x", "look": "#123", "title": "Hi", "links": ["/go"]}
B = {"type": "b", "id": "y", "look": "as you like", "links": ["see below"]}
# The keys of the sections above that are texts, by the section's id.
TEXTS = {"x": {"title"}, "y": {"look", "links"}}


class Desk:
    """A document with the schema, edited by one user."""

    def __init__(self) -> None:
        self.document = Document.create(1, SCHEMA.is_atomic)

    def patch(self, *ops: dict[str, Any]) -> None:
        version = self.document.version + 1
        assert self.document.patch(ops, version=version, user="ada", at=version * 9_000)

    def texts(self) -> dict[str, set[str]]:
        """Return, for each section, the keys whose value or first item is a Y.Text."""
        doc: Doc[Any] = Doc()
        content = doc.get("content", type=Map)
        doc.apply_update(self.document.update_since(b"\0"))
        assert self.document.value == self.document.read()
        return {
            section["id"]: {key for key, held in section.items() if isinstance(_inside(held), Text)}
            for section in content["sections"].values()
            if isinstance(section, Map)
        }


def _inside(held: Any) -> Any:
    if not isinstance(held, Map):
        return held
    return next(item["@value"] for item in held.values() if isinstance(item, Map))


def test_s5_the_schema_decides_which_strings_in_a_list_are_atoms() -> None:
    desk = Desk()
    desk.patch({"op": "add", "path": "/sections", "value": [A, B]})
    assert desk.texts() == TEXTS


def test_s5_each_op_uses_the_schema_of_its_own_element() -> None:
    desk = Desk()
    desk.patch(
        {"op": "add", "path": "/sections", "value": []},
        {"op": "add", "path": "/sections/0", "value": A},
        {"op": "add", "path": "/sections/0", "value": B},
    )
    assert desk.texts() == TEXTS


def test_s5_a_list_that_is_replaced_keeps_its_atoms() -> None:
    desk = Desk()
    desk.patch({"op": "add", "path": "/sections", "value": [{"type": "b", "id": "z"}]})
    desk.patch({"op": "replace", "path": "/sections", "value": [B, {"type": "b", "id": "z"}, A]})
    assert desk.texts() == {**TEXTS, "z": set()}


@pytest.mark.parametrize(("path", "value"), [("/look", "#456"), ("/links/0", "/there")])
def test_s5_undo_takes_back_a_replaced_atom_in_a_list(path: str, value: str) -> None:
    desk = Desk()
    desk.patch({"op": "add", "path": "/sections", "value": [B, A]})
    desk.patch({"op": "replace", "path": f"/sections/1{path}", "value": value})
    assert desk.texts() == TEXTS
    desk.document.undo("ada", version=3, at=99_000)
    assert desk.texts() == TEXTS
    assert desk.document.value == {"sections": [B, A]}


def test_s5_a_list_that_undo_brings_back_has_its_atoms_again() -> None:
    desk = Desk()
    desk.patch({"op": "add", "path": "/sections", "value": [B, A]})
    desk.patch({"op": "replace", "path": "/sections", "value": None})
    desk.document.undo("ada", version=3, at=99_000)
    assert desk.texts() == TEXTS


def test_s5_hidden_elements_do_not_shift_the_atoms_of_a_list() -> None:
    desk = Desk()
    desk.patch({"op": "add", "path": "/sections", "value": [{"type": "b", "id": "z"}, A, B]})
    desk.patch({"op": "remove", "path": "/sections/0"})
    desk.patch({"op": "replace", "path": "/sections", "value": None})
    desk.document.undo("ada", version=4, at=99_000)
    assert desk.texts() == {**TEXTS, "z": set()}


def test_s5_the_next_value_of_a_text_makes_it_an_atom() -> None:
    desk = Desk()
    before = Document.create(1)
    before.patch([{"op": "add", "path": "/sections", "value": [A]}], version=1, user="bo", at=0)
    desk.document = Document.open(before.snapshot(), [], 1, SCHEMA.is_atomic)
    assert desk.texts()["x"] == {"title", "look", "links"}
    desk.patch({"op": "replace", "path": "/sections/0/look", "value": "#456"})
    assert desk.texts()["x"] == {"title", "links"}


def test_a_check_before_an_undo_sees_the_ops_of_the_undo() -> None:
    desk = Desk()
    desk.patch({"op": "add", "path": "/sections", "value": [A, B]})
    for path, value in (("/1/look", "as you please"), ("/0/title", "Hello"), ("/0/look", "#456")):
        desk.patch({"op": "replace", "path": f"/sections{path}", "value": value})
    desk.patch({"op": "remove", "path": "/sections/1"})
    for _ in range(4):
        checked: list[list[Op]] = []

        def check(value: Json, ops: list[Op], checked: list[list[Op]] = checked) -> None:
            checked.append(ops)

        version = desk.document.version + 1
        undone = desk.document.undo("ada", version=version, at=99_000, check=check)
        assert checked == [undone.change.ops]
    assert desk.document.value == {"sections": [A, B]}
