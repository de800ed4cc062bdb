"""docs/offline.md in a real browser: a page that opens and edits without a network."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.actions import type_at_end
from tests.browser.site import Site
from tests.browser.waits import until
from tests.live.http_client import call
from tests.running import RunningServer
from tests.snippets import snippet

PAGE = "docs/offline.md"
HTML = """<!doctype html><meta charset="utf-8" /><title>Offline</title>
<link rel="stylesheet" href="/page.css" /><input /><script type="module" src="/page.js"></script>"""
# The page without its snippets. The token comes from the site, so it cannot be had offline.
SCRIPT = """
import { connect } from 'https://weft.example/sdk/weft.js'
const token = async () => (await fetch('/token')).text()
const page = connect({ url: 'https://weft.example', document: 'home', token, create: { t: 'a' } })
page.text('/t').bind(document.querySelector('input'))
Object.assign(window, { page })
"""
TRACKER = """
const reports = []
const Sentry = {
  captureException: (error, { tags }) => reports.push(tags.code),
  captureMessage: (message, { tags }) => reports.push(tags.reason)
}
Object.assign(window, { reports })
"""
KEPT = """caches.open('page-1').then((cache) => cache.keys()).then((keys) => {
  const kept = keys.map(({ url }) => url)
  const files = performance.getEntriesByType('resource').map(({ name }) => name)
  return files.filter((name) => /sdk|page/.test(name)).every((name) => kept.includes(name)) && kept
})"""


async def test_a_page_opens_and_edits_without_a_network_after_one_visit(
    tmp_path: Path, page: Page
) -> None:
    with Site() as site, RunningServer(tmp_path, env={"WEFT_ORIGINS": site.origin}) as server:
        token = await server.mint("ada")
        parts = {"worker": snippet(PAGE, "worker"), "register": snippet(PAGE, "register")}
        parts = {
            name: text.replace("https://weft.example", server.http) for name, text in parts.items()
        }
        script = SCRIPT.replace("https://weft.example", server.http)
        site.pages |= {
            "/": HTML,
            "/page.css": "input { color: rgb(1, 2, 3) }",
            "/page.js": f"{script}\n{parts['register']}",
            "/worker.js": parts["worker"],
            "/token": token,
        }
        await page.goto(f"{site.origin}/")
        field = page.locator("input")
        await expect(field).to_have_value("a")
        while not (kept := await page.evaluate(KEPT)):
            pass  # ends, or the test run times out
        assert f"{site.origin}/token" not in kept
        assert not [url for url in kept if "/v1/" in url]

        site.is_down = True
        server.stop()
        for value, more in (("a", "b"), ("ab", "c")):
            await page.goto(f"{site.origin}/")
            await expect(field).to_have_value(value)
            await expect(field).to_have_css("color", "rgb(1, 2, 3)")
            await type_at_end(field, more)
            await until(page, "page.saved === 'unsaved' && page.link === 'offline'")
        site.is_down = False
        server.start()
        await until(page, "page.saved === 'saved'")
        assert call("GET", f"{server.http}/v1/docs/home", token=token).body == {"t": "abc"}


async def test_an_error_tracker_gets_defects_but_no_lost_connections(
    tmp_path: Path, page: Page
) -> None:
    with Site() as site, RunningServer(tmp_path, env={"WEFT_ORIGINS": site.origin}) as server:
        site.pages |= {
            "/": HTML,
            "/page.js": SCRIPT.replace("https://weft.example", server.http)
            + TRACKER
            + snippet(PAGE, "tracker"),
            "/token": await server.mint("ada"),
        }
        await page.goto(f"{site.origin}/")
        await until(page, "window.page?.saved === 'saved' && page.link === 'online'")
        lock = call(
            "POST",
            f"{server.http}/v1/docs/home/locks",
            {"scope": "/t"},
            token=await server.mint("bo"),
        )
        assert lock.status == 201
        await type_at_end(page.locator("input"), "b")
        await until(page, "reports.includes('locked')")
        server.stop()
        await until(page, "page.link === 'offline'")
        site.pages["/token"] = "no token"
        server.start()
        await until(page, "page.link === 'refused'")
        assert await page.evaluate("reports") == ["locked", "unauthenticated"]
