"""The browser SDK: its size, and the time from `connect` to the first value in Chromium.

A page of the bench runs in Chromium against a real server on loopback. Each round has three steps:
it connects without stored values (cold), fetches the document by plain HTTP, and connects with the
value that IndexedDB has (warm). The page sends its times back to the bench.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from bench.crowd import page, row
from bench.served import Served, free_port, served
from collab.rights.user_rights import Role

SERVED = Path(__file__).resolve().parents[1] / "static" / "sdk" / "served"
# All that a page loads for `connect`, `set`, `text`, presence, locks, history and undo.
LOADED = ("weft.js", "caret.js")
ROUNDS = 41
WITHIN = 180.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")

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
    if not (browser := _browser()):
        return
    port = free_port()
    with served(origins=f"http://127.0.0.1:{port}") as server:
        _put(server)
        times = _measured(browser, port, server)
    for name, values in times.items():
        found = row(f"first value: {name}", statistics.median(values), "ms")
        yield {**found, "least": round(min(values), 2), "most": round(max(values), 2)}
    for name in ("cold", "warm"):
        ratios = [a / b for a, b in zip(times[name], times["fetch"], strict=True)]
        yield row(f"{name} / fetch", statistics.median(ratios), "x")


def zipped(name: str) -> int:
    """Return the bytes of a file that the server sends with gzip."""
    return (SERVED / f"{name}.gz").stat().st_size


def _browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _put(server: Served) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/v1/docs/page",
        method="PUT",
        data=json.dumps(page()).encode(),
        headers={
            "Authorization": f"Bearer {server.token('ada', Role.ADMIN)}",
            "Content-Type": "application/json",
            "If-None-Match": "*",
        },
    )
    urllib.request.urlopen(request).close()


def _measured(browser: str, port: int, server: Served) -> dict[str, list[float]]:
    given = {
        "url": f"http://127.0.0.1:{server.port}",
        "token": server.token("ada"),
        "rounds": ROUNDS,
    }
    html = PAGE.replace("GIVEN", json.dumps(given)).encode()
    with _site(port, html) as site, _home() as home:
        process = subprocess.Popen(
            [browser, *FLAGS, f"--user-data-dir={home}", f"http://127.0.0.1:{port}/"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            answered = site.arrived.wait(WITHIN)
        finally:
            process.terminate()
            process.wait(15)
    if not answered or site.told["failed"]:
        raise RuntimeError(f"the page did not finish: {site.told}")
    times: dict[str, list[float]] = site.told["times"]
    return times


def _home() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for the browser. Its child processes may still write while it is removed."""
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


class _Site(HTTPServer):
    """Sends the page, and keeps what the page sends back."""

    def __init__(self, port: int, html: bytes) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.html = html
        self.told: dict[str, Any] = {"failed": ["no times"]}
        self.arrived = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        self._answer(self.server.html)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.told = json.loads(self.rfile.read(length))
        self._answer(b"")
        self.server.arrived.set()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _site(port: int, html: bytes) -> Iterator[_Site]:
    site = _Site(port, html)
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join()
