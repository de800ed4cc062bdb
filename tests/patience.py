"""The time limit of a test's waits, and the wait for another process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# A time limit, not a measurement: on a busy machine milliseconds become seconds.
PATIENCE = 60.0


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true that depends on another task or process."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)
