"""Pictures come onto the page by drop, paste and file. A refused picture changes nothing."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium_contexts import Complaints
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until
from tests.server.assets.samples import png

pytestmark = pytest.mark.real

# A file in the page's own data transfer, as a drop or a paste brings it.
GIVE = """([selector, type, kind, data]) => {
  const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], 'a file', { type: kind }));
  const given = { bubbles: true, cancelable: true };
  const event =
    type === 'paste'
      ? new ClipboardEvent(type, { ...given, clipboardData: files })
      : new DragEvent(type, { ...given, dataTransfer: files });
  document.querySelector(selector).dispatchEvent(event);
}"""


async def give(page: Page, selector: str, type: str, file: bytes, kind: str = "image/png") -> None:
    data = base64.b64encode(file).decode()
    await page.evaluate(GIVE, [selector, type, kind, data])


def shown() -> dict[str, Any]:
    old = {"src": "https://example.com/old.png", "alt": "An old loaf", "width": 10, "height": 10}
    hero = section("hero", "hero", headline="Bread", image=old)
    gallery = section("gallery", "gallery", headline="Pictures", items=[])
    return site(hero, gallery, section("faq", "faq", headline="Questions"))


async def test_a_picture_is_dropped_pasted_and_chosen(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("pictures", shown())
    await page.context.route("https://example.com/*", lambda route: route.fulfill(body=png(10, 10)))
    page = await studio.open(page.context, "pictures")
    # Over a picture, a frame shows where the file will be.
    await give(page, "#stage .shot img", "dragover", png(40, 30))
    await expect(page.locator(".frame.drop")).to_be_visible()
    await give(page, "#stage .shot img", "drop", png(40, 30))
    question = page.get_by_role("dialog", name="Description of the picture")
    # The old words do not describe the new picture.
    await expect(question.get_by_role("textbox")).to_have_value("")
    await page.keyboard.type("A fresh loaf")
    await page.keyboard.press("Enter")
    await expect(question).to_be_hidden()
    await saved(page)
    hero = (await studio.sections("pictures"))[0]["content"]["image"]
    assert hero["src"].startswith("/v1/assets/")
    assert {**hero, "src": ""} == {"src": "", "alt": "A fresh loaf", "width": 40, "height": 30}
    # The picture and its words are one step.
    await page.evaluate("weft.page.undo()")
    await saved(page)
    assert await studio.sections("pictures") == shown()["pages"]["home"]["sections"]
    # A picture on a gallery is a new item.
    await give(page, '#stage [data-section="gallery"]', "drop", png(20, 10))
    await question.get_by_role("button", name="Skip").click()
    await page.evaluate("weft.workspace.select('gallery')")
    await give(page, "#stage", "paste", png(30, 10))
    await question.get_by_role("button", name="Skip").click()
    await saved(page)
    items = (await studio.sections("pictures"))[1]["content"]["items"]
    assert [each["image"]["width"] for each in items] == [20, 30]
    assert len({each["id"] for each in items}) == 2
    # A file is chosen for the picture that is selected.
    await page.locator("#stage .gallery img").first.click()
    async with page.expect_file_chooser() as chooser:
        await page.locator("#stage").get_by_role("button", name="Replace").click()
    file: Any = {"name": "b.png", "mimeType": "image/png", "buffer": png(50, 40)}
    await (await chooser.value).set_files(file)
    await expect(question).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(question).to_be_hidden()
    await saved(page)
    item = (await studio.sections("pictures"))[1]["content"]["items"][0]
    assert item["id"] == items[0]["id"]
    assert item["image"]["width"] == 50
    assert complaints == []


async def test_a_picture_that_is_refused_changes_nothing(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("refused", shown())
    await page.context.route("https://example.com/*", lambda route: route.fulfill(body=png(10, 10)))
    page = await studio.open(page.context, "refused")
    toast = page.locator(".toast").last
    await give(page, "#stage .shot img", "drop", b"no picture", "text/plain")
    await expect(toast).to_contain_text("This file is not a picture")
    await give(page, '#stage [data-section="faq"]', "drop", png(10, 10))
    await expect(toast).to_contain_text("This section has no place for a picture")
    await page.context.set_offline(True)
    await give(page, "#stage .shot img", "drop", png(11, 10))
    await expect(toast).to_contain_text("connection")
    await expect(page.locator(".frame.upload")).to_have_count(0)
    await page.context.set_offline(False)
    await until(page, "weft.page.link === 'online'")
    assert await page.evaluate("weft.page.canUndo") is False
    assert await studio.sections("refused") == shown()["pages"]["home"]["sections"]


async def test_a_question_about_a_picture_does_not_take_the_letters_of_a_text(
    studio: Studio, page: Page
) -> None:
    await studio.create("writing", shown())
    await page.context.route("https://example.com/*", lambda route: route.fulfill(body=png(10, 10)))
    page = await studio.open(page.context, "writing")
    await page.locator("#stage h1").click()
    await until(page, "document.activeElement.isContentEditable")
    await page.keyboard.press("End")
    for width in (20, 30):
        await give(page, '#stage [data-section="gallery"]', "drop", png(width, 10))
    await expect(page.get_by_role("button", name="Describe it")).to_have_count(2)
    await page.keyboard.type(" and rolls")
    await expect(page.locator("#stage h1")).to_have_text("Bread and rolls")
    # The first picture moves before it is described.
    at = "/pages/home/sections/1/content/items"
    await page.evaluate(f"void weft.page.move('{at}/0', '{at}/1')")
    first = page.locator(".toast").first
    await first.get_by_role("button", name="Describe it").click()
    await page.keyboard.type("The first")
    await page.keyboard.press("Enter")
    await saved(page)
    items = (await studio.sections("writing"))[1]["content"]["items"]
    assert [each["image"]["alt"] for each in items] == ["", "The first"]
