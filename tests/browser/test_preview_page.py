"""The page `/preview/{doc}` in a real browser: alone, in an editor, and at a version."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from collab.rights.user_rights import Role
from tests.browser.chromium import Chromium, Page
from tests.browser.site import Site
from tests.running import RunningServer
from tests.snippets import snippet

PAGE = "docs/preview.md"
HEADLINE = "document.querySelector('h1')?.textContent"
EDIT = """async (pointer) => {
  for (let n = 1; n <= 60; n += 1) {
    page.set(pointer, `Edit ${n}`)
    await new Promise((resolve) => setTimeout(resolve, 1000 / 60))
  }
}"""
# Notes each change of the DOM below the root of the page.
WATCH = """void (() => {
  window.kinds = []
  const note = (records) => kinds.push(...records.map((each) => each.type))
  const what = { subtree: true, childList: true, characterData: true, attributes: true }
  new MutationObserver(note).observe(document.querySelector('.weft-page'), what)
})()"""
TITLE = "/pages/home/sections/0/content/headline"
# How often the frame used the network.
LOADED = "performance.getEntriesByType('resource').length"
STATE = "document.querySelector('#weft-state').textContent"


def document(headline: str) -> dict[str, Any]:
    hero = {"id": "hero", "type": "hero", "content": {"headline": headline, "body": "**Bold**"}}
    link = {"label": "About", "href": "/about#team"}
    call = {"id": "call", "type": "callToAction", "content": {"headline": "x", "buttons": [link]}}
    team = {"id": "team", "type": "features", "content": {"headline": "The team"}}
    return {
        "site": {"name": "Larkfield"},
        "pages": {
            "home": {"title": "Home", "sections": [hero, call]},
            "about": {"title": "About us", "sections": [team]},
        },
    }


class World(NamedTuple):
    server: RunningServer
    editor: Site
    tokens: dict[str, str]

    async def request(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens['editor']}"}
        async with httpx.AsyncClient(base_url=self.server.http, headers=headers) as client:
            answer = await client.request(method, path, json=body)
        answer.raise_for_status()
        return answer

    async def create(self, doc: str, headline: str = "Hello") -> None:
        await self.request("PUT", f"/v1/docs/{doc}", document(headline))

    async def set_headline(self, doc: str, headline: str) -> None:
        path = "/pages/home/sections/0/content/headline"
        patch = [{"op": "replace", "path": path, "value": headline}]
        await self.request("PATCH", f"/v1/docs/{doc}", patch)

    async def edit(self, browser: Chromium, doc: str) -> Page:
        """Open the editor of the docs, with the preview in a frame."""
        html = snippet(PAGE, "page").replace("https://weft.example", self.server.http)
        html = html.replace("https://editor.example", self.editor.origin)
        html = html.replace("getToken()", json.dumps(self.tokens["editor"]))
        self.editor.pages["/"] = html.replace("'home'", f"'{doc}'").replace(
            "/preview/home", f"/preview/{doc}"
        )
        page = await browser.page()
        await page.watch_frames()
        await page.open(f"{self.editor.origin}/")
        await page.until("window.preview?.state === 'connected' && page.value !== undefined")
        return page

    async def open(self, browser: Chromium, path: str) -> Page:
        page = await browser.page()
        await page.open(f"{self.server.http}/preview/{path}#token={self.tokens['viewer']}")
        return page


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Site() as editor:
        env = {"WEFT_ORIGINS": editor.origin, "WEFT_FRAME_ANCESTORS": editor.origin}
        with RunningServer(tmp_path_factory.mktemp("weft"), env=env) as server:
            tokens = {
                "editor": server.token("ada", Role.ADMIN),
                "viewer": server.token("vera", Role.VIEWER),
            }
            yield World(server, editor, tokens)


# --- alone --------------------------------------------------------------------------------------


async def test_a_preview_alone_follows_the_draft(world: World, browser: Chromium) -> None:
    await world.create("alone")
    page = await world.open(browser, "alone")
    await page.until(f"{HEADLINE} === 'Hello'")
    assert await page.evaluate("document.querySelector('.eyebrow').innerHTML") == (
        "<strong>Bold</strong>"
    )
    await world.set_headline("alone", "Changed")
    await page.until(f"{HEADLINE} === 'Changed'")
    assert await page.evaluate("document.title") == "Home"
    assert page.complaints == []


async def test_the_token_leaves_the_address_and_outlives_a_reload(
    world: World, browser: Chromium
) -> None:
    await world.create("reload")
    page = await world.open(browser, "reload")
    await page.until(f"{HEADLINE} === 'Hello'")
    assert await page.evaluate("location.href") == f"{world.server.http}/preview/reload"
    await page.open(f"{world.server.http}/preview/reload?again")
    await page.until(f"{HEADLINE} === 'Hello'")


async def test_a_link_to_a_page_of_the_site_shows_that_page(
    world: World, browser: Chromium
) -> None:
    await world.create("links")
    page = await world.open(browser, "links")
    await page.until(f"{HEADLINE} === 'Hello'")
    await page.evaluate("document.querySelector('.buttons a').click()")
    await page.until(f"{HEADLINE} === 'The team'")
    assert await page.evaluate("location.pathname + location.hash") == "/preview/links/about#team"
    await page.evaluate("history.back()")
    await page.until(f"{HEADLINE} === 'Hello'")
    await page.open(f"{world.server.http}/preview/links/about")
    await page.until(f"{HEADLINE} === 'The team'")
    await page.open(f"{world.server.http}/preview/links/none")
    await page.until(f"{STATE} === 'This page is not in the document.'")


async def test_an_older_version_stays_as_it_was(world: World, browser: Chromium) -> None:
    await world.create("old")
    await world.set_headline("old", "New")
    page = await world.open(browser, "old?at=1")
    await page.until(f"{HEADLINE} === 'Hello'")
    for number in ("99", "0", "abc", ""):
        page = await world.open(browser, f"old?at={number}")
        await page.until(f"{STATE} === 'This version is not in the history of the page.'")


@pytest.mark.parametrize(
    ("path", "said"),
    [("none", "This document does not exist."), ("none?at=1", "This document does not exist.")],
)
async def test_a_document_that_does_not_exist_is_told(
    world: World, browser: Chromium, path: str, said: str
) -> None:
    page = await world.open(browser, path)
    await page.until(f"{STATE} === {json.dumps(said)}")


async def test_a_preview_without_a_token_asks_for_its_link(world: World, browser: Chromium) -> None:
    page = await browser.page()
    await page.open(f"{world.server.http}/preview/alone")
    await page.until(f"{STATE} === 'Open this preview with the link that its editor gave you.'")


async def test_a_preview_says_when_the_server_is_gone(world: World, browser: Chromium) -> None:
    await world.create("gone")
    page = await world.open(browser, "gone")
    await page.until(f"{HEADLINE} === 'Hello'")
    world.server.kill()
    await page.until(f"{STATE} === 'There is no connection. You see the page as it was.'")
    world.server.start()
    await page.until(f"{STATE} === ''", seconds=60)
    assert await page.evaluate(HEADLINE) == "Hello"


async def test_a_preview_says_that_its_link_was_ended(world: World, browser: Chromium) -> None:
    await world.create("ended")
    link = (await world.request("POST", "/v1/docs/ended/share", {"role": "viewer"})).json()
    page = await browser.page()
    await page.open(f"{world.server.http}/preview/ended#token={link['token']}")
    await page.until(f"{HEADLINE} === 'Hello'")
    await world.request("DELETE", f"/v1/docs/ended/share/{link['id']}")
    said = "You see the page as it was: this link no longer shows its changes."
    await page.until(f"{STATE} === {json.dumps(said)}")
    await page.open(f"{world.server.http}/preview/ended?again")
    await page.until(f"{STATE} === 'Open this preview with the link that its editor gave you.'")


async def test_a_preview_of_a_deleted_document_keeps_its_token(
    world: World, browser: Chromium
) -> None:
    await world.create("deleted")
    page = await world.open(browser, "deleted")
    await page.until(f"{HEADLINE} === 'Hello'")
    await world.request("DELETE", "/v1/docs/deleted")
    said = "You see the page as it was: the document was deleted."
    await page.until(f"{STATE} === {json.dumps(said)}")
    await world.create("deleted", "Again")
    await page.open(f"{world.server.http}/preview/deleted?again")
    await page.until(f"{HEADLINE} === 'Again'")


async def test_a_version_that_comes_late_ends_the_line_about_the_connection(
    world: World, browser: Chromium
) -> None:
    await world.create("late")
    page = await browser.page()
    late = "{ const { fetch } = window; const asked = new Promise((go) => { window.answer = go });"
    late += "window.fetch = async (...given) => { await asked; return fetch(...given) } }"
    await page.call("Page.addScriptToEvaluateOnNewDocument", source=late)
    await page.open(f"{world.server.http}/preview/late?at=1#token={world.tokens['viewer']}")
    await page.until(f"{STATE} === 'Connecting to the page.'")
    await page.evaluate("void answer()")
    await page.until(f"{HEADLINE} === 'Hello'")
    await page.until(f"{STATE} === ''")


async def test_a_new_link_in_the_same_tab_is_used(world: World, browser: Chromium) -> None:
    await world.create("relinked")
    page = await browser.page()
    url = f"{world.server.http}/preview/relinked"
    await page.open(url)
    await page.until(f"{STATE} === 'Open this preview with the link that its editor gave you.'")
    await page.open(f"{url}#token={world.tokens['viewer']}")  # the page loads itself again
    await page.until(f"{HEADLINE} === 'Hello'")
    assert await page.evaluate("location.href") == url


# --- in an editor ---------------------------------------------------------------------------------


async def test_an_editor_of_another_origin_feeds_a_sandboxed_preview(
    world: World, browser: Chromium
) -> None:
    await world.create("framed")
    page = await world.edit(browser, "framed")
    await page.evaluate("page.set('/pages/home/sections/0/content/headline', 'Typed').state")
    await page.evaluate(
        "window.told = new Promise((done) => preview.on('focus', done));"
        "void preview.focus('/pages/home/sections/0/content/headline')"
    )
    frame = await page.frame()
    await frame.until(f"{HEADLINE} === 'Typed'")
    await frame.until("document.querySelector('.weft-focus')?.tagName === 'H1'")
    await frame.evaluate("document.querySelector('h2').click()")
    assert await page.evaluate("told") == "/pages/home/sections/1/content/headline"
    assert page.complaints == []


async def test_a_frame_shows_changes_while_the_server_does_not_answer(
    world: World, browser: Chromium
) -> None:
    await world.create("stopped")
    page = await world.edit(browser, "stopped")
    frame = await page.frame()
    await frame.until(f"{HEADLINE} === 'Hello'")
    loaded = await frame.evaluate(LOADED)
    assert world.server.process is not None
    world.server.process.send_signal(signal.SIGSTOP)
    try:
        for words in ("One", "Two", "Three"):
            await page.evaluate(f"void (window.change = page.set('{TITLE}', '{words}'))")
            await frame.until(f"{HEADLINE} === '{words}'")
        assert await page.evaluate("change.state") != "durable"
    finally:
        world.server.process.send_signal(signal.SIGCONT)
    assert await frame.evaluate(LOADED) == loaded
    await page.until("change.state === 'durable'")


@pytest.mark.parametrize("sections", [5, 100])
async def test_each_of_sixty_edits_a_second_changes_one_text_of_the_frame(
    world: World, browser: Chromium, sections: int
) -> None:
    doc = f"fast{sections}"
    value = document("Hello")
    value["pages"]["home"]["sections"] = [
        {"id": f"s{n}", "type": "features", "content": {"headline": f"Section {n}"}}
        for n in range(sections)
    ]
    await world.request("PUT", f"/v1/docs/{doc}", value)
    page = await world.edit(browser, doc)
    frame = await page.frame()
    await frame.until("document.querySelectorAll('section').length > 0")
    await frame.evaluate(WATCH)
    await page.evaluate(f"({EDIT})('/pages/home/sections/{sections - 1}/content/headline')")
    await frame.until("[...document.querySelectorAll('h2')].at(-1)?.textContent === 'Edit 60'")
    kinds = await frame.evaluate("kinds")
    assert set(kinds) == {"characterData"}
    assert 1 <= len(kinds) <= 60


async def test_another_site_may_not_frame_a_preview(world: World, browser: Chromium) -> None:
    await world.create("unframed")
    with Site() as other:
        other.pages["/"] = f'<iframe src="{world.server.http}/preview/unframed"></iframe>'
        page = await browser.page()
        await page.open(f"{other.origin}/")
        await page.until("document.querySelector('iframe').contentDocument === null")
    assert "frame-ancestors" in "".join(page.complaints)


# --- demo mode ------------------------------------------------------------------------------------


async def test_in_demo_mode_a_guest_sees_the_draft(
    tmp_path_factory: pytest.TempPathFactory, browser: Chromium
) -> None:
    with RunningServer(tmp_path_factory.mktemp("demo"), env={"WEFT_DEMO": "1"}) as server:
        page = await browser.page()
        await page.open(f"{server.http}/preview/home")
        await page.until(f"{HEADLINE} !== undefined")
        assert page.complaints == []
        # A guest without a network needs no link.
        await page.call("Network.enable")
        await page.call("Network.setBlockedURLs", urls=["*/v1/demo/token"])
        await page.open(f"{server.http}/preview/home?offline")
        await page.until(f"{STATE} === 'There is no connection.'")
