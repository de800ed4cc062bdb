"""What the guard must know of a document's structs, read when the first Yjs update asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collab.yjs.guard import OWN, StructIndex, inspect

if TYPE_CHECKING:
    from collab.document.document import Document

# To read the whole state anew costs no more than so many updates.
MOST_WAITING = 1000


class LateIndex:
    """An index of structs that is behind until it is asked for.

    Invariant: the index and the updates that wait are all of the document, or there is neither.
    A document that only patches change pays nothing for it, however long it is open.
    """

    def __init__(self) -> None:
        self._index: StructIndex | None = None
        self._waiting: list[bytes] = []

    def add(self, update: bytes) -> None:
        """The document has applied this."""
        if self._index is None or not update:
            return
        self._waiting.append(update)
        if len(self._waiting) > MOST_WAITING:
            self._index = None
            self._waiting.clear()

    def of(self, document: Document) -> StructIndex:
        """Every struct of the document."""
        if self._index is None:
            self._index = StructIndex.of(document.diff(b"\x00"))
        for update in self._waiting:
            self._index.add(inspect(update, OWN))
        self._waiting.clear()
        return self._index
