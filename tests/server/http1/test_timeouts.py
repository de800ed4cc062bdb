"""Timeouts: a client that reads too little of its answers is cut off."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from server.http1.timeouts import MIN_READ, UnreadTimeout


class Cuts(list[str]):
    """Who was cut off."""

    def of(self, name: str) -> Any:
        return lambda: self.append(name)


class Pipe:
    """A transport whose client has left `left` bytes."""

    def __init__(self) -> None:
        self.left = 0

    def get_write_buffer_size(self) -> int:
        return self.left


async def test_a_client_that_takes_too_little_is_cut_off() -> None:
    pipe, over = Pipe(), asyncio.Event()
    watch = UnreadTimeout(cast(asyncio.Transport, pipe), 0.001, over.set)
    watch.written = pipe.left = 10 * MIN_READ
    watch.start()
    pipe.left -= MIN_READ - 1
    async with asyncio.timeout(20):
        await over.wait()


async def test_a_client_that_takes_all_is_left_alone() -> None:
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
