"""Turns: requests that were sent ahead wait here, so that they hold up no other connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

# Of all connections together: 2,000 pipelined requests a second, and half of the loop at most
# where each takes a quarter of a millisecond.
AT_ONCE = 4
EVERY = 0.002


class Turns:
    """The connections of a server that hold bytes of a further request, in order of arrival.

    Invariant: `AT_ONCE` connections go on in a round, and rounds are `EVERY` seconds apart. A
    connection begins one request in its turn, and then waits again behind the others.
    """

    def __init__(self, at_once: int = AT_ONCE, every: float = EVERY) -> None:
        self._at_once = at_once
        self._every = every
        self._waiting: deque[Callable[[], None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, go_on: Callable[[], None]) -> None:
        """Call `go_on` when it is its turn, never before this returns."""
        self._waiting.append(go_on)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every, self._round)

    def _round(self) -> None:
        self._timer = None
        for _ in range(min(self._at_once, len(self._waiting))):
            self._waiting.popleft()()
        if self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every, self._round)
