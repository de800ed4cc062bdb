"""The fixtures of the browser tests: contexts, their sizes, touch, and complaints."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.site import Site
from tests.browser.waits import until

POLICY = "default-src 'none'; script-src 'self'"
PAGES = {
    "/": '<!doctype html><title>Site</title><button onclick="">Press</button><p>0</p>'
    '<script type="module" src="/page.js"></script>',
    "/other": '<!doctype html><script src="/none.js"></script>',
    "/page.js": """document.querySelector('button').addEventListener('pointerup', (event) => {
      document.querySelector('p').textContent = event.pointerType
    })
    setTimeout(() => { window.ready = { late: true } }, 100)""",
}
MEDIA = """[innerWidth, innerHeight, devicePixelRatio, navigator.maxTouchPoints > 0,
  matchMedia('(prefers-color-scheme: light)').matches,
  matchMedia('(prefers-reduced-motion: reduce)').matches]"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(PAGES) as site:
        site.policy = POLICY
        yield site


async def test_a_page_is_a_desktop_in_light_colours_without_motion(page: Page, site: Site) -> None:
    await page.goto(site.origin)
    assert await page.evaluate(MEDIA) == [1280, 800, 1, False, True, True]


async def test_a_phone_has_a_narrow_screen_and_touch(contexts: Contexts, site: Site) -> None:
    page = await (await contexts.phone()).new_page()
    await page.goto(site.origin)
    assert await page.evaluate("[screen.width, screen.height, devicePixelRatio]") == [390, 844, 3]
    await page.get_by_role("button").tap()
    await expect(page.locator("p")).to_have_text("touch")


async def test_contexts_do_not_share_their_storage_but_pages_do(
    context: BrowserContext, contexts: Contexts, site: Site
) -> None:
    one, two = await context.new_page(), await context.new_page()
    other = await (await contexts.new()).new_page()
    for page in (one, two, other):
        await page.goto(site.origin)
    await one.evaluate("localStorage.setItem('key', 'value')")
    assert await two.evaluate("localStorage.getItem('key')") == "value"
    assert await other.evaluate("localStorage.getItem('key')") is None


async def test_complaints_are_of_scripts_of_the_policy_and_of_the_network(
    context: BrowserContext, page: Page, complaints: Complaints, site: Site
) -> None:
    other = await context.new_page()
    await page.goto(site.origin)
    [refused] = complaints.of(page)  # the handler inside the HTML
    assert "Content Security Policy" in refused
    for script, words in (
        ("setTimeout(() => { throw new Error('broken') })", "broken"),
        ("console.error('said')", "said"),
        ("console.warn('warned')", "warned"),
        ("void fetch('/none').catch(() => {})", "Content Security Policy"),
    ):
        async with page.expect_event("console" if "broken" not in words else "pageerror"):
            await page.evaluate(script)
        assert words in complaints[-1]
    await page.evaluate("console.log('no complaint')")
    await other.goto(site.origin + "/other")
    [missing] = complaints.of(other)
    assert "404" in missing


async def test_until_waits_while_a_condition_throws_and_where_the_policy_forbids_eval(
    page: Page, site: Site
) -> None:
    await page.goto(site.origin)
    await until(page, "window.ready.late")
    assert await page.evaluate("ready") == {"late": True}
