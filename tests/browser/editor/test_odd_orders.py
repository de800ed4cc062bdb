"""What happens at the wrong moment: deletions, huge pastes, the Back button, a new server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until
from tests.running import RunningServer

pytestmark = pytest.mark.real

PAGE = site(
    section("top", "hero", headline="Fresh bread", body="Words"),
    section("prices", "pricing", headline="Prices", plans=[{"id": "p", "name": "Small"}]),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)
HEADLINE = "/pages/home/sections/0/content/headline"


async def begin(page: Page, selector: str) -> None:
    await page.locator(f"#stage {selector}").click()
    await until(page, "document.activeElement.isContentEditable")
    await page.keyboard.press("End")


async def paste(page: Page, **kinds: str) -> None:
    """Paste from the clipboard of the browser, as a user does."""
    await page.evaluate(
        """(kinds) => navigator.clipboard.write([new ClipboardItem(Object.fromEntries(
          Object.entries(kinds).map(([kind, data]) => [`text/${kind}`,
            new Blob([data], { type: `text/${kind}` })])))])""",
        kinds,
    )
    await page.keyboard.press("Control+v")


async def test_a_word_of_an_input_method_in_a_deleted_section_is_kept(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("ime", PAGE)
    ada = await studio.open(await contexts.new(), "ime")
    await begin(ada, "[data-section=ask] h2")
    session = await ada.context.new_cdp_session(ada)
    composed = {"text": "にほ", "selectionStart": 2, "selectionEnd": 2}
    await session.send("Input.imeSetComposition", composed)
    await studio.patch("ime", {"op": "remove", "path": "/pages/home/sections/2"})
    await expect(ada.locator("#outline [data-section]")).to_have_count(2)
    await until(ada, "weft.workspace.editing === null")
    await expect(ada.get_by_role("region", name="Needs your decision")).to_contain_text("にほ")


async def test_a_word_of_an_input_method_stays_open_while_its_section_becomes_the_first(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("first", PAGE)
    ada = await studio.open(await contexts.new(), "first")
    await begin(ada, "[data-section=ask] h2")
    session = await ada.context.new_cdp_session(ada)
    composed = {"text": "にほ", "selectionStart": 2, "selectionEnd": 2}
    await session.send("Input.imeSetComposition", composed)
    at = "/pages/home/sections"
    await studio.patch(
        "first",
        {"op": "move", "from": f"{at}/2", "path": f"{at}/0"},
        {"op": "replace", "path": f"{at}/0/content/headline", "value": "All questions"},
    )
    await until(ada, "weft.workspace.sections[0].id === 'ask'")
    await until(ada, "document.querySelector('#stage section').dataset.section === 'ask'")
    await session.send("Input.insertText", {"text": "日本"})
    await saved(ada)
    assert (await studio.sections("first"))[0]["content"]["headline"] == "All questions日本"
    await until(ada, "document.activeElement.textContent === 'All questions日本'")
    # The headline of the first section is the title of the page again when it is left.
    await ada.keyboard.press("Escape")
    await expect(ada.locator("#stage h1")).to_have_text("All questions日本")


async def test_pasted_formats_become_plain_words(studio: Studio, contexts: Contexts) -> None:
    await studio.create("paste", PAGE)
    context = await contexts.new(permissions=["clipboard-read", "clipboard-write"])
    page = await studio.open(context, "paste")
    word = (
        "<html><body><!--StartFragment--><p class=MsoNormal style='mso-x:1'><b>Bold</b> "
        "<span style='color:red'>red</span><o:p></o:p></p><p>Second</p><!--EndFragment--></body>"
    )
    await begin(page, "h1")
    await page.keyboard.press("Control+a")
    await paste(page, html=word, plain="Bold red\r\nSecond")
    await expect(page.locator("#stage h1")).to_have_text("Bold red Second")
    await begin(page, "[data-section=top] .eyebrow")
    await page.keyboard.press("Control+a")
    await paste(page, html=word, plain="One 👩‍👩‍👧 line\r\n\r\nשלום עולם")
    await page.keyboard.press("Escape")
    await saved(page)
    content = (await studio.sections("paste"))[0]["content"]
    assert content["headline"] == "Bold red Second"
    assert content["body"] == "One 👩‍👩‍👧 line\n\nשלום עולם"
    # Backspace takes a whole sign, and another person sees the same.
    await page.locator("#stage p", has_text="line").first.click()
    await until(page, "document.activeElement.isContentEditable")
    await page.keyboard.press("Control+Home")
    for _ in range(5):
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Backspace")
    await saved(page)
    body = (await studio.sections("paste"))[0]["content"]["body"]
    assert body.encode().decode() == body
    assert body.endswith("line\n\nשלום עולם")


@pytest.mark.long
async def test_a_megabyte_in_a_headline_is_refused_and_not_lost(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("huge", PAGE)
    context = await contexts.new(permissions=["clipboard-read", "clipboard-write"])
    page = await studio.open(context, "huge")
    await begin(page, "h1")
    await paste(page, plain="many words " * 95_000)
    card = page.get_by_role("region", name="Needs your decision")
    await expect(card).to_be_visible()
    await expect(page.locator("#stage h1")).to_have_text("Fresh bread")
    box = await card.bounding_box()
    assert box is not None
    assert box["height"] <= 800
    assert await page.evaluate("weft.page.attention[0].yours.length") > 1_000_000
    # The page goes on, and so do others.
    await page.keyboard.type("!")
    await page.keyboard.press("Escape")
    await saved(page)
    assert (await studio.sections("huge"))[0]["content"]["headline"] == "Fresh bread!"


async def test_letters_before_the_back_button_are_kept(studio: Studio, contexts: Contexts) -> None:
    await studio.create("back", {"site": {"name": "Back"}, **PAGE})
    context = await contexts.new()
    page = await context.new_page()
    await page.goto(f"{studio.server.http}/#token={await studio.server.mint()}")
    await page.get_by_role("link", name="Back", exact=True).click()
    await page.wait_for_selector('body.editor[data-state="ready"]')
    await begin(page, "h1")
    await page.keyboard.type(" and the last letters", delay=30)
    await page.go_back()
    await page.wait_for_selector('body.documents[data-state="ready"]')
    await page.go_forward()
    await page.wait_for_selector('body.editor[data-state="ready"]')
    await expect(page.locator("#stage h1")).to_have_text("Fresh bread and the last letters")
    await saved(page)
    assert (await studio.sections("back"))[0]["content"]["headline"] == (
        "Fresh bread and the last letters"
    )


@pytest.mark.long
async def test_a_section_is_dropped_while_the_server_starts_again(
    tmp_path: Path, contexts: Contexts
) -> None:
    with RunningServer(tmp_path) as server:
        studio = Studio(server)
        await studio.create("drag", PAGE)
        page = await studio.open(await contexts.new(), "drag")
        one = await page.locator('#outline [data-section="ask"]').bounding_box()
        other = await page.locator('#outline [data-section="top"]').bounding_box()
        assert one is not None
        assert other is not None
        await page.mouse.move(one["x"] + 90, one["y"] + 20)
        await page.mouse.down()
        await page.mouse.move(one["x"] + 92, one["y"] + 26)
        await page.wait_for_selector("body.dragging")
        server.kill()
        await page.mouse.move(other["x"] + 92, other["y"] + 4, steps=4)
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        await page.mouse.up()
        server.start()
        await page.evaluate("weft.page.syncNow()")
        await saved(page)
        found = [each["id"] for each in await studio.sections("drag")]
        assert found == ["ask", "top", "prices"]


async def test_two_people_undo_around_each_other(studio: Studio, contexts: Contexts) -> None:
    """Ada deletes a section, Bo takes back his change in it, and Ada her deletion."""
    await studio.create("around", PAGE)
    ada = await studio.open(await contexts.new(), "around")
    bo = await studio.open(await contexts.new(), "around", "bo")
    await bo.evaluate("void weft.page.set('/pages/home/sections/1/content/headline', 'Fares')")
    await saved(bo)
    await until(ada, "weft.workspace.sections[1].content.headline === 'Fares'")
    await ada.evaluate("void weft.commands.remove('prices')")
    await saved(ada)
    await until(bo, "weft.workspace.sections.length === 2")
    await bo.locator("#stage").focus()
    await bo.keyboard.press("Control+z")
    await expect(bo.locator(".toast").last).to_be_visible()
    await ada.get_by_text("Pricing deleted").locator("..").get_by_text("Undo").click()
    for page in (ada, bo):
        await until(page, "weft.workspace.sections.length === 3")
    values = [await each.evaluate("JSON.stringify(weft.page.value)") for each in (ada, bo)]
    assert values[0] == values[1]
    # Bo's step is still his to take back, or it says why not; nothing breaks.
    await bo.keyboard.press("Control+z")
    await expect(bo.locator(".toast").last).to_contain_text("Pric")


async def test_delete_with_words_of_two_texts_chosen_keeps_the_section(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("chosen", PAGE)
    page = await studio.open(await contexts.new(), "chosen")
    one = await page.locator("#stage .eyebrow").bounding_box()
    other = await page.locator("#stage h1").bounding_box()
    assert one is not None
    assert other is not None
    await page.mouse.move(one["x"] + 2, one["y"] + one["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(other["x"] + 80, other["y"] + other["height"] / 2, steps=4)
    await page.mouse.up()
    await until(page, "weft.workspace.selection?.id === 'top'")
    assert await page.evaluate("getSelection().toString()")
    await page.keyboard.press("Delete")
    assert await page.evaluate("weft.workspace.sections.length") == 3
    # A press on the section chooses the section.
    await page.locator("#stage section[data-section=top]").click(position={"x": 8, "y": 8})
    await page.keyboard.press("Delete")
    assert await page.evaluate("weft.workspace.sections.length") == 2
