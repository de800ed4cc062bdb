"""Weft and the other servers: how each is started, and how a client of each connects."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from bench.load_generator.json_edits import page
from bench.load_generator.plan import READER, Client
from bench.load_generator.yjs_edits import Seed
from bench.peers import install
from bench.served import Served, served
from collab.rights.user_rights import Role
from collab.yjs.lib0 import write_raw

# The budgets of a user are off: one user of a bench sends as much as a hundred real ones.
UNLIMITED = {
    "in_bytes_per_second": "0",
    "in_messages_per_second": "0",
    "out_bytes_per_second": "0",
    "new_bytes_per_second": "0",
    "address_connections": "0",
    "max_connections": "0",
}


@dataclass(frozen=True)
class Place:
    """A client of a scenario: its document, the stream that it writes, and its user."""

    document: int
    name: str
    stream: int = READER
    seeds: bool = False
    user: str = "ada"
    lane: str = ""  # of Weft: yjs or patch
    max_fps: int = 0  # of Weft's patch lane


@dataclass(frozen=True)
class Running:
    """A server that runs: its port, its processes, and how its clients connect."""

    port: int
    pids: list[int]
    clients: Callable[[list[Place], Seed | None], list[Client]]

    def rss(self) -> int:
        return sum(int(psutil.Process(pid).memory_info().rss) for pid in self.pids)


@dataclass(frozen=True)
class Server:
    """A server to measure."""

    name: str
    title: str
    find_version: Callable[[], str]
    start: Callable[[int | None], AbstractContextManager[Running]]


# --- how clients connect --------------------------------------------------------------------


def y_websocket_clients(places: list[Place], seed: Seed | None) -> list[Client]:
    """Clients of a server that speaks the y-protocols, one document for each socket."""
    return [
        Client(place.document, "yjs", f"/{place.name}", place.stream, place.seeds, "", hello)
        for place in places
        for hello in [(seed.message,) if seed and place.seeds else ()]
    ]


def hocuspocus_clients(places: list[Place], seed: Seed | None) -> list[Client]:
    """Each message of Hocuspocus begins with the document's name. The first has a token."""
    found = []
    for place in places:
        name = bytearray()
        write_raw(name, place.name.encode())
        hello = [bytes(name) + b"\2\0\5token"]
        hello += [bytes(name) + seed.message] if seed and place.seeds else []
        found.append(
            Client(place.document, "hocuspocus", "/", place.stream, place.seeds, hello=tuple(hello))
        )
    return found


def sharedb_clients(places: list[Place], _seed: Seed | None) -> list[Client]:
    """Clients that subscribe to a document, which the server's script has created."""
    found = []
    for place in places:
        wanted = {"a": "s", "c": "pages", "d": place.name}
        hello = (_text({"a": "hs", "protocol": 1, "protocolMinor": 2}), _text(wanted))
        found.append(Client(place.document, "sharedb", "/", place.stream, place.seeds, hello=hello))
    return found


def weft_clients(served: Served, places: list[Place], seed: Seed | None) -> list[Client]:
    """Clients of both lanes, with a token for each user."""
    users = sorted({place.user for place in places})
    tokens = dict(zip(users, asyncio.run(served.tokens(users, Role.EDITOR)), strict=True))
    return [_weft_client(place, tokens[place.user], at, seed) for at, place in enumerate(places)]


def _weft_client(place: Place, token: str, at: int, seed: Seed | None) -> Client:
    if place.lane == "patch":
        opening: dict[str, Any] = {"type": "open", "token": token, "client": f"tab-{at}"}
        if place.seeds:
            opening["create"] = page()
        if place.max_fps:
            opening["max_fps"] = place.max_fps
        path, hello = f"/v1/docs/{place.name}/live", (_text(opening),)
        return Client(place.document, "patch", path, place.stream, place.seeds, "weft.v1", hello)
    path = f"/v1/yjs/{place.name}?token={token}&client=tab-{at}"
    greeting = (seed.message,) if seed and place.seeds else ()
    return Client(place.document, "yjs", path, place.stream, place.seeds, "", greeting)


def _text(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"))


# --- how servers start ----------------------------------------------------------------------


@contextmanager
def weft(core: int | None, database: str = "") -> Iterator[Running]:
    """Weft as it is installed: SQLite with `synchronous=FULL`, all checks, no budgets.

    A `database` is kept, so that the next server can use it.
    """
    with served(core, database, **UNLIMITED) as server:
        process = psutil.Process(server.process.pid)
        pids = [process.pid, *(child.pid for child in process.children(recursive=True))]
        yield Running(server.port, pids, lambda *wanted: weft_clients(server, *wanted))


@contextmanager
def _started(
    core: int | None,
    command: list[str],
    clients: Callable[[list[Place], Seed | None], list[Client]],
    **environment: str,
) -> Iterator[Running]:
    """Start a server that prints its port. It inherits the core, with all its threads."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )
    finally:
        os.sched_setaffinity(0, before)
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"{' '.join(command)} did not start")
        yield Running(int(port), [process.pid], clients)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        process.stdout.close()


def _script(name: str) -> list[str]:
    return [install.node(), str(install.NODE / f"{name}.mjs")]


def _hocuspocus(core: int | None) -> AbstractContextManager[Running]:
    return _started(core, _script("hocuspocus"), hocuspocus_clients, NODE_ENV="production")


def _y_websocket(core: int | None) -> AbstractContextManager[Running]:
    return _started(core, _script("y-websocket"), y_websocket_clients, NODE_ENV="production")


@contextmanager
def _sharedb(core: int | None) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "page.json"
        first.write_text(json.dumps(page()), "utf-8")
        command = [*_script("sharedb"), str(first)]
        with _started(core, command, sharedb_clients, NODE_ENV="production") as running:
            yield running


def _pycrdt_websocket(core: int | None) -> AbstractContextManager[Running]:
    packages = install.python_packages()
    command = [sys.executable, str(install.PYTHON / "serve.py")]
    return _started(core, command, y_websocket_clients, PYTHONPATH=str(packages))


WEFT = Server("weft", "Weft", lambda: version("weft"), weft)
HOCUSPOCUS = Server(
    "hocuspocus", "Hocuspocus", lambda: install.npm_version("@hocuspocus/server"), _hocuspocus
)
Y_WEBSOCKET = Server(
    "y-websocket",
    "@y/websocket-server",
    lambda: install.npm_version("@y/websocket-server"),
    _y_websocket,
)
PYCRDT_WEBSOCKET = Server(
    "pycrdt-websocket",
    "pycrdt-websocket",
    lambda: install.pypi_version("pycrdt-websocket"),
    _pycrdt_websocket,
)
SHAREDB = Server("sharedb", "ShareDB", lambda: install.npm_version("sharedb"), _sharedb)
SERVERS = (WEFT, HOCUSPOCUS, Y_WEBSOCKET, PYCRDT_WEBSOCKET, SHAREDB)


def why_missing(server: Server) -> str:
    """Install a server when needed; return why it cannot run here, or an empty text."""
    try:
        if server in (HOCUSPOCUS, Y_WEBSOCKET, SHAREDB):
            install.node()
        if server is PYCRDT_WEBSOCKET:
            install.python_packages()
    except install.NotInstalled as missing:
        return str(missing)
    return ""
