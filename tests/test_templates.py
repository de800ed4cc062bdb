"""The templates of sections and of pages have the page format, and show without a warning."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from collab.page.html import render
from tests.house import ROOT
from tests.page_format import SCHEMA, SECTIONS

FILES = ("templates/sections.js", "templates/pages.js", "page/icons.js")
PRINT = """
const loaded = await Promise.all(process.argv.slice(1).map((each) => import(each)));
const [{ TEMPLATES }, { PAGES }, { ICONS }] = loaded;
console.log(JSON.stringify({ sections: TEMPLATES, pages: PAGES, icons: [...ICONS.keys()] }));
"""
# The least number of templates of each type.
LEAST = dict.fromkeys(SECTIONS, 2) | dict.fromkeys(("faq", "form", "footer"), 1)

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="no Node.js")


@cache
def templates() -> dict[str, list[Any]]:
    files = [(ROOT / "static" / name).as_uri() for name in FILES]
    command = ["node", "--input-type=module", "-e", PRINT, *files]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    made: dict[str, list[Any]] = json.loads(done.stdout)
    return made


def documents() -> list[tuple[str, dict[str, Any]]]:
    """A document for each template of a section, and the templates of pages."""
    alone = [
        (each["name"], {"pages": {"home": {"title": "Page", "sections": [each["section"]]}}})
        for each in templates()["sections"]
    ]
    return alone + [(each["name"], each["document"]) for each in templates()["pages"]]


def test_each_template_is_valid() -> None:
    for name, document in documents():
        assert [str(each) for each in jsonschema_rs.iter_errors(SCHEMA, document)] == [], name


def test_each_type_has_its_templates() -> None:
    types = [each["section"]["type"] for each in templates()["sections"]]
    assert {name: types.count(name) for name in SECTIONS if types.count(name) < LEAST[name]} == {}
    names = [each["name"] for kind in ("sections", "pages") for each in templates()[kind]]
    assert len(names) == len(set(names))


def test_each_template_is_shown_as_a_page() -> None:
    for name, document in documents():
        made = render(document)
        assert made is not None, name
        assert "is-plain" not in made.html, name


def test_icons_and_pictures_exist() -> None:
    for name, document in documents():
        for value in found(document, "icon"):
            assert value in templates()["icons"], f"{name}: {value}"
        for value in found(document, "src"):
            assert (ROOT / value.lstrip("/")).is_file(), f"{name}: {value}"


def test_a_link_to_a_section_leads_to_one() -> None:
    for template in templates()["pages"]:
        home = template["document"]["pages"]["home"]
        ids = {section["id"] for section in home["sections"]}
        links = set(found(home, "href"))
        assert {link for link in links if link.startswith("#") and link != "#"} <= {
            f"#{each}" for each in ids
        }
        assert len(ids) == len(home["sections"])


def found(value: Any, key: str) -> list[str]:
    """The values of a key, at all depths."""
    if isinstance(value, list):
        return [each for item in value for each in found(item, key)]
    if not isinstance(value, dict):
        return []
    inner = [each for item in value.values() for each in found(item, key)]
    return inner + ([value[key]] if isinstance(value.get(key), str) else [])
