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


# Containers after which `untrack` pauses: less than a millisecond of work.
PORTION: Final = 1_000


def untrack(values: Iterable[Any], pause: Callable[[], object] = lambda: None) -> None:
    """Take the lists and objects of JSON values out of the sight of the collector.

    A container that the collector does not track is not searched: it has no containers, or an
    earlier call has untracked them. So the next version of a value costs little.
    """
    rest = [value for value in values if _is_tracked(value)]
    count = 0
    while rest:
        count += 1
        if count % PORTION == 0:
            pause()
        container = rest.pop()
        _untrack(container)
        children = container.values() if type(container) is dict else container
        rest += [child for child in children if _is_tracked(child)]


def _is_tracked(value: Any) -> bool:
    kind = type(value)
    return (kind is dict or kind is list) and gc.is_tracked(value)
