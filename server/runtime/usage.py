"""What the process costs its machine, and memory that goes back to it.

glibc keeps freed memory, in case it is wanted again. Six documents of 60,000 values took 460 MiB.
Closed they still took 420; 60 after `malloc_trim`.
"""

from __future__ import annotations

import asyncio
import ctypes
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.runtime.clock import Clock

STATM = Path("/proc/self/statm")


def processor_seconds() -> float:
    """Of all processors, since the start."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory(statm: Path = STATM) -> int | None:
    """Bytes that are resident; None where the system does not tell (proc(5) is Linux's)."""
    try:
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return None


# How often it is looked at, and how much more than the last time is worth the look.
EVERY: Final = 30.0
WORTH: Final = 32 << 20


class Memory:
    """Gives back what is free, now and then, where the process has grown since the last time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.monotonic()
        self._size = memory() or 0
        self._trim = trimmer()

    async def look(self) -> None:
        now = self._clock.monotonic()
        if self._trim is None or now - self._at < EVERY:
            return
        self._at = now
        if (memory() or 0) - self._size > WORTH:
            await asyncio.to_thread(self._trim, 0)
            self._size = memory() or 0


def trimmer() -> Callable[[int], int] | None:
    """glibc's `malloc_trim`; None where there is no such function."""
    if not sys.platform.startswith("linux"):
        return None
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim
