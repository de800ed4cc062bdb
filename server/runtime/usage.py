"""Usage: what the process costs its machine."""

from __future__ import annotations

import resource
from pathlib import Path

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
