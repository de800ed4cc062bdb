"""The page `/preview/{doc}` in a real browser: alone, in an editor, and at a version."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.async_api import Frame, Locator, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints
from tests.browser.site import Site
from tests.browser.waits import frame_of, until
from tests.running import RunningServer
from tests.snippets import snippet

PAGE = "docs/preview.md"
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
NO_LINK = "Open this preview with the link that its editor gave you."


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

    async def edit(self, page: Page, doc: str) -> Frame:
        """Open the editor of the docs, and return its frame with the preview."""
        html = snippet(PAGE, "page").replace("https://weft.example", self.server.http)
        html = html.replace("https://editor.example", self.editor.origin)
        html = html.replace("getToken()", json.dumps(self.tokens["editor"]))
        self.editor.pages["/"] = html.replace("'home'", f"'{doc}'").replace(
            "/preview/home", f"/preview/{doc}"
        )
        await page.goto(f"{self.editor.origin}/")
        await until(page, "window.preview?.state === 'connected' && page.value !== undefined")
        return await frame_of(page)

    async def open(self, page: Page, path: str) -> None:
        await page.goto(f"{self.server.http}/preview/{path}#token={self.tokens['viewer']}")


def headline(page: Page | Frame) -> Locator:
    return page.locator("h1").first


def state(page: Page) -> Locator:
    """The line that says what the preview waits for. It is empty while all is well."""
    return page.locator("#weft-state")


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


async def test_a_preview_alone_follows_the_draft(
    world: World, page: Page, complaints: Complaints
) -> None:
    await world.create("alone")
    await world.open(page, "alone")
    await expect(headline(page)).to_have_text("Hello")
    assert await page.locator(".eyebrow").inner_html() == "<strong>Bold</strong>"
    await world.set_headline("alone", "Changed")
    await expect(headline(page)).to_have_text("Changed")
    await expect(page).to_have_title("Home")
    assert complaints == []


async def test_the_token_leaves_the_address_and_outlives_a_reload(world: World, page: Page) -> None:
    await world.create("reload")
    await world.open(page, "reload")
    await expect(headline(page)).to_have_text("Hello")
    await expect(page).to_have_url(f"{world.server.http}/preview/reload")
    await page.goto(f"{world.server.http}/preview/reload?again")
    await expect(headline(page)).to_have_text("Hello")


async def test_a_link_to_a_page_of_the_site_shows_that_page(world: World, page: Page) -> None:
    await world.create("links")
    await world.open(page, "links")
    await expect(headline(page)).to_have_text("Hello")
    await page.get_by_role("link", name="About", exact=True).click()
    await expect(headline(page)).to_have_text("The team")
    await expect(page).to_have_url(f"{world.server.http}/preview/links/about#team")
    await page.go_back()
    await expect(headline(page)).to_have_text("Hello")
    await page.goto(f"{world.server.http}/preview/links/about")
    await expect(headline(page)).to_have_text("The team")
    await page.goto(f"{world.server.http}/preview/links/none")
    await expect(state(page)).to_have_text("This page is not in the document.")


async def test_an_older_version_stays_as_it_was(world: World, page: Page) -> None:
    await world.create("old")
    await world.set_headline("old", "New")
    await world.open(page, "old?at=1")
    await expect(headline(page)).to_have_text("Hello")
    for number in ("99", "0", "abc", ""):
        await world.open(page, f"old?at={number}")
        await expect(state(page)).to_have_text("This version is not in the history of the page.")


@pytest.mark.parametrize(
    ("path", "said"),
    [("none", "This document does not exist."), ("none?at=1", "This document does not exist.")],
)
async def test_a_document_that_does_not_exist_is_told(
    world: World, page: Page, path: str, said: str
) -> None:
    await world.open(page, path)
    await expect(state(page)).to_have_text(said)


async def test_a_preview_without_a_token_asks_for_its_link(world: World, page: Page) -> None:
    await page.goto(f"{world.server.http}/preview/alone")
    await expect(state(page)).to_have_text(NO_LINK)


async def test_a_preview_says_when_the_server_is_gone(world: World, page: Page) -> None:
    await world.create("gone")
    await world.open(page, "gone")
    await expect(headline(page)).to_have_text("Hello")
    world.server.kill()
    await expect(state(page)).to_have_text("There is no connection. You see the page as it was.")
    world.server.start()
    await expect(state(page)).to_have_text("")
    await expect(headline(page)).to_have_text("Hello")


async def test_a_preview_says_that_its_link_was_ended(world: World, page: Page) -> None:
    await world.create("ended")
    link = (await world.request("POST", "/v1/docs/ended/share", {"role": "viewer"})).json()
    await page.goto(f"{world.server.http}/preview/ended#token={link['token']}")
    await expect(headline(page)).to_have_text("Hello")
    await world.request("DELETE", f"/v1/docs/ended/share/{link['id']}")
    said = "You see the page as it was: this link no longer shows its changes."
    await expect(state(page)).to_have_text(said)
    await page.goto(f"{world.server.http}/preview/ended?again")
    await expect(state(page)).to_have_text(NO_LINK)


async def test_a_preview_of_a_deleted_document_keeps_its_token(world: World, page: Page) -> None:
    await world.create("deleted")
    await world.open(page, "deleted")
    await expect(headline(page)).to_have_text("Hello")
    await world.request("DELETE", "/v1/docs/deleted")
    said = "You see the page as it was: the document was deleted."
    await expect(state(page)).to_have_text(said)
    await world.create("deleted", "Again")
    await page.goto(f"{world.server.http}/preview/deleted?again")
    await expect(headline(page)).to_have_text("Again")


async def test_a_version_that_comes_late_ends_the_line_about_the_connection(
    world: World, page: Page
) -> None:
    await world.create("late")
    late = "{ const { fetch } = window; const asked = new Promise((go) => { window.answer = go });"
    late += "window.fetch = async (...given) => { await asked; return fetch(...given) } }"
    await page.add_init_script(late)
    await page.goto(f"{world.server.http}/preview/late?at=1#token={world.tokens['viewer']}")
    await expect(state(page)).to_have_text("Connecting to the page.")
    await page.evaluate("void answer()")
    await expect(headline(page)).to_have_text("Hello")
    await expect(state(page)).to_have_text("")


async def test_a_new_link_in_the_same_tab_is_used(world: World, page: Page) -> None:
    await world.create("relinked")
    url = f"{world.server.http}/preview/relinked"
    await page.goto(url)
    await expect(state(page)).to_have_text(NO_LINK)
    await page.goto(f"{url}#token={world.tokens['viewer']}")  # the page loads itself again
    await expect(headline(page)).to_have_text("Hello")
    await expect(page).to_have_url(url)


# --- in an editor ---------------------------------------------------------------------------------


async def test_an_editor_of_another_origin_feeds_a_sandboxed_preview(
    world: World, page: Page, complaints: Complaints
) -> None:
    await world.create("framed")
    frame = await world.edit(page, "framed")
    await page.evaluate("page.set('/pages/home/sections/0/content/headline', 'Typed').state")
    await page.evaluate(
        "window.told = new Promise((done) => preview.on('focus', done));"
        "void preview.focus('/pages/home/sections/0/content/headline')"
    )
    await expect(headline(frame)).to_have_text("Typed")
    await expect(frame.locator("h1.weft-focus")).to_be_visible()
    await frame.locator("h2").first.click()
    assert await page.evaluate("told") == "/pages/home/sections/1/content/headline"
    assert complaints == []


async def test_a_frame_shows_changes_while_the_server_does_not_answer(
    world: World, page: Page
) -> None:
    await world.create("stopped")
    frame = await world.edit(page, "stopped")
    await expect(headline(frame)).to_have_text("Hello")
    loaded = await frame.evaluate(LOADED)
    assert world.server.process is not None
    world.server.process.send_signal(signal.SIGSTOP)
    try:
        for words in ("One", "Two", "Three"):
            await page.evaluate(f"void (window.change = page.set('{TITLE}', '{words}'))")
            await expect(headline(frame)).to_have_text(words)
        assert await page.evaluate("change.state") != "durable"
    finally:
        world.server.process.send_signal(signal.SIGCONT)
    assert await frame.evaluate(LOADED) == loaded
    await until(page, "change.state === 'durable'")


@pytest.mark.parametrize("sections", [5, 100])
async def test_each_of_sixty_edits_a_second_changes_one_text_of_the_frame(
    world: World, page: Page, sections: int
) -> None:
    doc = f"fast{sections}"
    value = document("Hello")
    value["pages"]["home"]["sections"] = [
        {"id": f"s{n}", "type": "features", "content": {"headline": f"Section {n}"}}
        for n in range(sections)
    ]
    await world.request("PUT", f"/v1/docs/{doc}", value)
    frame = await world.edit(page, doc)
    await expect(frame.locator("section").first).to_be_attached()
    await frame.evaluate(WATCH)
    await page.evaluate(f"({EDIT})('/pages/home/sections/{sections - 1}/content/headline')")
    await expect(frame.locator("h2").last).to_have_text("Edit 60")
    kinds = await frame.evaluate("kinds")
    assert set(kinds) == {"characterData"}
    assert 1 <= len(kinds) <= 60


async def test_another_site_may_not_frame_a_preview(
    world: World, page: Page, complaints: Complaints
) -> None:
    await world.create("unframed")
    with Site() as other:
        other.pages["/"] = f'<iframe src="{world.server.http}/preview/unframed"></iframe>'
        async with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            await page.goto(f"{other.origin}/")
        await until(page, "document.querySelector('iframe').contentDocument === null")
    assert "frame-ancestors" in "".join(complaints)


# --- demo mode ------------------------------------------------------------------------------------


async def test_in_demo_mode_a_guest_sees_the_draft(
    tmp_path_factory: pytest.TempPathFactory, page: Page, complaints: Complaints
) -> None:
    with RunningServer(tmp_path_factory.mktemp("demo"), env={"WEFT_DEMO": "1"}) as server:
        await page.goto(f"{server.http}/preview/home")
        await expect(headline(page)).to_be_visible()
        assert complaints == []
        # A guest without a network needs no link.
        await page.route("**/v1/demo/token", lambda route: route.abort())
        await page.goto(f"{server.http}/preview/home?offline")
        await expect(state(page)).to_have_text("There is no connection.")
