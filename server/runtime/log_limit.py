"""A rate limit for each log statement, so that a client cannot fill the disk with log lines."""

from __future__ import annotations

import logging
from dataclasses import dataclass

BURST = 100
PER_SECOND = 1.0


@dataclass(slots=True)
class _Source:
    """The budget of one log statement in the code."""

    level: float
    at: float
    left_out: int = 0


class LogLimit(logging.Filter):
    """Lets each log statement write `burst` lines, then `per_second` lines a second.

    After dropped lines, the next written line has their number in its field `left_out`.

    Invariant: memory holds one budget for each log statement in the code, whatever clients send.
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
