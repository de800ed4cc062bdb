"""No text of a page runs as a script: in the preview, and on the published page."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.async_api import Frame, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints
from tests.browser.payloads import PAYLOADS, site_with
from tests.running import RunningServer

BATCH = 30
# `make test` tries one batch of three.
STARTS = [
    start if number % 6 == 0 else pytest.param(start, marks=pytest.mark.long)
    for number, start in enumerate(range(0, len(PAYLOADS), BATCH))
]
# Everything that a visitor may do to an element, except following a link.
TOUCH = """(() => {
  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation() }
  addEventListener('click', stop, true)
  const events = ['mouseover', 'focus', 'pointerenter', 'toggle', 'animationstart', 'error', 'load']
  for (const each of document.querySelectorAll('*')) {
    each.focus?.()
    each.click?.()
    for (const name of events) each.dispatchEvent(new Event(name))
  }
  removeEventListener('click', stop, true)
  return window.ran === undefined
})()"""
SHOWN = "['select', 'textarea', '.carousel', '.plan', 'details', '.is-plain']"
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


async def none_ran(page: Page | Frame, complaints: Complaints) -> None:
    missing = await page.evaluate(f"{SHOWN}.filter((each) => !document.querySelector(each))")
    assert missing == []
    assert await page.evaluate(TOUCH) is True
    assert await page.evaluate(STRANGE) == []
    blocked = [each for each in complaints if "script" in each.lower()]
    assert blocked == []


def test_there_are_three_hundred_payloads() -> None:
    assert len(set(PAYLOADS)) >= 300


@pytest.mark.parametrize("start", STARTS)
async def test_no_payload_runs_on_a_published_page(
    server: RunningServer, page: Page, complaints: Complaints, start: int
) -> None:
    headers = {"Authorization": f"Bearer {await server.mint('ada', Role.PUBLISHER)}"}
    async with httpx.AsyncClient(base_url=server.http, headers=headers) as client:
        for number, payload in enumerate(PAYLOADS[start : start + BATCH], start):
            path = f"/v1/docs/d{number}"
            (await client.put(path, json=site_with(payload))).raise_for_status()
            (await client.post(f"{path}/publish")).raise_for_status()
            await page.goto(f"{server.http}/p/demo/d{number}")
            await none_ran(page, complaints)


@pytest.mark.parametrize("start", STARTS)
async def test_no_payload_runs_in_a_preview(
    server: RunningServer, page: Page, complaints: Complaints, start: int
) -> None:
    headers = {"Authorization": f"Bearer {await server.mint('ada', Role.PUBLISHER)}"}
    path = f"/v1/docs/preview{start}"
    async with httpx.AsyncClient(base_url=server.http, headers=headers) as client:
        for number, payload in enumerate(PAYLOADS[start : start + BATCH]):
            value = site_with(payload)
            end = {"id": f"n{number}", "type": "end", "content": {"headline": "The end"}}
            value["pages"]["home"]["sections"].append(end)
            how = {"If-Match": "*"} if number else {}
            (await client.put(path, json=value, headers=how)).raise_for_status()
            if not number:
                token = headers["Authorization"].removeprefix("Bearer ")
                await page.goto(f"{server.http}/preview/preview{start}#token={token}")
            await expect(page.locator(f"#n{number}")).to_be_attached()
            await none_ran(page, complaints)
