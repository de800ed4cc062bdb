"""Several servers on one database, each a process of its own."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.live.http_client import Reply, call
from tests.patience import PATIENCE
from tests.running import UNLIMITED, RunningServer


class Several:
    """Starts and stops the servers. They have one database, and one Redis if there is one."""

    def __init__(
        self,
        home: Path,
        database: str | Sequence[str],
        redis: str | Sequence[str] = "",
        count: int = 3,
        **env: str,
    ) -> None:
        """`database` and `redis` have one URL for all servers, or one for each."""
        self.servers: list[RunningServer] = []
        for number in range(count):
            own = home / f"instance-{number}"
            own.mkdir()
            self.servers.append(
                RunningServer(
                    own,
                    database=_of(database, number),
                    env={**UNLIMITED, "WEFT_REDIS": _of(redis, number), **env},
                )
            )

    async def __aenter__(self) -> Self:
        """Start the servers in a thread, because a test may run a proxy that they need."""
        await asyncio.to_thread(self._start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._stop)

    def _start(self) -> None:
        for server in self.servers:
            server.start()

    def _stop(self) -> None:
        for server in self.servers:
            if server.process is not None:
                server.stop()

    def __getitem__(self, number: int) -> RunningServer:
        return self.servers[number % len(self.servers)]

    async def token(self, user: str) -> str:
        return await self.servers[0].mint(user)

    async def get(self, number: int, doc: str, token: str) -> Reply:
        """Read a document at one server."""
        url = f"{self[number].http}/v1/docs/{doc}"
        return await asyncio.to_thread(call, "GET", url, token=token)

    def ready(self, number: int) -> dict[str, Any]:
        """Return what `/readyz` says."""
        with urllib.request.urlopen(f"{self[number].http}/readyz", timeout=PATIENCE) as answer:
            said: dict[str, Any] = json.loads(answer.read())
        return said

    async def until_connected(self) -> None:
        """Wait until every server hears the others."""
        await self._until("ok", range(len(self.servers)))

    async def until_degraded(self, *numbers: int) -> None:
        """Wait until these servers know that they hear no other; without numbers, all servers."""
        await self._until("degraded", numbers or range(len(self.servers)))

    async def _until(self, gossip: str, numbers: Iterable[int]) -> None:
        began = time.monotonic()
        for number in numbers:
            while (await asyncio.to_thread(self.ready, number))["gossip"] != gossip:
                assert time.monotonic() - began < PATIENCE


def _of(urls: str | Sequence[str], number: int) -> str:
    return urls if isinstance(urls, str) else urls[number]
