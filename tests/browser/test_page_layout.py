"""The page looks the same in the preview and as published, and follows the width of its root."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from server.demo import content
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.live.http_client import call
from tests.running import RunningServer

# The place and the size of each element, relative to the root of the page.
BOXES = """(() => {
  const root = document.querySelector('.weft-page')
  const from = root.getBoundingClientRect()
  return JSON.stringify([...root.querySelectorAll('*')].map((each) => {
    const { x, y, width, height } = each.getBoundingClientRect()
    return [each.tagName, ...[x - from.x, y - from.y, width, height].map(Math.round)]
  }))
})()"""
# Show the page in a part of the window. The pictures keep their sizes before they are loaded.
IN_A_PART = """(width) => {
  const root = document.querySelector('.weft-page')
  const part = document.createElement('div')
  part.style.width = `${width}px`
  root.replaceWith(part)
  part.append(root)
}"""
# Load the pictures below the window too, so that each screenshot has all of them.
DRAW_PICTURES = """Promise.all([...document.images].map((each) => {
  each.loading = 'eager'
  return each.decode()
})).then(() => null)"""
DEMO = [(key.tenant, key.doc) for key, _ in content.pages()]


DARK = """(() => {
  const ground = getComputedStyle(document.querySelector('.weft-page')).backgroundColor
  return ground.match(/\\d+/g).slice(0, 3).every((each) => each < 64)
})()"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the demo pages, which follow the colour scheme of their visitors."""
    with RunningServer(tmp_path_factory.mktemp("demo"), env={"WEFT_DEMO": "1"}) as server:
        mode = [{"op": "replace", "path": "/theme/mode", "value": "auto"}]
        for tenant, doc in DEMO:
            token = server.token("ada", Role.PUBLISHER, tenant=tenant)
            url = f"{server.http}/v1/docs/{doc}"
            assert call("PATCH", url, mode, token=token).status == 200
            assert call("POST", f"{url}/publish", token=token).status == 200
        yield server


async def shown(page: Page, url: str) -> None:
    await page.goto(url)
    await expect(page.locator(".weft-page h1").first).to_be_attached()
    await page.evaluate(DRAW_PICTURES)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_preview_and_published_page_look_the_same(
    server: RunningServer, contexts: Contexts, complaints: Complaints, width: int, scheme: str
) -> None:
    for doc in [doc for tenant, doc in DEMO if tenant == "demo"]:
        page = await contexts.page(width, 900, color_scheme=scheme)
        pictures = []
        for path in (f"/preview/{doc}", f"/p/demo/{doc}"):
            await shown(page, server.http + path)
            pictures.append((await page.evaluate(BOXES), await page.screenshot(full_page=True)))
            assert await page.evaluate(DARK) is (scheme == "dark")
        assert pictures[0] == pictures[1], doc
        assert complaints.of(page) == []


@pytest.mark.parametrize("width", [390, 768])
async def test_a_narrow_root_is_laid_out_as_a_narrow_window(
    server: RunningServer, contexts: Contexts, width: int
) -> None:
    for tenant, doc in DEMO:
        url = f"{server.http}/p/{tenant}/{doc}"
        narrow = await contexts.page(width, 900)
        await shown(narrow, url)
        wide = await contexts.page(1280, 900)
        await shown(wide, url)
        inner = await narrow.evaluate("document.documentElement.clientWidth")
        await wide.evaluate(f"({IN_A_PART})({inner})")
        assert json.loads(await wide.evaluate(BOXES)) == json.loads(await narrow.evaluate(BOXES))
