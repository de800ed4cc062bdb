"""Pages of other programs: unknown types, no ids, ids twice, other addresses, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until

pytestmark = pytest.mark.real

ROWS = "[...document.querySelectorAll('#outline [data-section]')].map((row) => row.dataset.section)"


async def edit(page: Page, selector: str, letters: str) -> None:
    """Type at the end of a text on the page."""
    await page.locator(selector).click()
    await until(page, "document.activeElement.isContentEditable")
    await page.keyboard.press("End")
    await page.keyboard.type(letters)
    await page.keyboard.press("Escape")


async def test_sections_without_an_id_of_their_own_are_shown_and_their_texts_edited(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    odd: list[Any] = [
        {"type": "hero", "content": {"headline": "No id"}},
        section("twin", "hero", headline="The first twin"),
        section("twin", "hero", headline="The second twin"),
        section(" spaces ", "hero", headline="Spaces"),
        7,
        section("new", "carousel", headline="Unknown", words="Some words here", on=True, n=4),
    ]
    await studio.create("odd", site(*odd), schema=False)
    page = await studio.open(page.context, "odd")
    assert await page.evaluate(ROWS) == ["twin", "new"]
    headlines = page.locator("#stage :is(h1, h2)")
    await expect(headlines).to_have_text(
        ["No id", "The first twin", "The second twin", "Spaces", "Unknown"]
    )
    for number, words in enumerate(("No id", "The first twin", "The second twin", "Spaces")):
        await edit(page, f"#stage :is(h1, h2) >> nth={number}", "!")
        await expect(headlines.nth(number)).to_have_text(f"{words}!")
    # A press on the second one of two does not select the first one, which a key would delete.
    await page.locator("#stage .weft-page section").nth(2).click(position={"x": 4, "y": 4})
    assert await page.evaluate("weft.workspace.selection") is None
    await page.keyboard.press("Delete")
    # An unknown section has fields for its texts, and moves and is copied as others are.
    await edit(page, "#stage .plain p", " and more")
    await page.locator("#outline .pick").last.click()
    await expect(page.locator("#inspector").get_by_label("Words")).to_have_value(
        "Some words here and more"
    )
    await page.evaluate("void weft.commands.step('new', -1)")
    await page.evaluate("void weft.commands.duplicate('new')")
    await saved(page)
    found = await studio.sections("odd")
    assert len(found) == 7
    assert found[0] == {"type": "hero", "content": {"headline": "No id!"}}
    texts = [each["content"]["headline"] for each in found if isinstance(each, dict)]
    assert texts.count("The first twin!") == texts.count("The second twin!") == 1
    copies = [each for each in found if isinstance(each, dict) and each["type"] == "carousel"]
    assert [each["content"]["words"] for each in copies] == ["Some words here and more"] * 2
    assert len({each["id"] for each in copies}) == 2
    assert complaints == []


async def test_a_page_is_found_by_its_key_and_not_by_its_address(
    studio: Studio, page: Page
) -> None:
    value = site(section("a", "hero", headline="At home"))
    value["pages"]["home"]["slug"] = "start"
    about = {"title": "About", "slug": "home", "sections": [section("b", "hero", headline="Us")]}
    value["pages"]["about"] = about
    await studio.create("slugs", value)
    page = await studio.open(page.context, "slugs")
    await expect(page.locator("#stage h1")).to_have_text("At home")
    await page.evaluate("weft.workspace.show('about')")
    await expect(page.locator("#stage h1")).to_have_text("Us")
    await edit(page, "#stage h1", " all")
    await saved(page)
    assert (await studio.value("slugs"))["pages"]["about"]["sections"][0]["content"] == {
        "headline": "Us all"
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nothing", {"n": 1}),
        ("no-pages", {"pages": {}}),
        ("no-list", {"pages": {"home": {"title": "Bare"}}}),
    ],
)
async def test_a_document_without_a_page_gets_its_first_section(
    studio: Studio, page: Page, complaints: Complaints, name: str, value: dict[str, Any]
) -> None:
    await studio.create(name, value, schema=False)
    page = await studio.open(page.context, name)
    await page.get_by_role("button", name="Add the first section").click()
    await page.get_by_role("searchbox").fill("footer")
    await page.keyboard.press("Enter")
    await expect(page.locator("#stage .is-footer")).to_have_count(1)
    await saved(page)
    assert [each["type"] for each in await studio.sections(name)] == ["footer"]
    assert complaints == []


async def test_a_menu_of_the_browser_does_not_stop_the_page(
    studio: Studio, contexts: Contexts
) -> None:
    """The menu takes the end of the press, so the page does not learn of it."""
    await studio.create("menu", site(section("a", "hero", headline="Before")))
    page = await studio.open(await contexts.new(), "menu")
    box = await page.locator("#stage h1").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 5, box["y"] + 5)
    await page.mouse.down(button="right")
    await studio.patch(
        "menu",
        {"op": "replace", "path": "/pages/home/sections/0/content/headline", "value": "After"},
    )
    await expect(page.locator("#stage h1")).to_have_text("After")
    await page.mouse.up(button="right")


async def test_a_long_word_makes_no_page_wider_than_a_phone(
    studio: Studio, contexts: Contexts
) -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitän"
    plan = {"id": "p", "name": word, "features": [word]}
    buttons = [{"id": "b", "label": word, "href": "/x"}]
    value = site(
        section("top", "hero", headline=word, subheadline=word, body=word, buttons=buttons),
        section("f", "features", headline=word, items=[{"id": "i", "title": word}]),
        section("p", "pricing", headline=word, plans=[plan]),
        section("q", "faq", headline=word, items=[{"id": "q", "question": word, "answer": word}]),
        section("z", "footer", text=word),
    )
    value["site"] = {"name": word}
    await studio.create("wide", value)
    phone = await contexts.phone()
    page = await studio.open(phone, "wide")
    stage = "document.querySelector('#stage')"
    assert await page.evaluate(f"{stage}.scrollWidth <= {stage}.clientWidth")
    await page.evaluate("weft.workspace.select('top')")
    await page.get_by_role("button", name="Edit", exact=True).tap()
    fields = page.locator("#inspector")
    await expect(fields.get_by_label("Headline", exact=True)).to_be_visible()
    assert await fields.evaluate("(each) => each.scrollWidth <= each.clientWidth")
    await page.goto(f"{studio.server.http}/preview/wide#token={await studio.server.mint()}")
    await page.locator(".weft-page h1").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
