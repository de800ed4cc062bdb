"""The templates of sections and of pages have the page format, and show without a warning."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from collab.page.checks import Findings, Rules, check
from collab.page.html import render
from tests.house import ROOT
from tests.page_format import SCHEMA, SECTIONS

FILES = ("gallery/templates.js", "new_page/choices.js", "page/icons.js")
PRINT = """
const loaded = await Promise.all(process.argv.slice(1).map((each) => import(each)));
const [{ TEMPLATES }, { CHOICES, BLANK, named }, { ICONS }] = loaded;
const title = "A *new* [name]";
const made = (choice) => ({ ...choice, name: choice.trade, named: named(choice, title) });
const pages = CHOICES.map(made);
const found = { sections: TEMPLATES, pages, blank: made(BLANK), icons: [...ICONS.keys()] };
console.log(JSON.stringify(found));
"""
LEAST = 2  # templates of each type
MOST_BYTES = 3 * 1024  # of a picture

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="no Node.js")


@cache
def templates() -> dict[str, Any]:
    files = [(ROOT / "static" / name).as_uri() for name in FILES]
    command = ["node", "--input-type=module", "-e", PRINT, *files]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    made: dict[str, Any] = json.loads(done.stdout)
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
    assert {name: types.count(name) for name in SECTIONS if types.count(name) < LEAST} == {}
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


def test_a_page_can_be_published_without_a_warning() -> None:
    for template in templates()["pages"]:
        for document in (template["document"], template["named"]):
            assert check(document, Rules(max_bytes=100_000)) == Findings([], []), template["name"]
        home = template["document"]["pages"]["home"]
        assert len(home["seo"]["title"]) <= 60, template["name"]
        assert 100 <= len(home["seo"]["description"]) <= 160, template["name"]
        ids = [section["id"] for section in home["sections"]]
        assert len(ids) == len(set(ids)), template["name"]


def test_the_pages_show_each_type_of_section() -> None:
    homes = [each["document"]["pages"]["home"] for each in templates()["pages"]]
    assert {section["type"] for home in homes for section in home["sections"]} == set(SECTIONS)
    assert all(each["document"]["site"]["navigation"] for each in templates()["pages"])


def test_the_colours_of_a_page_have_enough_contrast() -> None:
    for template in templates()["pages"]:
        colors = template["document"]["theme"]["colors"]
        accent, ground, ink = (colors[name] for name in ("accent", "background", "text"))
        assert contrast(ink, ground) >= 7, template["name"]
        assert contrast(accent, ground) >= 4.5, template["name"]
        for section in template["document"]["pages"]["home"]["sections"]:
            if "background" in (own := section.get("theme", {})):
                assert contrast(own["text"], own["background"]) >= 7, section["id"]


def test_a_new_page_has_the_title_of_its_user_in_place_of_the_made_up_name() -> None:
    title = "A *new* [name]"
    for template in templates()["pages"]:
        site, home = template["named"]["site"], template["named"]["pages"]["home"]
        assert (site["name"], home["title"]) == (title, title)
        assert home["seo"]["title"].startswith(title), template["name"]
        assert template["document"]["site"]["name"] not in json.dumps(template["named"])
        # The title is shown as the user wrote it: `*` in a rich text is no mark.
        html = (render(template["named"]) or pytest.fail("no page")).html
        assert "<em>new</em>" not in html
        assert html.rpartition("<footer")[2].count(title) >= 1, template["name"]
    blank = templates()["blank"]["named"]
    assert (blank["site"]["name"], blank["pages"]["home"]["title"]) == (title, title)
    assert blank["pages"]["home"]["sections"] == []


def test_a_picture_is_small_and_is_used() -> None:
    pictures = {path.name: path.read_text() for path in (ROOT / "static/templates").glob("*.svg")}
    used = {
        source.rpartition("/")[2]
        for _, document in documents()
        for source in found(document, "src")
    }
    assert used == set(pictures)
    assert {name: len(text) for name, text in pictures.items() if len(text) > MOST_BYTES} == {}
    for name, text in pictures.items():
        view = re.search(r'viewBox="0 0 (\d+) (\d+)" width="(\d+)" height="(\d+)"', text)
        assert view is not None, name
        assert view.groups()[:2] == view.groups()[2:], name


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2.2 defines it."""
    dark, light = sorted(luminance(each) for each in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def found(value: Any, key: str) -> list[str]:
    """The values of a key, at all depths."""
    if isinstance(value, list):
        return [each for item in value for each in found(item, key)]
    if not isinstance(value, dict):
        return []
    inner = [each for item in value.values() for each in found(item, key)]
    return inner + ([value[key]] if isinstance(value.get(key), str) else [])
