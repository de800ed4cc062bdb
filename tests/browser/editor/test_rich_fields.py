"""The fields beside the page have the keys for bold, italic and links, as the page has them."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until

pytestmark = pytest.mark.real

AT = "/pages/home/sections/0/content"


async def test_keys_mark_a_selection_in_a_field(
    studio: Studio, contexts: Contexts, complaints: Complaints
) -> None:
    button = {"id": "b", "label": "Go now", "href": "/x"}
    hero = section("top", "hero", headline="Bread for all", buttons=[button])
    await studio.create("rich", site(hero, section("ask", "faq", headline="Questions")))
    page = await studio.open(await contexts.new(), "rich")
    await page.locator("#outline .pick").first.click()
    headline = page.get_by_label("Headline", exact=True)
    await headline.focus()
    await headline.evaluate("(field) => field.setSelectionRange(0, 5)")
    here = "document.activeElement"
    selected = f"{here}.value.slice({here}.selectionStart, {here}.selectionEnd)"
    await page.keyboard.press("Control+b")
    await expect(headline).to_have_value("**Bread** for all")
    assert await page.evaluate(selected) == "Bread"
    await page.keyboard.press("Control+i")
    await expect(headline).to_have_value("***Bread*** for all")
    await page.keyboard.press("Control+b")
    await expect(headline).to_have_value("*Bread* for all")
    await expect(page.locator("#stage h1 em")).to_have_text("Bread")
    # Another person writes at the start, while the address is typed.
    await page.keyboard.press("Control+k")
    address = page.get_by_label("Address")
    await expect(address).to_be_focused()
    bo = await studio.open(await contexts.new(), "rich", "bo")
    await bo.evaluate(f"void weft.page.set('{AT}/headline', 'Good *Bread* for all')")
    await expect(headline).to_have_value("Good *Bread* for all")
    await address.fill("example.com")
    await page.keyboard.press("Enter")
    await expect(headline).to_have_value("Good [*Bread*](https://example.com) for all")
    await expect(headline).to_be_focused()
    await expect(page.locator("#stage h1 a")).to_have_text("Bread")
    await saved(page)
    # Edits of one text within a second are one step of undo.
    await page.keyboard.press("Control+z")
    await expect(headline).to_have_value(re.compile(r"Good (\*Bread\*|Bread) for all"))
    # The text of a button has no marks. The note at the headline goes, and moves nothing.
    await expect(page.locator("#inspector .recent")).to_be_visible()
    await page.locator("#inspector summary", has_text="Go now").click()
    label = page.get_by_label("Button text")
    await label.focus()
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Control+b")
    await page.keyboard.type("Go")
    await expect(label).to_have_value("Go")
    assert complaints == []


async def test_a_link_on_the_page_follows_its_words_while_another_person_types(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("follows", site(section("top", "hero", headline="Bread for all")))
    page = await studio.open(await contexts.new(), "follows")
    await page.locator("#stage h1").click()
    await until(page, "document.activeElement.isContentEditable")
    await page.keyboard.press("End")
    await page.keyboard.press("Control+Shift+ArrowLeft")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_label("Address")).to_be_focused()
    for text in ("Good Bread for all", "Good Bread for all of us"):
        change = {"op": "replace", "path": f"{AT}/headline", "value": text}
        await studio.patch("follows", change)
        await until(page, f"weft.page.text('{AT}/headline').value === '{text}'")
    await page.get_by_label("Address").fill("/all")
    await page.keyboard.press("Enter")
    await until(
        page, f"weft.page.text('{AT}/headline').value === 'Good Bread for [all](/all) of us'"
    )


async def test_a_field_says_that_another_person_has_just_changed_it(
    studio: Studio, contexts: Contexts
) -> None:
    prices = section("prices", "pricing", headline="Prices", currency="EUR", plans=[])
    await studio.create("noted", site(prices))
    page = await studio.open(await contexts.new(), "noted")
    bo = await studio.open(await contexts.new(), "noted", "bo")
    await bo.evaluate(f"void weft.page.set('{AT}/currency', 'USD')")
    await page.locator("#outline .pick").click()
    currency = page.get_by_label("Currency", exact=True)
    await expect(currency).to_have_value("USD")
    await currency.focus()
    note = page.locator("#inspector .recent")
    await expect(note).to_contain_text("Bo changed this ")
    await page.get_by_label("Headline", exact=True).focus()
    await expect(note).to_have_count(0)
    await bo.evaluate(f"void weft.page.set('{AT}/headline', 'Our prices')")
    await expect(page.get_by_label("Headline", exact=True)).to_have_value("Our prices")
    await currency.focus()
    await page.get_by_label("Headline", exact=True).focus()
    await expect(note).to_contain_text("Bo changed this ")
