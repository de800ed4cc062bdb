"""Requests a second that read one document: as a draft, as a published value, and as a page.

The server runs in a process of its own. The readers are keep-alive connections, which send the same
request again as soon as the answer is complete. The body's length is read once, so that the readers
only look for the end of the head and count bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import cast

import uvloop

from collab.ids import DocKey
from server.demo import content as demo_content

CONNECTIONS = 16
SECONDS = 1.0
ROUNDS = 3
WEFT = str(Path(sys.executable).with_name("weft"))
UNBOUNDED = ("IN_BYTES_PER_SECOND", "IN_MESSAGES_PER_SECOND", "IN_BURST", "IN_MESSAGES_BURST")


class Reader(asyncio.Protocol):
    """One connection. Invariant: until `stop`, exactly one request waits for its answer."""

    def __init__(self, request: bytes, body: int) -> None:
        self._request, self._body = request, body
        self._missing = 0
        self._transport: asyncio.Transport | None = None
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's class is no subclass of it
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._missing:  # a head arrives in one piece
            self._missing = data.index(b"\r\n\r\n") + 4 + self._body
        self._missing -= len(data)
        if not self._missing:
            self.answers += 1
            if self._transport is not None:
                self._transport.write(self._request)

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None


def request(port: int, path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def length(port: int, wanted: bytes) -> int:
    """Return the body's length, from the answer's Content-Length."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(wanted)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
    lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert lines[0].split()[1] == b"200", lines
    [found] = [line for line in lines if line.startswith(b"content-length:")]
    return int(found.split(b":")[1])


def _same(reader: Reader) -> Reader:
    return reader


async def _rate(port: int, wanted: bytes, body: int) -> float:
    loop = asyncio.get_running_loop()
    readers = [Reader(wanted, body) for _ in range(CONNECTIONS)]
    for reader in readers:
        await loop.create_connection(partial(_same, reader), "127.0.0.1", port)
    await asyncio.sleep(0.2)
    before, began = sum(reader.answers for reader in readers), time.perf_counter()
    await asyncio.sleep(SECONDS)
    after, ended = sum(reader.answers for reader in readers), time.perf_counter()
    for reader in readers:
        reader.stop()
    return (after - before) / (ended - began)


def rate(port: int, wanted: bytes) -> float:
    body = length(port, wanted)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_rate(port, wanted, body))


@contextmanager
def serving() -> Iterator[tuple[int, str]]:
    """Run a server that publishes the demo page; yield its port and a publisher's token."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        env = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
        env |= {f"WEFT_{name}": "0" for name in UNBOUNDED}
        env["WEFT_DATABASE"] = f"sqlite+aiosqlite:///{home}/bench.db"
        server = subprocess.Popen(
            [WEFT, "serve", "--port", str(port)], env=env, stdout=subprocess.DEVNULL
        )
        try:
            _wait_ready(port)
            command = [WEFT, "token", "--user", "bench", "--role", "publisher"]
            token = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
            yield port, token.stdout.strip()
        finally:
            server.terminate()
            server.wait(15)


def _wait_ready(port: int) -> None:
    for _ in range(400):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def _send(port: int, method: str, path: str, token: str, body: object) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{port}{path}"
    data = json.dumps(body).encode()
    asked = urllib.request.Request(address, data, headers, method=method)
    urllib.request.urlopen(asked, timeout=10).close()


def rows() -> Iterator[dict[str, str | float]]:
    page = dict(demo_content.pages())[DocKey("demo", "home")]
    with serving() as (port, token):
        _send(port, "PUT", "/v1/docs/home", token, page)
        _send(port, "POST", "/v1/docs/home/publish", token, {})
        public, coded = "/v1/published/demo/home", "Accept-Encoding: br"
        ways = {
            "draft": request(port, "/v1/docs/home", f"Authorization: Bearer {token}"),
            "published": request(port, public),
            "published, br": request(port, public, coded),
            "page": request(port, "/p/demo/home"),
            "page, br": request(port, "/p/demo/home", coded),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, wanted in ways.items():
                found[name].append(rate(port, wanted))
        draft = median(found["draft"])
        for name, rates in found.items():
            yield {
                "read as": name,
                "bytes": length(port, ways[name]),
                "requests/s": median(rates),
                "x draft": median(rates) / draft,
            }
