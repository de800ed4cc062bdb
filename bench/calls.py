"""The Python calls of one edit: from the client's frame to the last message of its commit.

A call is one entry of a Python function of `collab/`, `server/` or `storage/`, a resumed coroutine
included. The bench counts every thread of the server. The clients run in a thread that it leaves
out. `python -m bench.calls` lists the calls by package and by function.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple
from unittest import mock

import pycrdt
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from bench.served import free_port
from bench.table import render
from collab.rights.user_rights import Rights, Role
from collab.yjs import frames
from server.access.keyring import Keyring
from server.access.tokens import Claims, mint
from server.documents import live_room
from server.process import server_of
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings
from storage.store import SqlStore

ROOT = Path(__file__).parents[1]
COUNTED = tuple(f"{ROOT / part}/" for part in ("collab", "server", "storage"))
EDITS = 100
PAGE = {"sections": [{"id": f"s{number}", "t": "some words " * 8} for number in range(40)]}
UNLIMITED = {"WEFT_IN_MESSAGES_PER_SECOND": "0", "WEFT_IN_BYTES_PER_SECOND": "0"}


class Figure(NamedTuple):
    edit: str
    calls: int
    modules: int


class PackageCalls(NamedTuple):
    calls: float
    package: str


class FunctionCalls(NamedTuple):
    calls: float
    at: str
    function: str


class CallCounter:
    """Counts the calls of this thread and of all threads that start later."""

    def __init__(self) -> None:
        self.counts = False
        self.calls: Counter[CodeType] = Counter()

    def start(self) -> None:
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and self.counts and frame.f_code.co_filename.startswith(COUNTED):
            self.calls[frame.f_code] += 1

    def figure(self, edit: str, edits: int) -> Figure:
        modules = {code.co_filename for code, calls in self.calls.items() if calls >= edits}
        return Figure(edit, round(self.calls.total() / edits), len(modules))

    def functions(self, edits: int) -> list[FunctionCalls]:
        """Return the functions that run at least once in two edits, the most frequent first."""
        return [
            FunctionCalls(
                round(calls / edits, 1), f"{_path(code)}:{code.co_firstlineno}", code.co_qualname
            )
            for code, calls in self.calls.most_common()
            if calls * 2 >= edits
        ]

    def packages(self, edits: int) -> list[PackageCalls]:
        """Return the packages by their calls."""
        packages: Counter[str] = Counter()
        for code, calls in self.calls.items():
            packages[str(_path(code).parent)] += calls
        return [
            PackageCalls(round(calls / edits, 1), name) for name, calls in packages.most_common()
        ]


def _path(code: CodeType) -> Path:
    return Path(code.co_filename).relative_to(ROOT)


class PatchClient:
    """A client of the patch lane."""

    def __init__(self, port: int, token: str, create: Any = None) -> None:
        url = f"ws://127.0.0.1:{port}/v1/docs/page/live"
        self.socket = connect(url, subprotocols=[Subprotocol("weft.v1")])
        self.socket.send(json.dumps({"type": "open", "token": token, "create": create or {}}))
        self.version = 0
        self.until_version(1)

    def until_version(self, version: int) -> None:
        while self.version < version:
            received = json.loads(self.socket.recv())
            for message in received if isinstance(received, list) else [received]:
                self.version = max(self.version, message.get("version", 0))

    def edit(self, number: int) -> None:
        op = {
            "op": "replace",
            "path": "/sections/3/t",
            "value": f"{'some words ' * 8}{self.version}",
        }
        message = {"type": "patch", "id": f"p{self.version}", "base": self.version, "ops": [op]}
        self.socket.send(json.dumps(message))


class YjsClient:
    """A client of the Yjs lane that types into one text."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = connect(f"ws://127.0.0.1:{port}/v1/yjs/page?token={token}")
        self._doc = pycrdt.Doc[Any]()
        self._content = self._doc.get("content", type=pycrdt.Map)
        self._updates: list[bytes] = []
        self._doc.observe(lambda event: self._updates.append(event.update))
        self.socket.send(frames.sync_step1(b"\x00"))
        while not len(self._content):
            for message in frames.decode(self.socket.recv(decode=False)):
                if isinstance(message, frames.SyncStep2 | frames.SyncUpdate):
                    self._doc.apply_update(message.update)

    def edit(self, number: int) -> None:
        self._updates.clear()
        self._content["sections"]["s4"]["t"].insert(number, "x")
        self.socket.send(frames.update(self._updates[-1]))


class Measured(NamedTuple):
    figure: Figure
    packages: list[PackageCalls]
    functions: list[FunctionCalls]


def rows() -> Iterable[Figure]:
    """Return the calls of a small edit on each lane, without and with a second client."""
    return [edit.figure for edit in measured()]


def main() -> None:
    """Print the calls of each edit by package, and by function."""
    for figure, packages, functions in measured():
        print(f"\n{figure.edit}: {figure.calls} calls")
        print(render([one._asdict() for one in packages]), end="\n\n")
        print(render([one._asdict() for one in functions]))


def measured() -> list[Measured]:
    # On a busy machine a request may take long. Then the server would use a thread for the others.
    never = mock.patch.object(live_room, "SLOW", math.inf)
    with never, tempfile.TemporaryDirectory() as home:
        return asyncio.run(_measure(Path(home)))


async def _measure(home: Path) -> list[Measured]:
    counter = CallCounter()
    counter.start()
    url, port = f"sqlite+aiosqlite:///{home}/weft.db", free_port()
    settings = Settings.load({"WEFT_PORT": str(port), "WEFT_DATABASE": url, **UNLIMITED})
    store = SqlStore(url)
    server = server_of(settings, store)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    key = await Keyring(store, SystemClock()).ensure_key("demo")
    now = SystemClock().now_ms()
    rights = Rights(Role.EDITOR, expires_at=now + 3_600_000)
    tokens = [mint(key, Claims("demo", user, user, rights, now, "")) for user in ("ada", "bo")]
    try:
        return await asyncio.to_thread(_drive, port, tokens, counter)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        server.should_exit = True
        await serving


def _drive(port: int, tokens: list[str], counter: CallCounter) -> list[Measured]:
    sys.setprofile(None)
    author = PatchClient(port, tokens[0], PAGE)
    figures = [_count(counter, "a patch, its author alone", author.edit, author)]
    peer = PatchClient(port, tokens[1])
    figures.append(_count(counter, "a patch, with one peer", author.edit, author, peer))
    author.socket.close()
    yjs = YjsClient(port, tokens[0])
    figures.append(_count(counter, "a Yjs update, with one peer on the patch lane", yjs.edit, peer))
    yjs.socket.close()
    peer.socket.close()
    return figures


def _count(
    counter: CallCounter, name: str, edit: Callable[[int], None], *watching: PatchClient
) -> Measured:
    """Make the edits one after the other, each when all clients have the one before it.

    The first edit is not counted: for a Yjs client, it also builds the index of the document.
    """
    version = max(client.version for client in watching)
    for number in range(EDITS + 1):
        if number == 1:
            counter.calls.clear()
            counter.counts = True
        edit(number)
        version += 1
        for client in watching:
            client.until_version(version)
    counter.counts = False
    return Measured(counter.figure(name, EDITS), counter.packages(EDITS), counter.functions(EDITS))


if __name__ == "__main__":
    main()
