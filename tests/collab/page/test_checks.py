"""Page checks find missing, broken and too large parts, with their location."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.ids import Json
from collab.page.checks import MAX_FINDINGS, Rules, check
from collab.page.html import KINDS
from collab.patch.pointer import lookup, parse
from server.demo import content as demo_content
from tests.line_count import lines_run


def page(*sections: Any, **fields: Any) -> dict[str, Any]:
    seo = {"title": "A title", "description": "A description"}
    return {"title": "A page", "seo": seo, "sections": list(sections), **fields}


def hero(**content: Any) -> dict[str, Any]:
    return {"id": "hero-1", "type": "hero", "content": content}


def found(value: Any, **rules: Any) -> list[tuple[str, str]]:
    return [(each.check, each.pointer) for each in check(value, Rules(**rules)).warnings]


def test_a_complete_page_has_no_findings() -> None:
    image = {"src": "/a.svg", "alt": "A garden"}
    buttons = [{"label": "Go", "href": href} for href in ("#hero-1", "/", "/us#hero-1", "/a/b")]
    value = {"pages": {"home": page(hero(image=image, buttons=buttons)), "us": page(hero())}}
    assert found(value) == []


def test_the_demo_pages_have_no_findings() -> None:
    for key, value in demo_content.pages():
        assert found(value, max_bytes=1 << 20) == [], key


def test_a_broken_link_in_a_rich_text_is_found() -> None:
    plans = [{"id": "p", "features": ["no link", "**[gone](/gone)**"], "name": "[x](/gone)"}]
    pricing = {"id": "p", "type": "pricing", "content": {"plans": plans}}
    text = hero(body="[us](/us), [gone](/gone) and [bad](javascript:alert(1))")
    seo = {"title": "A title", "description": "[x](/gone)"}
    value = {"pages": {"home": page(text, pricing, seo=seo), "us": page(hero())}}
    assert found(value) == [
        ("links", "/pages/home/sections/0/content/body"),
        ("links", "/pages/home/sections/0/content/body"),
        ("links", "/pages/home/sections/1/content/plans/0/features/1"),
    ]


def test_missing_titles_and_descriptions_are_found() -> None:
    assert found({"pages": {"home": {"title": " "}}}) == [
        ("required", "/pages/home/title"),
        ("required", "/pages/home/seo/title"),
        ("required", "/pages/home/seo/description"),
    ]


def test_a_picture_without_a_description_is_found_anywhere() -> None:
    items = [{"id": "a", "image": {"src": "/a.svg"}}]
    gallery = {"id": "g", "type": "gallery", "content": {"items": items}}
    value = {"site": {"logo": {"src": "/l.svg"}}, "pages": {"home": page(gallery)}}
    assert found(value) == [
        ("required", "/pages/home/sections/0/content/items/0/image/alt"),
        ("required", "/site/logo/alt"),
    ]


@pytest.mark.parametrize("link", ["#gone", "/gone", "/us#gone", "javascript:alert(1)", "//host"])
def test_a_link_without_a_target_is_found(link: str) -> None:
    value = {"pages": {"home": page(hero(buttons=[{"href": link}])), "us": page()}}
    assert found(value) == [("links", "/pages/home/sections/0/content/buttons/0/href")]


def test_a_link_to_a_section_of_another_page_is_good() -> None:
    here = page(hero(buttons=[{"href": "#there"}]))
    there = page({"id": "x", "anchor": "there", "type": "faq", "content": {}})
    menu = {"site": {"navigation": [{"href": "#there"}]}}
    assert found({"pages": {"home": here, "us": there}, **menu}) == []
    assert found({"pages": {"home": here}, **menu}) == [
        ("links", "/pages/home/sections/0/content/buttons/0/href"),
        ("links", "/site/navigation/0/href"),
    ]


def test_a_hidden_section_is_not_checked_and_is_no_target() -> None:
    hidden = {**hero(image={"src": "/a.svg"}), "hidden": True}
    link = {"id": "l", "type": "hero", "content": {"buttons": [{"href": "#hero-1"}]}}
    assert found({"pages": {"home": page(hidden, link)}}) == [
        ("links", "/pages/home/sections/1/content/buttons/0/href")
    ]


def test_weight_is_the_size_of_the_document() -> None:
    value = {"pages": {"home": page(hero(headline="x" * 1000))}}
    assert found(value, max_bytes=1000) == [("weight", "")]
    assert found(value, max_bytes=2000) == found(value) == []


def test_a_check_warns_refuses_or_is_off() -> None:
    value: Any = {"pages": {"home": page(hero(buttons=[{"href": "/gone"}]), title="")}}
    taken = check(value, Rules(required="refuse", links="warn"))
    assert [each.check for each in taken.refusals] == ["required"]
    assert [each.check for each in taken.warnings] == ["links"]
    assert found(value, required="off", links="off") == []


def test_findings_are_bounded() -> None:
    sections = [hero(image={"src": "/a.svg"}, buttons=[{"href": "/gone"}]) for _ in range(999)]
    assert len(found({"pages": {"home": page(*sections)}})) == MAX_FINDINGS


ODD = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["pages", "home", "seo", "sections", "hidden", "src", "href", "id"]),
            inner,
        )
    ),
    max_leaves=20,
)


@pytest.mark.thorough
@given(value=ODD)
@settings(max_examples=150, deadline=None)
def test_any_value_can_be_checked(value: Any) -> None:
    documents: list[Any] = [value, {"pages": {"home": value}}]
    for document in documents:
        for finding in check(document, Rules(max_bytes=1)).warnings:
            parent = parse(finding.pointer)[:-1]
            if finding.check == "links":
                assert isinstance(lookup(document, parent), dict)


def test_a_section_that_the_page_cannot_show_is_named() -> None:
    odd: list[Any] = [
        {"id": "a", "type": "carousel"},
        hero(),
        {"id": "b"},
        {"id": "c", "type": ["hero"]},
        {"id": "d", "type": "carousel", "hidden": True},
        {"id": "e", "type": "x" * 500},
    ]
    value: Any = {"pages": {"home": page(*odd)}}
    findings = check(value, Rules()).warnings
    assert [(each.check, each.pointer) for each in findings] == [
        ("sections", "/pages/home/sections/0/type"),
        ("sections", "/pages/home/sections/2"),
        ("sections", "/pages/home/sections/3"),
        ("sections", "/pages/home/sections/5/type"),
    ]
    assert findings[0].message == 'the page cannot show sections of the type "carousel"'
    assert max(len(each.message) for each in findings) < 150
    assert found(value, sections="off") == []
    assert len(check(value, Rules(sections="refuse")).refusals) == 4


def test_every_known_kind_of_section_has_no_finding() -> None:
    for kind in KINDS:
        assert found({"pages": {"home": page({"id": "a", "type": kind})}}) == []


def test_the_work_for_links_does_not_grow_with_links_times_pages() -> None:
    def work(size: int) -> int:
        link: Any = {"label": "Top", "href": "#top"}
        sections: Any = [{"id": "top", "type": "hero", "content": {"buttons": [link]}}]
        pages: Any = {f"p{n}": {"title": "T", "sections": sections} for n in range(size)}
        value: Json = {"site": {"navigation": [link] * size}, "pages": pages}
        return lines_run(lambda: check(value, Rules()))

    assert work(1000) < 15 * work(100)
