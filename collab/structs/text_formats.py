"""Bounds the bytes that the formats of texts take when yrs reads them.

A mark is a struct at which a format begins or ends. The marks and the embedded objects of a text
divide it into pieces. yrs reads each piece of an XML text with all formats that are active there.
In the event of a Y.Text, each inserted piece has them. So the *format bytes* of a text are a
product: 4,000 pieces inside one format of a kilobyte take eight megabytes. An update of two
kilobytes can bring this format, or delete the mark that ended it.

This module keeps an upper bound of the format bytes of each text. The bound needs no order of the
structs. When the bound is too large, the server counts exactly (`collab/tree/format_count.py`).

A *gap* is a place where a piece may be: behind each mark, and on both sides of an embedded object.
Text that is written into a gap adds one piece at most.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from collab.structs.clock_runs import is_in
from collab.yjs.causality import Fresh
from collab.yjs.contents import EMBED, FORMAT, STRING, TYPE, Mark
from collab.yjs.lists import TAKES_TEXT, StructPlace
from collab.yjs.update import Range, Struct

# The kinds of structs that are noted.
FORMATTED: Final = frozenset({EMBED, FORMAT, STRING, TYPE})
# An embedded object, or a shared type in a text. It is a piece, and has the formats of one.
OBJECT: Final[Mark] = ("", -1)


@dataclass(slots=True)
class TextBound:
    """A bound of the format bytes of one text.

    - `gaps` is the number of its gaps. At most `filled` of them have a piece.
    - `names` has two numbers for each name: of the marks that begin a format of this name, and of
      the most bytes that one of them adds to a piece.
    - `every` is the sum of these bytes.
    - `most` bounds the bytes in one gap, and `total` the bytes of all pieces.
    - `is_shown` is false when the text is outside of the value. Then `total` is 0.
    """

    gaps: int = 1
    filled: int = 1
    names: dict[str, tuple[int, int]] = field(default_factory=dict)
    every: int = 0
    most: int = 0
    total: int = 0
    is_shown: bool = True

    @property
    def product(self) -> int:
        """The bytes if every format were active in every gap."""
        return self.gaps * self.every if self.is_shown else 0


class TextEdit:
    """The marks and objects that an update adds to one text, and the deleted ones.

    `strings` is the number of new strings.
    """

    __slots__ = ("added", "deleted", "strings")

    def __init__(self) -> None:
        self.strings = 0
        self.added: list[Mark] = []
        self.deleted: list[Mark] = []

    def after(self, before: TextBound) -> tuple[TextBound, int]:
        """Return the bound after the edit; its `names` has the changed names only.

        Also return a bound that holds as well when only a part of the edit is made.

        A format that begins, or whose mark is deleted, may then reach into every gap. So may an
        earlier format of this name. All others become no longer.
        """
        names: dict[str, tuple[int, int]] = {}
        gaps, every = before.gaps, before.every
        for name, size in self.added:
            gaps += 2 if size < 0 else 1
            if size > 0:
                count, largest = names.get(name) or before.names.get(name, (0, 0))
                every += max(0, size - largest)
                names[name] = count + 1, max(size, largest)
        all_gaps, all_names = gaps, every
        changed = dict.fromkeys(name for name, size in self.added if size > 0)
        for name, size in self.deleted:
            gaps -= 2 if size < 0 else 1
            if size >= 0:
                changed[name] = None
            if size > 0:
                count, largest = names.get(name) or before.names[name]
                names[name] = count - 1, largest
        reach = sum((names.get(name) or before.names.get(name, (0, 0)))[1] for name in changed)
        every -= sum(largest for count, largest in names.values() if not count)
        most = before.most + reach
        added = all_gaps - before.gaps + min(self.strings, before.gaps - before.filled)
        grown = before.total + before.filled * reach + added * most
        total, filled = min(gaps * every, grown), min(before.filled + added, gaps)
        after = TextBound(gaps, filled, names, every, min(every, most), total, before.is_shown)
        if not before.is_shown:
            after.total = 0
            return after, 0
        return after, min(all_gaps * all_names, grown)


class FormatTrial(NamedTuple):
    """The bounds of all texts after an update that is only checked.

    `peak` holds as well when only a part of the update is made.
    """

    total: int
    peak: int


class _Marks:
    """The marks and objects that one client has inserted into texts, by clock."""

    __slots__ = ("clocks", "lists", "numbers")

    def __init__(self) -> None:
        self.clocks = array("I")
        self.lists = array("q")
        self.numbers = array("I")

    def between(self, start: int, end: int) -> range:
        return range(bisect_left(self.clocks, start), bisect_left(self.clocks, end))


class MarkNumbers:
    """Numbers the marks, so that each is kept once. `marks` has them by their numbers."""

    __slots__ = ("_numbers", "marks")

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self._numbers: dict[Mark, int] = {}

    def of(self, mark: Mark) -> int:
        number = self._numbers.get(mark)
        if number is None:
            number = self._numbers[mark] = len(self.marks)
            self.marks.append(mark)
        return number


class TextFormats:
    """The bounds of all formatted texts of a document.

    Invariant: between two updates, `bounds` has each text with a mark or an object that is not
    deleted, and `total` is the sum of their bounds. A text is named by the list of its children.
    """

    def __init__(self) -> None:
        self.bounds: dict[int, TextBound] = {}
        self.total = 0
        self._product = 0  # the sum of `gaps` times `every`
        self._most_gaps = self._most_every = 0
        self._marks: defaultdict[int, _Marks] = defaultdict(_Marks)
        self._kinds = MarkNumbers()
        self._edits: dict[int, TextEdit] = {}  # of the update that is being added

    # --- adding an update -------------------------------------------------------------------

    def note(self, client: int, struct: Struct, place: StructPlace) -> None:
        """Note a new struct. `finish` must follow."""
        if struct.kind == STRING:
            if place.list in self.bounds:
                self._edit(place.list).strings += 1
            return
        mark = mark_of(struct, place)
        if mark is None:
            return
        known = self._marks[client]
        known.clocks.append(struct.clock)
        known.lists.append(place.list)
        known.numbers.append(self._kinds.of(mark))
        self._edit(place.list).added.append(mark)

    def note_deletion(
        self, client: int, start: int, end: int, is_deleted: Callable[[int, int], bool]
    ) -> None:
        """Note that a range of clocks is deleted. `is_deleted` tells what was deleted before."""
        known = self._marks.get(client)
        if known is None:
            return
        for at in known.between(start, end):
            if not is_deleted(known.clocks[at], known.clocks[at] + 1):
                mark = self._kinds.marks[known.numbers[at]]
                self._edit(known.lists[at]).deleted.append(mark)

    def finish(self) -> None:
        """Update the bounds of all texts that the update has changed."""
        if not self._edits:
            return
        edits, self._edits = self._edits, {}
        for text, edit in edits.items():
            bound = self.bounds.get(text) or TextBound()
            after, _ = edit.after(bound)
            self.total += after.total - bound.total
            self._product += after.product - bound.product
            for name, found in after.names.items():
                if found[0]:
                    bound.names[name] = found
                else:
                    bound.names.pop(name, None)
            after.names = bound.names
            self._most_gaps = max(self._most_gaps, after.gaps)
            self._most_every = max(self._most_every, after.every)
            self.bounds[text] = after
            if after.gaps == 1:
                del self.bounds[text]

    # --- checking an update -----------------------------------------------------------------

    def trial(
        self,
        fresh: Fresh,
        places: Sequence[StructPlace],
        deletes: Mapping[int, list[Range]],
        is_deleted: Callable[[int, int, int], bool],
    ) -> FormatTrial | None:
        """Return the bounds after an update: its new structs with their places, its deletions.

        Return None for an update that writes nothing into a formatted text and deletes no mark.
        """
        edits: defaultdict[int, TextEdit] = defaultdict(TextEdit)
        for (client, struct), place in zip(fresh, places, strict=True):
            if not place.list & TAKES_TEXT:
                continue
            if struct.kind == STRING and place.list in self.bounds:
                edits[place.list].strings += 1
            mark = mark_of(struct, place)
            if mark is not None:
                edits[place.list].added.append(mark)
                if is_in(deletes.get(client, ()), struct.clock):
                    edits[place.list].deleted.append(mark)
        if self._marks:
            for client, start, end in _ranges(deletes):
                for text, mark in self._alive(client, start, end, is_deleted):
                    edits[text].deleted.append(mark)
        if not edits:
            return None
        total = peak = self.total
        for text, edit in edits.items():
            bound = self.bounds.get(text) or TextBound()
            after, most = edit.after(bound)
            total += after.total - bound.total
            peak += max(0, most - bound.total)
        return FormatTrial(total, peak)

    def may_exceed(self, limit: int, size: int) -> bool:
        """Whether the bounds may exceed `limit` after an update of `size` bytes."""
        added = size * self._most_every + 2 * size * (self._most_gaps + size)
        return self._product + added > limit

    # --- after an exact count ---------------------------------------------------------------

    def tighten(self, text: int, filled: int, most: int, total: int) -> None:
        """Set exact figures of a text: its pieces, and the bytes of one gap and of all pieces."""
        bound = self.bounds.get(text)
        if bound is not None:  # it has a mark
            self.total += total - bound.total
            bound.filled, bound.most, bound.total = filled, most, total

    def hide(self, text: int) -> None:
        """Note that a text is outside of the value. No update can move it there."""
        bound = self.bounds.setdefault(text, TextBound())
        self.total -= bound.total
        self._product -= bound.product
        bound.total, bound.is_shown = 0, False

    # ----------------------------------------------------------------------------------------

    def _alive(
        self, client: int, start: int, end: int, is_deleted: Callable[[int, int, int], bool]
    ) -> Iterator[tuple[int, Mark]]:
        known = self._marks.get(client)
        if known is None:
            return
        for at in known.between(start, end):
            if not is_deleted(client, known.clocks[at], known.clocks[at] + 1):
                yield known.lists[at], self._kinds.marks[known.numbers[at]]

    def _edit(self, text: int) -> TextEdit:
        edit = self._edits.get(text)
        if edit is None:
            edit = self._edits[text] = TextEdit()
        return edit


def mark_of(struct: Struct, place: StructPlace) -> Mark | None:
    """Return the mark of a struct in a text, or `OBJECT`; None for any other struct."""
    if not place.list & TAKES_TEXT or not place.depth:
        return None
    if struct.kind == FORMAT:
        return struct.mark
    return OBJECT if struct.kind in (EMBED, TYPE) else None


def _ranges(deletes: Mapping[int, list[Range]]) -> Iterator[tuple[int, int, int]]:
    for client, ranges in deletes.items():
        for start, end in ranges:
            yield client, start, end
