"""A server starts again with a newer page format: older pages, undo and outboxes stay valid."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Page

from collab.rights.user_rights import Role
from collab.schema.named import named_schema
from tests.browser import format_weft
from tests.browser.site import Site
from tests.browser.waits import until
from tests.collab.schema.test_named import FIRST
from tests.live.http_client import Reply, call
from tests.running import RunningServer

AT = "/pages/home/sections/0/content"
CONTENT = "page.value.pages.home.sections[0].content"
EDITOR = """<!doctype html><meta charset="utf-8"><title>Editor</title><script type="module">
  import { connect } from 'WEFT/sdk/weft.js'
  const page = connect({ url: 'WEFT', document: 'home', token: () => TOKEN })
  Object.assign(window, { page })
</script>"""


class World(NamedTuple):
    server: RunningServer
    site: Site
    home: Path

    def format(self, schema: Any) -> None:
        """Start the server with a version of the format at its next start."""
        file = self.home / "format.json"
        file.write_text(json.dumps(schema))
        self.server.prefix = (sys.executable, format_weft.__file__, str(file))

    def call(self, method: str, path: str, body: Any = None) -> Reply:
        token = self.server.token("ada", Role.ADMIN)
        url = f"{self.server.http}/v1/docs/home{path}"
        return call(method, url, body, token=token, If_Match="*")

    def set(self, field: str, value: str) -> Reply:
        return self.call("PATCH", "", [{"op": "add", "path": f"{AT}/{field}", "value": value}])

    @property
    def content(self) -> Any:
        return self.call("GET", "").body["pages"]["home"]["sections"][0]["content"]


def newer() -> Any:
    """The format with a renamed field: it has the new name, and keeps the old one."""
    made: Any = copy.deepcopy(json.loads(named_schema("landing-page") or b""))
    fields = made["$defs"]["hero"]["properties"]["content"]["properties"]
    fields["claim"] = {**fields["subheadline"]}
    fields["subheadline"]["deprecated"] = True
    return made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server with the first version of the format, and a page in its database."""
    with Site() as site:
        server = RunningServer(tmp_path, env={"WEFT_ORIGINS": site.origin})
        world = World(server, site, tmp_path)
        world.format(FIRST)
        with server:
            hero = {"id": "h", "type": "hero", "content": {"headline": "1", "subheadline": "2"}}
            page = {"pages": {"home": {"title": "Home", "sections": [hero]}}}
            url = f"{server.http}/v1/docs/home"
            assert call("PUT", url, page, token=server.token("ada", Role.ADMIN)).status == 201
            assert world.call("PUT", "/schema", {"$ref": "weft:landing-page"}).status < 300
            yield world


def test_an_older_page_and_its_undo_are_valid_after_the_upgrade(world: World) -> None:
    assert world.set("claim", "Too early").status == 422
    world.set("subheadline", "Changed before")
    world.server.stop()
    world.format(newer())
    world.server.start()

    assert world.content == {"headline": "1", "subheadline": "Changed before"}
    assert world.set("claim", "New").status == 200
    assert world.set("other", "x").status == 422
    assert [world.call("POST", "/undo").status for _ in range(2)] == [200, 200]
    assert world.content == {"headline": "1", "subheadline": "2"}
    assert world.call("POST", "/redo").status == 200
    assert world.content == {"headline": "1", "subheadline": "Changed before"}


async def test_an_outbox_from_before_the_upgrade_is_sent_after_it(world: World, page: Page) -> None:
    html = EDITOR.replace("WEFT", world.server.http)
    world.site.pages["/"] = html.replace("TOKEN", json.dumps(await world.server.mint("bo")))
    await page.goto(f"{world.site.origin}/")
    await until(page, "window.page?.link === 'online' && page.saved === 'saved'")
    world.server.kill()
    await until(page, "page.link !== 'online'")
    await page.evaluate(f"page.set('{AT}/subheadline', 'Waited')")
    await until(page, "page.saved === 'unsaved'")
    await page.goto("about:blank")

    world.format(newer())
    world.server.start()
    await page.goto(f"{world.site.origin}/")
    await until(page, "window.page?.link === 'online' && page.saved === 'saved'")
    assert await page.evaluate("page.attention.length") == 0
    assert await page.evaluate(CONTENT) == {"headline": "1", "subheadline": "Waited"}
    await page.evaluate(f"page.set('{AT}/claim', 'New')")
    await until(page, "page.saved === 'saved'")
    assert await page.evaluate("[page.attention.length, page.saved]") == [0, "saved"]
