"""Undo and redo in the editor: they say what they took back, and show it."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site, write
from tests.browser.proxy import Proxy
from tests.browser.waits import until

PAGE = site(
    section("top", "hero", headline="Fresh bread", subheadline="Every day"),
    section("prices", "pricing", headline="Prices", plans=[{"id": "one", "name": "Small"}]),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)
HEADLINE = "/pages/home/sections/0/content/headline"


async def test_undo_says_what_it_took_back_and_goes_there(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("undo", PAGE)
    ada = await studio.open(await contexts.new(), "undo")
    undo, redo = (ada.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    await expect(undo).to_be_disabled()
    await write(ada, HEADLINE, "Warm bread")
    await saved(ada)
    await ada.evaluate("weft.workspace.select('ask')")
    await undo.click()
    await expect(ada.get_by_text("Undid: headline of Hero")).to_be_visible()
    assert await ada.evaluate("weft.workspace.selection") == {"id": "top", "pointer": HEADLINE}
    await redo.click()
    await expect(ada.get_by_text("Done again: headline of Hero")).to_be_visible()
    assert (await studio.sections("undo"))[0]["content"]["headline"] == "Warm bread"

    # After a reload, the server still knows the step.
    await ada.reload()
    await ada.wait_for_selector('body[data-state="ready"]')
    await ada.locator("#stage").focus()
    await ada.keyboard.press("Control+z")
    await expect(ada.get_by_text("Undid: headline of Hero")).to_be_visible()
    await expect(undo).to_be_disabled()
    await ada.keyboard.press("Control+z")
    await expect(ada.get_by_text("There is nothing to undo.")).to_be_visible()

    # Another person's later change stays, and undo says why.
    await ada.evaluate(
        "pointer => weft.page.group(() => { weft.page.set(pointer, 'Cold bread');"
        " weft.page.set('/pages/home/title', 'Bread') })",
        HEADLINE,
    )
    await saved(ada)
    bo = await studio.open(await contexts.new(), "undo", "bo")
    await write(bo, HEADLINE, "Hot bread")
    await expect(ada.locator("#stage h1")).to_have_text("Hot bread")
    await ada.keyboard.press("Control+z")
    await expect(
        ada.get_by_text("Bo changed headline of Hero after you, so it stays.")
    ).to_be_visible()
    await expect(ada.get_by_text("Undid: title of page Home")).to_be_visible()
    assert (await studio.sections("undo"))[0]["content"]["headline"] == "Hot bread"
    await write(ada, HEADLINE, "Cold bread")
    await saved(ada)
    await write(bo, HEADLINE, "Hot bread")
    await expect(ada.locator("#stage h1")).to_have_text("Hot bread")
    await ada.keyboard.press("Control+z")
    await expect(
        ada.get_by_text("nothing to undo: other people changed the same places after you")
    ).to_be_visible()


async def test_undo_in_a_text_is_told_too_and_stays_in_the_text(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("typed", PAGE)
    ada = await studio.open(await contexts.new(), "typed")
    await ada.locator("#stage h1").click()
    await ada.keyboard.press("End")
    await ada.keyboard.type("!")
    await saved(ada)
    await ada.keyboard.press("Control+z")
    await expect(ada.get_by_text("Undid: headline of Hero")).to_be_visible()
    await ada.keyboard.type("?")
    await saved(ada)
    assert (await studio.sections("typed"))[0]["content"]["headline"] == "Fresh bread?"


async def test_a_message_takes_back_its_own_step_or_goes(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("older", PAGE)
    ada = await studio.open(await contexts.new(), "older")
    for id in ("prices", "ask"):
        await ada.evaluate("(id) => weft.commands.remove(id)", id)
        await saved(ada)
    toasts = ada.locator(".toast", has_text="deleted")
    await expect(toasts).to_have_count(2)
    # Ctrl+Z takes back the newer one, whose message goes. The older message still works.
    await ada.locator("#stage").focus()
    await ada.keyboard.press("Control+z")
    await expect(toasts).to_have_text(["Pricing deletedUndo"])
    await ada.evaluate("weft.commands.step('top', 1)")
    await saved(ada)
    await toasts.get_by_text("Undo").click()
    await until(ada, "weft.workspace.sections.length === 3")
    # What another tab of the user took back is said.
    await ada.evaluate("weft.commands.remove('ask')")
    await saved(ada)
    await toasts.last.hover()  # it stays while the pointer is on it
    other = await studio.open(await contexts.new(), "older")
    await other.get_by_role("button", name="Undo", exact=True).click()
    await until(ada, "weft.workspace.sections.length === 3")
    await ada.locator(".toast", has_text="Questions deleted").get_by_text("Undo").click()
    await expect(ada.get_by_text("This was taken back already.")).to_be_visible()
    assert len(await studio.sections("older")) == 3


async def test_undo_without_a_connection_takes_back_exactly_one_change(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("away", PAGE)
    async with Proxy.to(studio.server.port) as proxy:
        ada = await studio.open(await contexts.new(), "away", url=proxy.http)
        proxy.cut()
        await expect(ada.locator("#state .word")).to_have_text("offline")
        await ada.evaluate("weft.commands.remove('prices')")
        await expect(ada.locator("#state .word")).to_have_text("offline: 1 change queued")
        await ada.locator("#stage h1").click()
        await ada.keyboard.press("End")
        await ada.keyboard.type("!")
        await ada.keyboard.press("Escape")
        await expect(ada.locator("#state .word")).to_have_text("offline: 2 changes queued")
        await ada.get_by_text("Pricing deleted").locator("..").get_by_text("Undo").click()
        await expect(ada.get_by_text("Undid: Pricing")).to_be_visible()
        await expect(ada.locator("#state .word")).to_have_text("offline: 1 change queued")
        await ada.locator("#stage").focus()
        await ada.keyboard.press("Control+z")
        await expect(ada.get_by_text("Undid: headline of Hero")).to_be_visible()
        await expect(ada.locator("#stage h1")).to_have_text("Fresh bread")
        await ada.keyboard.press("Control+z")
        await expect(
            ada.get_by_text("Without a connection, you can undo only what is not sent yet.")
        ).to_be_visible()
        await ada.keyboard.press("Control+Shift+z")
        await expect(ada.locator("#stage h1")).to_have_text("Fresh bread!")
        version = (await studio.request("GET", "/v1/docs/away/versions?limit=1"))["items"][0]
        proxy.mend()
        await ada.evaluate("weft.page.syncNow()")
        await saved(ada)
    now = (await studio.request("GET", "/v1/docs/away/versions?limit=1&each=1"))["items"][0]
    assert now["version"] == version["version"] + 1  # the deletion was never sent
    found = await studio.sections("away")
    assert [each["id"] for each in found] == ["top", "prices", "ask"]
    assert found[0]["content"]["headline"] == "Fresh bread!"
