"""The fewest moves that bring a list into another order, in n log n.

The list is named by ranks: 0, 1, 2, ... is the order that the elements have now, and `wanted` is
the order that they shall have. The elements of a longest increasing run stay; each other element
is a mover, and one move puts it right behind the element that it shall follow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence


def elements_to_move(wanted: Sequence[int]) -> list[int]:
    """The elements that have to move, ascending: all but a longest increasing run."""
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for position, element in enumerate(wanted):
        at = bisect_left(tails, element)
        previous.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(element)
            ends.append(position)
        else:
            tails[at] = element
            ends[at] = position
    stay: set[int] = set()
    position = ends[-1] if ends else -1
    while position >= 0:
        stay.add(wanted[position])
        position = previous[position]
    return sorted(element for element in wanted if element not in stay)


def moves(wanted: Sequence[int], movers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each move as an index before it and an index after it, in the order of `wanted`.

    The list is never built. An element that has its place stands behind the last staying element
    before it, its *anchor*. In front of it are all that have their place already, and the movers
    that wait in front of its anchor; a tree of counts knows how many these are.
    """
    if not movers:
        return
    waiting = _Waiting(len(movers))
    moving = set(movers)
    staying = sorted(element for element in wanted if element not in moving)
    anchors: list[int] = []
    anchor = -1
    stayed = 0
    for element in wanted:
        if element not in moving:
            anchor = element
            stayed += 1
            anchors.append(anchor)
            continue
        rank = bisect_left(movers, element)
        # In front of the mover: what has its place, what stays and is still to come, what waits.
        source = bisect_left(anchors, element)
        source += max(0, bisect_left(staying, element) - stayed) + waiting.before(rank)
        waiting.leave(rank)
        target = len(anchors) + waiting.before(bisect_left(movers, anchor))
        anchors.append(anchor)
        if source != target:
            yield source, target


class _Waiting:
    """Counts of the movers that have not moved, by rank: a Fenwick tree, filled with ones."""

    def __init__(self, count: int) -> None:
        self._counts = [index & -index for index in range(count + 1)]

    def before(self, rank: int) -> int:
        """How many wait below a rank."""
        counts = self._counts
        found = 0
        while rank:
            found += counts[rank]
            rank &= rank - 1
        return found

    def leave(self, rank: int) -> None:
        """The mover of this rank waits no longer."""
        counts = self._counts
        at = rank + 1
        while at < len(counts):
            counts[at] -= 1
            at += at & -at
