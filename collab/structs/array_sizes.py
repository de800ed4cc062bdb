"""How much each Y.Array of a document contains.

yrs finds an item of a Y.Array by a walk over all blocks before the item. So the server reads a long
array in one native call. The call blocks Python for its whole time. Measured: 40,000 maps without
entries take 4 ms, 20,000 maps with one entry 8 ms, 4,000 maps with ten entries 14 ms.

A plain item of an array takes a fifth of the time of a map's entry: 400,000 take 12 ms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import Final

from collab.yjs.lists import KEYED, TAKES_TEXT, StructPlace

# A Y.Array of more items is long. Reading 2,000 items one by one takes 2 million steps: 15 ms.
LONG_ARRAY: Final = 2_000
# What a plain item of an array counts, and what every other value counts.
PLAIN: Final = 1
VALUE: Final = 5


def cost(where: int, *, holds: bool) -> int:
    """Return what one clock of a list counts. Text counts nothing: yrs copies it at once."""
    if where & KEYED or (holds and not where & TAKES_TEXT):
        return VALUE
    return 0 if where & TAKES_TEXT else PLAIN


@dataclass(slots=True)
class ArraySize:
    """How much a Y.Array contains.

    `items` are the items of its list. `cost` counts all that is in it and below it. `around` is the
    number of the array around it; 0 for none.
    """

    where: int
    around: int
    items: int = 0
    cost: int = 0


class ArraySizes:
    """The sizes of the Y.Arrays, by their numbers. An array has a larger number than one around it.

    With `base`, these are the sizes after an update that is only checked. The sizes in `base` do
    not change.
    """

    def __init__(self, base: ArraySizes | None = None) -> None:
        self._base = base
        self._sizes: dict[int, ArraySize] = {}
        self._numbers: dict[int, int] = {}
        self._last: int = 0 if base is None else base._last
        self.there = self._last > 0  # whether there is, or was, a Y.Array
        # What changed in an array itself since the last `add_up`, without the arrays in it.
        self._changes: dict[int, int] = {}

    def create(self, where: int, around: int) -> None:
        """Note a new Y.Array, whose items are in this list."""
        self._last += 1
        self.there = True
        self._numbers[where] = self._last
        self._sizes[self._last] = ArraySize(where, around)

    def number(self, where: int) -> int:
        """Return the number of the Y.Array whose items are in this list; 0 for another list."""
        found = self._numbers.get(where, 0)
        return found if found or self._base is None else self._base.number(where)

    def add(self, place: StructPlace, clocks: int) -> None:
        """Count new clocks at a place. Count deleted clocks with a negative number."""
        if not place.array or not clocks:
            return
        change = clocks * cost(place.list, holds=place.holds)
        self._changes[place.array] = self._changes.get(place.array, 0) + change
        size = self._of(place.array)
        if size.where == place.list:
            size.items += clocks

    def add_up(self) -> None:
        """Add what changed in each array to the arrays around it."""
        changes, self._changes = self._changes, {}
        waiting = [-number for number in changes]
        heapify(waiting)
        while waiting:
            number = -heappop(waiting)
            change, size = changes.pop(number), self._of(number)
            size.cost += change
            if size.around and change:
                if size.around not in changes:
                    heappush(waiting, -size.around)
                changes[size.around] = changes.get(size.around, 0) + change

    def size(self, number: int) -> ArraySize | None:
        """Return the size of the array with this number; None for an array that is not there."""
        return self._find(number)

    def sizes(self) -> list[ArraySize]:
        """Return the sizes, in the order of the arrays' creation."""
        self.add_up()
        return list(self._sizes.values())

    def outgrow(self, most: int) -> bool:
        """Whether a long Y.Array now has more than `most` values, and more than in `base`."""
        self.add_up()
        for number, size in self._sizes.items():
            if size.items > LONG_ARRAY and size.cost > VALUE * most:
                known = None if self._base is None else self._base._find(number)
                if known is None or size.cost > known.cost or known.items <= LONG_ARRAY:
                    return True
        return False

    def _find(self, number: int) -> ArraySize | None:
        self.add_up()
        found = self._sizes.get(number)
        return found if found is not None or self._base is None else self._base._find(number)

    def _of(self, number: int) -> ArraySize:
        size = self._sizes.get(number)
        if size is None:
            assert self._base is not None
            known = self._base._find(number)
            assert known is not None
            size = self._sizes[number] = replace(known)
        return size
