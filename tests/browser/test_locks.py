"""The snippets of docs/locks.md that need a browser."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.async_api import BrowserContext, Page

from tests.live.http_client import call
from tests.running import RunningServer
from tests.snippets import snippet

PAGE = "docs/locks.md"


async def test_a_tab_keeps_its_name_and_a_copy_of_it_gets_another(
    tmp_path: Path, context: BrowserContext
) -> None:
    name = f"({snippet(PAGE, 'tab-name').strip()})()"
    with RunningServer(tmp_path) as server:
        first, copy = await context.new_page(), await context.new_page()
        await first.goto(f"{server.http}/docs")
        names = [await first.evaluate(name)]
        await first.goto(f"{server.http}/docs")  # a reload
        names.append(await first.evaluate(name))
        await copy.goto(f"{server.http}/docs")
        await copy.evaluate("(name) => { sessionStorage.tab = name }", names[0])
        names.append(await copy.evaluate(name))
        assert names[0] == names[1] != names[2]
        assert await copy.evaluate("sessionStorage.tab") == names[2]


async def test_a_closed_page_releases_its_lock(tmp_path: Path, page: Page) -> None:
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada")
        url = f"{server.http}/v1/docs/home"
        call("PUT", url, {"title": "Hello"}, token=token)
        lock = call("POST", f"{url}/locks", {"scope": ""}, token=token).body
        await page.goto(f"{server.http}/healthz")
        secret, held = json.dumps(lock["secret"]), json.dumps(lock)
        leaving = f"const server = '', doc = 'home', lock = {held}, secret = {secret};"
        await page.evaluate(
            f"addEventListener('pagehide', () => {{ {leaving} {snippet(PAGE, 'release-beacon')} }})"
        )
        await page.goto(f"{server.http}/healthz")
        while call("GET", f"{url}/locks", token=token).body["items"]:
            pass  # ends, or the test run times out
