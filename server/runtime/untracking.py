"""Values of documents that the garbage collector does not visit.

A full collection visits each list and object that the collector tracks: 8 ms for a document of
100,000 values in small objects. A JSON value has no reference cycle, so it needs no collection: it
is freed with its last reference. `PyObject_GC_UnTrack` is a public function of CPython.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterable
from typing import Any, Final

_untrack: Any = ctypes.pythonapi.PyObject_GC_UnTrack
_untrack.argtypes = [ctypes.py_object]
_untrack.restype = None

_CONTAINERS: Final = frozenset({dict, list})
# Children after which `untrack` pauses: less than a millisecond of work.
PORTION: Final = 10_000
# A container takes as long as this many children.
_CHILDREN: Final = 10


def untrack(values: Iterable[Any], pause: Callable[[], object] = lambda: None) -> None:
    """Take the lists and objects of JSON values out of the sight of the collector.

    A container that the collector does not track is not searched: it has no containers, or an
    earlier call has untracked them. So the next version of a value costs little.
    """
    work = 0
    for value in values:
        rest = [value] if type(value) in _CONTAINERS and gc.is_tracked(value) else []
        while rest:
            container = rest.pop()
            _untrack(container)
            children = container.values() if type(container) is dict else container
            # No function call for each child: an object may have 80,000 keys.
            rest += [one for one in children if type(one) in _CONTAINERS and gc.is_tracked(one)]
            work = _rest_after(work + _CHILDREN + len(container), pause)
        work = _rest_after(work + 1, pause)


def _rest_after(work: int, pause: Callable[[], object]) -> int:
    """Pause after a portion of work. Return the work since the last pause."""
    if work < PORTION:
        return work
    pause()
    return 0
