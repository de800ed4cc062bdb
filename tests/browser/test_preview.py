"""The preview bridge in a real browser: an editor, its sandboxed preview, and the direct mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.async_api import BrowserContext, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints
from tests.browser.site import Site
from tests.browser.waits import until
from tests.running import RunningServer
from tests.snippets import snippet

PAGE = "docs/preview.md"

EDITOR = """<!doctype html><meta charset="utf-8" /><title>Editor</title>
%(iframe)s
<script type="module">
  import { connect } from 'https://weft.example/sdk/weft.js'
  const page = connect({ url: 'https://weft.example', document: '%(doc)s', token: () => '%(token)s',
    create: { title: 'Hello', list: [] }, offline: false })
  %(bridge)s
  const seen = []
  const states = []
  const errors = []
  addEventListener('message', ({ data }) => data.drawn && seen.push(data))
  preview.on('state', (state) => states.push(state))
  preview.on('error', (error) => errors.push(error.code))
  Object.assign(window, { page, preview, seen, states, errors })
</script>
"""
# Tells the editor of the test what the preview shows.
TELLS = """<script>
  const shown = document.querySelector('h1')
  let drawn = 0
  const tell = () => parent.postMessage({ drawn: (drawn += 1), title: shown.textContent }, '*')
  new MutationObserver(tell).observe(shown, { childList: true })
</script>"""
SEEN = "window.seen?.at(-1)?.title"


class World(NamedTuple):
    server: RunningServer
    editor: Site
    preview: Site

    def here(self, text: str) -> str:
        return (
            text.replace("https://weft.example", self.server.http)
            .replace("https://editor.example", self.editor.origin)
            .replace("https://preview.example", self.preview.origin)
        )

    async def open(self, page: Page, doc: str) -> None:
        """Open the editor of the docs with the preview of the docs."""
        names = {
            "iframe": snippet(PAGE, "iframe"),
            "bridge": snippet(PAGE, "editor"),
            "doc": doc,
            "token": await self.server.mint("ada"),
        }
        self.editor.pages["/"] = self.here(EDITOR % names)
        self.preview.pages["/page"] = self.here(snippet(PAGE, "preview") + TELLS)
        await page.goto(f"{self.editor.origin}/")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One server for all tests. Each has a document of its own."""
    with Site() as editor, Site() as preview:
        origins = {"WEFT_ORIGINS": f"{editor.origin},{preview.origin}"}
        with RunningServer(tmp_path_factory.mktemp("weft"), env=origins) as server:
            yield World(server, editor, preview)


async def test_a_sandboxed_preview_follows_sixty_edits_a_second_at_twenty_frames(
    world: World, page: Page, complaints: Complaints
) -> None:
    await world.open(page, "fast")
    await until(page, f"{SEEN} === 'Hello'")
    told = await page.evaluate(
        """(async () => {
          const began = performance.now()
          for (let n = 1; n <= 180; n += 1) {
            page.set('/title', `Edit ${n}`)
            await new Promise((resolve) => setTimeout(resolve, 1000 / 60))
          }
          return performance.now() - began
        })()"""
    )
    await until(page, f"{SEEN} === 'Edit 180'")
    drawn = await page.evaluate("window.seen.length")
    assert 10 < drawn <= 3 + told * 20 / 1000
    assert complaints == []


async def test_a_reloaded_frame_gets_the_newest_value(world: World, page: Page) -> None:
    await world.open(page, "reload")
    await until(page, f"{SEEN} === 'Hello'")
    await page.evaluate("page.set('/title', 'Hi').state")
    await until(page, f"{SEEN} === 'Hi'")
    await page.evaluate("void (seen.length = 0)")
    await page.locator("iframe").evaluate("(frame) => void (frame.src += '?again')")
    await until(page, f"{SEEN} === 'Hi'")
    assert await page.evaluate("states") == ["connected", "waiting", "connected"]


async def test_a_frame_that_goes_to_another_page_gets_nothing_more(
    world: World, page: Page
) -> None:
    world.preview.pages["/other"] = world.here("<!doctype html><h1>Another page</h1>")
    await world.open(page, "away")
    await until(page, f"{SEEN} === 'Hello'")
    await page.locator("iframe").evaluate(
        "(frame, url) => void (frame.src = url)", f"{world.preview.origin}/other"
    )
    await until(page, "preview.state === 'waiting'")


async def test_a_preview_for_another_editor_is_told_nothing(world: World, page: Page) -> None:
    await world.open(page, "wrong")
    text = world.preview.pages["/page"]
    world.preview.pages["/page"] = text.replace(world.editor.origin, "https://other.example")
    await page.goto(f"{world.editor.origin}/?again")
    await until(page, "window.page?.value?.title === 'Hello'")
    assert await page.evaluate("[preview.state, seen.length]") == ["waiting", 0]


async def test_an_embed_on_another_origin_follows_the_server_without_being_seen(
    world: World, context: BrowserContext, complaints: Complaints, page: Page
) -> None:
    await world.open(page, "embed")
    await until(page, "window.page?.value?.title === 'Hello'")
    token = await world.server.mint("guest", Role.VIEWER)
    script = snippet(PAGE, "direct").replace("'home'", "'embed'")
    world.preview.pages["/embed"] = world.here(
        f"""<!doctype html><h1></h1><script type="module">
        {script}
        function getToken () {{ return '{token}' }}
        function draw (value) {{ document.querySelector('h1').textContent = value.title }}
        </script>"""
    )
    embed = await context.new_page()
    await embed.goto(f"{world.preview.origin}/embed")
    await expect(embed.get_by_role("heading")).to_have_text("Hello")
    await page.evaluate("page.set('/title', 'Hi').state")
    await expect(embed.get_by_role("heading")).to_have_text("Hi")
    assert await page.evaluate("page.presence.others") == []
    assert complaints.of(embed) == []
