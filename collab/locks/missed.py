"""What a reader who could not be written to has missed of locks: each once, as it is now."""

from __future__ import annotations

from collections.abc import Iterable

from collab.messages import LockChange


class LockDebt:
    """Latest wins, and of a lock that came and went while the reader was behind nothing is owed.

    Invariant: at most one message is held for each lock that the reader knows of or that stands.
    `fence` is the highest that the reader can have been told.
    """

    def __init__(self, fence: int) -> None:
        self._fence = fence
        self._missed: dict[str, LockChange] = {}

    def __bool__(self) -> bool:
        return bool(self._missed)

    def tell(self, events: Iterable[LockChange]) -> None:
        """The reader was told of these."""
        self._fence = max([self._fence, *(event.fence for event in events)])

    def miss(self, events: Iterable[LockChange]) -> None:
        """The reader was not told of these."""
        for event in events:
            self._missed.pop(event.id, None)
            if event.holder is not None or event.fence <= self._fence:
                self._missed[event.id] = event

    def pay(self) -> list[LockChange]:
        """What brings the reader up to date, in the order in which it happened."""
        missed = list(self._missed.values())
        self._missed.clear()
        self.tell(missed)
        return missed
