"""The hooks for React in a real browser: two tabs of the page of docs/react.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.actions import type_at_end
from tests.browser.bundles import bundle, can_bundle
from tests.browser.chromium_contexts import Complaints
from tests.browser.site import Site
from tests.running import RunningServer
from tests.snippets import snippet

PAGE = "docs/react.md"
pytestmark = pytest.mark.skipif(not can_bundle(), reason="no npm modules")

HTML = """<!doctype html><meta charset="utf-8" /><title>React</title><main></main>
<script type="module" src="/app.js"></script>"""
# What the test adds to the page: more components, and how often each was drawn.
MORE = """
function getToken () { return new URLSearchParams(location.hash.slice(1)).get('token') }
const drawn = {}
const { useDocument, useLock } = hooks(React)
const count = (name) => { drawn[name] = (drawn[name] ?? 0) + 1 }

function Whole () {
  const value = useDocument(page)
  const [title] = useField(page, '/title')
  if (value?.title !== title) drawn.torn = true
  return <pre>{JSON.stringify(value)}</pre>
}

function Other () {
  const [text] = useField(page, '/other/text')
  count('other')
  return <b>{text}</b>
}

function Lock () {
  const lock = useLock(page, '/title')
  Object.assign(window, { lock })
  return <i>{lock.mine ? 'mine' : lock.holder?.name ?? 'free'}</i>
}

function More () {
  const [isShown, show] = React.useState(true)
  Object.assign(window, { show })
  return <><Whole /><Other />{isShown && <Lock />}<Body /></>
}

%s
const root = document.body.appendChild(document.createElement('div'))
createRoot(root).render(<React.StrictMode><More /></React.StrictMode>)
Object.assign(window, { page, drawn })
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[RunningServer, Site]]:
    with (
        Site() as site,
        RunningServer(tmp_path, env={"WEFT_ORIGINS": site.origin}) as server,
    ):
        source = bundle(snippet(PAGE, "app") + MORE % snippet(PAGE, "text"), "jsx")
        site.pages["/"] = HTML
        site.pages["/app.js"] = source.replace("https://weft.example", server.http)
        yield server, site


async def tabs(context: BrowserContext, site: tuple[RunningServer, Site]) -> tuple[Page, Page]:
    server, pages = site
    opened = []
    for user in ("ada", "bo"):
        page = await context.new_page()
        await page.goto(f"{pages.origin}/#token={await server.mint(user)}")
        await expect(page.locator("input")).to_have_value("Hello")
        opened.append(page)
    return opened[0], opened[1]


async def test_two_tabs_type_lock_and_leave(
    context: BrowserContext, site: tuple[RunningServer, Site], complaints: Complaints
) -> None:
    ada, bo = await tabs(context, site)
    await type_at_end(ada.locator("input"), "!")
    await expect(bo.locator("input")).to_have_value("Hello!")
    await expect(ada.locator("p")).to_have_text("online, saved, 1 others are here")
    await ada.evaluate("void lock.acquire()")
    await expect(ada.locator("i")).to_have_text("mine")
    await expect(bo.locator("i")).to_have_text("Ada")
    await ada.evaluate("show(false)")
    await expect(bo.locator("i")).to_have_text("free")
    assert complaints == []


async def test_two_users_type_in_a_text_that_an_effect_has_bound(
    context: BrowserContext, site: tuple[RunningServer, Site], complaints: Complaints
) -> None:
    ada, bo = await tabs(context, site)
    areas = [each.locator("textarea") for each in (ada, bo)]
    for area, text, whole in ((areas[0], "one", "one"), (areas[1], " two", "one two")):
        await type_at_end(area, text)
        await expect(areas[1]).to_have_value(whole)
    await expect(areas[0]).to_have_value("one two")
    await expect(areas[0]).to_have_js_property("selectionStart", 3)
    assert complaints == []


async def test_a_component_is_drawn_only_when_its_part_changes(
    context: BrowserContext, site: tuple[RunningServer, Site]
) -> None:
    ada, bo = await tabs(context, site)
    before = await bo.evaluate("drawn.other")
    await ada.evaluate("Promise.all([1, 2, 3].map((n) => page.set('/title', `${n}`).durable))")
    await expect(bo.locator("input")).to_have_value("3")
    assert await bo.evaluate("[drawn.other, drawn.torn ?? false]") == [before, False]
    await ada.evaluate("page.set('/other', { text: 'new' }).state")
    await expect(bo.locator("b")).to_have_text("new")
    assert await bo.evaluate("drawn.other") > before
