"""The large messages of one turn of the event loop. In a turn, the loop handles what is ready.

A message of a megabyte takes 6 ms to decode. When twenty clients send one at the same moment, all
of them are ready in one turn. Without a limit, everything else would wait for 120 ms.
"""

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

# A smaller message is not counted.
LARGE: Final = 16 * 1024
# Bytes of large messages in one turn. The other sockets then wait for the next turn.
MOST: Final = 1 << 20


class LoopTurn:
    """Counts the bytes of large messages in the present turn. All sockets of a loop share it."""

    __slots__ = ("_bytes", "is_full")

    def __init__(self) -> None:
        self.is_full = False
        self._bytes = 0

    def add(self, size: int, loop: asyncio.AbstractEventLoop) -> None:
        """Count a large message that was handled now."""
        if not self._bytes:
            loop.call_soon(self._end)
        self._bytes += size
        self.is_full = self._bytes >= MOST

    def _end(self) -> None:
        self.is_full, self._bytes = False, 0


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopTurn] = WeakKeyDictionary()


def turn_of(loop: asyncio.AbstractEventLoop) -> LoopTurn:
    """Return the counter of a loop."""
    turn = _turns.get(loop)
    if turn is None:
        turn = _turns[loop] = LoopTurn()
    return turn
