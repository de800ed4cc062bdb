"""Python that takes long runs beside the event loop, in two threads at most.

All threads of a process share one interpreter: with two at work the event loop has its turn every
third time, whatever waits for a thread. asyncio's own pool has more, and a crowd of large
requests would leave the loop one turn in seven.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

THREADS: Final = 2
_POOL: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="beside-the-loop")


async def beside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work returns or raises; it sees the context of its caller."""
    context = copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_POOL, lambda: context.run(work, *args, **kwargs))
