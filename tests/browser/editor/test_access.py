"""People with a screen reader, a keyboard or little sight can use each screen of our pages.

axe-core looks at each screen in light colours, and at its contrast in dark ones. The content of the
landing page belongs to its author, and the renderer has tests of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from collab.ids import DocKey
from collab.rights.user_rights import Role
from server.demo import content
from tests.browser.chromium_contexts import PHONE, Contexts
from tests.browser.editor.studio import Studio, section, site, write
from tests.browser.waits import until
from tests.provision import NODE

pytestmark = pytest.mark.real

AXE = NODE / "node_modules" / "axe-core" / "axe.min.js"
LOOK = """async (rules) => {
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) }
  const looks = [axe.run({ exclude: [['.weft-page'], ['.history .sheet']] }, options)]
  // What the editor itself writes on the page.
  if (document.querySelector('[data-failed]')) {
    await looks[0]
    looks.push(axe.run({ include: [['[data-failed]']] }, options))
  }
  return (await Promise.all(looks)).flatMap(({ violations }) => violations)
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      `${id}: ${target.join(' ')}: ${failureSummary}`))
}"""
SCHEMES: dict[Literal["light", "dark"], list[str] | None] = {
    "light": None,
    "dark": ["color-contrast"],
}
WIDTHS = [1280, 390]
Screens = AsyncIterator[tuple[str, Page]]
PAGE = site(
    section("top", "hero", headline="Fresh bread"),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)
BREAK = """() => {
  const { replace } = String.prototype;
  String.prototype.replace = function (...given) {
    if (this.valueOf() === 'Break') throw new Error('no questions');
    return replace.apply(this, given);
  };
}"""


async def look(screens: Screens) -> dict[str, list[str]]:
    """Return the serious faults of each screen in each scheme."""
    faults: dict[str, list[str]] = {}
    async for name, page in screens:
        await page.bring_to_front()
        if not await page.evaluate("Boolean(window.axe)"):
            await page.evaluate(AXE.read_text(encoding="utf-8"))
        for scheme, rules in SCHEMES.items():
            await page.emulate_media(color_scheme=scheme)
            if found := await page.evaluate(LOOK, rules):
                faults[f"{name}, {scheme}"] = found
    return faults


async def screens_of_the_list(page: Page) -> Screens:
    await page.locator(".card").first.wait_for()
    yield "the list of pages", page
    await page.get_by_role("button", name="New page").first.click()
    yield "the dialog of a new page", page
    await page.keyboard.press("Escape")
    await page.locator(".card button.more").first.click()
    yield "the menu of a page", page
    await page.get_by_role("menuitem", name="Share").click()
    await page.get_by_role("button", name="Make link").click()
    await page.get_by_role("button", name="End the link").wait_for()
    yield "the dialog that shares a page", page


async def screens_of_the_editor(page: Page) -> Screens:
    yield "the editor", page
    # The page on the canvas has the only `main`, so it is where a screen reader jumps to.
    await expect(page.get_by_role("main")).to_have_count(1)
    if page.viewport_size == PHONE["viewport"]:
        await page.get_by_role("button", name="Sections").click()
        yield "the sections on a phone", page
        await page.keyboard.press("Escape")
    for kind in ("hero", "pricing", "form", "footer"):
        await page.evaluate(
            """(kind) => weft.workspace.select(
              weft.workspace.sections.find(({ type }) => type === kind).id)""",
            kind,
        )
        yield f"the fields of a {kind}", page
    await page.evaluate("weft.workspace.emit('gallery', 1)")
    await page.get_by_role("heading", name="Add a section").wait_for()
    yield "the gallery", page
    await page.keyboard.press("Escape")
    await page.evaluate("weft.commands.remove(weft.workspace.sections[0].id)")
    yield "a message", page
    async for screen in screens_of_the_history(page):
        yield screen
    async for screen in screens_of_the_site(page):
        yield screen


async def screens_of_the_site(page: Page) -> Screens:
    broken = [{"id": "a", "label": "Gone", "href": "/gone"}, {"id": "b", "label": "x"}]
    await page.evaluate("(value) => void weft.page.set('/site/navigation', value)", broken)
    await page.evaluate("void weft.page.set('/theme/colors/text', '#a0a0a0')")
    await page.evaluate("void weft.page.set('/theme/mode', 'auto')")
    await page.locator("#bar h1 button").click()
    yield "the menu of pages", page
    await page.get_by_role("menuitem", name="Theme…").click()
    await page.locator("#site .pairs button:visible").first.wait_for()
    yield "the theme", page
    await page.get_by_role("tab", name="Navigation").click()
    await page.locator("#site [data-broken] summary").first.click()
    yield "the navigation", page
    await page.get_by_role("tab", name="SEO and sharing").click()
    await page.locator("#site .result").wait_for()
    yield "search and sharing", page
    await page.get_by_role("tab", name="Pages").click()
    await page.locator("#site .pages").wait_for()
    yield "the pages of the site", page
    await page.locator("#site").get_by_role("button", name="Add page").click()
    await page.get_by_text("Start with", exact=True).wait_for()
    yield "the dialog of a page of the site", page
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Close the settings").click()


async def screens_of_the_history(page: Page) -> Screens:
    await page.evaluate("void weft.page.set('/pages/home/title', 'Home')")
    await page.evaluate("weft.workspace.emit('screen', { name: 'history' })")
    entries = page.locator(".history [role=option]")
    await entries.nth(1).click()
    await page.get_by_role("button", name="Hero deleted").focus()
    await page.locator(".history .author").wait_for()
    yield "the history", page
    await page.get_by_role("button", name="Name this version").click()
    yield "the dialog that names a version", page
    await page.keyboard.press("Escape")
    await entries.first.click()
    await page.get_by_role("button", name="Who wrote this").click()
    yield "who wrote what", page
    await page.get_by_role("button", name="Back to the editor").click()


async def screens_of_two(ada: Page, bo: Page) -> Screens:
    """What two people see of one another: locks, questions about them, and conflicts."""
    await ada.locator("#people button[aria-haspopup]").click()
    await ada.get_by_role("menuitem", name="Bo").wait_for()
    yield "the menu of people", ada
    await ada.keyboard.press("Escape")
    await ada.evaluate("void document.querySelector('#outline .more').click()")
    await ada.get_by_role("menuitem", name="Lock section").wait_for()
    yield "the menu of a section", ada
    await ada.keyboard.press("Escape")
    await bo.evaluate("weft.workspace.select('top')")
    await bo.locator("#stage").get_by_role("button", name="Lock section").click()
    await bo.get_by_text("You have locked Hero.").wait_for()
    yield "a lock of one's own", bo
    await ada.evaluate("weft.workspace.select('top')")
    await ada.locator("#stage").get_by_role("button", name="Ask to take over").click()
    question = ada.get_by_role("dialog").get_by_role("button", name="Ask to take over")
    await question.wait_for()
    yield "the question for a lock", ada
    await question.click()
    await bo.locator("#notices").get_by_text("Ada would like to edit Hero").wait_for()
    yield "the question to the holder of a lock", bo
    yield "the wait for a lock", ada
    await bo.get_by_role("button", name="Keep").click()
    await ada.get_by_text("Bo keeps Hero for now.").wait_for()
    await write(ada, "/pages/home/sections/0/content/headline", "Rye bread")
    card = ada.get_by_role("region", name="Needs your decision")
    await card.wait_for()
    yield "a card of a conflict", ada
    await card.get_by_role("button", name="Later", exact=True).click()
    await ada.get_by_role("button", name="Needs attention").click()
    await ada.get_by_role("dialog", name="Needs attention").wait_for()
    yield "the changes that need attention", ada
    await ada.keyboard.press("Escape")
    await ada.evaluate(BREAK)
    await write(bo, "/pages/home/sections/1/content/items/0/question", "Break")
    await ada.locator("#stage [data-failed]").wait_for()
    yield "a section that cannot be shown", ada
    await bo.context.set_offline(offline=True)
    await bo.get_by_text("You are offline.").wait_for()
    yield "the editor without a network", bo
    await bo.context.set_offline(offline=False)


@pytest.mark.parametrize("width", WIDTHS)
async def test_no_screen_has_a_serious_fault(
    studio: Studio, contexts: Contexts, width: int
) -> None:
    doc = f"access-{width}"
    await studio.create(doc, dict(content.pages())[DocKey("demo", "home")])
    await studio.create(f"two-{width}", PAGE)
    make = contexts.phone if width == PHONE["viewport"]["width"] else contexts.new
    context = await make()
    editor = await studio.open(context, doc)
    pages = await context.new_page()
    await pages.goto(f"{studio.server.http}/#token={await studio.server.mint('ada')}")
    faults = await look(screens_of_the_editor(editor)) | await look(screens_of_the_list(pages))
    await editor.close()
    await pages.close()
    # A viewer, and a user with a wrong token.
    viewer = await studio.open(context, doc, "eve", Role.VIEWER)
    await viewer.get_by_text("You can look at this page, but not change it.").wait_for()
    refused = await context.new_page()
    await refused.goto(f"{studio.server.http}/edit/never-opened#token=wrong")
    await until(refused, "document.body.dataset.state === 'failed'")
    faults |= await look(screens_of(viewer, "the editor of a viewer"))
    faults |= await look(screens_of(refused, "a page that cannot be opened"))
    await viewer.close()
    await refused.close()
    ada = await studio.open(context, f"two-{width}")
    bo = await studio.open(await make(), f"two-{width}", "bo")
    faults |= await look(screens_of_two(ada, bo))
    assert faults == {}


async def screens_of(page: Page, name: str) -> Screens:
    yield name, page
