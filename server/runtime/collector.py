"""Runs full garbage collections when the process is idle, and turns Python's automatic ones off.

By default Python runs a full collection when the number of objects has grown by a quarter. A large
request creates many objects and soon frees most of them. So Python ran full collections again and
again while the server checked a request. Each took up to 100 ms and found almost nothing.

A document's values have no reference cycles. The collector does not see the nodes of its layout
(`collab/types/layout.py`). Only small objects have cycles: tasks, connections, exceptions. Python
still collects young objects, which frees most of these cycles. The other cycles wait for a full
collection. It runs when no worker thread was busy for ten seconds, or when the memory of the
process has doubled.

A full collection visits each list and object of the open documents: 8 ms for a document of
100,000 values in small objects. So a collection that took long hides what it has found
(`gc.freeze`): later collections do not visit it. A hidden object is freed as always when its last
reference goes. Only a cycle that is hidden stays. So the server sometimes looks at all again.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from server.runtime import usage

if TYPE_CHECKING:
    from collections.abc import Callable

# Python collects its middle generation after about 7,000 new objects. A full collection is worth
# its time after this many collections of the middle generation.
WORTH: Final = 20
# When the process has grown by this many bytes and has also doubled, a full collection runs even
# while threads are busy. Less growth may come from open documents, which need no collection.
GROWTH: Final = 256 << 20
# A full collection runs after this many idle calls of `run` in a row, one call a second. One
# collection after each large request would cost too much.
REST: Final = 10
# Seconds of processor time. A collection that takes longer has found much that stays.
LONG: Final = 0.005
# After hiding objects so often, the next rest looks at everything. Until then, the cycles stay that
# were hidden while they were in use, and have ended since.
MOST_HIDDEN: Final = 50
# A threshold that Python never reaches: it never runs so many collections of the middle generation.
NEVER: Final = 2**31 - 1


class Collector:
    """Runs full collections while no worker thread is busy.

    `work_counts` returns how many pieces of work the worker threads have got, and how many of them
    have ended.

    Invariant: after `freeze_startup_objects`, only `run` starts full collections.
    """

    def __init__(self, work_counts: Callable[[], tuple[int, int]]) -> None:
        self._work_counts = work_counts
        self._submitted = 0
        self._size = usage.memory() or 0
        self._rests = 0  # calls in a row without a busy worker thread
        self._hidden = 0  # collections that have hidden what they found

    async def run(self) -> None:
        """Run a full collection when it is due. Call this once a second."""
        self._rests = self._rests + 1 if self._is_idle() else 0
        if self._is_due():
            self._collect()
            self._size = usage.memory() or 0

    def _collect(self) -> None:
        if self._rests and self._hidden >= MOST_HIDDEN:
            gc.unfreeze()
            self._hidden = 0
        began = usage.processor_seconds()
        gc.collect()
        if usage.processor_seconds() - began > LONG:
            gc.freeze()
            self._hidden += 1

    def _is_due(self) -> bool:
        """Whether the process was idle long enough, or has grown too much to wait."""
        if self._rests == REST:  # the process just became idle: collect even a few new objects
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
    """Hide modules, classes and routes from all collections, and stop automatic full collections.

    The process never frees these objects. After 2,000 edits they are two thirds of all objects. A
    collection that visited them took 55 ms.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
