"""Frees a Yjs document in steps, between which other threads can run.

yrs frees all blocks of a document in one call: 0.1 s for 100,000 numbers in lists. No function of
yrs frees a part of them. But yrs frees the observers of a type together with the type. So before
the last reference goes, Python objects become observers of some types. When yrs frees such an
object, Python calls its `__del__`, in the middle of the native call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

from pycrdt import _pycrdt as native

from collab.types.handles import Txn
from collab.yjs.update import decode_state_vector

# Documents with fewer clocks are freed at once, in 2 ms. Every block has at least one clock.
SMALL: Final = 10_000
# One of this many types gets a pause. Elements of a list have three blocks each.
TYPES: Final = 100
# The values that are read before a pause, in at most 4 ms.
READ: Final = 1_000
# The most items of a Y.Array that get a pause: yrs finds an item in time proportional to its index.
MOST_ITEMS: Final = 50

Pause = Callable[[], object]


class Memory(Protocol):
    """The memory of a document."""

    def free(self, pause: Pause) -> None:
        """Free the document. Call `pause` again and again, also in the middle of native calls."""


Free = Callable[[Memory], None]


class _Pauser:
    """An observer whose only purpose is to run `pause` when yrs frees it."""

    def __init__(self, pause: Pause) -> None:
        self._pause = pause

    def __call__(self, event: object) -> None:
        """Ignore an event."""

    def __del__(self) -> None:
        self._pause()


class YjsMemory:
    """The memory of a Yjs document."""

    def __init__(self, doc: native.Doc) -> None:
        self._docs = [doc]

    def is_large(self) -> bool:
        """Whether freeing takes long."""
        try:
            txn = self._docs[0].create_transaction()
        except RuntimeError:  # a write failed, and its transaction is still open
            return True
        try:
            clocks = decode_state_vector(self._docs[0].get_state(txn))
        finally:
            txn.drop()
        return sum(clocks.values()) > SMALL

    def free(self, pause: Pause) -> None:
        try:
            subscriptions = self._observe_some(pause)
        except RuntimeError:
            subscriptions = []
        self._docs.clear()
        subscriptions.clear()

    def _observe_some(self, pause: Pause) -> list[Any]:
        subscriptions: list[Any] = []
        txn = self._docs[0].create_transaction()
        try:
            roots = self._docs[0].roots(txn).values()
            for number, held in enumerate(_types(txn, roots, pause)):
                if number % TYPES == 0:
                    subscriptions.append(held.observe(_Pauser(pause)))
                    pause()
        finally:
            txn.drop()
        return subscriptions


class Freeing:
    """Decides which thread frees large documents. By default it is the caller's thread."""

    def __init__(self) -> None:
        self._free: Free = _free_here

    def use(self, free: Free) -> None:
        """Call `free` for each large document from now on. The call may come from any thread."""
        self._free = free

    def release(self, doc: native.Doc) -> None:
        """Free a document. The caller drops its own references to it at once."""
        memory = YjsMemory(doc)
        if memory.is_large():
            self._free(memory)


def _free_here(memory: Memory) -> None:
    memory.free(lambda: None)


FREEING: Final = Freeing()


class OwnedDoc:
    """Owns a document of yrs. When it goes, however that happens, `FREEING` frees the document."""

    def __init__(self, doc: native.Doc) -> None:
        self.doc = doc
        self._release = FREEING.release  # at the end of the process the module may go first

    def __del__(self) -> None:
        self._release(self.doc)


def _types(txn: Txn, roots: Iterable[Any], pause: Pause) -> Iterator[Any]:
    """Yield the shared types of a document. Pause after every READ values."""
    inside = [iter(roots)]
    read = 0
    while inside:
        held = next(inside[-1], None)
        if held is None:
            inside.pop()
            continue
        read += 1
        if read % READ == 0:
            pause()
        if isinstance(held, native.Map | native.Array):
            inside.append(_members(txn, held))
        elif not isinstance(held, native.Text):
            continue
        yield held


def _members(txn: Txn, held: native.Map | native.Array) -> Iterator[Any]:
    """Yield the values of a Y.Map, or some of a Y.Array. Where yrs has a null, yield a number."""
    if isinstance(held, native.Map):
        keys = held.keys(txn)  # type: ignore[attr-defined]  # not in its stub
        values = (held.get(txn, key) for key in keys)
    else:
        length = held.len(txn)
        step = -(-length // MOST_ITEMS) or 1
        values = (held.get(txn, at) for at in range(0, length, step))
    return (0 if value is None else value for value in values)
