"""docs/page-format.md has each section type, each field and valid examples of the page format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from collab.page.html import KINDS, render
from collab.page.rich_text import RICH_FIELDS
from tests.page_format import DEFS, PAGE, SCHEMA, SECTIONS, example, whole


def test_the_tables_are_those_of_the_schema() -> None:
    assert whole() == PAGE.read_text("utf-8"), "run `python -m tests.page_format`"


def test_the_format_and_the_renderer_have_the_same_section_types() -> None:
    assert set(SECTIONS) == KINDS


@pytest.mark.parametrize("name", SECTIONS)
def test_an_example_is_valid(name: str) -> None:
    page: dict[str, Any] = {"title": "Example", "sections": [example(name)]}
    jsonschema_rs.validate(SCHEMA, {"pages": {"home": page}})


@pytest.mark.parametrize("name", SECTIONS)
def test_a_field_of_rich_text_is_shown_with_its_marks_and_no_other_field_is(name: str) -> None:
    rich: set[str] = set()
    plain: set[str] = set()
    content = marked(DEFS[name]["properties"]["content"], "", rich, plain)
    sections: list[Any] = [
        {"id": "first", "type": "hero"},
        {"id": "s", "type": name, "content": content},
    ]
    made = render({"pages": {"home": {"title": "Example", "sections": sections}}})
    assert made is not None
    strong = {field for field in rich | plain if f"<strong>{field}</strong>" in made.html}
    assert strong == rich


def test_the_checks_know_the_fields_of_rich_text() -> None:
    assert set(rich_names(SCHEMA, "")) == RICH_FIELDS


def rich_names(part: Any, name: str) -> Iterator[str]:
    """Yield the name of each field that the schema marks as rich text."""
    if not isinstance(part, dict):
        return
    target = DEFS[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    if "contentMediaType" in target:
        yield name
    for key, inner in part.items():
        if key in ("properties", "$defs"):
            for field, each in inner.items():
                own = field if key == "properties" else ""
                yield from (each for each in rich_names(each, own) if each)
        elif key == "items":
            yield from rich_names(inner, name)


def marked(part: Any, at: str, rich: set[str], plain: set[str]) -> Any:
    """Return a value whose texts all have a mark around their place."""
    if "$ref" in part:
        target = part["$ref"].rpartition("/")[2]
        if target == "link":
            return "/shop"
        return marked(DEFS[target], at, rich, plain)
    match part.get("type"):
        case "object":
            return {
                key: marked(inner, f"{at}.{key}", rich, plain)
                for key, inner in part["properties"].items()
                if key != "action"
            }
        case "array":
            return [marked(part["items"], at, rich, plain)]
        case "string":
            (rich if part.get("contentMediaType") else plain).add(at)
            return f"**{at}**"
        case "integer" | "number":
            return 3
        case "boolean":
            return True
        case _:
            return part["enum"][-1]


def test_every_schema_part_of_the_page_is_json() -> None:
    for block in PAGE.read_text("utf-8").split("```json\n")[1:]:
        json.loads(block.split("```")[0])


def test_the_members_of_all_sections_are_those_of_the_table() -> None:
    text = PAGE.read_text("utf-8").split("## Sections\n")[1].split("\n\n")[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    for name in SECTIONS:
        assert set(DEFS[name]["properties"]) == set(rows)
        required = {member for member, kind in rows.items() if kind.endswith("; required")}
        assert set(DEFS[name]["required"]) == required
