"""A text with planned edits that are not written yet. Undo plans its edits here.

Offsets count UTF-16 units. The text is a list of pieces: ranges of the current text, and new texts
between them. So an undo of two hundred edits writes the text once.

Hunks, labels and sides are explained in `collab/types/records.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from collab.identity.characters import Characters, text_id
from collab.identity.identity_index import IdentityIndex
from collab.types.handles import Txn
from collab.types.records import Hunk, Label, Sides
from collab.yjs.spans import Id, Run


class Piece(NamedTuple):
    """A range of the current text (`start` to `end`), or, with `made`, a text to insert."""

    start: int
    end: int
    made: bytes | None = None
    labels: tuple[Label, ...] = ()

    @property
    def length(self) -> int:
        return self.end - self.start if self.made is None else len(self.made) // 2


class Edit(NamedTuple):
    """Replace the units from `start` to `end`. `sides` are the neighbours that they have had.

    `labels` name those of the new characters that undo puts back, with their first ids.
    """

    start: int
    end: int
    text: str
    labels: tuple[Label, ...] = ()
    sides: tuple[Sides, ...] = ()


class TextDraft:
    """A text with planned edits.

    Invariant: `id` is the first id of the text. `_handle` is None when the text is only planned.
    """

    def __init__(
        self,
        txn: Txn,
        handle: Any,
        identity: IdentityIndex,
        *,
        text: str = "",
        own: Id | None = None,
        labels: tuple[Label, ...] = (),
    ) -> None:
        self._txn = txn
        self._handle = handle
        self._identity = identity
        self._characters = Characters()
        # The sides of removed ranges, by the offset at which each range begins.
        self._sides: dict[int, tuple[Sides, ...]] = {}
        if handle is None:
            self.id = own
            made = encode(text)
            self._base = b""
            self._pieces = [Piece(0, 0, made, _placed(labels))] if made else []
        else:
            self.id = identity.first_id(text_id(txn, handle))
            self._base = encode(handle.get_string(txn))
            self._pieces = [Piece(0, len(self._base) // 2)] if self._base else []
            self._characters = identity.characters(txn, handle, self.id)

    # --- the text ---------------------------------------------------------------------------

    @property
    def text(self) -> str:
        return b"".join(map(self._bytes, self._pieces)).decode("utf-16-le", "surrogatepass")

    @property
    def old(self) -> str:
        return self._base.decode("utf-16-le", "surrogatepass")

    def _bytes(self, piece: Piece) -> bytes:
        if piece.made is not None:
            return piece.made
        return self._base[2 * piece.start : 2 * piece.end]

    def edits(self) -> list[Edit]:
        """Return the edits to write, first to last. Offsets count units of the current text."""
        found: list[Edit] = []
        at, made, labels = 0, b"", list[Label]()
        for piece in (*self._pieces, Piece(len(self._base) // 2, len(self._base) // 2)):
            if piece.made is not None:
                shift = len(made) // 2
                labels += [(one[0] + shift, one[1], one[2], one[3]) for one in piece.labels]
                made += piece.made
                continue
            if piece.start > at or made:
                text = made.decode("utf-16-le", "surrogatepass")
                sides = self._sides.get(at, ())
                found.append(Edit(at, piece.start, text, tuple(labels), sides))
                made, labels = b"", []
            at = piece.end
        return found

    def replace(self, edits: Sequence[Edit]) -> None:
        """Plan edits. Their offsets are those of the text as planned so far."""
        for edit in reversed(edits):
            self._remove(edit.start, edit.end)
            if edit.text:
                self._insert(edit.start, encode(edit.text), edit.labels)

    # --- taking back ------------------------------------------------------------------------

    def take_back(self, hunk: Hunk) -> bool:
        """Take back a hunk. Return whether any of it was still there.

        This removes the characters that the hunk inserted, and puts the deleted characters back in
        their place. When other users have removed every inserted character, their text has replaced
        it. Then nothing is put back.
        """
        spots = sorted(spot for run in hunk.inserted for spot in self._where(run))
        if hunk.inserted and not spots:
            return False
        at = spots[0][0] if spots else self._gap(hunk)
        if at is None:
            return False
        for start, end in reversed(spots):
            for piece in self._remove(start, end):
                self._sides[piece.start] = hunk.sides
        if hunk.deleted:
            self._insert(at, encode(hunk.deleted), hunk.labels)
        return True

    def _gap(self, hunk: Hunk) -> int | None:
        """Return the offset where a hunk removed text, or None when all of its neighbours are gone.

        The offset is after each left side and before each right side. When undo has put characters
        back in another order, the newest sides decide.
        """
        low: int | None = None
        high: int | None = None
        for pair in reversed(hunk.sides):
            left, right = (next(self._spots(at), None) for at in pair)
            if left is not None and (high is None or left[1] <= high):
                low = max(left[1], low or 0)
            if right is not None and (low is None or right[0] >= low):
                high = right[0] if high is None else min(right[0], high)
        if low is None and high is None:
            return 0 if (None, None) in hunk.sides else None  # all of the text was deleted
        return high if low is None else low

    def _spots(self, at: Id | None) -> Iterator[tuple[int, int]]:
        return iter(()) if at is None else self._where((*at, 1))

    def _where(self, run: Run) -> Iterator[tuple[int, int]]:
        """Yield the ranges of the draft with the characters that have the first ids of a run."""
        yield from self._made(run)
        for _, now in self._identity.current_runs(run):
            for at, part in self._characters.find(now):
                yield from self._kept(at, at + part[2])

    def _kept(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        at = 0
        for piece in self._pieces:
            if piece.made is None:
                low, high = max(start, piece.start), min(end, piece.end)
                if low < high:
                    yield at + low - piece.start, at + high - piece.start
            at += piece.length

    def _made(self, run: Run) -> Iterator[tuple[int, int]]:
        client, clock, length = run
        at = 0
        for piece in self._pieces:
            for offset, owner, first, count in piece.labels:
                low, high = max(clock, first), min(clock + length, first + count)
                if owner == client and low < high:
                    yield at + offset + low - first, at + offset + high - first
            at += piece.length

    # --- pieces -----------------------------------------------------------------------------

    def _remove(self, start: int, end: int) -> list[Piece]:
        """Remove the units between two offsets. Return the removed pieces of the current text."""
        first, last = self._cut(start), self._cut(end)
        gone = self._pieces[first:last]
        del self._pieces[first:last]
        return [piece for piece in gone if piece.made is None]

    def _insert(self, at: int, made: bytes, labels: tuple[Label, ...]) -> None:
        self._pieces.insert(self._cut(at), Piece(0, 0, made, _placed(labels)))

    def _cut(self, at: int) -> int:
        """Make a piece begin at an offset, and return its index."""
        index = 0
        while index < len(self._pieces) and at >= self._pieces[index].length:
            at -= self._pieces[index].length
            index += 1
        if at:
            piece = self._pieces[index]
            self._pieces[index : index + 1] = _halves(piece, at)
            return index + 1
        return index


def _placed(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """Return the labels of the characters that were still in the text."""
    return tuple(label for label in labels if label[0] >= 0)


def _halves(piece: Piece, at: int) -> tuple[Piece, Piece]:
    if piece.made is None:
        middle = piece.start + at
        return Piece(piece.start, middle), Piece(middle, piece.end)
    left: list[Label] = []
    right: list[Label] = []
    for offset, client, clock, length in piece.labels:
        before = max(0, min(length, at - offset))
        if before:
            left.append((offset, client, clock, before))
        if before < length:
            right.append((max(0, offset - at), client, clock + before, length - before))
    made = piece.made
    return Piece(0, 0, made[: 2 * at], tuple(left)), Piece(0, 0, made[2 * at :], tuple(right))


def encode(text: str) -> bytes:
    """Return a text as UTF-16 units of two bytes each."""
    return text.encode("utf-16-le", "surrogatepass")
