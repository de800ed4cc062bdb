"""Hostile values and messages at the bridge between an editor and its sandboxed preview.

The page of the editor is a value without a server: so the bridge also sends what no schema allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.async_api import Frame, Page, expect

from tests.browser.chromium_contexts import Complaints
from tests.browser.payloads import PAYLOADS, site_with
from tests.browser.site import Site
from tests.browser.test_payloads import BATCH, none_ran
from tests.browser.waits import frame_of, until
from tests.running import RunningServer

EDITOR = """<!doctype html><meta charset="utf-8"><title>Editor</title>
<iframe id="preview" src="WEFT/preview/none?from=HERE" sandbox="allow-scripts"></iframe>
<iframe id="stranger" src="STRANGER/" sandbox="allow-scripts"></iframe>
<script type="module">
  import { bridgePreview } from 'WEFT/sdk/preview.js'
  const listeners = new Set()
  const page = {
    value: { pages: {} },
    subscribe: (_, listener) => (listeners.add(listener), () => listeners.delete(listener)),
  }
  const show = (value) => { page.value = value; listeners.forEach((each) => each()) }
  const preview = bridgePreview(document.querySelector('#preview'), page)
  const [errors, states] = [[], []]
  preview.on('error', ({ code }) => errors.push(code))
  preview.on('state', (state) => states.push(state))
  Object.assign(window, { preview, show, errors, states })
</script>"""
# Another page, of the same origin `null` as the preview. It keeps what the others answer.
STRANGER = """<!doctype html><script>
  const answers = []
  addEventListener('message', ({ data, ports }) => answers.push([data, ports.length]))
