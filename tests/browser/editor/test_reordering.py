"""Sections change places by mouse, by touch and by keys, also while others edit them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until

pytestmark = pytest.mark.real

NAMES = ("hero", "features", "pricing", "faq", "footer")
HEADLINE = "/pages/home/sections/{}/content/headline"


def five() -> dict[str, Any]:
    shown = [section(name, name, headline=f"About {name}") for name in NAMES[:4]]
    return site(*shown, section("footer", "footer", text="The end"))


def row(page: Page, id: str) -> Locator:
    return page.locator(f'#outline [data-section="{id}"]')


async def order(studio: Studio, doc: str) -> str:
    return " ".join(each["id"] for each in await studio.sections(doc))


async def expect_rows(page: Page, ids: str) -> None:
    shown = "[...document.querySelectorAll('#outline [data-section]')]"
    await until(page, f"{shown}.map((row) => row.dataset.section).join(' ') === '{ids}'")


async def drag_to(page: Page, id: str, target: str, *, share: float) -> None:
    """Press a row's words and move to a part of another row, without letting go."""
    start, end = await row(page, id).bounding_box(), await row(page, target).bounding_box()
    assert start is not None
    assert end is not None
    await page.mouse.move(start["x"] + 90, start["y"] + 20)
    await page.mouse.down()
    await page.mouse.move(start["x"] + 92, start["y"] + 26)
    await page.mouse.move(end["x"] + 92, end["y"] + end["height"] * share, steps=4)
    await page.wait_for_selector("body.dragging")


async def drawn(page: Page) -> None:
    """Wait until the next frame is shown."""
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


async def said(page: Page, words: str) -> None:
    await expect(page.locator("#announcer")).to_contain_text(words)


async def test_a_section_is_dragged_by_mouse_as_one_step(
    studio: Studio, page: Page, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("mouse", five())
    context = page.context
    page = await studio.open(context, "mouse")
    other = await studio.open(await contexts.new(), "mouse", "bo")
    await drag_to(page, "pricing", "hero", share=0.2)
    await expect(page.locator(".drag-ghost")).to_have_text("Pricing")
    await drawn(page)
    await page.mouse.up()
    await expect_rows(page, "pricing hero features faq footer")
    await said(page, "Pricing moved to place 1 of 5")
    await expect_rows(other, "pricing hero features faq footer")
    await said(other, "Ada moved Pricing to place 1")
    await saved(page)
    assert await order(studio, "mouse") == "pricing hero features faq footer"
    # The release of the mouse was no click.
    assert await page.evaluate("weft.workspace.selection") is None

    # A drag to its own place is no step of undo, and a cancelled drag is none.
    await drag_to(page, "hero", "features", share=0.2)
    await drawn(page)
    await page.mouse.up()
    await drag_to(page, "hero", "footer", share=0.9)
    await drawn(page)
    await page.keyboard.press("Escape")
    await page.mouse.up()
    await expect(page.locator(".drop-line")).to_have_count(0)
    await page.evaluate("weft.page.undo()")
    await expect_rows(page, "hero features pricing faq footer")
    assert await page.evaluate("weft.page.canUndo") is False
    assert complaints == []


async def test_others_edit_and_delete_during_a_drag(studio: Studio, page: Page) -> None:
    await studio.create("during", five())
    page = await studio.open(page.context, "during")
    await drag_to(page, "features", "footer", share=0.2)
    # Another person moves the target, edits the dragged section, and inserts before it.
    added = section("cta", "callToAction", headline="New")
    await studio.patch(
        "during",
        {"op": "replace", "path": HEADLINE.format(1), "value": "Edited by Ann"},
        {"op": "add", "path": "/pages/home/sections/0", "value": added},
    )
    await expect_rows(page, "cta hero features pricing faq footer")
    box = await row(page, "footer").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 60, box["y"] + 8)
    await drawn(page)
    await drawn(page)
    await page.mouse.up()
    await expect_rows(page, "cta hero pricing faq features footer")
    await saved(page)
    sections = await studio.sections("during")
    assert sections[4]["content"]["headline"] == "Edited by Ann"

    await drag_to(page, "pricing", "cta", share=0.2)
    await studio.patch("during", {"op": "remove", "path": "/pages/home/sections/2"})
    await expect_rows(page, "cta hero faq features footer")
    await said(page, "Pricing was deleted meanwhile")
    await page.mouse.up()
    await expect(page.locator(".drag-ghost")).to_have_count(0)
    assert await order(studio, "during") == "cta hero faq features footer"


