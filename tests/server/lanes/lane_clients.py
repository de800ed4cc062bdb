"""Clients of both lanes without a network: real connections, sessions and feeds on fake sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from collab.entry import Author
from collab.ports.directory import SigningKey
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Create, PatchRequest
from collab.yjs import frames as yjs_frames
from server.access.tokens import Claims, mint
from server.app import build
from server.documents.live_room import LiveRoom
from server.lanes.opening import PatchOpening, YjsOpening
from server.lanes.patch_session import PatchSession
from server.lanes.yjs_session import YjsSession
from server.runtime.settings import Settings
from server.services import Services
from server.websocket.socket import NULL_HANDLER, Handler
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE
from tests.held_store import HeldCalls, held, until
from tests.manual_clock import ManualClock
from tests.server.websocket.splitting import split

DOC = "page"


class FakeSocket:
    """A socket that keeps what it is told, and is as full as the test says."""

    peer = "192.0.2.1:5"

    def __init__(self) -> None:
        self.sent = self.received = 0
        self.waiting = 0  # bytes that the client has not read
        self.frames: list[bytes] = []
        self.pings: list[int] = []
        self.closed: list[tuple[int, str]] = []
        self.is_reading = True
        self.limits: list[tuple[int, int]] = []
        self.on_large: Callable[[], None] | None = None
        self.handler: Handler = NULL_HANDLER

    def hand_over(self, handler: Handler) -> None:
        self.handler = handler

    def lose(self, code: int) -> None:
        """End the connection, as the network or the client does."""
        handler, self.handler = self.handler, NULL_HANDLER
        handler.on_close(code)

    def write(self, frames: bytes) -> None:
        self.frames += [payload for _, payload in split(frames)]

    def buffered(self) -> int:
        return self.waiting

    def limit(self, max_message: int, code: int = 1009) -> None:
        self.limits.append((max_message, code))

    def pause_before_large(self, size: int, on_large: Callable[[], None] | None) -> None:
        self.on_large = on_large

    def ping(self, payload: bytes) -> None:
        self.pings.append(int.from_bytes(payload, "big"))

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def close(self, code: int, reason: str = "") -> None:
        self.closed.append((int(code), reason))

    def abort(self) -> None: ...
    async def run(self) -> None: ...

    @property
    def codes(self) -> list[int]:
        return [code for code, _ in self.closed]

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages so far, without presence, which a timer sends at any moment."""
        frames, self.frames = self.frames, []
        found: list[dict[str, Any]] = []
        for frame in frames:
            read = json.loads(frame)
            found += read if isinstance(read, list) else [read]
        return [one for one in found if one["type"] != "presence"]

    def yjs(self) -> list[yjs_frames.Message]:
        """Return the messages of the Yjs lane so far, and begin another list."""
        frames, self.frames = self.frames, []
        return [message for frame in frames for message in yjs_frames.decode(frame)]


class PatchClient:
    """A client of the patch lane; `says` and `hears` are JSON messages."""

    def __init__(self, lanes: Lanes, token: str) -> None:
        self.lanes = lanes
        self.token = token
        self.socket = FakeSocket()
        self.socket.handler = PatchOpening(
            lanes.services, DOC, lambda: None, token=None, socket=self.socket
        )

    def says(self, *messages: dict[str, Any]) -> None:
        """Send the messages in one frame."""
        said: object = list(messages) if len(messages) > 1 else messages[0]
        self.socket.handler.on_text(json.dumps(said).encode())

    def open(self, **fields: Any) -> None:
        self.says({"type": "open", "token": self.token, **fields})

    def patch(self, id: str, path: str, value: Any, base: int, **fields: Any) -> None:
        ops = [{"op": "add", "path": path, "value": value}]
        self.says({"type": "patch", "id": id, "base": base, "ops": ops, **fields})

    def heard(self) -> list[tuple[Any, ...]]:
        """Return the kind of each message, with its id, version and code where it has them."""
        return [
            (one["type"], *(one[name] for name in ("id", "version", "code") if name in one))
            for one in self.socket.messages()
        ]

    async def hears(self, count: int) -> list[tuple[Any, ...]]:
        """Wait until there are `count` frames, and return their messages."""
        await until(lambda: len(self.socket.frames) >= count)
        return self.heard()

    async def is_open(self) -> None:
        await until(lambda: self.is_admitted or self.socket.closed)

    @property
    def is_admitted(self) -> bool:
        return isinstance(self.socket.handler, PatchSession)

    @property
    def session(self) -> PatchSession:
        assert isinstance(self.socket.handler, PatchSession)
        return self.socket.handler

    @property
    def opening(self) -> PatchOpening:
        assert isinstance(self.socket.handler, PatchOpening)
        return self.socket.handler


