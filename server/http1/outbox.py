"""HTTP answers on their way: how much of them is kept for clients, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Held:
    """One connection's part: a body that it sends, or only what its transport has buffered."""

    cut: Callable[[], None]
    body: bytes | int  # or how many bytes

    @property
    def size(self) -> int:
        return self.body if isinstance(self.body, int) else len(self.body)


class Outbox:
    """Every answer that a client of this server has not read yet.

    Invariant: together they take at most `most` bytes (0: any number), or there is only one. When
    one more comes, the connection is cut off whose client has read nothing for longest. A body
    that several connections send is in memory once, and counts once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[Held, None] = {}  # the longest without a sign of its reader first
        self._readers: dict[int, int] = {}  # of a body, by its identity
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, cut: Callable[[], None], body: bytes | int) -> Held:
        """Count a body, or so many bytes, until `let_go`; `cut` ends the connection before that."""
        held = Held(cut, body)
        self._held[held] = None
        if self._is_first_reader(held):
            self.bytes += held.size
        while self._most and self.bytes > self._most and len(self._held) > 1:
            oldest = next(iter(self._held))
            self.let_go(oldest)
            oldest.cut()
        return held

    def renew(self, held: Held) -> None:
        """Its client has read some of it."""
        if held in self._held:
            del self._held[held]
            self._held[held] = None

    def let_go(self, held: Held) -> None:
        """It was read, or its connection is gone; a second call does nothing."""
        if held in self._held:
            del self._held[held]
            if self._is_last_reader(held):
                self.bytes -= held.size

    def _is_first_reader(self, held: Held) -> bool:
        if isinstance(held.body, int):
            return True
        readers = self._readers[id(held.body)] = self._readers.get(id(held.body), 0) + 1
        return readers == 1

    def _is_last_reader(self, held: Held) -> bool:
        if isinstance(held.body, int):
            return True
        readers = self._readers.pop(id(held.body)) - 1
        if readers:
            self._readers[id(held.body)] = readers
        return not readers
