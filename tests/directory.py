"""A directory in memory that counts its lookups. A test can hold it or make it fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from collab.ports.directory import SigningKey
from collab.ports.store import StorageUnavailable
from storage.memory.directory import MemoryDirectory


class WatchedDirectory(MemoryDirectory):
    """Answers a lookup while `answering` is set, and not at all while `down`."""

    def __init__(self) -> None:
        super().__init__()
        self.lookups: list[str] = []
        self.under_way = self.questions = 0
        self.down = False
        self.answering = asyncio.Event()
        self.answering.set()

    async def find_keys(self, kids: Sequence[str]) -> dict[str, tuple[str, SigningKey]]:
        self.lookups += kids
        self.questions += 1
        self.under_way += 1
        try:
            await self.answering.wait()
        finally:
            self.under_way -= 1
        if self.down:
            raise StorageUnavailable
        return await super().find_keys(kids)
