"""A real server inside the test's process, on a store that fails on request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from collab.ids import DocKey
from collab.ports.store import Absent, Append, Outcome, Snapshot, StorageUnavailable, Stored
from collab.rights.user_rights import Rights, Role
from server.access.keyring import Keyring
from server.access.tokens import Claims, mint
from server.process import DrainingServer, server_of
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings
from server.services import Services
from storage.store import SqlStore
from tests.running import free_port

Fault = Literal["before", "after", ""]


class FaultyStore(SqlStore):
    """SQLite with requested faults: each commit takes the next of `faults`.

    `before` raises without a write, `after` raises when the commit is durable. The caller cannot
    tell them apart. While `down` is true, every call fails.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url
        self.faults: deque[Fault] = deque()
        self.down = False
        self.keeps_snapshots = True
        self.commits = 0
        self.loads = 0
        self.open_gate = asyncio.Event()
        self.open_gate.set()

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        self._fail_if(self.down)
        fault = self.faults.popleft() if self.faults else ""
        self._fail_if(fault == "before")
        outcomes = await super().commit(batch)
        self.commits += 1
        self._fail_if(fault == "after")
        return outcomes

    async def load(self, key: DocKey) -> Stored | Absent:
        self.loads += 1
        await self.open_gate.wait()
        self._fail_if(self.down)
        return await super().load(key)

    async def save_snapshot(self, key: DocKey, epoch: int, snapshot: Snapshot) -> None:
        self._fail_if(not self.keeps_snapshots)
        await super().save_snapshot(key, epoch, snapshot)

    async def ping(self) -> None:
        self._fail_if(self.down)
        await super().ping()

    def _fail_if(self, condition: bool) -> None:
        if condition:
            raise StorageUnavailable("a fault that the test has ordered")


class Serving:
    """The running server, with its address and tokens for clients."""

    def __init__(self, settings: Settings, store: SqlStore) -> None:
        self.store = store
        self.server: DrainingServer = server_of(settings, store)
        self.http = f"http://127.0.0.1:{settings.port}"
        self.ws = f"ws://127.0.0.1:{settings.port}"

    @property
    def services(self) -> Services:
        assert self.server.services is not None
        return self.server.services

    async def token(self, user: str, role: Role = Role.ADMIN) -> str:
        clock = SystemClock()
        key = await Keyring(self.store, clock).ensure_key("demo")
        rights = Rights(role, expires_at=clock.now_ms() + 3_600_000)
        return mint(key, Claims("demo", user, user.title(), rights, clock.now_ms(), kid=""))


@asynccontextmanager
async def serving(home: Path, store: SqlStore | None = None, **env: str) -> AsyncIterator[Serving]:
    url = f"sqlite+aiosqlite:///{home}/weft.db"
    settings = Settings.load(
        {
            "WEFT_PORT": str(free_port()),
            "WEFT_DATABASE": url,
            "WEFT_IN_MESSAGES_PER_SECOND": "0",
            "WEFT_IN_BYTES_PER_SECOND": "0",
            **env,
        }
    )
    serves = Serving(settings, store or FaultyStore(url))
    async with asyncio.TaskGroup() as group:
        group.create_task(serves.server.serve(), name="server")
        while not serves.server.started:
            await asyncio.sleep(0)
        try:
            yield serves
        finally:
            serves.server.should_exit = True
