"""The fewest moves that bring a list into another order, in n log n.

An element's name is its rank: 0, 1, 2, ... is the order before the moves, and `wanted` is the
order after them. The elements of a longest increasing subsequence of `wanted` stay. Each other
element is a mover: one move puts it right behind the element that it follows in `wanted`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence


def elements_to_move(wanted: Sequence[int]) -> list[int]:
    """The elements that have to move, ascending: all but a longest increasing subsequence."""
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
    """Each move as its index before and its index after, in the order of `wanted`.

    The list is never built; each index is counted. The anchor of a placed element is the last
    staying element before it. In front of a newly placed element are all elements placed so far,
    and the movers that still wait in front of its anchor. A tree of counts gives the number of
    these movers.
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
        # In front of the mover: placed elements, staying elements still to come, waiting movers.
        source = bisect_left(anchors, element)
        source += max(0, bisect_left(staying, element) - stayed) + waiting.before(rank)
        waiting.leave(rank)
        target = len(anchors) + waiting.before(bisect_left(movers, anchor))
        anchors.append(anchor)
        if source != target:
            yield source, target


class _Waiting:
    """Counts the movers that have not moved yet, by rank: a Fenwick tree, filled with ones."""

    def __init__(self, count: int) -> None:
        self._counts = [index & -index for index in range(count + 1)]

    def before(self, rank: int) -> int:
        """The number of waiting movers below a rank."""
        counts = self._counts
        found = 0
        while rank:
            found += counts[rank]
            rank &= rank - 1
        return found

    def leave(self, rank: int) -> None:
        """Remove the mover of this rank from the count."""
        counts = self._counts
        at = rank + 1
        while at < len(counts):
            counts[at] -= 1
            at += at & -at
