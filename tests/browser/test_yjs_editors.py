"""The editors of docs/yjs-editors.md in a real browser, beside a JSON client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from collab.ids import Json
from collab.page.html import render
from collab.rights.user_rights import Role
from tests.browser.bundles import bundle, can_bundle
from tests.browser.chromium import Chromium, Page
from tests.browser.site import Site
from tests.live.http_client import call
from tests.running import RunningServer
from tests.snippets import snippet
from tests.yjs_peer import NODE

PAGE = "docs/yjs-editors.md"
pytestmark = pytest.mark.skipif(not can_bundle(), reason="no npm modules")

HTML = """<!doctype html><meta charset="utf-8" /><title>Editor</title><div id="editor"></div>
<script type="module" src="%s"></script>"""
# A JSON client: the SDK on a textarea.
SDK = """<!doctype html><meta charset="utf-8" /><title>SDK</title><textarea rows="9"></textarea>
<script type="module">
  import { connect } from 'https://weft.example/sdk/weft.js'
  const token = () => location.hash.slice(1)
  window.page = connect({ url: 'https://weft.example', document: 'home', token, offline: false })
  page.text('/body').bind(document.querySelector('textarea'))
</script>"""
AREA = "document.querySelector('textarea').value"
LINES = "[...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('|')"
RICH = "document.querySelector('.tiptap')?.innerHTML"


class World(NamedTuple):
    server: RunningServer
    site: Site

    def here(self, text: str) -> str:
        return text.replace("https://weft.example", self.server.http).replace(
            "wss://weft.example", self.server.ws
        )

    def add(self, name: str, *sources: str) -> None:
        """Add a page with a bundle of snippets. The token is the fragment of its address."""
        token = "const token = location.hash.slice(1)\n"
        source = "\n".join([token, snippet(PAGE, "provider"), *sources])
        self.site.pages[f"/{name}.js"] = self.here(bundle(source))
        self.site.pages[f"/{name}"] = HTML % f"/{name}.js"

    async def open(self, browser: Chromium, name: str, user: str) -> Page:
        page = await browser.page()
        await page.open(f"{self.site.origin}/{name}#{await self.server.mint(user)}")
        return page

    async def make(self, value: object) -> str:
        token = await self.server.mint("ada", Role.PUBLISHER)
        assert call("PUT", f"{self.server.http}/v1/docs/home", value, token=token).status == 201
        return token


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Site() as site, RunningServer(tmp_path, env={"WEFT_ORIGINS": site.origin}) as server:
        world = World(server, site)
        site.pages["/sdk"] = world.here(SDK)
        yield world


async def types(page: Page, element: str, text: str) -> None:
    await page.evaluate(f"document.querySelector('{element}').focus()")
    await page.call("Input.insertText", text=text)


def test_the_packages_of_the_page_are_those_of_the_tests() -> None:
    have = set(json.loads((NODE / "package.json").read_text(encoding="utf-8"))["dependencies"])
    commands = [
        snippet(PAGE, "install"),
        snippet(PAGE, "install-codemirror"),
        snippet(PAGE, "install-tiptap"),
    ]
    for command in commands:
        assert set(command.removeprefix("npm install ").split()) <= have


async def test_codemirror_and_json_clients_edit_one_text(world: World, browser: Chromium) -> None:
    token = await world.make({"body": "one\ntwo"})
    world.add("code", snippet(PAGE, "codemirror"))
    code, other = await world.open(browser, "code", "ada"), await world.open(browser, "sdk", "bo")
    await code.until(f"{LINES} === 'one|two'")
    await other.until(f"{AREA} === 'one\\ntwo'")
    await types(code, ".cm-content", "zero\n")
    await other.until(f"{AREA} === 'zero\\none\\ntwo'")
    await other.evaluate("document.querySelector('textarea').setSelectionRange(99, 99)")
    await types(other, "textarea", "\nthree")
    await code.until(f"{LINES} === 'zero|one|two|three'")
    replaced = [{"op": "replace", "path": "/body", "value": "zero\n1\ntwo\nthree"}]
    call("PATCH", f"{world.server.http}/v1/docs/home", replaced, token=token)
    await code.until(f"{LINES} === 'zero|1|two|three'")
    await types(code, ".cm-content", "-")
    await other.until(f"{AREA}.includes('-') && page.saved === 'saved'")
    assert code.complaints == other.complaints == []


async def test_tiptap_edits_a_fragment_that_the_json_does_not_show(
    world: World, browser: Chromium
) -> None:
    token = await world.make({"body": "json"})
    world.add("rich", snippet(PAGE, "tiptap"), "window.editor = editor")
    one, two = await world.open(browser, "rich", "ada"), await world.open(browser, "rich", "bo")
    for page in (one, two):
        await page.until(f"window.editor && {RICH}")
    other = await world.open(browser, "sdk", "cy")
    await other.until(f"{AREA} === 'json'")
    before = await other.evaluate("page.version")
    await types(one, ".tiptap", "Hello")
    await two.until(f"{RICH} === '<p>Hello</p>'")
    await two.evaluate("editor.chain().selectAll().toggleBold().run()")
    await one.until(f"{RICH} === '<p><strong>Hello</strong></p>'")
    await other.until(f"page.version > {before}")
    assert call("GET", f"{world.server.http}/v1/docs/home", token=token).body == {"body": "json"}
    assert one.complaints == two.complaints == other.complaints == []


async def test_a_fragment_inside_the_json_is_a_string_and_stays_text_on_the_page(
    world: World, browser: Chromium
) -> None:
    token = await world.make({"body": "json"})
    address = f"{world.server.http}/v1/docs/home"
    own = "Collaboration.configure({ document: doc, field: 'article' })"
    tiptap = snippet(PAGE, "tiptap").replace(own, "inside")
    assert "inside" in tiptap
    made = snippet(PAGE, "fragment").replace("const content", "await synced\nconst content")
    world.add("rich", made, tiptap, "window.editor = editor")
    one = await world.open(browser, "rich", "ada")
    await one.until(f"window.editor && {RICH}")
    await types(one, ".tiptap", "Hello")
    while "Hello" not in (text := call("GET", address, token=token).body.get("article", "")):
        pass  # ends, or the test run times out
    assert text == "<paragraph>Hello</paragraph>"
    section: Json = {"id": "a", "type": "hero", "content": {"headline": text}}
    shown = render({"pages": {"home": {"title": "Title", "sections": [section]}}})
    assert shown is not None
    assert "&lt;paragraph&gt;Hello" in shown.html
    replaced = [{"op": "replace", "path": "/article", "value": "plain"}]
    assert call("PATCH", address, replaced, token=token).status == 200
    assert call("GET", address, token=token).body["article"] == "plain"
    assert one.complaints == []
