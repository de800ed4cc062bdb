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
# Seconds between two checks, and the growth since the last one that is worth a trim.
EVERY: Final = 30.0
MIN_GROWTH: Final = 32 << 20


def processor_seconds() -> float:
    """Of all processors, since the start."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory(statm: Path = STATM) -> int | None:
    """Bytes that are resident; None when the system has no such file (proc(5) is Linux's)."""
    try:
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return None


class MemoryTrimmer:
    """Returns free memory to the system from time to time, when the process has grown since."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.monotonic()
        self._size = memory() or 0
        self._trim = malloc_trim()

    async def trim(self) -> None:
        """Trim when `EVERY` seconds have passed and the process has grown by `MIN_GROWTH`."""
        now = self._clock.monotonic()
        if self._trim is None or now - self._at < EVERY:
            return
        self._at = now
        if (memory() or 0) - self._size > MIN_GROWTH:
            await asyncio.to_thread(self._trim, 0)
            self._size = memory() or 0


def malloc_trim() -> Callable[[int], int] | None:
    """glibc's `malloc_trim`; None where there is no such function."""
    if not sys.platform.startswith("linux"):
        return None
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim
