"""Runs full garbage collections when the process is idle. Python does not run them by itself.

By default Python runs a full collection when the number of objects has grown by a quarter. Large
requests create many more objects than they leave. So full collections ran again and again while
a request was checked. Each took up to 100 ms and found almost nothing.

A document's values have no reference cycles, and the collector does not see its nodes. Cycles are
small: tasks, connections, exceptions. Collections of young objects, which run as usual, free most
of them. The rest waits until no worker thread was busy for ten seconds, or until the process has
doubled.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from server.runtime import usage

if TYPE_CHECKING:
    from collections.abc import Callable

# A full collection is worth it after this many collections of the middle generation. One comes
# after about 7,000 new objects.
WORTH: Final = 20
# Bytes that the process may grow by between two full collections, even when it is busy. It may
# also double: open documents alone need no collection.
GROWTH: Final = 256 << 20
# Idle calls in a row before a full collection; calls are a second apart. A collection visits the
# lists and objects of open documents: 30 ms for six documents of 150,000 values each. After each
# large request that would be too often.
REST: Final = 10
# As a threshold: so many collections of the middle generation never happen.
NEVER: Final = 2**31 - 1


class Collector:
    """Runs full collections while no worker thread is busy.

    `work_counts` returns how many pieces of work the worker threads got, and how many have ended.

    Invariant: after `freeze_startup_objects`, only `run` starts full collections.
    """

    def __init__(self, work_counts: Callable[[], tuple[int, int]]) -> None:
        self._work_counts = work_counts
        self._submitted = 0
        self._size = usage.memory() or 0
        self._rests = 0  # calls in a row without a busy worker thread

    async def run(self) -> None:
        """Run a full collection when it is due. Call this once a second."""
        self._rests = self._rests + 1 if self._is_idle() else 0
        if self._is_due():
            gc.collect()
            self._size = usage.memory() or 0

    def _is_due(self) -> bool:
        """Whether the process was idle long enough, or has grown too much to wait."""
        if self._rests == REST:  # the first long rest: collect even when there is little
            return True
        if gc.get_count()[2] < WORTH:
            return False
        has_rested = self._rests > 0 and self._rests % REST == 0
        return has_rested or (usage.memory() or 0) - self._size > max(GROWTH, self._size)

    def _is_idle(self) -> bool:
        """Whether no worker thread had work since the last call."""
        before, (self._submitted, ended) = self._submitted, self._work_counts()
        return before == self._submitted == ended


def freeze_startup_objects() -> None:
    """Hide modules, classes and routes from all collections, and stop automatic full ones.

    These objects are never freed. They are two thirds of all objects after 2,000 edits, and a
    collection took 55 ms with them.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
