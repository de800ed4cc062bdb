"""The browser SDK: its size, and the time from `connect` to the first value in Chromium.

A page of the bench runs in Chromium against a real server on loopback. Each round has three steps:
it connects without stored values (cold), fetches the document by plain HTTP, and connects with the
value that IndexedDB has (warm). The page sends its times back to the bench.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.browser import browser, figures
from bench.crowd import page, row
from bench.served import Served, free_port, served

SERVED = Path(__file__).resolve().parents[1] / "static" / "sdk" / "served"
# All that a page loads for `connect`, `set`, `text`, presence, locks, history and undo.
LOADED = ("weft.js",)
ROUNDS = 41

PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
const { url, token, rounds } = GIVEN
const { connect } = await import(`${url}/sdk/weft.js`)
const options = { url, document: 'page', token: () => token }
const headers = { Authorization: `Bearer ${token}` }
const plain = async () => {
  const began = performance.now()
  await (await fetch(`${url}/v1/docs/page`, { headers, cache: 'no-store' })).json()
  return performance.now() - began
}
const first = async () => {
  const began = performance.now()
  const page = connect(options)
  const took = await new Promise((resolve) => {
    page.subscribe('', () => resolve(performance.now() - began))
  })
  await page.ready
  if (page.link !== 'online') await new Promise((resolve) => page.on('link', resolve))
  await page.close()
  return took
}
const empty = () => new Promise((resolve, reject) => {
  const request = indexedDB.deleteDatabase('weft')
  request.onsuccess = resolve
  request.onerror = request.onblocked = reject
})
const times = { fetch: [], cold: [], warm: [] }
const failed = []
try {
  for (let round = -2; round < rounds; round += 1) {
    await empty()
    const found = { cold: await first(), fetch: await plain(), warm: await first() }
    if (round >= 0) for (const name of Object.keys(times)) times[name].push(found[name])
  }
} catch (error) {
  failed.push(`${error}`)
}
await fetch('/times', { method: 'POST', body: JSON.stringify({ times, failed }) })
</script>"""


def rows() -> Iterator[dict[str, Any]]:
    for path in sorted(SERVED.glob("*.js")):
        yield row(f"{path.name}, gzip", zipped(path.name), "bytes")
    whole = sum(map(zipped, LOADED))
    yield row("all of connect, set, text, presence, lock, history, undo", whole, "bytes")
    if not (command := browser()):
        return
    port = free_port()
    with served(origins=f"http://127.0.0.1:{port}") as server:
        server.put("page", page())
        times = _measured(command, port, server)
    for name, values in times.items():
        found = row(f"first value: {name}", statistics.median(values), "ms")
        yield {**found, "least": round(min(values), 2), "most": round(max(values), 2)}
    for name in ("cold", "warm"):
        ratios = [a / b for a, b in zip(times[name], times["fetch"], strict=True)]
        yield row(f"{name} / fetch", statistics.median(ratios), "x")


def zipped(name: str) -> int:
    """Return the bytes of a file that the server sends with gzip."""
    return (SERVED / f"{name}.gz").stat().st_size


def _measured(command: str, port: int, server: Served) -> dict[str, list[float]]:
    given = {
        "url": f"http://127.0.0.1:{server.port}",
        "token": server.token("ada"),
        "rounds": ROUNDS,
    }
    times: dict[str, list[float]]
    times = figures(command, port, {"/": PAGE.replace("GIVEN", json.dumps(given))})
    return times
