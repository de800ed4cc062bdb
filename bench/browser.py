"""Runs pages of a bench in a real Chromium. The first page sends its figures back."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

WITHIN = 180.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")


def browser() -> str | None:
    """The command of a Chromium, or None when there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def figures(command: str, port: int, pages: Mapping[str, str]) -> dict[str, Any]:
    """Open the page `/` on a port, and return what it posts to `/times`.

    The page posts an object with `times` and `failed`, a list of sentences.
    """
    with _site(port, pages) as site, _home() as home:
        process = subprocess.Popen(
            [command, *FLAGS, f"--user-data-dir={home}", f"http://127.0.0.1:{port}/"],
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
    times: dict[str, Any] = site.told["times"]
    return times


def _home() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for the browser. Its child processes may still write while it is removed."""
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


class _Site(HTTPServer):
    """Sends the pages, and keeps what the first page sends back."""

    def __init__(self, port: int, pages: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.pages = pages
        self.told: dict[str, Any] = {"failed": ["no times"]}
        self.arrived = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        self._answer(self.server.pages.get(self.path.partition("?")[0], "").encode())

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
def _site(port: int, pages: Mapping[str, str]) -> Iterator[_Site]:
    site = _Site(port, pages)
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join()
