"""The preview: from a keystroke in the editor's page to the changed DOM in the frame.

An editor page runs in Chromium against a real server, with the preview of Weft in a sandboxed
iframe. A bound textarea gets one letter after the other. A script of the bench in the frame takes
the time of each change there. The clocks of both pages differ: the fastest of the empty messages,
to the frame and back, gives the difference.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.browser import browser, figures
from bench.crowd import page, row
from bench.served import Served, free_port, served
from collab import wire

PREVIEW = Path(__file__).resolve().parents[1] / "static" / "preview" / "index.html"
CHANGES = 300
PAGE_BYTES = 50_000
WANTED = 50.0  # ms

EDITOR = """<!doctype html><meta charset="utf-8"><textarea></textarea>
<iframe src="/preview/page" sandbox="allow-scripts" width="1000" height="700"></iframe>
<script type="module">
const { url, token, pointer, changes } = GIVEN
const { connect } = await import(`${url}/sdk/weft.js`)
const { bridgePreview } = await import(`${url}/sdk/preview.js`)
const page = connect({ url, document: 'page', token: () => token, offline: false })
const frame = document.querySelector('iframe')
const area = document.querySelector('textarea')
let drawn = () => {}
let answered = () => {}
addEventListener('message', ({ data }) => {
  if (data.drawn !== undefined) drawn(data)
  if (data.answer !== undefined) answered(data.answer)
})
const failed = []
const times = { empty: [], typed: [] }
let [least, apart] = [Infinity, 0] // of an empty message, and of the clocks
try {
  await page.ready
  const preview = bridgePreview(frame, page)
  page.text(pointer).bind(area)
  await new Promise((resolve) => { drawn = resolve })
  const type = (letter) => new Promise((resolve) => {
    const began = performance.now()
    const wanted = area.value + letter
    drawn = ({ drawn, at }) => drawn === wanted && resolve(at - began)
    area.setRangeText(letter, area.value.length, area.value.length, 'end')
    area.dispatchEvent(new InputEvent('input', { inputType: 'insertText', data: letter }))
  })
  const send = () => new Promise((resolve) => {
    const began = performance.now()
    answered = (at) => {
      const took = performance.now() - began
      if (took < least) [least, apart] = [took, at - began - took / 2]
      resolve(took)
    }
    frame.contentWindow.postMessage('ping', '*')
  })
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20 + 60 * Math.random()))
  for (let n = -20; n < changes; n += 1) {
    const empty = await send()
    await pause()
    const typed = await type('abcdefghij'[(n + 20) % 10])
    await pause()
    if (n < 0) continue
    times.empty.push(empty)
    times.typed.push(typed)
  }
  times.typed = times.typed.map((took) => took - apart)
} catch (error) {
  failed.push(`${error}`)
}
await fetch('/times', { method: 'POST', body: JSON.stringify({ times, failed }) })
</script>"""
TELLS = """<script>
addEventListener('message', ({ data }) =>
  data === 'ping' && parent.postMessage({ answer: performance.now() }, '*'))
new MutationObserver(() => {
  const shown = document.querySelector('h1')
  if (shown) parent.postMessage({ drawn: shown.textContent, at: performance.now() }, '*')
}).observe(document, { subtree: true, childList: true, characterData: true })
</script>"""


def rows() -> Iterator[dict[str, Any]]:
    if not (command := browser()):
        return
    port, value = free_port(), _large_page()
    with served(origins=f"http://127.0.0.1:{port}") as server:
        server.put("page", value)
        times = figures(command, port, _pages(server))
    size = f"{len(wire.encode(value)) / 1000:.0f} KB"
    yield _row("an empty message to the frame and back", times["empty"])
    yield _row(f"a letter until the frame shows it, page of {size}", times["typed"])


def _row(name: str, times: list[float]) -> dict[str, Any]:
    p99 = round(sorted(times)[int(len(times) * 0.99)], 1)
    over = sum(each > WANTED for each in times)
    found = row(name, statistics.median(times), "ms")
    return {**found, "p99": p99, "times": len(times), f"over {WANTED:.0f} ms": over}


def _large_page() -> dict[str, Any]:
    """Return the demo page with copies of its sections, until it is large enough."""
    value = json.loads(json.dumps(page()))
    sections = value["pages"]["home"]["sections"]
    own = list(sections)
    while len(wire.encode(value)) < PAGE_BYTES:
        each = own[len(sections) % len(own)]
        sections.append({**each, "id": f"copy-{len(sections)}"})
    return dict(value)


def _pages(server: Served) -> dict[str, str]:
    """The editor, and the preview of Weft with a script that tells what it has drawn."""
    url = f"http://127.0.0.1:{server.port}"
    given = {
        "url": url,
        "token": server.token("ada"),
        "pointer": "/pages/home/sections/0/content/headline",
        "changes": CHANGES,
    }
    html = PREVIEW.read_text("utf-8").replace('"/modules/', f'"{url}/modules/')
    html = html.replace("{preloads}", TELLS).replace("{version}", version("weft"))
    return {"/": EDITOR.replace("GIVEN", json.dumps(given)), "/preview/page": html}
