"""The large messages of one turn of the event loop. In a turn, the loop handles what is ready.

A message of a megabyte takes up to 15 ms to decode. When twenty clients send one at the same
moment, all of them are ready in one turn. Without a limit, everything else would wait for 300 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from server.runtime.clock import SystemClock

# The time of a smaller message is not measured.
LARGE: Final = 16 * 1024
# Seconds for large messages in one turn. After them, the other messages wait for the next turn.
MOST: Final = 0.01


class LoopTurn:
    """Measures the large messages of the present turn. All sockets of a loop share it."""

    __slots__ = ("_now", "_seconds", "is_full")

    def __init__(self, now: Callable[[], float] = SystemClock.monotonic) -> None:
        self.is_full = False
        self._now = now
        self._seconds = 0.0

    def handle(
        self, on_message: Callable[[bytes], None], message: bytes, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Give a large message to its handler, and measure how long it takes."""
        began = self._now()
        if not self._seconds:
            loop.call_soon(self._end)
        try:
            on_message(message)
        finally:
            self._seconds += self._now() - began
            self.is_full = self._seconds >= MOST

    def _end(self) -> None:
        self.is_full, self._seconds = False, 0.0


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopTurn] = WeakKeyDictionary()


def turn_of(loop: asyncio.AbstractEventLoop) -> LoopTurn:
    """Return the turn of a loop."""
    turn = _turns.get(loop)
    if turn is None:
        turn = _turns[loop] = LoopTurn()
    return turn