</script>"""
# Messages of every wrong shape, and right ones from the wrong window. They do not know `load`.
ATTACK = """(targets) => {
  const huge = 'x'.repeat(5_000_000)
  const polluted = JSON.parse('{"weft":"preview","type":"hello","protocol":1,"load":"a",' +
    '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
  const cyclic = { weft: 'preview', type: 'hello', protocol: 1, load: 'b' }
  cyclic.self = cyclic
  const shapes = [null, undefined, 0, NaN, huge, [], new Date(), new Map([['weft', 'preview']]),
    { weft: 'preview' }, { weft: 'preview', type: huge }, polluted, cyclic]
  for (const type of ['hello', 'hello-ack', 'UPDATE_CONFIG', 'PATCH_CONFIG', 'FOCUS', 'bye'])
    for (const load of [undefined, null, 'c', huge, { toString: 1 }, polluted])
      for (const protocol of [1, '1', -1, undefined, { valueOf: 1 }])
        shapes.push({ weft: 'preview', type, load, protocol, data: PAGE, version: 1,
          patch: [{ op: 'add', path: '/__proto__/polluted', value: 1 }], reason: 'replaced' })
  for (const target of targets)
    for (const shape of shapes) {
      target.postMessage(shape, '*')
      target.postMessage(shape, '*', [new MessageChannel().port2])
    }
  return shapes.length
}""".replace("PAGE", json.dumps({"pages": {"home": {"title": "Attacked", "sections": []}}}))
# Keys that lead to the prototype of all objects, in all places of a page.
KEYS = """['__proto__', 'constructor', 'prototype'].map((key) => {
  const bad = `{"${key}":{"polluted":1,"prototype":{"polluted":1}},"headline":"Shown"}`
  const section = `{"id":"s","type":"hero","content":${bad},"${key}":${bad},"theme":${bad}}`
  return JSON.parse(`{"${key}":${bad},"theme":{"colors":${bad},"fonts":${bad}},"site":${bad},
    "pages":{"${key}":{"title":"x","sections":[${section}]},
      "home":{"title":"x","seo":${bad},"sections":[${section},{"id":"t","type":"${key}"}]}}}`)
})"""
# Values that JSON has not, but a message may carry.
ODD = """[undefined, null, 7, 'text', [], new Map([['pages', {}]]), new Date(), new Error('x'),
  ...[new Map(), { home: new Date() }, { home: { sections: new Set() } },
    { home: { sections: [Object.assign([], { type: 'hero' }), 1n, new Uint8Array(9)] } },
  ].map((pages) => ({ pages }))]"""
POLLUTED = "[({}).polluted, [].polluted, Object.prototype.hasOwnProperty('polluted')]"
CLEAN = [None, None, False]


class World(NamedTuple):
    server: RunningServer
    editor: Site
    stranger: Site

    async def open(self, page: Page) -> tuple[Frame, Frame]:
        """Open the editor. Return the preview in its frame, and the stranger beside it."""
        html = EDITOR.replace("HERE", self.editor.origin).replace("WEFT", self.server.http)
        self.editor.pages["/"] = html.replace("STRANGER", self.stranger.origin)
        await page.goto(f"{self.editor.origin}/")
        await until(page, "window.preview?.state === 'connected'")
        return await frame_of(page, "#preview"), await frame_of(page, "#stranger")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Site() as editor, Site({"/": STRANGER}) as stranger:
        env = {"WEFT_FRAME_ANCESTORS": editor.origin}
        with RunningServer(tmp_path_factory.mktemp("weft"), env=env) as server:
            yield World(server, editor, stranger)


async def shows(page: Page, frame: Frame, words: str) -> None:
    """The preview still follows the editor."""
    section = {"id": words, "type": "hero", "content": {"headline": words}}
    await page.evaluate("(value) => show(value)", {"pages": {"home": {"sections": [section]}}})
    await expect(frame.locator(f"#{words} h1")).to_have_text(words)


@pytest.mark.parametrize(
    "start", [0, *(pytest.param(BATCH * n, marks=pytest.mark.long) for n in (2, 4, 6, 8))]
)
async def test_no_payload_runs_in_a_sandboxed_frame(
    world: World, page: Page, complaints: Complaints, start: int
) -> None:
    frame, _ = await world.open(page)
    for number, payload in enumerate(PAYLOADS[start : start + BATCH * 2]):
        value = site_with(payload)
        end = {"id": f"n{number}", "type": "end", "content": {"headline": "The end"}}
        value["pages"]["home"]["sections"].append(end)
        await page.evaluate("(value) => show(value)", value)
        await expect(frame.locator(f"#n{number}")).to_be_attached()
        await none_ran(frame, complaints)
    assert await page.evaluate("window.ran === undefined && preview.state === 'connected'")
    assert complaints == []


async def test_keys_of_prototypes_change_no_prototype(world: World, page: Page) -> None:
    frame, _ = await world.open(page)
    for number in range(3):
        await page.evaluate(f"show({KEYS}[{number}])")
        await expect(frame.locator("h1").first).to_have_text("Shown")
        assert await frame.evaluate(POLLUTED) == CLEAN
        assert await page.evaluate(POLLUTED) == CLEAN
        await shows(page, frame, f"after{number}")
    assert await page.evaluate("[errors, states]") == [[], ["connected"]]


async def test_values_that_json_has_not_stop_no_preview(world: World, page: Page) -> None:
    frame, _ = await world.open(page)
    for number in range(int(await page.evaluate(f"{ODD}.length"))):
        await page.evaluate(f"show({ODD}[{number}])")
        await shows(page, frame, f"after{number}")
    assert await frame.evaluate("window.ran === undefined")


async def test_messages_of_a_stranger_reach_neither_editor_nor_preview(
    world: World, page: Page, complaints: Complaints
) -> None:
    frame, stranger = await world.open(page)
    await shows(page, frame, "before")
    sent = await stranger.evaluate(f"({ATTACK})([parent, parent.frames[0]])")
    assert sent > 100
    await shows(page, frame, "after")
    assert await stranger.evaluate("answers") == []
    assert await page.evaluate("[errors, states]") == [[], ["connected"]]
    assert [await each.evaluate(POLLUTED) for each in (page, frame)] == [CLEAN, CLEAN]
    assert complaints == []


async def test_wrong_messages_of_the_preview_itself_stop_no_editor(
    world: World, page: Page, complaints: Complaints
) -> None:
    frame, _ = await world.open(page)
    await shows(page, frame, "before")
    await frame.evaluate(f"({ATTACK})([parent])")
    assert await page.evaluate(POLLUTED) == CLEAN
    await page.locator("#preview").evaluate("(frame) => void (frame.src += '&again')")
    await until(page, "states.at(-1) === 'waiting' || states.length > 2")
    await until(page, "preview.state === 'connected'")
    assert complaints == []


async def test_wrong_messages_of_the_editor_itself_stop_no_preview(
    world: World, page: Page, complaints: Complaints
) -> None:
    frame, _ = await world.open(page)
    await shows(page, frame, "before")
    await page.evaluate(f"({ATTACK})([frames[0]])")
    await shows(page, frame, "after")
    assert await frame.evaluate(POLLUTED) == CLEAN
    assert complaints == []
