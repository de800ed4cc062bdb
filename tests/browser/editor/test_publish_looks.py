"""The screen that publishes on a phone, and for people with a screen reader or a keyboard."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from collab.ids import DocKey
from collab.rights.user_rights import Role
from server.demo import content
from tests.browser.chromium_contexts import PHONE, Contexts
from tests.browser.editor.studio import Studio, saved, section, write
from tests.browser.editor.test_access import WIDTHS, Screens, look
from tests.browser.editor.test_publish import press_publish, publish_as, visit
from tests.browser.waits import until

pytestmark = pytest.mark.real

HOME = "/pages/home/sections"


async def change_much(page: Page) -> None:
    """Change, add, move, hide and remove sections."""
    await write(page, f"{HOME}/0/content/headline", "Another headline")
    await write(page, f"{HOME}/0/content/image/src", "/static/templates/hills.svg")
    await write(page, "/theme/colors/accent", "#8a2be2")
    added = section("g", "gallery", headline="A look inside", items=[])
    await page.evaluate("(added) => void weft.commands.insert(added, 1)", added)
    await page.evaluate("weft.commands.toggleHidden(weft.workspace.sections[2].id)")
    await page.evaluate("weft.commands.remove(weft.workspace.sections[3].id)")
    await page.evaluate("weft.commands.move(weft.workspace.sections.at(-1).id, 0)")
    await saved(page)


async def states(studio: Studio, page: Page, doc: str) -> Screens:
    screen = await press_publish(page)
    await expect(screen.get_by_role("region", name="Checks")).not_to_contain_text("Checking")
    yield "the first publication", page
    await page.keyboard.press("Escape")
    await publish_as(studio, "cy", doc)
    await change_much(page)
    screen = await press_publish(page)
    await expect(screen.locator(".by").first).to_be_visible()
    yield "what changes", page
    await publish_as(studio, "bo", doc)
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(screen.get_by_role("alert")).to_contain_text("Bo published")
    yield "published meanwhile", page
    await screen.get_by_role("button", name="Older versions").click()
    await expect(screen.get_by_role("listitem").first).to_be_visible()
    yield "older versions", page
    await screen.get_by_role("button", name="again").first.click()
    await expect(screen.locator(".go")).to_have_text("Publish this version")
    yield "an older version", page
    await screen.locator(".go").click()
    await expect(screen.get_by_role("heading", name="Published")).to_be_visible()
    yield "the end", page


@pytest.mark.parametrize("width", WIDTHS)
async def test_no_state_of_the_screen_has_a_serious_fault(
    studio: Studio, contexts: Contexts, width: int
) -> None:
    doc = f"looks-{width}"
    await studio.create(doc, dict(content.pages())[DocKey("demo", "home")])
    make = contexts.phone if width == PHONE["viewport"]["width"] else contexts.new
    page = await studio.open(await make(), doc, role=Role.PUBLISHER)
    assert await look(states(studio, page, doc)) == {}


async def test_a_thumb_publishes_on_a_phone(studio: Studio, contexts: Contexts) -> None:
    await studio.create("thumb", dict(content.pages())[DocKey("demo", "home")])
    page = await studio.open(await contexts.phone(), "thumb", role=Role.PUBLISHER)
    width, height = 390, 844
    # With steps to undo and to redo, the bar is as full as it gets.
    for title in ("One", "Two"):
        await write(page, "/pages/home/title", title)
        await saved(page)
    await page.evaluate("() => void weft.page.undo()")
    await until(page, "weft.page.canUndo && weft.page.canRedo")
    await until(page, "document.querySelector('#bar').scrollWidth <= innerWidth")
    button = await page.locator("#publish").bounding_box()
    assert button is not None
    assert button["x"] + button["width"] <= width
    await page.get_by_role("heading", name="One").get_by_role("button").tap()
    for name in ("Share", "History", "Preview"):
        await expect(page.get_by_role("menuitem", name=name, exact=True)).to_be_visible()
    await page.keyboard.press("Escape")
    await page.locator("#publish").tap()
    screen = page.get_by_role("dialog", name="Publish", exact=True)
    go = screen.locator(".go")
    await expect(go).to_be_enabled()
    whole = await screen.bounding_box()
    assert whole == {"x": 0, "y": 0, "width": width, "height": height}
    box = await go.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= height
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    body = screen.locator(".body")
    assert await body.evaluate("(each) => each.scrollWidth <= each.clientWidth")
    await go.tap()
    await expect(screen.get_by_role("heading", name="Published")).to_be_visible()
    assert (await visit(studio, "thumb")).status_code == 200
    await screen.get_by_role("button", name="Done").tap()
    await expect(page.locator("#publish")).to_have_text("Published")
