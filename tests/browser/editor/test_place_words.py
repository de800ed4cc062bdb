"""How the editor names places, compares values, and marks words: rules with their values."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from playwright.async_api import Page

from tests.browser.editor.studio import Studio, section, site

PAGE = site(
    section("top", "hero", headline="Hi", buttons=[{"id": "b", "label": "Go"}]),
    section("ask", "faq", items=[{"id": "q", "question": "When?"}, {"id": "r"}]),
    section("prices", "pricing", plans=[{"id": "p", "features": ["one"]}]),
)
MORE = site(
    *PAGE["pages"]["home"]["sections"],
    *(section(type, type) for type in ("gallery", "footer", "form")),
)
AT = "/pages/home/sections"
WORDS = {
    f"{AT}/0/content/headline": "headline of Hero",
    f"{AT}/0": "Hero",
    f"{AT}/0/content/buttons/0/label": "text of button 1 of Hero",
    f"{AT}/0/content/buttons/0/href": "link of button 1 of Hero",
    f"{AT}/0/content/image/alt": "picture description of Hero",
    f"{AT}/0/content/image/src": "picture of Hero",
    f"{AT}/0/content/image/width": "picture size of Hero",
    f"{AT}/0/content/image": "picture of Hero",
    f"{AT}/0/theme/background": "background colour of Hero",
    f"{AT}/0/theme": "style of Hero",
    f"{AT}/0/hidden": "visibility of Hero",
    f"{AT}/1/content/items/1/question": "question 2 of Questions",
    f"{AT}/1/content/items/1/answer": "answer of question 2 of Questions",
    f"{AT}/1/content/items": "items of Questions",
    f"{AT}/2/content/plans/0/features/0": "feature 1 in plan 1 of Pricing",
    f"{AT}/2/content/plans/0/button/href": "link of button in plan 1 of Pricing",
    f"{AT}/3/content/items/1/image/alt": "description of picture 2 of Gallery",
    f"{AT}/3/content/items/1/image/src": "picture 2 of Gallery",
    f"{AT}/3/content/items/0/caption": "caption of picture 1 of Gallery",
    f"{AT}/4/content/columns/0/links/1/href": "address of link 2 in column 1 of Footer",
    f"{AT}/4/content/columns/0/title": "title of column 1 of Footer",
    f"{AT}/4/content/social/0/network": "network 1 of Footer",
    f"{AT}/5/content/fields/0/label": "label of field 1 of Form",
    f"{AT}/9/content/headline": "headline of a section",
    AT: "sections of page Home",
    "/pages/home/title": "title of page Home",
    "/pages/home/slug": "address of page Home",
    "/pages/home": "page Home",
    "/pages/home/seo": "texts for search engines of page Home",
    "/pages/home/seo/description": "description for search engines of page Home",
    "/pages/home/seo/image/alt": "picture description for shared links of page Home",
    "/site/name": "name of the site",
    "/site/logo/alt": "logo description of the site",
    "/site/navigation/1/href": "address of menu entry 2 of the site",
    "/theme/colors/accent": "accent colour",
    "/theme/colors/text-dark": "text colour in dark mode",
    "/theme/fonts/scale": "size of headlines",
    "/theme/radius": "corners",
    "/theme": "the theme",
    "": "the site",
}


async def call(page: Page, studio: Studio, module: str, code: str, *given: Any) -> Any:
    address = f"/modules/{version('weft')}/{module}.js"
    source = f"async ([address, ...given]) => {{ const it = await import(address); {code} }}"
    return await page.evaluate(source, [address, *given])


async def test_places_are_named_and_found_again(studio: Studio, page: Page) -> None:
    await studio.create("words", PAGE)
    ada = await studio.open(page.context, "words")
    names = "return given[1].map((pointer) => it.placeWords(given[0], pointer))"
    found = await call(ada, studio, "editor/place_words", names, MORE, list(WORDS))
    assert dict(zip(WORDS, found, strict=True)) == WORDS

    moved = site(*reversed(PAGE["pages"]["home"]["sections"]))
    follow = "return given[2].map((each) => it.pointerNow(given[1], it.lasting(given[0], each)))"
    pointers = [f"{AT}/0/content/headline", f"{AT}/1/content/items/1", f"{AT}/2", "/pages/home"]
    assert await call(ada, studio, "editor/place_words", follow, PAGE, moved, pointers) == [
        f"{AT}/2/content/headline",
        f"{AT}/1/content/items/1",
        f"{AT}/0",
        "/pages/home",
    ]
    gone = site(PAGE["pages"]["home"]["sections"][1])
    assert await call(ada, studio, "editor/place_words", follow, PAGE, gone, pointers[:1]) == [None]

    # The smallest places at which two values differ.
    compare = "return it.differences(...given).map(({pointer, kind}) => `${kind} ${pointer}`)"
    for before, after, expected in (
        (PAGE, moved, [f"moved {AT}/0", f"moved {AT}/1"]),
        (PAGE, gone, [f"removed {AT}/0", f"removed {AT}/2"]),
        (gone, PAGE, [f"added {AT}/0", f"added {AT}/2"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["changed /a/1"]),
        ({"a": [1, 2]}, {"a": [1]}, ["changed /a"]),
        ({"a": 1}, {"a": 1, "b/c": 2}, ["added /b~1c"]),
        ({"a": None}, {"a": None}, []),
    ):
        found = await call(ada, studio, "safety/differences", compare, before, after)
        assert found == expected

    marks = (
        "return it.markedWords(...given)"
        ".map((parts) => parts.map((p) => p.isChanged ? `[${p.words}]` : p.words).join(''))"
    )
    cases: list[tuple[str, str, list[str] | None]] = [
        ("one two three", "one 2 three", ["one [two] three", "one [2] three"]),
        ("same", "same", ["same", "same"]),
        ("", "new", ["", "[new]"]),
        ("a b c d", "b c x d", ["[a ]b c d", "b c[ x] d"]),
        ("word " * 600, "other " * 600, None),
    ]
    for one, other, marked in cases:
        found = await call(ada, studio, "safety/word_diff", marks, one, other)
        if marked is not None:
            assert found == marked
        assert [each.replace("[", "").replace("]", "") for each in found] == [one, other]
