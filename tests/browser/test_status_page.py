"""The status page in a real browser is readable at both widths, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.test_access import AXE, LOOK
from tests.browser.waits import until
from tests.patch_client import PatchClient
from tests.patience import eventually
from tests.running import RunningServer

# The contrast of every text with its background (WCAG 2.2, 1.4.3).
FAINT = """
(() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${element.textContent.trim()}: ${ratio.toFixed(2)}`);
  }
  return found;
})()
"""
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
CUT_OFF = """
[...document.querySelectorAll('.scroller')].some((each) => each.scrollWidth > each.clientWidth)
"""
SHORT_HEADS = """
[...document.querySelectorAll('table')].filter((table) => {
  const ends = [...table.tHead.rows[0].cells].map((each) => each.getBoundingClientRect().right);
  return Math.abs(Math.max(...ends) - table.getBoundingClientRect().right) > 1;
}).map((table) => table.id)
"""
LONG_NAME = "a-landing-page-with-a-rather-long-name-" * 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        yield running


async def shows_numbers(page: Page) -> None:
    await expect(page.locator("#numbers")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_the_page_is_readable(
    server: RunningServer, contexts: Contexts, complaints: Complaints, width: int, scheme: str
) -> None:
    admin = await server.mint("root", Role.ADMIN)
    client = await PatchClient.connect(server.ws, "home", admin, create={"n": 0})
    other = await PatchClient.connect(server.ws, LONG_NAME, admin, create={})
    await client.set("/n", 1)
    page = await contexts.page(width, color_scheme=scheme)
    await page.goto(f"{server.http}/status#token={admin}")
    await shows_numbers(page)
    await expect(page.locator("#cards svg")).to_have_count(8)
    assert await page.evaluate(FAINT) == []
    assert not await page.evaluate(SIDEWAYS)
    assert not await page.evaluate(CUT_OFF)
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    assert await page.evaluate(LOOK) == []
    await expect(page.locator("#connections")).to_contain_text("Root")
    await expect(page.locator("#documents")).to_contain_text("home")
    assert complaints == []
    await client.close()
    await other.close()


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_head_of_an_empty_table_is_as_wide_as_the_table(
    tmp_path: Path, contexts: Contexts, width: int
) -> None:
    with RunningServer(tmp_path) as server:
        page = await contexts.page(width)
        await page.goto(f"{server.http}/status#token={await server.mint('root', Role.ADMIN)}")
        await shows_numbers(page)
        await expect(page.locator("td.empty")).to_have_count(2)
        assert await page.evaluate(SHORT_HEADS) == []


async def test_the_arrow_keys_move_along_a_chart(server: RunningServer, page: Page) -> None:
    await page.goto(f"{server.http}/status#token={await server.mint('root', Role.ADMIN)}")
    await shows_numbers(page)
    label, latest = page.locator("#cards svg").first, re.compile("^Edits: now")
    await expect(label).to_have_attribute("aria-label", latest)
    await page.locator("#cards .chart").first.focus()
    for _ in range(3):
        await page.keyboard.press("ArrowLeft")
    await expect(label).to_have_attribute("aria-label", re.compile(" ago, "))
    await page.keyboard.press("Escape")
    await expect(label).to_have_attribute("aria-label", latest)


async def test_the_token_is_removed_from_the_address_and_kept_in_the_tab(
    server: RunningServer, page: Page
) -> None:
    admin = await server.mint("root", Role.ADMIN)
    await page.goto(f"{server.http}/status#token={admin}")
    await shows_numbers(page)
    await expect(page).to_have_url(f"{server.http}/status")
    await page.goto(f"{server.http}/status?again")
    await shows_numbers(page)


async def test_the_page_asks_for_a_token_and_explains_a_refusal(
    server: RunningServer, page: Page
) -> None:
    await page.goto(f"{server.http}/status")
    await expect(page.locator("#entrance")).to_be_visible()
    assert await page.evaluate(FAINT) == []
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    assert await page.evaluate(LOOK) == []
    refused, numbers = page.locator("#refused"), page.locator("#numbers")
    for user, role, shown, words in (
        ("ada", Role.EDITOR, refused, "admin"),
        ("root", Role.ADMIN, numbers, ""),
    ):
        await page.locator("#token").fill(await server.mint(user, role))
        await page.locator("#entrance button").click()
        await expect(shown).to_be_visible()
        await expect(shown).to_contain_text(words)


async def test_in_demo_mode_an_expired_token_is_replaced(page: Page, tmp_path: Path) -> None:
    with RunningServer(tmp_path, env={"WEFT_DEMO": "1"}) as demo:
        await page.goto(f"{demo.http}/status#token=eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk")
        await shows_numbers(page)
        await expect(page.locator("#documents")).to_contain_text("home")


async def test_markup_in_a_name_is_shown_as_text(server: RunningServer, page: Page) -> None:
    name = "<img src=x onerror=document.title='run'>"
    client = await PatchClient.connect(server.ws, "names", await server.mint(name), create={})
    await page.goto(f"{server.http}/status#token={await server.mint('root', Role.ADMIN)}")
    await shows_numbers(page)
    await expect(page.locator("#connections")).to_contain_text("<")
    await expect(page.locator("main img")).to_have_count(0)
    await expect(page).to_have_title("Status · Weft")
    await client.close()


async def test_the_page_shows_a_lost_server_and_reconnects(
    server: RunningServer, page: Page
) -> None:
    admin = await server.mint("root", Role.ADMIN)
    await page.goto(f"{server.http}/status#token={admin}")
    await shows_numbers(page)
    server.stop()
    await expect(page.locator("#health")).to_have_text("Not reachable")
    await expect(page.locator("#trouble")).to_contain_text("The numbers below are from ")
    server.start()
    await expect(page.locator("#health")).to_have_text("Running")


async def test_no_line_is_drawn_across_missing_samples(server: RunningServer, page: Page) -> None:
    await page.goto(f"{server.http}/status")
    drawn = await page.evaluate(
        "import('/static/status/chart.js').then(({ Chart }) => {"
        " const chart = new Chart({ floor: 1, label: '' });"
        " chart.draw([0, 1000, 2000, 30000, 31000], [1, null, 1, 2, 2], [], 31000);"
        " return chart.first.getAttribute('d'); })"
    )
    assert drawn.count("M") == 3


async def test_each_worker_has_its_own_numbers(
    tmp_path: Path, page: Page, complaints: Complaints
) -> None:
    with RunningServer(tmp_path, env={"WEFT_WORKERS": "2"}) as two:
        await eventually(lambda: two.log().count("is ready") == 2)
        token = await two.mint("ops", Role.ADMIN)
        await page.goto(f"{two.http}/status#token={token}")
        links = page.get_by_role("navigation", name="Workers").get_by_role("link")
        await expect(links).to_have_text(["1", "2"])
        await links.nth(1).click()
        await expect(page).to_have_url(f"{two.http}/status?worker=2")
        await expect(links.nth(1)).to_have_attribute("aria-current", "page")
        await expect(page.get_by_text("Running")).to_be_visible()
        await links.nth(0).focus()
        await until(page, "document.querySelector('#facts').textContent.includes('Up for')")
        await expect(links.nth(0)).to_be_focused()
    assert complaints == []
