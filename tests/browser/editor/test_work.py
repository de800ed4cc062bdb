"""How often the browser lays out the page: for a letter, and while a section is dragged."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.editor.studio import Studio, section, site

pytestmark = pytest.mark.real

SECTIONS = 100
LETTERS = "typing on a long page"
MOVES = 40
# A browser lays out once for each frame. The caret and the fields beside the page take some more.
MOST_OF_A_LETTER = 5
# A drag changes transforms only. It lays out when it begins, and when the drop line appears.
MOST_OF_A_DRAG = 20
IDLE = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""


def long_page() -> dict[str, Any]:
    return site(
        section("first", "hero", headline="The first headline"),
        *(section(f"s{n}", "features", headline=f"Headline {n}") for n in range(1, SECTIONS)),
    )


class Work:
    """Counts the layouts of a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: Any = None

    async def layouts(self) -> int:
        if self._session is None:
            self._session = await self._page.context.new_cdp_session(self._page)
            await self._session.send("Performance.enable")
        await self._page.evaluate(IDLE)
        answer = await self._session.send("Performance.getMetrics")
        return int({each["name"]: each["value"] for each in answer["metrics"]}["LayoutCount"])


async def test_a_letter_on_a_long_page_lays_out_few_times(studio: Studio, page: Page) -> None:
    await studio.create("letters", long_page())
    opened = await studio.open(page.context, "letters")
    await opened.locator("#stage h1").click()
    await opened.wait_for_selector("#stage h1[contenteditable]")
    work, counts = Work(opened), []
    for letter in LETTERS:
        before = await work.layouts()
        await opened.keyboard.insert_text(letter)
        counts.append(await work.layouts() - before)
    assert statistics.median(counts) <= MOST_OF_A_LETTER, counts


async def test_a_drag_lays_out_few_times(studio: Studio, page: Page) -> None:
    await studio.create("drag", long_page())
    opened = await studio.open(page.context, "drag")
    box = await opened.locator('#outline [data-section="s2"]').bounding_box()
    assert box is not None
    x, y = box["x"] + 90, box["y"] + 20
    await opened.mouse.move(x, y)
    await opened.mouse.down()
    await opened.mouse.move(x + 2, y + 6)
    await opened.wait_for_selector("body.dragging")
    work = Work(opened)
    before = await work.layouts()
    for step in range(MOVES):
        await opened.mouse.move(x, y + 6 + 3 * step)
        await opened.evaluate(IDLE)
    made = await work.layouts() - before
    await opened.keyboard.press("Escape")
    await opened.mouse.up()
    assert made <= MOST_OF_A_DRAG
