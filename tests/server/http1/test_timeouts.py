"""Timeouts: a client that reads its answers too slowly is aborted."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from server.http1.timeouts import MIN_READ, UnreadTimeout


class Cuts(list[str]):
    """The names of the aborted clients."""

    def of(self, name: str) -> Any:
        return lambda: self.append(name)


class Pipe:
    """A transport with `left` unread bytes."""

    def __init__(self) -> None:
        self.left = 0

    def get_write_buffer_size(self) -> int:
        return self.left


async def test_a_client_that_reads_too_slowly_is_aborted() -> None:
    pipe, over = Pipe(), asyncio.Event()
    watch = UnreadTimeout(cast(asyncio.Transport, pipe), 0.001, over.set)
    watch.written = pipe.left = 10 * MIN_READ
    watch.start()
    pipe.left -= MIN_READ - 1
    async with asyncio.timeout(20):
        await over.wait()


async def test_a_client_that_reads_everything_is_not_aborted() -> None:
    pipe, cuts = Pipe(), Cuts()
    watch = UnreadTimeout(cast(asyncio.Transport, pipe), 0.0001, cuts.of("it"))
    watch.start()
    watch.written = pipe.left = 100
    watch.start()
    pipe.left = 0
    async with asyncio.timeout(20):
        while watch._timer is not None:
            await asyncio.sleep(0)
    assert cuts == []
