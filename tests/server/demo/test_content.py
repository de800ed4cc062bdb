"""The demo documents are realistic pages that can be published."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import jsonschema_rs
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from collab.errors import Rejected
from collab.ids import is_doc_name, is_tenant_name
from server.demo.content import get_picture, pages, pictures
from tests.house import ROOT

SCHEMA = ROOT / "collab" / "schema" / "schemas" / "landing-page.json"
PAGES = pages()
EVERY_PAGE = pytest.mark.parametrize(
    "value", [value for _, value in PAGES], ids=[f"{key.tenant}/{key.doc}" for key, _ in PAGES]
)
SECTIONS = {
    "hero",
    "features",
    "testimonials",
    "pricing",
    "faq",
    "gallery",
    "form",
    "callToAction",
    "footer",
}


def objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from objects(child)
    elif isinstance(value, list):
        for child in value:
            yield from objects(child)


def lists(value: object) -> Iterator[list[Any]]:
    for each in objects(value):
        yield from (child for child in each.values() if isinstance(child, list))


def size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def test_two_tenants_have_two_documents_each() -> None:
    tenants = Counter(key.tenant for key, _ in PAGES)
    assert tenants == {"demo": 2, "harbor": 2}
    assert all(is_tenant_name(key.tenant) and is_doc_name(key.doc) for key, _ in PAGES)


def test_the_first_page_of_the_demo_tenant_is_called_home() -> None:
    assert ("demo", "home") in [key for key, _ in PAGES]


def test_the_largest_page_has_a_realistic_size() -> None:
    assert 10_000 <= max(size(value) for _, value in PAGES) <= 50_000


def test_every_kind_of_section_is_shown() -> None:
    kinds = {
        section["type"]
        for _, value in PAGES
        for page in value["pages"].values()
        for section in page["sections"]
    }
    assert kinds == SECTIONS


@EVERY_PAGE
def test_list_elements_have_unique_ids(value: dict[str, Any]) -> None:
    for each in lists(value):
        elements = [element for element in each if isinstance(element, dict)]
        assert len({element["id"] for element in elements}) == len(elements)


@EVERY_PAGE
def test_every_picture_exists_and_has_an_alt_text(value: dict[str, Any]) -> None:
    for each in objects(value):
        if "src" in each:
            assert each["src"].removeprefix("/demo/").removesuffix(".svg") in pictures()
            assert len(each["alt"]) > 10


def test_every_picture_is_shown() -> None:
    shown = {each["src"] for _, value in PAGES for each in objects(value) if "src" in each}
    assert {f"/demo/{name}.svg" for name in pictures()} == shown


def test_pictures_are_small_and_have_no_scripts() -> None:
    for picture in pictures().values():
        assert len(picture) < 4_000
        names = {element.tag.split("}")[1] for element in ElementTree.fromstring(picture).iter()}
        assert names <= {"svg", "path", "rect", "circle"}


async def test_a_picture_is_served_with_a_strict_policy() -> None:
    app = Starlette(routes=[Route("/demo/{name}.svg", get_picture)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as client:
        answer = await client.get("/demo/larkfield-hero-1.svg")
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["content-security-policy"] == "default-src 'none'"
        with pytest.raises(Rejected):
            await client.get("/demo/no-such-picture.svg")


@EVERY_PAGE
def test_a_link_inside_a_page_leads_to_a_section_of_its_document(value: dict[str, Any]) -> None:
    ids = {section["id"] for page in value["pages"].values() for section in page["sections"]}
    targets = [each["href"] for each in objects(value) if "href" in each]
    assert targets
    assert [t for t in targets if t.startswith("#") and t[1:] not in ids] == []


@EVERY_PAGE
def test_a_demo_page_satisfies_the_landing_page_schema(value: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))
    errors = [(error.instance_path, error.message) for error in validator.iter_errors(value)]
    assert errors == []
