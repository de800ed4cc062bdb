"""Locks of sections and pages, between two people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.running import RunningServer

PAGE = site(
    section("top", "hero", headline="Fresh bread"),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)
GRACE = 4


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    env = {"WEFT_TAKE_OVER_GRACE": f"{GRACE}"}
    with RunningServer(tmp_path_factory.mktemp("weft"), env=env) as server:
        yield Studio(server)


async def people(studio: Studio, contexts: Contexts, doc: str) -> tuple[Page, Page]:
    await studio.create(doc, PAGE)
    ada = await studio.open(await contexts.new(), doc)
    bo = await studio.open(await contexts.new(), doc, "bo")
    for each in (ada, bo):
        await each.evaluate("weft.workspace.select('top')")
    return ada, bo


async def ask(page: Page) -> None:
    await page.locator("#stage").get_by_role("button", name="Ask to take over").click()
    await page.get_by_role("dialog").get_by_role("button", name="Ask to take over").click()


async def test_a_locked_section_is_read_only_for_others(studio: Studio, contexts: Contexts) -> None:
    ada, bo = await people(studio, contexts, "hold")
    await bo.locator("#stage").get_by_role("button", name="Lock section").click()
    await expect(bo.get_by_text("You have locked Hero.")).to_be_visible()
    tools = ada.locator("#stage .tools")
    await expect(tools.get_by_text("Bo has locked this section")).to_be_visible()
    await expect(ada.locator("#outline li").first.locator(".locked")).to_have_attribute(
        "aria-label", "Bo has locked this section"
    )
    await expect(tools.get_by_role("button", name="Delete")).to_be_hidden()
    await ada.locator("#stage h1").click()
    await expect(ada.locator("#stage [contenteditable]")).to_have_count(0)
    await ada.evaluate("weft.commands.remove('top')")
    await expect(ada.get_by_text("Bo has locked Hero.")).to_be_visible()
    assert await ada.evaluate("weft.page.pending") == 0

    # The lock stays on its section when the section moves.
    await bo.evaluate("void weft.commands.move('top', 1)")
    await saved(bo)
    await expect(ada.locator("#outline li").last.locator(".locked")).to_have_count(1)
    assert await ada.evaluate(
        "[weft.workspace.lockedBy('top').name, weft.workspace.lockedBy('ask')]"
    ) == ["Bo", None]
    await bo.locator("#stage").get_by_role("button", name="Unlock section").click()
    await expect(ada.locator(".locked")).to_have_count(0)


async def test_a_lock_is_asked_for_kept_and_let_go(studio: Studio, contexts: Contexts) -> None:
    ada, bo = await people(studio, contexts, "ask")
    await bo.locator("#stage").get_by_role("button", name="Lock section").click()
    await ask(ada)
    asked = bo.locator("#notices").get_by_text("Ada would like to edit Hero")
    await expect(asked).to_contain_text(" s")
    await bo.get_by_role("button", name="Keep").click()
    await expect(ada.get_by_text("Bo keeps Hero for now.")).to_be_visible()
    await expect(asked).to_be_hidden()
    await ask(ada)
    await bo.get_by_role("button", name="Let go").click()
    await expect(ada.get_by_text("You have Hero now.")).to_be_visible()
    await expect(bo.get_by_text("Ada has locked this section")).to_be_visible()
    await ada.locator("#stage").get_by_role("button", name="Unlock section").click()
    await expect(bo.locator(".locked")).to_have_count(0)


async def test_a_holder_who_is_silent_loses_the_lock_and_no_edit(
    studio: Studio, contexts: Contexts
) -> None:
    ada, bo = await people(studio, contexts, "silent")
    await bo.locator("#stage").get_by_role("button", name="Lock section").click()
    await bo.locator("#stage h1").click()
    await bo.keyboard.press("End")
    await ask(ada)
    await bo.keyboard.type(" today")
    await expect(ada.get_by_text("You have Hero now.")).to_be_visible()
    await expect(bo.get_by_text("Ada has Hero now. What you changed is kept.")).to_be_visible()
    await saved(bo)
    # An edit that comes too late is refused, and waits for a decision.
    await bo.evaluate("void weft.page.set('/pages/home/sections/0/content/headline', 'Mine')")
    await expect(bo.get_by_role("region", name="Needs your decision")).to_contain_text("Mine")
    await bo.get_by_role("button", name="Keep mine").click()
    await expect(bo.get_by_text("Ada still has this section locked.")).to_be_visible()
    await ada.locator("#stage").get_by_role("button", name="Unlock section").click()
    await expect(bo.locator(".locked")).to_have_count(0)
    await bo.get_by_role("button", name="Keep mine").click()
    await expect(ada.locator("#stage h1")).to_have_text("Mine")
    await expect(bo.get_by_role("region", name="Needs your decision")).to_be_hidden()


async def test_a_page_is_locked_from_the_bar(studio: Studio, contexts: Contexts) -> None:
    ada, bo = await people(studio, contexts, "page")
    await bo.get_by_role("button", name="people here").click()
    await bo.get_by_role("menuitem", name="Lock page").click()
    await expect(bo.get_by_text("You have locked this page.")).to_be_visible()
    await expect(ada.get_by_text("Bo has locked this page.")).to_be_visible()
    assert await ada.evaluate("weft.workspace.lockedBy('ask').name") == "Bo"
    await bo.locator("#notices").get_by_role("button", name="Unlock page").click()
    await expect(ada.get_by_text("Bo has locked this page.")).to_be_hidden()
    # The menu of a section has its lock, too.
    await ada.get_by_role("button", name="More for Questions").click()
    await ada.get_by_role("menuitem", name="Lock section").click()
    await expect(ada.get_by_text("You have locked Questions.")).to_be_visible()


async def test_a_lock_of_the_users_other_tab_says_so(studio: Studio, contexts: Contexts) -> None:
    await studio.create("tabs", PAGE)
    context = await contexts.new()
    one = await studio.open(context, "tabs")
    other = await studio.open(context, "tabs")
    for page in (one, other):
        await page.evaluate("weft.workspace.select('top')")
    await one.locator("#stage").get_by_role("button", name="Lock section").click()
    words = "Ada in your other tab has locked this section"
    await expect(other.locator("#stage .tools").get_by_text(words, exact=True)).to_be_visible()
    await other.evaluate("weft.commands.remove('top')")
    await expect(other.get_by_text("Ada in your other tab has locked Hero.")).to_be_visible()


async def test_the_lock_button_is_for_the_section_of_its_bar(
    studio: Studio, contexts: Contexts
) -> None:
    ada, _ = await people(studio, contexts, "which")
    for at, words in ((0, "Hero"), (1, "Questions")):
        await ada.locator("#outline .pick").nth(at).click()
        tools = ada.locator("#stage .tools")
        await expect(tools.get_by_text(words, exact=True)).to_be_visible()
        await tools.get_by_role("button", name="Lock section").click()
        await expect(ada.get_by_text(f"You have locked {words}.")).to_be_visible()
