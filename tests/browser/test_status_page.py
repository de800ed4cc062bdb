"""The status page in a real browser is readable at both widths, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collab.rights.user_rights import Role
from tests.browser.chromium import Chromium, Page
from tests.patch_client import PatchClient
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
IS_SHOWN = "!document.querySelector('#numbers').hidden"
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


async def text(page: Page, selector: str) -> str:
    shown: str = await page.evaluate(f"document.querySelector('{selector}').innerText")
    return shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_the_page_is_readable(
    server: RunningServer, browser: Chromium, width: int, scheme: str
) -> None:
    admin = await server.mint("root", Role.ADMIN)
    client = await PatchClient.connect(server.ws, "home", admin, create={"n": 0})
    other = await PatchClient.connect(server.ws, LONG_NAME, admin, create={})
    await client.set("/n", 1)
    page = await browser.page(width=width, scheme=scheme)
    await page.open(f"{server.http}/status#token={admin}")
    await page.until(f"{IS_SHOWN} && document.querySelectorAll('#cards svg').length === 8")
    assert await page.evaluate(FAINT) == []
    assert not await page.evaluate(SIDEWAYS)
    assert not await page.evaluate(CUT_OFF)
    assert "Root" in await text(page, "#connections")
    assert "home" in await text(page, "#documents")
    assert page.complaints == []
    await client.close()
    await other.close()


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_head_of_an_empty_table_is_as_wide_as_the_table(
    tmp_path: Path, browser: Chromium, width: int
) -> None:
    with RunningServer(tmp_path) as server:
        page = await browser.page(width=width)
        await page.open(f"{server.http}/status#token={await server.mint('root', Role.ADMIN)}")
        await page.until(f"{IS_SHOWN} && document.querySelectorAll('td.empty').length === 2")
        assert await page.evaluate(SHORT_HEADS) == []


async def test_the_arrow_keys_move_along_a_chart(server: RunningServer, browser: Chromium) -> None:
    page = await browser.page()
    await page.open(f"{server.http}/status#token={await server.mint('root', Role.ADMIN)}")
    label = "document.querySelector('#cards svg').getAttribute('aria-label')"
    await page.until(f"{IS_SHOWN} && ({label} ?? '').startsWith('Edits: now')")
    await page.evaluate("document.querySelector('#cards .chart').focus()")
    for _ in range(3):
        await page.press("ArrowLeft")
    await page.until(f"{label}.includes(' ago, ')")
    await page.press("Escape")
    await page.until(f"{label}.startsWith('Edits: now')")


async def test_the_token_is_removed_from_the_address_and_kept_in_the_tab(
    server: RunningServer, browser: Chromium
) -> None:
    admin = await server.mint("root", Role.ADMIN)
    page = await browser.page()
    await page.open(f"{server.http}/status#token={admin}")
    await page.until(IS_SHOWN)
    assert await page.evaluate("location.href") == f"{server.http}/status"
    await page.open(f"{server.http}/status?again")
    await page.until(IS_SHOWN)


async def test_the_page_asks_for_a_token_and_explains_a_refusal(
    server: RunningServer, browser: Chromium
) -> None:
    page = await browser.page()
    await page.open(f"{server.http}/status")
    await page.until("!document.querySelector('#entrance').hidden")
    assert await page.evaluate(FAINT) == []
    for token, then in (
        (
            await server.mint("ada"),
            "document.querySelector('#refused').innerText.includes('admin')",
        ),
        (await server.mint("root", Role.ADMIN), IS_SHOWN),
    ):
        await page.evaluate(
            f"document.querySelector('#token').value = '{token}';"
            "document.querySelector('#entrance button').click()"
        )
        await page.until(then)


async def test_in_demo_mode_an_expired_token_is_replaced(browser: Chromium, tmp_path: Path) -> None:
    with RunningServer(tmp_path, env={"WEFT_DEMO": "1"}) as demo:
        page = await browser.page()
        await page.open(f"{demo.http}/status#token=eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk")
        await page.until(IS_SHOWN)
        assert "home" in await text(page, "#documents")


async def test_markup_in_a_name_is_shown_as_text(server: RunningServer, browser: Chromium) -> None:
    name = "<img src=x onerror=document.title='run'>"
    client = await PatchClient.connect(server.ws, "names", await server.mint(name), create={})
    page = await browser.page()
    await page.open(f"{server.http}/status#token={await server.mint('root', Role.ADMIN)}")
    await page.until(
        f"{IS_SHOWN} && document.querySelector('#connections').innerText.includes('<')"
    )
    assert await page.evaluate("document.querySelectorAll('main img').length") == 0
    assert await page.evaluate("document.title") == "Status · Weft"
    await client.close()


async def test_the_page_shows_a_lost_server_and_reconnects(
    server: RunningServer, browser: Chromium
) -> None:
    admin = await server.mint("root", Role.ADMIN)
    page = await browser.page()
    await page.open(f"{server.http}/status#token={admin}")
    await page.until(IS_SHOWN)
    server.stop()
    await page.until("document.querySelector('#health').innerText === 'Not reachable'")
    assert "The numbers below are from " in await text(page, "#trouble")
    server.start()
    await page.until("document.querySelector('#health').innerText === 'Running'")


async def test_no_line_is_drawn_across_missing_samples(
    server: RunningServer, browser: Chromium
) -> None:
    page = await browser.page()
    await page.open(f"{server.http}/status")
    drawn = await page.evaluate(
        "import('/static/status/chart.js').then(({ Chart }) => {"
        " const chart = new Chart({ floor: 1, label: '' });"
        " chart.draw([0, 1000, 2000, 30000, 31000], [1, null, 1, 2, 2], [], 31000);"
        " return chart.first.getAttribute('d'); })"
    )
    assert drawn.count("M") == 3
