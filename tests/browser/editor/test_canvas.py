"""The page on the canvas: its width, the frames and tools of a section, keys, and failures."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site, write
from tests.browser.proxy import Proxy
from tests.browser.waits import until

pytestmark = pytest.mark.real

# The renderer cleans each text. It cannot be imported: it is in one file with the editor.
BREAK = """() => {
  const { replace } = String.prototype;
  String.prototype.replace = function (...given) {
    if (this.valueOf() === 'Break') throw new Error('no questions');
    return replace.apply(this, given);
  };
}"""


def three() -> dict[str, Any]:
    return site(
        *(section(id, "hero", headline=f"About {id}", body="Words") for id in ("a", "b", "c"))
    )


def on_page(page: Page, id: str) -> Locator:
    return page.locator(f'#stage [data-section="{id}"]')


async def boxes(page: Page, *selectors: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = await page.evaluate(
        "(all) => all.map((each) => document.querySelector(each).getBoundingClientRect().toJSON())",
        list(selectors),
    )
    return found


async def framed(page: Page, id: str) -> None:
    """Wait until the frame of the selection is around a section."""
    frame = "document.querySelector('.frame.selected').getBoundingClientRect()"
    node = f"document.querySelector('#stage [data-section={id}]').getBoundingClientRect()"
    await until(
        page,
        f"(([one, other]) => ['x', 'y', 'width', 'height'].every((key) => Math.abs(one[key] -"
        f" other[key]) < 1))([{frame}, {node}])",
    )


async def test_the_page_has_exactly_the_width_of_a_device(
    studio: Studio, page: Page, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("widths", three())
    page = await studio.open(page.context, "widths")
    for name, width in (("Desktop", 1280), ("Tablet", 768), ("Phone", 390)):
        await page.get_by_role("button", name=f"{name} width").click()
        await until(page, f"document.querySelector('.weft-page').offsetWidth === {width}")
        # It fits into the stage, in the middle.
        sheet, stage = await boxes(page, ".sheet", "#stage")
        assert sheet["left"] > stage["left"]
        assert abs(sheet["left"] - stage["left"] - (stage["right"] - sheet["right"])) <= 16
        # A click sets the caret where it is, also on a page that is scaled down.
        box = await on_page(page, "b").locator("h1, h2").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + 1, box["y"] + box["height"] / 2)
        await until(page, "document.activeElement.isContentEditable")
        assert await page.evaluate("getSelection().focusOffset") == 0
        await framed(page, "b")
        await page.keyboard.press("Escape")
    phone = await studio.open(await contexts.phone(), "widths", "bo")
    await until(phone, "document.querySelector('.weft-page').offsetWidth === 390")
    await on_page(phone, "a").locator("h1").tap()
    await until(phone, "document.activeElement.isContentEditable")
    await framed(phone, "a")
    assert complaints == []


async def test_a_section_has_a_frame_with_tools_and_keys(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("tools", three())
    page = await studio.open(page.context, "tools")
    order = "weft.workspace.sections.map(({ id }) => id).join('')"
    opened = "weft.workspace.on('gallery', (index) => (window.gallery = index))"
    await page.evaluate(f"() => void {opened}")
    # Under the pointer, a section has a frame with buttons for new sections.
    await on_page(page, "b").hover(position={"x": 8, "y": 8})
    hover = page.locator(".frame.hover")
    await expect(hover).to_be_visible()
    await hover.get_by_role("button", name="Add a section after this one").click()
    assert await page.evaluate("window.gallery") == 2
    await page.get_by_role("heading", name="Add a section").wait_for()
    await page.keyboard.press("Escape")
    await on_page(page, "b").click(position={"x": 8, "y": 8})
    await framed(page, "b")
    tools = page.get_by_role("toolbar", name="Section")
    await expect(tools.locator("[data-handle]")).to_have_attribute("data-handle", "b")
    await expect(tools.locator('[data-place="lock"]')).to_have_attribute("data-section", "b")
    await tools.get_by_role("button", name="Move up").click()
    assert await page.evaluate(order) == "bac"
    await framed(page, "b")
    await expect(tools.get_by_role("button", name="Move up")).to_be_disabled()
    # The frame follows what changes its place and its size.
    await page.evaluate(
        "weft.page.set('/pages/home/sections/0/content/subheadline', 'Long '.repeat(200))"
    )
    await until(page, "document.querySelector('.lede')")
    await framed(page, "b")
    await page.locator("#stage").focus()
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("weft.workspace.selection.id") == "a"
    await page.keyboard.press("Alt+ArrowDown")
    assert await page.evaluate(order) == "bca"
    await page.keyboard.press("Control+d")
    assert len(await page.evaluate("weft.workspace.sections")) == 4
    await page.keyboard.press("Delete")
    assert await page.evaluate(order) == "bca"
    await page.evaluate("weft.workspace.select('c')")
    await page.keyboard.press("Enter")
    await until(page, "weft.workspace.editing?.startsWith('/pages/home/sections/1/')")
    # While a text is edited, keys belong to it.
    for key in ("Delete", "Backspace", "ArrowUp", "Alt+ArrowUp"):
        await page.keyboard.press(key)
    assert await page.evaluate(order) == "bca"
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    assert await page.evaluate("weft.workspace.selection") is None
    await expect(page.locator(".frame.selected")).to_be_hidden()
    assert complaints == []


async def test_a_section_that_fails_does_not_blank_the_page(
    studio: Studio, page: Page, contexts: Contexts, complaints: Complaints
) -> None:
    faq = section("faq", "faq", items=[{"id": "a", "question": "Asked", "answer": "Yes"}])
    await studio.create("broken", site(section("hero", "hero", headline="Bread"), faq))
    context = page.context
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await studio.open(context, "broken")
    await page.evaluate(BREAK)
    question = "/pages/home/sections/1/content/items/0/question"
    await studio.patch("broken", {"op": "replace", "path": question, "value": "Break"})
    card = on_page(page, "faq").locator("[data-failed]")
    await expect(card).to_contain_text("This section cannot be shown")
    # The newest change is not one of this user.
    await card.get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast").last).to_contain_text("Ann made the newest change")
    await card.get_by_role("button", name="Report").click()
    await expect(page.locator(".toast").last).to_contain_text("copied")
    assert "no questions" in await page.evaluate("navigator.clipboard.readText()")
    # The rest works.
    await on_page(page, "hero").locator("h1").click()
    await page.keyboard.press("End")
    await page.keyboard.type("!")
    await page.keyboard.press("Escape")
    await expect(on_page(page, "hero").locator("h1")).to_have_text("Bread!")
    await page.evaluate(f"weft.page.set('{question}', 'Asked')")
    await expect(card).to_have_count(0)
    await saved(page)
    await page.evaluate(f"weft.page.set('{question}', 'Break')")
    await saved(page)
    await card.get_by_role("button", name="Undo").click()
    await expect(on_page(page, "faq").locator("summary")).to_have_text("Asked")
    assert all("no questions" in each for each in complaints)


async def test_a_broken_section_is_taken_back_without_a_network(
    studio: Studio, contexts: Contexts
) -> None:
    faq = section("faq", "faq", items=[{"id": "a", "question": "Asked", "answer": "Yes"}])
    await studio.create("away", site(section("hero", "hero", headline="Bread"), faq))
    question = "/pages/home/sections/1/content/items/0/question"
    async with Proxy.to(studio.server.port) as proxy:
        page = await studio.open(await contexts.new(), "away", url=proxy.http)
        await page.evaluate(BREAK)
        proxy.cut()
        await expect(page.locator("#state .word")).to_contain_text("offline")
        await write(page, "/pages/home/sections/0/content/headline", "Rye bread")
        await write(page, question, "Break")
        card = on_page(page, "faq").locator("[data-failed]")
        await card.get_by_role("button", name="Undo").click()
        await expect(on_page(page, "faq").locator("summary")).to_have_text("Asked")
        await expect(card).to_have_count(0)
        proxy.mend()
        await page.evaluate("weft.page.syncNow()")
        await saved(page)
    found = await studio.sections("away")
    assert found[0]["content"]["headline"] == "Rye bread"
    assert found[1]["content"]["items"][0]["question"] == "Asked"


async def test_a_page_without_sections_offers_the_first_one(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("none", site())
    page = await studio.open(page.context, "none")
    await page.get_by_role("button", name="Add the first section").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    new = section("a", "hero", headline="Hello")
    await studio.patch("none", {"op": "add", "path": "/pages/home/sections/-", "value": new})
    await expect(page.get_by_role("button", name="Add the first section")).to_be_hidden()
    await expect(on_page(page, "a").locator("h1")).to_have_text("Hello")
    assert complaints == []


async def test_another_page_is_shown_from_its_beginning(studio: Studio, page: Page) -> None:
    value = site(*(section(id, "hero", headline=f"About {id}") for id in "abcdefghijklmn"))
    value["pages"]["more"] = {**value["pages"]["home"], "title": "More", "slug": "more"}
    await studio.create("two", value)
    page = await studio.open(page.context, "two")
    await page.locator("#stage").get_by_text("About n").scroll_into_view_if_needed()
    await until(page, "document.querySelector('#stage').scrollTop > 100")
    await page.evaluate("weft.workspace.show('more')")
    await until(page, "document.querySelector('#stage').scrollTop === 0")
    # A place that was asked for is shown, also on another page.
    await page.evaluate("weft.workspace.goTo('/pages/home/sections/13')")
    await expect(page.locator("#stage").get_by_text("About n")).to_be_in_viewport()
