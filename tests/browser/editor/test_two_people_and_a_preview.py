"""Two people write one page at once, and a reader watches the preview: no letter is lost."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until

pytestmark = pytest.mark.real

PAGE = site(
    section("top", "hero", headline="bread"),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)
FIRST = "one two three four five six seven "
SECOND = " eight nine ten eleven twelve"


async def begin(page: Page, selector: str, key: str) -> None:
    await page.locator(f"#stage {selector}").click()
    await until(page, "document.activeElement.isContentEditable")
    await page.keyboard.press(key)


async def type_all(page: Page, text: str) -> None:
    for letter in text:
        await page.keyboard.type(letter)


async def test_the_preview_shows_all_that_two_people_type_at_once(
    studio: Studio, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("both", PAGE)
    ada = await studio.open(await contexts.new(), "both")
    bo = await studio.open(await contexts.new(), "both", "bo")
    reader = await (await contexts.phone()).new_page()
    token = await studio.server.mint("vera", Role.VIEWER)
    await reader.goto(f"{studio.server.http}/preview/both#token={token}")
    await expect(reader.locator("h1")).to_have_text("bread")

    # Both are in the same headline, at its two ends.
    await begin(ada, "h1", "Home")
    await begin(bo, "h1", "End")
    await asyncio.gather(type_all(ada, FIRST), type_all(bo, SECOND))
    whole = f"{FIRST}bread{SECOND}"
    for page in (ada, bo):
        await until(page, f"document.activeElement.textContent === '{whole}'")
    await expect(reader.locator("h1")).to_have_text(whole)

    # Then each is in a headline of their own.
    await begin(bo, "[data-section=ask] h2", "End")
    await asyncio.gather(type_all(ada, "!?!?!?"), type_all(bo, SECOND))
    await asyncio.gather(saved(ada), saved(bo))
    whole = f"{FIRST}!?!?!?bread{SECOND}"
    await expect(reader.locator("h1")).to_have_text(whole)
    await expect(reader.locator("h2")).to_have_text(f"Questions{SECOND}")
    found = await studio.sections("both")
    assert found[0]["content"]["headline"] == whole
    assert found[1]["content"]["headline"] == f"Questions{SECOND}"
    for page in (ada, bo):
        assert await page.evaluate("weft.page.value.pages.home.sections") == found
        assert await page.evaluate("weft.page.attention.length") == 0
    assert complaints == []
