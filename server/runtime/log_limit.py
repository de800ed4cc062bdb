"""How often one line of the code may log: a client that causes lines cannot fill the disk."""

from __future__ import annotations

import logging
from dataclasses import dataclass

BURST = 100
PER_SECOND = 1.0


@dataclass(slots=True)
class _Source:
    """One line of the code that logs."""

    level: float
    at: float
    left_out: int = 0


class LogLimit(logging.Filter):
    """Lets a source log `burst` lines, and `per_second` from then on.

    The next line that it lets pass says how many were left out before it (`left_out`).
    Invariant: there is one entry for each place in the code, whatever clients send.
    """

    def __init__(self, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        super().__init__()
        self._burst = burst
        self._per_second = per_second
        self._sources: dict[tuple[str, int], _Source] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        at = record.created
        source = self._sources.setdefault(
            (record.pathname, record.lineno), _Source(self._burst, at)
        )
        earned = max(0.0, at - source.at) * self._per_second
        source.level = min(self._burst, source.level + earned)
        source.at = at
        if source.level < 1.0:
            source.left_out += 1
            return False
        source.level -= 1.0
        if source.left_out:
            record.left_out, source.left_out = source.left_out, 0
        return True
