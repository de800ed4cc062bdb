"""No text of a page runs as a script: in the preview, and on the published page."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from collab.rights.user_rights import Role
from tests.browser.chromium import Chromium, Page
from tests.browser.payloads import PAYLOADS, site_with
from tests.running import RunningServer

BATCH = 30
# Everything that a visitor may do to an element, except following a link.
TOUCH = """(() => {
  document.addEventListener('click', (event) => event.preventDefault())
  const events = ['mouseover', 'focus', 'pointerenter', 'toggle', 'animationstart', 'error', 'load']
  for (const each of document.querySelectorAll('*')) {
    each.focus?.()
    each.click?.()
    for (const name of events) each.dispatchEvent(new Event(name))
  }
  return window.ran === undefined
})()"""
STRANGE = """(SAFE => [...document.querySelectorAll('body *')].flatMap((each) =>
  [...each.attributes].filter(({ name, value }) =>
    name.startsWith('on') || ['style', 'srcdoc', 'action', 'formaction'].includes(name) ||
    (/^(href|src|xlink:href|data)$/.test(name) && !SAFE.includes(new URL(value, location).protocol))
  ).map(({ name }) => name).concat(/^(script|iframe|object|embed|base|form)$/i.test(each.tagName)
    ? each.tagName : [])))(['http:', 'https:', 'mailto:', 'tel:'])"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as server:
        yield server


async def none_ran(page: Page, sections: int) -> None:
    await page.until(f"document.querySelectorAll('section, .is-footer').length >= {sections}")
    assert await page.evaluate(TOUCH) is True
    assert await page.evaluate(STRANGE) == []
    blocked = [each for each in page.complaints if "script" in each.lower()]
    assert blocked == []


def test_there_are_three_hundred_payloads() -> None:
    assert len(set(PAYLOADS)) >= 300


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), BATCH))
async def test_no_payload_runs(server: RunningServer, browser: Chromium, start: int) -> None:
    token, doc = await server.mint("ada", Role.PUBLISHER), f"d{start}"
    payloads = PAYLOADS[start : start + BATCH]
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=server.http, headers=headers) as client:
        (await client.put(f"/v1/docs/{doc}", json=site_with(payloads))).raise_for_status()
        (await client.post(f"/v1/docs/{doc}/publish")).raise_for_status()
    for path in (f"/preview/{doc}#token={token}", f"/p/demo/{doc}"):
        page = await browser.page()
        await page.open(server.http + path)
        await none_ran(page, len(payloads) * 8)
