"""Pages of the SDK with the real server: many quick edits, and answers that are lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.proxy import Proxy
from tests.running import RunningServer
from tests.sdk.pages import Pages
from tests.yjs_peer import has_node

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules"),
]

QUICK = """
const page = connect({ url, document: 'home', token: () => token, create: {} })
await page.ready
const changes = Array.from({ length: 600 }, (_, at) => page.set(`/k${at}`, 'y'.repeat(4096)))
const ends = await Promise.all(changes.map((change) => change.durable.then(() => change.state)))
await page.close()
return [new Set(ends).size, ends[0], page.attention.length]
"""

# Ada's connection breaks when her edit has left. She hears of its end after the reconnect.
LOST = """
const open = (client) =>
  connect({ url, document: 'home', token: () => tokens[client], client, create: { n: 0 } })
const [ada, bo] = [open('ada'), open('bo')]
await Promise.all([ada.ready, bo.ready])
const { transport } = ada._session
const handle = ada._session.received.bind(ada._session)
ada._session.received = (message) => ['change', 'ack'].includes(message.type) || handle(message)
await bo.set('/n', 1).durable
const told = []
ada.on('conflict', (item) => told.push([item.reason, item.yours, item.theirs, item.by.user]))
const change = ada.set('/n', 2)
await until(() => bo.value.n === 2)
ada._session.received = handle
transport.restart()
const { conflicts } = await change.durable
await until(() => ada.attention.length)
const [{ theirs, by }] = conflicts
const found = [change.state, theirs, by.user, told, ada.attention.length, ada.value.n, ada.version]
await Promise.all([ada.close(), bo.close()])
return found
"""


# The proxy swallows the answer to an undo. After the reconnect, Ada's page asks for it again.
UNDO_OPEN = """
kept.open = (client, url) =>
  connect({ url, document: 'undo', token: () => tokens[client], client, create: { a: 0, b: 0 } })
const [ada, bo] = [kept.ada, kept.bo] = [kept.open('ada', proxy), kept.open('bo', url)]
await Promise.all([ada.ready, bo.ready])
await ada.change((draft) => { draft.a = draft.b = 1 }).durable
await bo.set('/b', 2).durable
await until(() => ada.value.b === 2)
"""
UNDO_ASK = """
kept.undo = kept.ada.undo()
await until(() => kept.bo.value.a === 0)
"""
UNDO_AGAIN = """
const { ada, bo } = kept
ada.syncNow()
const { undone, skipped, version } = await kept.undo
const found = [undone, skipped, version, ada.value, ada.saved, ada.canUndo, ada.canRedo, bo.version]
await Promise.all([ada.close(), bo.close()])
return found
"""


async def test_an_undo_whose_answer_was_lost_tells_what_it_skipped(tmp_path: Path) -> None:
    pages = await Pages.start()
    with RunningServer(tmp_path) as server:
        async with Proxy.to(server.port) as proxy:
            tokens = {user: await server.mint(user) for user in ("ada", "bo")}
            await pages.run(UNDO_OPEN, url=server.http, proxy=proxy.http, tokens=tokens)
            proxy.is_mute = True
            await pages.run(UNDO_ASK)
            proxy.cut()
            proxy.is_mute = False
            proxy.mend()
            undone, *rest = await pages.run(UNDO_AGAIN)
    await pages.close()
    assert [(one["version"], one["pointers"]) for one in undone] == [(2, ["/a"])]
    assert rest == [["/b"], 4, {"a": 0, "b": 2}, "saved", False, True, 4]


async def test_many_quick_edits_are_sent_in_patches_that_the_server_takes(tmp_path: Path) -> None:
    pages = await Pages.start()
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada")
        found = await pages.run(QUICK, url=server.http, token=token)
        assert found == [1, "durable", 0]
    await pages.close()


async def test_an_overwrite_is_told_also_when_its_answer_was_lost(tmp_path: Path) -> None:
    pages = await Pages.start()
    with RunningServer(tmp_path) as server:
        tokens = {user: await server.mint(user) for user in ("ada", "bo")}
        found = await pages.run(LOST, url=server.http, tokens=tokens)
        told = [["overwritten", 2, 1, "bo"]]
        assert found == ["overwritten", 1, "bo", told, 1, 2, 3]
    await pages.close()
