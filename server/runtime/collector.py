"""When Python's collector looks at all that there is: at rest, and never by itself.

By itself it does so whenever a quarter more is there than the last time. The values of large
requests under way are many times what stays, so it came again and again while they were judged,
and looked at all of their lists and objects. It found next to nothing and took up to 100 ms.

A document's values hold no circles, and its nodes are out of the collector's sight. What forms
circles is small: tasks, connections, exceptions. Most of it goes in the collections of what is
young, which go on as they are. The rest waits until no work is under way beside the loop, or until
the process has doubled.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from server.runtime import usage

if TYPE_CHECKING:
    from collections.abc import Callable

# Collections of what is young since the last full one: each is of some 7,000 new objects.
WORTH: Final = 20
# Bytes that the process may grow by between two full collections, whatever is under way. It may
# double, too: open documents are no reason to look.
GROWTH: Final = 256 << 20
# Python takes it for a number of collections of the middle generation.
NEVER: Final = 2**31 - 1


class Collector:
    """Collects what full collections find, where nothing large is under way.

    `tally` says how many works beside the loop were asked for, and how many have ended.
    Invariant: after `set_aside` there is no full collection but in `look`.
    """

    def __init__(self, tally: Callable[[], tuple[int, int]]) -> None:
        self._tally = tally
        self._asked = 0
        self._size = usage.memory() or 0

    async def look(self) -> None:
        """Collect everything, if it is worth it and there is time for it."""
        is_calm = self._is_calm()
        if gc.get_count()[2] < WORTH:
            return
        if is_calm or (usage.memory() or 0) - self._size > max(GROWTH, self._size):
            gc.collect()
            self._size = usage.memory() or 0

    def _is_calm(self) -> bool:
        """Whether there was no work since the last look."""
        before, (self._asked, ended) = self._asked, self._tally()
        return before == self._asked == ended


def set_aside() -> None:
    """Let no collection look at modules, classes and routes, which stay; others are up to `look`.

    They are two thirds of all objects after 2,000 edits, and a collection took 55 ms with them.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
