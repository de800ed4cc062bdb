"""Pages of the SDK with the real server, beside a Yjs client: all of them converge."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.running import RunningServer
from tests.sdk.pages import Pages
from tests.yjs_peer import YjsPeers, has_node

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules"),
]

START = {
    "title": "Hello",
    "width": 0,
    "sections": [{"id": name, "type": "card", "headline": f"Section {name}"} for name in "abcd"],
}

OPEN = """
const { random } = await import('../node/random_edits.mjs')
kept.pages = await Promise.all(Object.entries(tokens).map(async ([user, token]) => {
  const page = connect({ url, document: doc, token: () => token, client: user, create })
  await page.ready
  return page
}))
"""

EDIT = """
const { random } = await import('../node/random_edits.mjs')
const rng = random(seed)
const below = (most) => Math.floor(rng() * most)
const ended = []
let count = 0
const edit = (page) => {
  const { sections } = page.value
  const at = below(sections.length)
  const mark = `<${count += 1}>`
  const text = `${sections[at]?.headline ?? ''}`
  const edits = [
    () => page.set(`/sections/${at}/headline`, text + mark),
    () => page.set(`/sections/${at}/headline`, mark + text),
    () => page.set('/title', mark),
    () => page.patch([{ op: 'add', path: `/sections/${at}`, value: { id: mark, headline: '' } }]),
    () => page.move(`/sections/${at}`, '/sections/0'),
    () => page.change((draft) => { draft.width = count; draft[`m${count}`] = count })
  ]
  if (!sections.length) return
  const change = edits[below(edits.length)]()
  change.durable.then(() => ended.push(change.id), () => ended.push(change.id))
}
const made = []
for (let round = 0; round < 150; round++) {
  const page = kept.pages[below(kept.pages.length)]
  const roll = rng()
  if (roll < 0.04) page._session.transport.restart()
  else if (roll < 0.08) void page.undo().catch(() => {})
  else edit(page)
  await new Promise((resolve) => setTimeout(resolve, below(15)))
}
"""

SETTLED = """
const isDone = (page) => page.saved === 'saved' && page.link === 'online'
await until(() => kept.pages.every(isDone), 40000)
await until(() => new Set(kept.pages.map((page) => page.version)).size === 1, 40000)
return kept.pages.map((page) => [page.version, page.value, page.pending])
"""


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [1, 2])
async def test_pages_and_a_yjs_client_converge(tmp_path: Path, seed: int) -> None:
    pages, peers = await Pages.start(), await YjsPeers.start()
    with RunningServer(tmp_path) as server:
        tokens = {user: await server.mint(user) for user in ("ada", "bo", "cy")}
        given = {"url": server.http, "doc": "home", "tokens": tokens, "seed": seed}
        await pages.run(OPEN, create=START, **given)
        peer = await peers.peer()
        await peer.connect(server.ws, "home", await server.mint("yan"))
        await peer.synced()
        await asyncio.gather(pages.run(EDIT, **given), peer.edit_at_random(seed, 80, pause_ms=10))
        while True:
            held = await pages.run(SETTLED)
            headers = {"Authorization": f"Bearer {tokens['ada']}"}
            async with httpx.AsyncClient(headers=headers) as client:
                answer = await client.get(f"{server.http}/v1/docs/home")
            if int(answer.headers["Weft-Version"]) == held[0][0]:
                break
        for version, value, pending in held:
            assert (version, value, pending) == (held[0][0], answer.json(), 0)
        await peer.until_equals("", answer.json())
        await pages.run("await Promise.all(kept.pages.map((page) => page.close()))")
    await pages.close()
    await peers.close()
