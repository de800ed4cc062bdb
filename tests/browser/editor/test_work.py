"""What a letter and a drag cost on a long page: layouts, and processor time of its thread.

Neither counts what other programs do on the machine.
"""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bench.wire_client import WireClient
from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until

pytestmark = pytest.mark.real

SECTIONS = 100
OTHERS = 10
LETTERS = "typing on a long page"
# A browser calls a task of more than 50 ms long. A collection of garbage may come at any letter.
LONG = 0.05
MOST_LONG = 2
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
    """Counts the layouts of a page, and the seconds of processor time of its thread."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: Any = None

    async def layouts(self) -> int:
        return int((await self._metrics())["LayoutCount"])

    async def seconds(self) -> float:
        return float((await self._metrics())["TaskDuration"])

    async def _metrics(self) -> dict[str, float]:
        if self._session is None:
            self._session = await self._page.context.new_cdp_session(self._page)
            await self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        await self._page.evaluate(IDLE)
        answer = await self._session.send("Performance.getMetrics")
        return {each["name"]: each["value"] for each in answer["metrics"]}


@asynccontextmanager
async def others(studio: Studio, doc: str) -> AsyncIterator[None]:
    """Ten other people in a document, with their carets in its first headline."""
    clients = []
    for offset in range(OTHERS):
        token = await studio.server.mint(f"other{offset}")
        clients.append(await WireClient.connect(studio.server.port, doc, token))
        cursor = {"path": "/pages/home/sections/0/content/headline", "offset": offset}
        state = {"cursor": cursor, "section": "first", "page": "home"}
        clients[-1].send({"type": "presence", "state": state})
    try:
        yield
    finally:
        for client in clients:
            client.close()


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


async def test_no_letter_and_no_drag_is_a_long_task_among_ten_others(
    studio: Studio, page: Page
) -> None:
    await studio.create("crowd", long_page())
    async with others(studio, "crowd"):
        opened = await studio.open(page.context, "crowd")
        await until(opened, f"weft.page.presence.others.length === {OTHERS}")
        work = Work(opened)
        await opened.locator("#stage h1").click()
        await opened.wait_for_selector("#stage h1[contenteditable]")
        letters = []
        for letter in (LETTERS * 2)[:40]:
            before = await work.seconds()
            await opened.keyboard.insert_text(letter)
            letters.append(await work.seconds() - before)
        assert sum(each > LONG for each in letters) <= MOST_LONG, letters
        await opened.keyboard.press("Escape")
        await saved(opened)
        box = await opened.locator('#outline [data-section="s2"]').bounding_box()
        assert box is not None
        x, y = box["x"] + 90, box["y"] + 20
        await opened.mouse.move(x, y)
        await opened.mouse.down()
        await opened.mouse.move(x + 2, y + 6)
        await opened.wait_for_selector("body.dragging")
        moves = []
        for step in range(MOVES):
            before = await work.seconds()
            await opened.mouse.move(x, y + 6 + 3 * step)
            moves.append(await work.seconds() - before)
        before = await work.seconds()
        await opened.mouse.up()
        moves.append(await work.seconds() - before)
        assert sum(each > LONG for each in moves) <= MOST_LONG, moves
        await until(opened, "weft.workspace.sections[2].id !== 's2'")


async def test_a_letter_draws_no_marks_of_locks(
    studio: Studio, page: Page, contexts: Contexts
) -> None:
    await studio.create("locked", long_page())
    bo = await studio.open(await contexts.new(), "locked", "bo")
    await bo.evaluate("weft.page.lock('/pages/home/sections/5').then(() => null)")
    opened = await studio.open(page.context, "locked")
    await until(opened, "document.querySelectorAll('#outline .locked').length === 1")
    await opened.locator("#stage h1").click()
    await opened.wait_for_selector("#stage h1[contenteditable]")
    await opened.evaluate(IDLE)
    count = """() => {
      window.looks = 0;
      const all = document.querySelectorAll.bind(document);
      document.querySelectorAll = (selector) => {
        looks += selector === '[data-place=lock]' ? 1 : 0;
        return all(selector);
      };
    }"""
    await opened.evaluate(count)
    await opened.keyboard.type(LETTERS)
    await saved(opened)
    await opened.evaluate(IDLE)
    # Bo's lock may be renewed meanwhile.
    assert await opened.evaluate("looks") <= 3
    # A section that comes before the locked one changes the place of the lock, and no mark.
    new = section("new", "hero", headline="New")
    await studio.patch("locked", {"op": "add", "path": "/pages/home/sections/0", "value": new})
    await until(opened, "weft.workspace.lockedBy('s5')?.name === 'Bo'")
    row = opened.locator('#outline [data-section="s5"] .locked')
    await expect(row).to_have_count(1)
    assert await opened.evaluate("weft.workspace.lockedBy('s4')") is None
    # A row that comes again has its mark again.
    await bo.evaluate("void weft.commands.remove('s5')")
    await expect(row).to_have_count(0)
    await bo.evaluate("weft.page.undo().then(() => null)")
    await expect(opened.locator('#outline [data-section="s5"]')).to_have_count(1)
