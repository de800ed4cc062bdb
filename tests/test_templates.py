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

FILES = (
    "gallery/templates.js",
    "new_page/choices.js",
    "page/icons.js",
    "add_page/add_page.js",
    "page/site.js",
    "publish/findings.js",
    "site/contrast.js",
    "site/measure.js",
)
# `told` is what the editor says of a document, in its settings and before it is published.
PRINT = """
const loaded = await Promise.all(process.argv.slice(1).map((each) => import(each)));
const [{ TEMPLATES }, { CHOICES, BLANK, named }, { ICONS }, { STARTS }, ...rules] = loaded;
const [{ Site }, { hints }, { pairsOf, pairsOfSection, passes }, measure] = rules;
const told = (document) => {
  const { theme = {} } = document;
  const site = new Site(document, "");
  const sections = site.pages.flatMap(({ fields }) => fields.sections);
  const own = sections.flatMap((each) => pairsOfSection(each.theme ?? {}, theme));
  const pairs = [...pairsOf(theme), ...own];
  const search = site.pages.flatMap((page) => measure.searchHints(site, page));
  const sharing = site.pages.flatMap((page) => measure.shareHints(page));
  return [
    ...pairs.filter((each) => !passes(each)).map(({ words, ratio }) => `${words}: ${ratio}`),
    ...[...search, ...sharing.filter(({ tone }) => tone === "warning")].map(({ words }) => words),
    ...hints(document).map(({ words }) => words),
  ];
};
const alone = (sections) => {
  const seo = { title: "A title of its own", description: "A description. ".repeat(8) };
  return { pages: { home: { title: "A page", seo, sections } } };
};
const title = "A *new* [name]";
const made = (choice) => {
  const { trade: name, document } = choice;
  return { ...choice, name, named: named(choice, title), told: told(document) };
};
const pages = CHOICES.map(made);
const sections = TEMPLATES.map((each) => ({ ...each, told: told(alone([each.section])) }));
const starts = STARTS.map((each) => {
  const document = alone(each.sections);
  return { ...each, document, told: told(document) };
});
const found = { sections, pages, starts, blank: made(BLANK), icons: [...ICONS.keys()] };
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
    made = [*templates()["pages"], *templates()["starts"]]
    return alone + [(each["name"], each["document"]) for each in made]


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
        assert 100 <= len(home["seo"]["description"]) <= 155, template["name"]
        ids = [section["id"] for section in home["sections"]]
        assert len(ids) == len(set(ids)), template["name"]


def test_the_editor_has_no_warning_about_a_template() -> None:
    for template in (*templates()["pages"], *templates()["starts"]):
        assert template["told"] == [], template["name"]
    for template in templates()["sections"]:
        # The buttons of a section lead where its user wants.
        others = [words for words in template["told"] if not words.endswith("no address yet.")]
        assert others == [], template["name"]


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
