"""A database for tests: it counts the calls that reach it, and fails or hangs as a test orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from collab.ports.store import StorageUnavailable
from storage.dialect import POSTGRES

READS = ("read", "read_long", "read_first")
WRITES = ("write", "write_first", "commit", "write_in_two_steps")


class ScriptedDatabase:
    """A `Database` without rows. Each call returns its name.

    `errors` are what further calls of a method raise, in order; None means success. While a method
    is `down`, each of its calls fails. While it is `frozen`, its calls wait for `thaw`.
    """

    dialect = POSTGRES

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.arguments: list[tuple[Any, ...]] = []
        self.errors: dict[str, list[BaseException | None]] = {}
        self.down: set[str] = set()
        self.frozen: set[str] = set()
        self._thawed = asyncio.Event()

    def thaw(self) -> None:
        self.frozen.clear()
        self._thawed.set()

    def stop(self) -> None:
        """Let every read and write fail."""
        self.down.update(READS + WRITES)

    def start(self) -> None:
        """Let every read and write succeed again."""
        self.down.clear()

    async def _call(self, name: str, *arguments: Any) -> Any:
        self.reached.append(name)
        self.arguments.append(arguments)
        while name in self.frozen:
            await self._thawed.wait()
        errors = self.errors.get(name)
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error
        if name in self.down:
            raise StorageUnavailable(f"{name} failed as ordered")
        return name

    async def read(self, job: Callable[..., Any]) -> Any:
        return await self._call("read", job)

    async def read_long(self, job: Callable[..., Any]) -> Any:
        return await self._call("read_long", job)

    async def read_first(self, job: Callable[..., Any]) -> Any:
        return await self._call("read_first", job)

    async def write(self, job: Callable[..., Any]) -> Any:
        return await self._call("write", job)

    async def write_first(self, job: Callable[..., Any]) -> Any:
        return await self._call("write_first", job)

    async def commit(self, job: Callable[..., Any]) -> Any:
        return await self._call("commit", job)

    async def write_in_two_steps(
        self, first: Callable[..., Any], between: Callable[..., Any], then: Callable[..., Any]
    ) -> Any:
        return await self._call("write_in_two_steps", first, between, then)

    async def migrate(self, job: Callable[..., Any]) -> Any:
        return await self._call("migrate", job)

    async def check(self) -> None:
        await self._call("check")

    async def close(self) -> None:
        await self._call("close")
