"""Waits until something is true that only a real server can make true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.patience import PATIENCE


async def until(condition: Callable[[], object]) -> None:
    """Look again every ten milliseconds; fail when the condition does not come true."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        while not condition():
            tick = asyncio.Event()
            loop.call_later(0.01, tick.set)
            await tick.wait()
