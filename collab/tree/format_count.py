"""Counts the format bytes of the texts of a document, before yrs reads these texts.

The format bytes of a text are the bytes of the formats of each of its pieces, in all pieces
(`collab/structs/text_formats.py`). The count takes about as long as opening the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from collab.structs.clock_runs import is_in
from collab.structs.format_copy import FormatCopy
from collab.structs.struct_index import StructIndex
from collab.structs.text_formats import TextFormats
from collab.types.loader import CONTENT, Loader
from collab.yjs.causality import Clocks, Fresh, in_causal_order
from collab.yjs.contents import TEXT, Mark
from collab.yjs.lists import TAKES_TEXT, StructPlace, list_id
from collab.yjs.slices import LARGEST_SLICE, encode, slices_of
from collab.yjs.update import STORED_BOUNDS, Range, free_rows, inspect

CLIENT: Final = 0  # of the copy, in which nothing is written
PIECE: Final = 2_000  # structs of a state that yrs applies in one call, in 5 ms


class Counted(NamedTuple):
    """The format bytes of one text: of its pieces, and the most in one gap.

    `filled` is the number of its pieces.
    """

    text: int
    pieces: int
    filled: int
    most: int


class FormatCount:
    """A copy of the document's formatted texts, in which yrs has put the structs in order.

    `hidden` are the texts outside of the value.
    """

    def __init__(
        self,
        state: bytes,
        index: StructIndex,
        places: Iterable[StructPlace] = (),
        *,
        is_slow: bool = True,
    ) -> None:
        """Copy the texts of a state which have marks, or which have one of `places`.

        `index` has the structs of the state. The state `is_slow` when yrs may walk far for a
        struct (`collab/yjs/slices.py`).
        """
        self._index = index
        self._loader = Loader(CLIENT)
        self._copy = FormatCopy()
        self._types = {list_id(at): (at, place.holder) for at, place in index.all_alive_types()}
        self._deletes: Mapping[int, list[Range]] = {}  # of the added update
        known = index.formats.bounds.keys()
        lists = {place.list for place in places if place.list & TAKES_TEXT}
        edited = {text for text in lists if text & ~TAKES_TEXT in self._types}
        self.hidden = self._find_texts([*known, *(edited - known)])
        inspected = inspect(state, STORED_BOUNDS)
        order = in_causal_order(inspected.sections, {})
        if is_slow:
            copied = self._copy.of(state, order, self._places(order), inspected.deletes)
            self._apply(copied, {})
        else:
            self._loader.apply(self._pieces(state, order))
            self._loader.apply([self._copy.of(b"", [], [], inspected.deletes)])
        free_rows(order)
        inspected.free()

    def tighten(self, formats: TextFormats) -> int:
        """Replace the bounds by the exact figures. Return the format bytes of all pieces."""
        total = 0
        for one in self.texts():
            formats.tighten(one.text, one.filled, one.most, one.pieces)
            total += one.pieces
        for text in self.hidden:
            formats.hide(text)
        return total

    def add(
        self,
        update: bytes,
        fresh: Fresh,
        places: list[StructPlace],
        deletes: Mapping[int, list[Range]],
    ) -> None:
        """Apply an update: its new structs with their places, and its deletions."""
        made: list[int] = []
        for (client, struct), place in zip(fresh, places, strict=True):
            if place.holds:
                own = list_id((client, struct.clock))
                self._types[own] = (client, struct.clock), place.holder
                if struct.takes == TEXT:
                    made.append(own | TAKES_TEXT)
        self._find_texts(made)
        self._deletes = deletes
        self._apply(self._copy.of(update, fresh, places, deletes), self._index.clocks)

    def texts(self) -> Iterator[Counted]:
        """Yield the figures of each text."""
        txn = self._loader.doc.create_transaction()
        try:
            for text, root in self._copy.roots.items():
                if not self._is_in_content(text & ~TAKES_TEXT):
                    continue  # the update has deleted a type around the text
                pieces = self._loader.doc.get_or_insert_text(txn, root).diff(txn)
                yield counted(text, (inserted for inserted, _ in pieces), self._copy.numbers.marks)
        finally:
            txn.drop()

    def _find_texts(self, texts: Iterable[int]) -> list[int]:
        """Copy the texts below the root `content`. Return the others."""
        hidden = []
        for text in texts:
            if self._is_in_content(text & ~TAKES_TEXT):
                self._copy.root_of(text)
            else:
                hidden.append(text)
        return hidden

    def _is_in_content(self, own: int) -> bool:
        if own not in self._types:
            return False  # a root type, or a deleted text
        while (found := self._types.get(own)) is not None:
            (client, clock), own = found
            if is_in(self._deletes.get(client, ()), clock):
                return False
        return own == list_id(CONTENT)

    def _places(self, order: Fresh) -> Iterator[StructPlace]:
        return (self._index.place((client, struct.clock)) for client, struct in order)

    def _pieces(self, state: bytes, order: Fresh) -> Iterator[bytes]:
        for at in range(0, len(order), PIECE):
            piece = order[at : at + PIECE]
            yield self._copy.of(state, piece, self._places(piece), {})

    def _apply(self, update: bytes, known: Clocks) -> None:
        inspected = inspect(update, STORED_BOUNDS)
        order = in_causal_order(inspected.sections, known)
        blocks = self._index.blocks if known else 1
        slices: Iterable[bytes] | None = slices_of(
            update, inspected, order, known, blocks, lambda: 0.0
        )
        if slices is None:
            ranges = [(client, one) for client, own in inspected.deletes.items() for one in own]
            parts = [order[at : at + LARGEST_SLICE] for at in range(0, len(order), LARGEST_SLICE)]
            slices = [*(encode(update, part, []) for part in parts), encode(update, [], ranges)]
        self._loader.apply(slices)


def counted(text: int, order: Iterable[str | float], marks: list[Mark]) -> Counted:
    """Count the format bytes of a text: its strings, and the numbers of its marks, in order."""
    active: dict[str, int] = {}
    now = most = pieces = filled = 0
    for one in order:
        if isinstance(one, str):
            pieces, filled = pieces + now, filled + 1
            continue
        name, size = marks[int(one)]
        if size < 0:
            pieces, filled = pieces + now, filled + 1
            continue
        now += size - active.pop(name, 0)
        if size:
            active[name] = size
        most = max(most, now)
    return Counted(text, pieces, filled, most)
