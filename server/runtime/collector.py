"""Runs full garbage collections when the process is idle, and turns Python's automatic ones off.

By default Python runs a full collection when the number of objects has grown by a quarter. A large
request creates many objects and soon frees most of them. So Python ran full collections again and
again while the server checked a request. Each took up to 100 ms and found almost nothing.

A document's values have no reference cycles. The collector does not see the nodes of its layout
(`collab/types/layout.py`). Only small objects have cycles: tasks, connections, exceptions. Python
still collects young objects, which frees most of these cycles. The other cycles wait for a full
collection. It runs when no worker thread was busy for ten seconds, or when the memory of the
process has doubled.

Before it, a thread takes the values of the open documents out of the collector's sight
(`untracking.py`). The objects of the start are hidden for ever. So a full collection visits little
but connections.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from server.runtime import usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# Python collects its middle generation after about 7,000 new objects. A full collection is worth
# its time after this many collections of the middle generation.
WORTH: Final = 20
# When the process has grown by this many bytes and has also doubled, a full collection runs even
# while threads are busy. Less growth may come from open documents, which need no collection.
GROWTH: Final = 256 << 20
# A full collection runs after this many idle calls of `run` in a row, one call a second. One
# collection after each large request would cost too much.
REST: Final = 10
# Full collections take at most this part of the time, unless the process grows.
MOST_OF_TIME: Final = 0.001
# A threshold that Python never reaches: it never runs so many collections of the middle generation.
NEVER: Final = 2**31 - 1


class Collector:
    """Runs full collections while no worker thread is busy.

    `work_counts` returns how many pieces of work the worker threads have got, and how many of them
    have ended. `untrack_values` untracks the values of the open documents in a thread.

    Invariant: after `freeze_startup_objects`, only `run` starts full collections.
    """

    def __init__(
        self,
        work_counts: Callable[[], tuple[int, int]],
        untrack_values: Callable[[], Awaitable[None]],
    ) -> None:
        self._work_counts = work_counts
        self._untrack_values = untrack_values
        self._submitted = 0
        self._size = usage.memory() or 0
        self._rests = 0  # calls in a row without a busy worker thread
        self._wait = 0  # calls until a collection may run again, unless the process grows

    async def run(self) -> None:
        """Run a full collection when it is due. Call this once a second."""
        self._rests = self._rests + 1 if self._is_idle() else 0
        self._wait = max(0, self._wait - 1)
        if not (self._has_rested() or self._has_grown()):
            return
        await self._untrack_values()
        began = usage.processor_seconds()
        gc.collect()
        self._wait = int((usage.processor_seconds() - began) / MOST_OF_TIME)
        self._size = usage.memory() or 0

    def _has_rested(self) -> bool:
        """Whether the process is idle for long enough."""
        if self._wait:
            return False
        if self._rests == REST:  # the process just became idle: collect even a few new objects
            return True
        return self._rests > 0 and self._rests % REST == 0 and gc.get_count()[2] >= WORTH

    def _has_grown(self) -> bool:
        """Whether the process has grown too much to wait."""
        if gc.get_count()[2] < WORTH:
            return False
        return (usage.memory() or 0) - self._size > max(GROWTH, self._size)

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
