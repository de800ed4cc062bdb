"""People with a screen reader, a keyboard or little sight can use each screen of our pages.

axe-core looks at each screen. The content of the landing page belongs to its author, and the
renderer has tests of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from collab.ids import DocKey
from server.demo import content
from tests.browser.chromium_contexts import PHONE, Contexts
from tests.browser.editor.studio import Studio
from tests.provision import NODE

pytestmark = pytest.mark.real

AXE = NODE / "node_modules" / "axe-core" / "axe.min.js"
LOOK = """async () => {
  const found = await axe.run({ exclude: [['.weft-page']] }, { resultTypes: ['violations'] })
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      `${id}: ${target.join(' ')}: ${failureSummary}`))
}"""
SCREENS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


async def screens_of_the_list(page: Page) -> AsyncIterator[str]:
    await page.locator(".card").first.wait_for()
    yield "the list of pages"
    await page.get_by_role("button", name="New page").first.click()
    yield "the dialog of a new page"
    await page.keyboard.press("Escape")
    await page.locator(".card button.more").first.click()
    yield "the menu of a page"
    await page.get_by_role("menuitem", name="Share").click()
    await page.get_by_role("button", name="Make link").wait_for()
    yield "the dialog that shares a page"


async def screens_of_the_editor(page: Page) -> AsyncIterator[str]:
    yield "the editor"
    if page.viewport_size == PHONE["viewport"]:
        await page.get_by_role("button", name="Sections").click()
        yield "the sections on a phone"
        await page.keyboard.press("Escape")
    for kind in ("hero", "pricing", "form", "footer"):
        await page.evaluate(
            """(kind) => weft.workspace.select(
              weft.workspace.sections.find(({ type }) => type === kind).id)""",
            kind,
        )
        yield f"the fields of a {kind}"
    await page.evaluate("weft.workspace.emit('gallery', 1)")
    await page.get_by_role("heading", name="Add a section").wait_for()
    yield "the gallery"
    await page.keyboard.press("Escape")
    await page.evaluate("weft.commands.remove(weft.workspace.sections[0].id)")
    yield "a message"


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
async def test_no_screen_has_a_serious_fault(
    studio: Studio, contexts: Contexts, width: int, scheme: str
) -> None:
    doc = f"access-{width}-{scheme}"
    await studio.create(doc, dict(content.pages())[DocKey("demo", "home")])
    make = contexts.phone if width == PHONE["viewport"]["width"] else contexts.new
    context = await make(color_scheme=scheme)
    editor = await studio.open(context, doc)
    pages = await context.new_page()
    await pages.goto(f"{studio.server.http}/#token={await studio.server.mint('ada')}")
    faults: dict[str, list[str]] = {}
    for page, screens in (
        (editor, screens_of_the_editor(editor)),
        (pages, screens_of_the_list(pages)),
    ):
        await page.bring_to_front()
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        async for screen in screens:
            found = await page.evaluate(LOOK)
            if found:
                faults[screen] = found
    assert faults == {}
