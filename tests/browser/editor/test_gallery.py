"""New sections come from a gallery of templates, also on a phone, where the panels are sheets."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until

pytestmark = pytest.mark.real

ORDER = "weft.workspace.sections.map(({ type }) => type).join(' ')"


async def test_a_template_is_inserted_where_it_was_asked_for(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    value = site(section("a", "hero", headline="A"), section("b", "faq", headline="B"))
    value["theme"] = {"colors": {"accent": "#ff0000"}}
    await studio.create("gallery", value)
    page = await studio.open(page.context, "gallery")
    await page.evaluate("weft.workspace.emit('gallery', 1)")
    search = page.get_by_role("searchbox")
    await expect(search).to_be_focused()
    cards = page.locator("dialog .template:visible")
    every = await cards.count()
    # Each card shows the section as this page would show it.
    await until(page, "[...document.querySelectorAll('.drawing')].every((each) => each.inert)")
    drawn = page.locator(".drawing .weft-page .button.primary").first
    await expect(drawn).to_have_css("background-color", "rgb(255, 0, 0)")
    # A template may have colours of its own.
    for name in ("Dark hero", "Figures"):
        dark = cards.filter(has_text=name).locator(".weft-page section")
        await expect(dark).to_have_css("background-color", "rgb(21, 23, 31)")
    # The names of the page's own elements stay unique.
    repeated = "[...document.querySelectorAll('.drawing [id]')].length"
    assert await page.evaluate(repeated) == 0
    height = await page.evaluate("document.querySelector('dialog').offsetHeight")
    await search.fill("no such words")
    await expect(cards).to_have_count(0)
    await expect(page.get_by_text("No template has these words")).to_be_visible()
    assert await page.evaluate("document.querySelector('dialog').offsetHeight") == height
    # The search knows what users call a type.
    await search.fill("cta")
    await expect(cards).to_have_count(2)
    await search.fill("price")
    await expect(cards).to_have_count(3)
    await search.press("ArrowDown")
    await page.keyboard.press("ArrowRight")
    await expect(cards.nth(1)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await until(page, f"{ORDER} === 'hero pricing faq'")
    await until(page, "weft.workspace.selection.id === weft.workspace.sections[1].id")

    await page.get_by_role("button", name="Add section").click()
    await expect(cards).to_have_count(every)
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    # Without a place, it comes after the selected section. One step of undo takes it back.
    await page.get_by_role("button", name="Add section").click()
    await search.fill("footer")
    await search.press("Enter")
    await until(page, f"{ORDER} === 'hero pricing footer faq'")
    await saved(page)
    await expect(page.locator("dialog")).to_have_count(0)
    await page.evaluate("weft.page.undo()")
    await until(page, f"{ORDER} === 'hero pricing faq'")
    assert complaints == []


async def test_the_panels_of_a_phone_are_sheets(
    studio: Studio, contexts: Contexts, complaints: Complaints
) -> None:
    shown = [section(name, name, headline=name) for name in ("hero", "faq", "pricing")]
    await studio.create("phone", site(*shown))
    page = await studio.open(await contexts.phone(), "phone")
    outline, inspector = page.locator("#outline"), page.locator("#inspector")
    dock = page.locator("#dock")
    await expect(outline).to_be_hidden()
    await expect(inspector).to_be_hidden()
    await dock.get_by_role("button", name="Sections").tap()
    await expect(outline).to_be_visible()
    await expect(outline).to_be_focused()
    await (
        outline.get_by_role("button", name="FAQ")
        .or_(page.locator("[data-section=faq] .pick"))
        .tap()
    )
    await until(page, "weft.workspace.selection.id === 'faq'")
    # The page behind can be used: there is no veil over it.
    box = await page.locator("#stage").bounding_box()
    assert box is not None
    over = "document.elementFromPoint(195, 120).closest('#stage') !== null"
    assert await page.evaluate(over)
    await outline.locator("[data-section=faq] .more").tap()
    await page.get_by_role("menuitem", name="Move up").tap()
    await until(page, f"{ORDER} === 'faq hero pricing'")
    await page.get_by_role("button", name="Close sections").tap()
    await expect(outline).to_be_hidden()
    await expect(dock.get_by_role("button", name="Sections")).to_be_focused()

    await dock.get_by_role("button", name="Edit").tap()
    headline = inspector.get_by_label("Headline", exact=True)
    await headline.fill("Asked often")
    await until(page, "weft.workspace.sections[0].content.headline === 'Asked often'")
    # A pull at the handle makes the sheet taller, and then closes it.
    devtools = await page.context.new_cdp_session(page)

    async def pull(by: int) -> None:
        grip = await inspector.locator(".sheet-grip").bounding_box()
        assert grip is not None
        for kind, y in (
            ("touchStart", 0),
            ("touchMove", by // 2),
            ("touchMove", by),
            ("touchEnd", None),
        ):
            at = {"x": grip["x"] + 195, "y": grip["y"] + 8 + (y or 0)}
            points = [] if y is None else [at]
            await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    await pull(-120)
    await expect(inspector).to_have_attribute("data-tall", "")
    await pull(200)
    await expect(inspector).to_be_hidden()
    # A tap so soon after the pull would be a part of its gesture.
    await dock.get_by_role("button", name="Add").click()
    await page.get_by_role("searchbox").fill("large footer")
    await page.locator("dialog .template:visible").click()
    await until(page, f"{ORDER} === 'faq footer hero pricing'")
    assert complaints == []
