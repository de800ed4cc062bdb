"""Real Yjs clients: unmodified y-websocket providers in a Node process, driven by JSON lines."""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process
from itertools import count
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE

NODE = Path(__file__).with_name("node")
QUERY_AWARENESS = b"\x03"  # a frame that asks for all presence states


class YjsPeer:
    """One client: a Y.Doc and its provider.

    Snippets are JavaScript, run in one transaction; they see `doc`, `content`, `at(pointer)`,
    `layout`, `states` (awareness by client id), `same(a, b)` and `Y`.
    """

    def __init__(self, peers: YjsPeers, name: str) -> None:
        self._peers = peers
        self.name = name

    async def connect(
        self, ws: str, doc: str, token: str, *, state: Any = None, **params: str
    ) -> None:
        """Connect without waiting. `state` is the awareness state."""
        await self.ask(
            "connect",
            url=f"{ws}/v1/yjs",
            doc=doc,
            params={"token": token, **params},
            state={} if state is None else state,
        )

    async def disconnect(self) -> None:
        await self.ask("disconnect")

    async def reconnect(self) -> None:
        await self.ask("reconnect")
        await self.synced()

    async def cut(self) -> None:
        """Break the connection, even in the middle of a message."""
        await self.ask("cut")

    async def synced(self, seconds: float = PATIENCE) -> None:
        await self.ask("synced", seconds=seconds)

    async def closed(self, seconds: float = PATIENCE) -> int:
        """Wait until the server closes. Return the close code."""
        code: int = (await self.ask("closed", seconds=seconds))["code"]
        return code

    async def read(self) -> Any:
        """Return the content as JSON."""
        return await self.ask("read")

    async def state(self) -> str:
        """Return the whole document as one update in base64."""
        state: str = await self.ask("state")
        return state

    async def run(self, code: str) -> Any:
        return await self.ask("run", code=code)

    async def until(self, condition: str, seconds: float = PATIENCE) -> Any:
        """Wait until an expression about this client is true. Return its value."""
        return await self.ask("until", code=condition, seconds=seconds)

    async def until_equals(self, pointer: str, value: Any, seconds: float = PATIENCE) -> None:
        held = "layout.toJSON(" + (f"at({json.dumps(pointer)})" if pointer else "content") + ")"
        await self.until(f"same({held}, JSON.parse({json.dumps(json.dumps(value))}))", seconds)

    async def edit_at_random(self, seed: int, edits: int, *, pause_ms: float = 4.0) -> None:
        await self.ask("random", seed=seed, count=edits, name=self.name, pause=pause_ms)

    async def destroy(self) -> None:
        await self.ask("destroy")

    async def ask(self, do: str, **fields: Any) -> Any:
        return await self._peers.ask(self.name, do, **fields)


class YjsPeers:
    """The Node process. Each wait in it has a timeout, so each request gets an answer."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read(), name="yjs peers")

    @classmethod
    async def start(cls) -> YjsPeers:
        node = shutil.which("node")
        assert node is not None
        script = str(NODE / "yjs_peer.mjs")
        return cls(
            await asyncio.create_subprocess_exec(node, script, stdin=PIPE, stdout=PIPE, limit=2**24)
        )

    async def peer(self, *, client_id: int = 0, state: str = "") -> YjsPeer:
        """Make a client that is not connected. `state` is the document that it has kept."""
        peer = YjsPeer(self, f"peer{next(self._numbers)}")
        await peer.ask("new", client_id=client_id, state=state)
        return peer

    async def ask(self, peer: str, do: str, **fields: Any) -> Any:
        assert self._process.stdin is not None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"n": number, "peer": peer, "do": do, **fields}) + "\n"
        self._process.stdin.write(line.encode())
        await self._process.stdin.drain()
        reply = await answer
        if "error" in reply:
            raise AssertionError(f"{peer} {do}: {reply['error']}")
        return reply["ok"]

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, and so to all its clients."""
        self._process.send_signal(number)

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            reply = json.loads(line)
            self._answers.pop(reply["n"]).set_result(reply)
        for answer in self._answers.values():
            answer.set_exception(ConnectionError("the Node process ended"))


def has_node() -> bool:
    return bool(shutil.which("node")) and (NODE / "node_modules" / "y-websocket").is_dir()
