"""Leaving the editor: a question only when something would be lost."""

from __future__ import annotations

from playwright.async_api import Dialog, Page, expect

from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.proxy import Proxy

PAGE = site(section("top", "hero", headline="Fresh bread"))


async def leave(page: Page) -> list[str]:
    """Reload the page as a user. Return the kinds of the questions that the browser asks."""
    asked: list[str] = []

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", answer)
    await page.locator("#stage").click()  # without a gesture, a browser asks nothing
    await page.reload()
    page.remove_listener("dialog", answer)
    return asked


async def test_only_a_change_that_is_neither_stored_nor_sent_holds_the_user(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("stored", PAGE)
    await studio.create("memory", PAGE)
    write = "void weft.page.set('/pages/home/sections/0/content/headline', 'Rye')"
    memory = await contexts.new()
    await memory.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    async with Proxy.to(studio.server.port) as proxy:
        for doc, context, expected in (
            ("stored", await contexts.new(), []),
            ("memory", memory, ["beforeunload"]),
        ):
            page = await studio.open(context, doc, url=proxy.http)
            assert await leave(page) == []
            await page.wait_for_selector('body[data-state="ready"]')
            # The server answers nothing, but the page itself can be loaded again.
            await page.evaluate("window.WebSocket = null; weft.page.on('status', () => {})")
            proxy.cut()
            await expect(page.locator("#state .word")).to_have_text("offline")
            await page.evaluate(write)
            if doc == "memory":
                await expect(page.get_by_text("This browser stores nothing")).to_be_visible()
            proxy.mend()
            assert await leave(page) == expected
            if doc == "stored":
                await page.wait_for_selector('body[data-state="ready"]')
                await saved(page)
    assert (await studio.sections("stored"))[0]["content"]["headline"] == "Rye"


async def test_the_last_letters_before_the_back_button_are_kept(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("back", PAGE)
    context = await contexts.new()
    typed = "Fresh bread"
    for letters in ("abc", "def", "ghi"):
        page = await studio.open(context, "back")
        await page.locator("#stage h1").click()
        await page.keyboard.press("End")
        await page.evaluate(
            """async (letters) => {
              for (const letter of letters) {
                document.execCommand('insertText', false, letter)
                await new Promise((resolve) => setTimeout(resolve))
              }
              history.back()
            }""",
            letters,
        )
        await page.wait_for_url("about:blank")
        await page.close()
        typed += letters
        page = await studio.open(context, "back")
        await expect(page.locator("#stage h1")).to_have_text(typed)
        await saved(page)
        await page.close()
    assert (await studio.sections("back"))[0]["content"]["headline"] == typed
