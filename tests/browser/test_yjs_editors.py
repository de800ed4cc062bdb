"""The editors of docs/yjs-editors.md in a real browser, beside a JSON client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import BrowserContext, Page, expect

from collab.ids import Json
from collab.page.html import render
from collab.rights.user_rights import Role
from tests.browser.actions import type_at_end
from tests.browser.bundles import bundle, can_bundle
from tests.browser.chromium_contexts import Complaints
from tests.browser.site import Site
from tests.browser.waits import until
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
TEXT = ".tiptap p"


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

    async def open(self, context: BrowserContext, name: str, user: str) -> Page:
        page = await context.new_page()
        await page.goto(f"{self.site.origin}/{name}#{await self.server.mint(user)}")
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


def test_the_packages_of_the_page_are_those_of_the_tests() -> None:
    have = set(json.loads((NODE / "package.json").read_text(encoding="utf-8"))["dependencies"])
    commands = [
        snippet(PAGE, "install"),
        snippet(PAGE, "install-codemirror"),
        snippet(PAGE, "install-tiptap"),
    ]
    for command in commands:
        assert set(command.removeprefix("npm install ").split()) <= have


async def test_codemirror_and_json_clients_edit_one_text(
    world: World, context: BrowserContext, complaints: Complaints
) -> None:
    token = await world.make({"body": "one\ntwo"})
    world.add("code", snippet(PAGE, "codemirror"))
    code, other = await world.open(context, "code", "ada"), await world.open(context, "sdk", "bo")
    lines, area = code.locator(".cm-line"), other.get_by_role("textbox")
    await expect(lines).to_have_text(["one", "two"])
    await expect(area).to_have_value("one\ntwo")
    await code.locator(".cm-content").focus()
    await code.keyboard.type("zero\n")
    await expect(area).to_have_value("zero\none\ntwo")
    await type_at_end(area, "\nthree")
    await expect(lines).to_have_text(["zero", "one", "two", "three"])
    replaced = [{"op": "replace", "path": "/body", "value": "zero\n1\ntwo\nthree"}]
    call("PATCH", f"{world.server.http}/v1/docs/home", replaced, token=token)
    await expect(lines).to_have_text(["zero", "1", "two", "three"])
    await code.keyboard.type("-")
    await expect(area).to_have_value("zero\n-1\ntwo\nthree")
    await until(other, "page.saved === 'saved'")
    assert complaints == []


RICH = "document.querySelector('.tiptap')?.innerHTML"


async def test_tiptap_edits_a_fragment_that_the_json_does_not_show(
    world: World, context: BrowserContext, complaints: Complaints
) -> None:
    token = await world.make({"body": "json"})
    world.add("rich", snippet(PAGE, "tiptap"), "window.editor = editor")
    one, two = await world.open(context, "rich", "ada"), await world.open(context, "rich", "bo")
    for page in (one, two):
        await until(page, "window.editor")
        await expect(page.locator(TEXT)).to_be_attached()
    other = await world.open(context, "sdk", "cy")
    await expect(other.get_by_role("textbox")).to_have_value("json")
    before = await other.evaluate("page.version")
    await one.locator(".tiptap").focus()
    await one.keyboard.type("Hello")
    await until(two, f"{RICH} === '<p>Hello</p>'")
    await two.evaluate("void editor.chain().selectAll().toggleBold().run()")
    await until(one, f"{RICH} === '<p><strong>Hello</strong></p>'")
    await until(other, f"page.version > {before}")
    assert call("GET", f"{world.server.http}/v1/docs/home", token=token).body == {"body": "json"}
    assert complaints == []


async def test_a_fragment_inside_the_json_is_a_string_and_stays_text_on_the_page(
    world: World, context: BrowserContext, complaints: Complaints
) -> None:
    token = await world.make({"body": "json"})
    address = f"{world.server.http}/v1/docs/home"
    own = "Collaboration.configure({ document: doc, field: 'article' })"
    tiptap = snippet(PAGE, "tiptap").replace(own, "inside")
    assert "inside" in tiptap
    made = snippet(PAGE, "fragment").replace("const content", "await synced\nconst content")
    world.add("rich", made, tiptap, "window.editor = editor")
    one = await world.open(context, "rich", "ada")
    await until(one, "window.editor")
    await expect(one.locator(TEXT)).to_be_attached()
    await one.locator(".tiptap").focus()
    await one.keyboard.type("Hello")
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
    assert complaints == []
