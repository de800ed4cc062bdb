"""The Yjs snippets of the docs, run in Node against a real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.live.http_client import call
from tests.running import RunningServer
from tests.snippets import snippet
from tests.yjs_peer import NODE, has_node

pytestmark = pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")

# The page around the snippet: `connect` makes a Y.Doc and its provider.
AROUND = """
import * as Y from 'yjs'
import { WebsocketProvider } from 'y-websocket'
import WebSocket from 'ws'

const [url, doc, token] = %s
function connect () {
  const ydoc = new Y.Doc()
  const options = { params: { token }, WebSocketPolyfill: WebSocket, disableBc: true }
  return [ydoc, new WebsocketProvider(url, doc, ydoc, options)]
}
const synced = (provider) => new Promise((resolve) => provider.on('sync', resolve))
"""

REORDER = """
const [ydoc, provider] = connect()
await synced(provider)
const all = ydoc.getMap('content').get('pages').get('home').get('sections')
const orders = [...all.values()].map((each) => each instanceof Y.Map && each.get('@order'))
  .filter(Boolean).sort()
const [orderBefore, orderAfter] = orders
const order = orders.at(-1) + 'V'
const key = 'foot'
const generateKeyBetween = (before, after) => before + 'V'  // as the package, between neighbours
"""

STALE = """
let ydoc, provider, persistence
function open () {
  [ydoc, provider] = connect()
  const mine = ydoc
  synced(provider).then(() => console.log(JSON.stringify(mine.getMap('content'))))
  %s
}
open()
process.stdin.on('data', (said) => provider[String(said)]())
"""


@contextmanager
def node(program: str) -> Iterator[subprocess.Popen[str]]:
    command = ["node", "--input-type=module", "--eval", program]
    with subprocess.Popen(
        command, cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=0
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class Page:
    """A document, with an admin's requests about it over HTTP."""

    def __init__(self, server: RunningServer, doc: str) -> None:
        self.url = f"{server.http}/v1/docs/{doc}"
        self.token = server.token("root", Role.ADMIN)
        self.arguments = json.dumps([f"{server.ws}/v1/yjs", doc, self.token])

    def call(self, method: str, body: Any = None) -> Any:
        reply = call(method, self.url, body, token=self.token)
        assert reply.status < 300
        return reply.body if reply.raw else None


def test_a_client_reads_and_reorders_an_array(server: RunningServer, doc: str) -> None:
    page = Page(server, doc)
    hero = {"id": "hero", "content": {"headline": "Hello"}}
    sections = [hero, {"id": "cards"}, {"id": "foot"}]
    page.call("PUT", {"pages": {"home": {"sections": sections}}})
    text = snippet("docs/document-model.md", "reorder")
    imported = "import { generateKeyBetween } from 'fractional-indexing'\n"
    assert imported in text
    with node(AROUND % page.arguments + REORDER + text.replace(imported, "")):
        while len(page.call("GET")["pages"]["home"]["sections"]) < 4:
            pass  # ends, or the test run times out
    found = page.call("GET")["pages"]["home"]["sections"]
    assert [each["id"] for each in found] == ["hero", "foot", "cards", "pricing"]
    assert found[0]["content"]["headline"] == "New: Hello"


def test_a_stale_page_reloads_the_document(server: RunningServer, doc: str) -> None:
    page = Page(server, doc)
    page.call("PUT", {"title": "Old"})
    program = AROUND % page.arguments + STALE % snippet("docs/wire.md", "stale")
    with node(program) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"title": "Old"}
        process.stdin.write("disconnect")
        while page_has_readers(page):
            pass
        page.call("DELETE")
        page.call("PUT", {"title": "New"})
        process.stdin.write("connect")
        assert json.loads(process.stdout.readline()) == {"title": "New"}


def page_has_readers(page: Page) -> bool:
    reply = call("GET", f"{page.url}/presence", token=page.token)
    return bool(reply.body["items"])
