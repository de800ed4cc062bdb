"""Exact changes of a text: which characters were replaced, and by what.

The author of a splice, of a Yjs update or of an undo states the exact place of a change. The two
texts do not: an "a" that was inserted in "aaa" may be at four places. So the server carries the
changes from the request to every reader, and computes them only when it has nothing but two texts.

A change replaces the units from `start` to `end` of the old text by a new text. The changes of one
text are in order, and each counts in the old text. No two of them touch. All offsets count UTF-16
units, as browsers count them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from collab.entry import Op, TextChange, TextChanges
from collab.patch.utf16 import length, replaced_range, units_between

# A text with more changes has one change, from the first to the last. Each change is a splice for
# the readers, and they apply each splice to the whole text.
MOST_CHANGES: Final = 100
# Splices of a stale patch are joined first when there are more pairs of a splice and a change.
MOST_PAIRS: Final = 20_000

NO_TEXTS: Final[Mapping[int, TextChanges]] = {}


def changed_text(old: str, changes: Sequence[TextChange]) -> str:
    """The text after the changes."""
    if not changes:
        return old
    if len(changes) == 1 and old.isascii():
        start, end, text = changes[0]
        return old[:start] + text + old[end:]
    raw, parts, at = old.encode("utf-16-le", "surrogatepass"), list[bytes](), 0
    for start, end, text in changes:
        parts += (raw[2 * at : 2 * start], text.encode("utf-16-le", "surrogatepass"))
        at = end
    parts.append(raw[2 * at :])
    return b"".join(parts).decode("utf-16-le", "surrogatepass")


def lead_to(old: object, new: object, changes: Sequence[TextChange]) -> bool:
    """Whether the changes turn the one text into the other."""
    if type(old) is not str or type(new) is not str:
        return False
    if changes and changes[-1][1] > length(old):
        return False
    return changed_text(old, changes) == new


def difference(old: str, new: str) -> TextChanges:
    """One change from the first to the last difference, for an author who gave only two texts."""
    start, end, text = replaced_range(old, new)
    if start == end and not text:
        return ()
    first = length(old[:start])
    return ((first, first + length(old[start:end]), text),)


def bounded(old: str, changes: TextChanges, most: int = MOST_CHANGES) -> TextChanges:
    """The changes; one change from the first to the last when there are more than `most`.

    `old` is the text before them.
    """
    if len(changes) <= most:
        return changes
    start, end = changes[0][0], changes[-1][1]
    inside = [(low - start, high - start, text) for low, high, text in changes]
    return ((start, end, changed_text(units_between(old, start, end), inside)),)


def as_splices(path: str, changes: Iterable[TextChange]) -> list[Op]:
    """The changes of a text as splices. Each counts in the text after the splices before it."""
    return [
        {"op": "splice", "path": path, "offset": start, "delete": end - start, "insert": text}
        for start, end, text in one_after_the_other(changes)
    ]


def one_after_the_other(changes: Iterable[TextChange]) -> list[TextChange]:
    """The changes of a text as changes that count in the text after those before them."""
    shift, splices = 0, list[TextChange]()
    for start, end, text in changes:
        splices.append((start + shift, end + shift, text))
        shift += length(text) - (end - start)
    return splices


def relocated(offset: int, changes: Iterable[TextChange]) -> int:
    """Where an offset in a text is after the changes.

    An offset inside a replaced range moves to the end of the new text there.
    """
    shift = 0
    for start, end, text in changes:
        if offset <= start:
            break
        if offset < end:
            return start + shift + length(text)
        shift += length(text) - (end - start)
    return offset + shift


# --- several changes as one -----------------------------------------------------------------


def joined(splices: Sequence[TextChange]) -> TextChanges:
    """Splices of one text as its changes. Each splice counts in the text after those before it."""
    return all_composed([(splice,) for splice in splices])


def all_composed(parts: Sequence[Sequence[TextChange]]) -> TextChanges:
    """Several changes of a text, one after the other, as one."""
    if len(parts) <= 1:
        return tuple(parts[0]) if parts else ()
    middle = len(parts) // 2  # halves, so that no change is handled more than log(n) times
    return composed(all_composed(parts[:middle]), all_composed(parts[middle:]))


def composed(first: Sequence[TextChange], second: Sequence[TextChange]) -> TextChanges:
    """Two changes of a text, one after the other, as one: `second` counts in the text between."""
    if not first or not second:
        return tuple(first or second)
    low, high, shift = _touched(first, second[0][0], second[-1][1])
    moved = [(start - shift, end - shift, text) for start, end, text in second]
    return (*first[:low], *_composed(first[low:high], moved), *first[high:])


def _composed(first: Sequence[TextChange], second: Sequence[TextChange]) -> Sequence[TextChange]:
    if not first:
        return second
    between = _Between(first)
    for start, end, text in second:
        between.keep(start)
        between.remove(end)
        between.insert(text)
    between.keep_rest()
    return between.changes


def _touched(changes: Sequence[TextChange], begin: int, finish: int) -> tuple[int, int, int]:
    """Which changes touch a range of the new text: the first, the one after the last.

    The third number says how much longer the text became before them.
    """
    low = shift = 0
    while low < len(changes):
        start, end, text = changes[low]
        size = length(text)
        if start + shift + size >= begin:
            break
        shift += size - (end - start)
        low += 1
    high, moved = low, shift
    while high < len(changes):
        start, end, text = changes[high]
        if start + moved > finish:
            break
        moved += length(text) - (end - start)
        high += 1
    return low, high, shift


class _Between:
    """Reads the text between two changes from its start, and makes the joined changes.

    Invariant: the text is read up to `_at`, which is the offset `_was` in the old text. `_left` are
    the first changes that are not read yet, last to first. `_rest` is the part of a new text that
    is not read yet. The part that was read last began at `_read_from`, an offset in the old text.
    """

    def __init__(self, first: Sequence[TextChange]) -> None:
        self.changes: list[TextChange] = []
        self._left = list(reversed(first))
        self._rest = ""
        self._at = self._was = self._read_from = 0

    def keep(self, until: int) -> None:
        """Read the text up to an offset, and keep it."""
        while self._at < until:
            self.insert(self._read(until))

    def keep_rest(self) -> None:
        """Read the text to its end, and keep it."""
        self.insert(self._rest)
        for start, end, text in reversed(self._left):
            self._replace(start, end, text)

    def remove(self, until: int) -> None:
        """Read the text up to an offset, and remove it."""
        while self._at < until:
            if not self._read(until):
                self._replace(self._read_from, self._was, "")

    def insert(self, text: str) -> None:
        if text:
            self._replace(self._was, self._was, text)

    def _read(self, until: int) -> str:
        """Read the next part, up to an offset. Return it if it is new, otherwise ""."""
        while not self._rest and self._left and self._left[-1][0] == self._was:
            start, self._was, self._rest = self._left.pop()
            self._replace(start, self._was, "")
        self._read_from = self._was
        most = until - self._at
        if self._rest:
            size = min(most, length(self._rest))
            text = units_between(self._rest, 0, size)
            self._rest = units_between(self._rest, size, length(self._rest))
            self._at += size
            return text
        size = min(most, self._left[-1][0] - self._was) if self._left else most
        self._at, self._was = self._at + size, self._was + size
        return ""

    def _replace(self, start: int, end: int, text: str) -> None:
        if self.changes and self.changes[-1][1] == start:
            low, _, before = self.changes[-1]
            self.changes[-1] = (low, end, before + text)
        elif start < end or text:
            self.changes.append((start, end, text))


# --- changes of two authors -----------------------------------------------------------------


def rebased(
    splices: Sequence[TextChange], changes: Sequence[TextChange]
) -> tuple[list[TextChange], list[TextChange]] | None:
    """Splices of a text that has the `changes` of others; None when both changed one character.

    Each splice counts in the text after those before it. Return the splices, and the changes of
    others in the text that has the splices. Of two insertions at one place, that of the splice
    comes first.
    """
    if len(splices) * len(changes) > MOST_PAIRS:
        splices = one_after_the_other(joined(splices))
    others, moved = _Others(changes), list[TextChange]()
    for start, end, insert in splices:
        if not others.part(start, end):
            return None
        moved.append((start + others.growth, end + others.growth, insert))
        others.grow(length(insert) - (end - start))
    return moved, others.all()


class _Others:
    """The changes of others, parted at the place of a splice.

    Invariant: the changes in `_before` are in order, those in `_after` last to first. The offsets
    in `_after` do not have the length `_grown` of the splices yet. `growth` is how much longer the
    changes in `_before` have made the text.
    """

    def __init__(self, changes: Sequence[TextChange]) -> None:
        self.growth = self._grown = 0
        self._before: list[TextChange] = []
        self._after = list(reversed(changes))

    def part(self, start: int, end: int) -> bool:
        """Part the changes at a range. Return False when one of them is inside of the range."""
        before, after, grown = self._before, self._after, self._grown
        while before and before[-1][0] >= end:
            at, until, text = before.pop()
            after.append((at - grown, until - grown, text))
            self.growth -= length(text) - (until - at)
        while after and after[-1][0] + grown < end:
            at, until, text = after.pop()
            before.append((at + grown, until + grown, text))
            self.growth += length(text) - (until - at)
        return not before or before[-1][1] <= start

    def grow(self, size: int) -> None:
        """Note that a splice at the parting has made the text longer."""
        self._grown += size

    def all(self) -> list[TextChange]:
        grown = self._grown
        later = [(at + grown, until + grown, text) for at, until, text in reversed(self._after)]
        return self._before + later
