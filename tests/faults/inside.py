"""The hub and the commit loop without sockets: requests, a subscriber, and a manual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from collab.entry import Author
from collab.errors import Rejected
from collab.ids import DocKey, Json
from collab.patch.apply import replay
from collab.ports.store import Store
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, Create, PatchRequest, Request
from collab.room.working import RoomBounds
from server.broadcast.news import News
from server.broadcast.subscriber import Answered, one_by_one
from server.commits.commit_loop import CommitLoop
from server.documents.hub import Hub
from server.documents.live_room import LiveRoom
from server.documents.snapshots import HubBounds
from tests.manual_clock import ManualClock

PAGE = DocKey("demo", "page")


class Follower:
    """A subscriber that follows the value by its news, and checks that no version is missing."""

    fan_out = staticmethod(one_by_one)

    def __init__(self, live: LiveRoom, name: str = "follower") -> None:
        self.session = name
        self.live = live
        self.version = live.room.version
        self.value: Json = live.room.value
        self.notices: list[bytes] = []
        self.closed: list[int] = []
        self.fails = False
        self.resynchronised = 0
        live.audience.join(self)

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
        if self.fails:
            raise RuntimeError("a bug of ours")
        if news.is_incomplete:
            self.version, self.value = news.after, news.value
            return
        assert news.before == self.version
        for entry in news.entries:
            self.value = replay(self.value, entry.ops)
            self.version = entry.version
        assert self.value == news.value

    def on_presence(self, news: object, now: float) -> None: ...

    def on_locks(self, news: object, now: float) -> None:
        if self.fails:
            raise RuntimeError("a bug of ours")

    def notice(self, payload: bytes) -> None:
        self.notices.append(payload)

    def resynchronise(self) -> None:
        self.resynchronised += 1

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        self.closed.append(code)
        self.leave()

    def leave(self) -> None:
        self.live.audience.leave(self)


class Inside:
    """Sends requests to the hub for a test."""

    commits: CommitLoop

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub = hub
        self.clock = clock
        self._number = 0

    def member(self, user: str = "ada") -> Member:
        return Member(Author(user), Rights(Role.ADMIN, expires_at=2**53), "http")

    async def ask(self, request: Request, key: DocKey = PAGE, user: str = "ada") -> Answer:
        async with self.hub.using(key) as live:
            return await self.hub.ask(live, self.member(user), request)

    async def make(self, value: dict[str, Any], key: DocKey = PAGE) -> Answer:
        return await self.ask(Create(value), key)

    async def set(
        self, path: str, value: Json, key: DocKey = PAGE, *, id: str = ""
    ) -> Answer | Rejected:
        self._number += 1
        ops = [{"op": "add", "path": path, "value": value}]
        request = PatchRequest(id or f"r{self._number}", None, ops)
        try:
            return await self.ask(request, key)
        except Rejected as rejected:
            return rejected

    async def read(self, key: DocKey = PAGE) -> tuple[int, Json]:
        async with self.hub.using(key) as live:
            return live.room.version, live.room.value


@asynccontextmanager
async def inside(store: Store, **bounds: Any) -> AsyncIterator[Inside]:
    clock = ManualClock()
    await store.start()
    hub = Hub(store, clock, HubBounds(**{"room": RoomBounds(), **bounds}))
    made = Inside(hub, clock)
    made.commits = CommitLoop(hub)
    loop = asyncio.create_task(made.commits.run(), name="commit loop")
    try:
        yield made
        assert not loop.done(), "the commit loop has died"
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        await store.close()
