"""No text of a page runs as a script in the editor: on the canvas and in the panels."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.chromium_contexts import Complaints
from tests.browser.editor.studio import Studio
from tests.browser.payloads import PAYLOADS, sections_with, site_with

pytestmark = pytest.mark.real

BATCH = 100
# Everything that a user may do to an element, except clicks: they would change the page.
TOUCH = """() => {
  const events = ['mouseover', 'focus', 'pointerenter', 'toggle', 'animationstart', 'error', 'load']
  for (const each of document.querySelectorAll('#stage *, #inspector *, #outline *, #bar *'))
    for (const name of events) each.dispatchEvent(new Event(name))
  return window.ran === undefined
}"""
STRANGE = """() => [...document.querySelectorAll('body *')].flatMap((each) =>
  [...each.attributes].filter(({ name, value }) =>
    name.startsWith('on') || ['srcdoc', 'formaction'].includes(name) ||
    (/^(href|src|xlink:href|data|action)$/.test(name) &&
      !['http:', 'https:', 'mailto:', 'tel:', 'blob:'].includes(
        new URL(value, location).protocol))
  ).map(({ name }) => `${each.tagName} ${name}`).concat(
    /^(script|object|embed|base)$/i.test(each.tagName) ? each.tagName : []))"""
# Selects each section in turn, and waits until its fields are drawn.
SELECT = """async (ids) => {
  for (const id of ids) {
    weft.workspace.select(id)
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  }
}"""


def page_of(payloads: list[str], kinds: int) -> dict[str, Any]:
    """Return a page with one section for each payload. Each begins with another type."""
    value = site_with(payloads[0])
    value["pages"]["home"]["sections"] = [
        {**sections_with(payload)[(number + kinds) % 12], "id": f"{number} {payload}"}
        for number, payload in enumerate(payloads)
    ]
    return value


async def none_runs(studio: Studio, page: Page, doc: str, value: dict[str, Any]) -> Page:
    await studio.create(doc, value, schema=False)
    opened = await studio.open(page.context, doc)
    ids = [each.get("id", "") for each in value["pages"]["home"]["sections"]]
    await opened.evaluate(SELECT, ids)
    assert await opened.evaluate(TOUCH)
    assert await opened.evaluate(STRANGE) == []
    return opened


def kinds_of(number: int) -> Any:
    """Return the number of a type as a parameter of a test. `make test` tries one of twelve."""
    return number if not number else pytest.param(number, marks=pytest.mark.long)


@pytest.mark.parametrize("kinds", [kinds_of(number) for number in range(12)])
@pytest.mark.parametrize("start", range(0, len(PAYLOADS), BATCH))
async def test_no_payload_runs_in_the_editor(
    studio: Studio, page: Page, complaints: Complaints, start: int, kinds: int
) -> None:
    value = page_of(PAYLOADS[start : start + BATCH], kinds)
    opened = await none_runs(studio, page, f"payloads{start}-{kinds}", value)
    assert await opened.locator("#stage section, #stage .is-footer").count() > BATCH // 2
    assert await opened.locator("#outline li").count() == len(value["pages"]["home"]["sections"])
    blocked = [each for each in complaints if "script" in each.partition(" (http")[0].lower()]
    assert blocked == []


async def test_a_page_whose_every_text_is_a_payload_opens(studio: Studio, page: Page) -> None:
    """All sections have the same id here, and the names of the site are payloads too."""
    value = site_with(PAYLOADS[0])
    opened = await none_runs(studio, page, "all", value)
    assert await opened.title() != ""