async def test_a_section_is_moved_by_keys_and_each_step_is_said(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("keys", five())
    page = await studio.open(page.context, "keys")
    handle = page.get_by_role("button", name="Move Hero")
    await handle.focus()
    await page.keyboard.press("Space")
    await said(page, "Hero lifted, place 1 of 5")
    await page.keyboard.press("ArrowDown")
    await said(page, "place 2 of 5")
    await page.keyboard.press("ArrowDown")
    await said(page, "place 3 of 5")
    # Another person deletes the section that was to follow.
    await studio.patch("keys", {"op": "remove", "path": "/pages/home/sections/3"})
    await expect_rows(page, "hero features pricing footer")
    await page.keyboard.press("Space")
    await said(page, "Hero dropped, place 3 of 4")
    await expect_rows(page, "features pricing hero footer")
    await expect(handle).to_be_focused()

    await page.keyboard.press("Enter")
    await page.keyboard.press("Home")
    await said(page, "place 1 of 4")
    await page.keyboard.press("Escape")
    await said(page, "Hero put back")
    await expect_rows(page, "features pricing hero footer")
    await saved(page)
    assert await order(studio, "keys") == "features pricing hero footer"
    await page.evaluate("weft.page.undo()")
    await expect_rows(page, "hero features pricing footer")
    assert await page.evaluate("weft.page.canUndo") is False
    assert complaints == []


async def test_places_count_sections_without_an_id(studio: Studio, page: Page) -> None:
    value = five()
    value["pages"]["home"]["sections"].insert(1, {"type": "hero", "content": {"headline": "?"}})
    await studio.create("nameless", value, schema=False)
    page = await studio.open(page.context, "nameless")
    await page.evaluate("weft.commands.move('hero', 1)")
    await expect_rows(page, "features hero pricing faq footer")
    await page.evaluate("weft.commands.step('footer', -1)")
    await expect_rows(page, "features hero pricing footer faq")
    await page.evaluate("weft.commands.step('features', -1)")
    await page.evaluate("weft.commands.step('faq', 1)")
    await saved(page)
    ids = [each.get("id") for each in await studio.sections("nameless")]
    assert ids == [None, "features", "hero", "pricing", "footer", "faq"]


async def test_a_section_is_dragged_by_touch_after_a_long_press(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("touch", five())
    context = await contexts.new(has_touch=True)
    page = await studio.open(context, "touch")
    devtools = await context.new_cdp_session(page)

    async def touch(kind: str, *points: tuple[float, float]) -> None:
        shown = [{"x": x, "y": y} for x, y in points]
        await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": shown})

    start, end = await row(page, "faq").bounding_box(), await row(page, "hero").bounding_box()
    assert start is not None
    assert end is not None
    at = start["x"] + 90, start["y"] + 20
    # A short touch that moves scrolls, and drags nothing.
    await touch("touchStart", at)
    await touch("touchMove", (at[0], at[1] - 30))
    await touch("touchEnd")
    assert await page.locator("body.dragging").count() == 0

    await touch("touchStart", at)
    await page.wait_for_selector("body.dragging")
    for share in (0.9, 0.5, 0.1):
        await touch("touchMove", (at[0], end["y"] + end["height"] * share))
    await drawn(page)
    await drawn(page)
    await touch("touchEnd")
    await expect_rows(page, "faq hero features pricing footer")
    await saved(page)
    assert await order(studio, "touch") == "faq hero features pricing footer"


async def test_the_handle_on_the_canvas_moves_a_section_by_mouse_and_by_keys(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("canvas", five())
    page = await studio.open(page.context, "canvas")
    await row(page, "hero").locator(".pick").click()
    handle = page.locator('#stage [data-handle="hero"]')
    await handle.focus()
    for key in ("Space", "ArrowDown", "Space"):
        await page.keyboard.press(key)
    await said(page, "Hero dropped, place 2 of 5")
    await expect_rows(page, "features hero pricing faq footer")
    await drawn(page)
    await drawn(page)
    start = await handle.bounding_box()
    stage = await page.locator("#stage").bounding_box()
    assert start is not None
    assert stage is not None
    await page.mouse.move(start["x"] + 5, start["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(start["x"] + 5, start["y"] + 30, steps=3)
    await page.wait_for_selector("body.dragging")
    # At the edge the page scrolls by itself, up to its end.
    await page.mouse.move(stage["x"] + 200, stage["y"] + stage["height"] - 4)
    await until(
        page, "stage.scrollTop > 0 && stage.scrollTop + stage.clientHeight + 2 > stage.scrollHeight"
    )
    await drawn(page)
    await page.mouse.up()
    await until(page, "!document.body.classList.contains('dragging')")
    await expect_rows(page, "features pricing faq footer hero")
    assert complaints == []