class YjsClient:
    """A client of the Yjs lane."""

    def __init__(self, lanes: Lanes, token: str) -> None:
        self.socket = FakeSocket()
        self.socket.handler = YjsOpening(
            lanes.services, DOC, lambda: None, token, "tab", socket=self.socket
        )

    async def is_open(self) -> None:
        await until(lambda: self.is_admitted or self.socket.closed)

    @property
    def is_admitted(self) -> bool:
        return isinstance(self.socket.handler, YjsSession)

    @property
    def session(self) -> YjsSession:
        assert isinstance(self.socket.handler, YjsSession)
        return self.socket.handler


class Lanes:
    """The services of one process, and its clients."""

    def __init__(
        self, services: Services, key: SigningKey, clock: ManualClock, calls: HeldCalls
    ) -> None:
        self.services, self.hub = services, services.hub
        self.key, self.clock, self.calls = key, clock, calls
        self._number = 0

    @property
    def live(self) -> LiveRoom:
        return self.hub.lives[PAGE]

    def token(self, user: str = "ada", role: Role = Role.EDITOR, **more: Any) -> str:
        """Return a token of this `age`; it is valid for an hour, or for `seconds`."""
        issued_at = self.clock.now_ms() - 1000 * int(more.pop("age", 0))
        rights = Rights(role, issued_at + 1000 * int(more.pop("seconds", 3_600)), **more)
        return mint(self.key, Claims("demo", user, user.title(), rights, issued_at, kid=""))

    async def make(self, value: dict[str, Any]) -> None:
        """Create the document, as an HTTP client does."""
        await self.ask(Create(value))

    async def set(self, path: str, value: Any) -> None:
        """Let Bo change one value."""
        self._number += 1
        ops = [{"op": "add", "path": path, "value": value}]
        await self.ask(PatchRequest(f"bo-{self._number}", None, ops))

    async def ask(self, request: Create | PatchRequest) -> None:
        """Send a request of Bo over HTTP."""
        bo = Member(Author("bo", "Bo"), Rights(Role.ADMIN, 2**53), "http")
        async with self.hub.using(PAGE) as live:
            await self.hub.ask(live, bo, request)

    async def settled(self) -> None:
        await until(lambda: not self.live.is_busy)

    async def patch_client(self, token: str | None = None, **fields: Any) -> PatchClient:
        """Return an open client, which has read `opened`."""
        client = PatchClient(self, token or self.token())
        client.open(**fields)
        await client.is_open()
        client.socket.frames.clear()
        return client

    async def yjs_client(self, token: str | None = None) -> YjsClient:
        client = YjsClient(self, token or self.token())
        await client.is_open()
        return client


@asynccontextmanager
async def lanes(
    value: dict[str, Any] | None = None, store: MemoryStore | None = None, **settings: Any
) -> AsyncIterator[Lanes]:
    """Start the services on a memory store, with the document when there is a value."""
    clock = ManualClock()
    port, calls = held(store or MemoryStore(clock.now_ms))
    memory = Settings(database="sqlite+aiosqlite:///:memory:", **settings)
    app = build(memory, port, clock)
    async with app.router.lifespan_context(app):
        services = app.state.services
        made = Lanes(services, await services.keyring.ensure_key("demo"), clock, calls)
        if value is not None:
            await made.make(value)
        yield made
