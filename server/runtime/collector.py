"""When Python's garbage collector runs a full collection: at rest, and never by itself.

By itself it does so when there are a quarter more objects than the last time. The values of large
requests are many times what stays. So the collector ran again and again while they were checked,
looked at all of their lists and objects, and found next to nothing in up to 100 ms.

A document's values have no reference cycles, and its nodes are invisible to the collector. Cycles
are small: tasks, connections, exceptions. Most of them go in the collections of young objects,
which run as always. The rest waits until no worker thread was busy for ten seconds, or until the
process has doubled.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from server.runtime import usage

if TYPE_CHECKING:
    from collections.abc import Callable

# Collections of young objects since the last full one: each is of some 7,000 new objects.
WORTH: Final = 20
# Bytes that the process may grow by between two full collections, whatever is under way. It may
# double, too: open documents are no reason to look.
GROWTH: Final = 256 << 20
# Calls without work, a second apart: a collection visits the lists and objects of open documents,
# 30 ms for six of 150,000 values each, and after each large request it would be too often.
REST: Final = 10
# Python takes it for a number of collections of the middle generation.
NEVER: Final = 2**31 - 1


class Collector:
    """Runs full collections while no worker thread is busy.

    `work_counts` says how many works were given to worker threads, and how many have ended.
    Invariant: after `freeze_startup_objects` there is no full collection but in `run`.
    """

    def __init__(self, work_counts: Callable[[], tuple[int, int]]) -> None:
        self._work_counts = work_counts
        self._submitted = 0
        self._size = usage.memory() or 0
        self._rests = 0  # calls in a row that found no worker thread busy

    async def run(self) -> None:
        """Collect everything, if it is worth it and there is time for it."""
        self._rests = self._rests + 1 if self._is_idle() else 0
        if self._is_due():
            gc.collect()
            self._size = usage.memory() or 0

    def _is_due(self) -> bool:
        """Whether there was rest for long enough, or too much is new to wait for it."""
        if self._rests == REST:  # what little there is goes, once
            return True
        if gc.get_count()[2] < WORTH:
            return False
        has_rested = self._rests > 0 and self._rests % REST == 0
        return has_rested or (usage.memory() or 0) - self._size > max(GROWTH, self._size)

    def _is_idle(self) -> bool:
        """Whether no work was given to a worker thread since the last call."""
        before, (self._submitted, ended) = self._submitted, self._work_counts()
        return before == self._submitted == ended


def freeze_startup_objects() -> None:
    """Hide modules, classes and routes from all collections, and end automatic full ones.

    These objects stay. They are two thirds of all objects after 2,000 edits, and a
    collection took 55 ms with them.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
