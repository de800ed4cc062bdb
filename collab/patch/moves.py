"""The fewest moves that bring a list into another order, in O(n log n).

Each element is named by its rank, its index before the moves: 0, 1, 2, ... `wanted` has the ranks
in the order after the moves. The elements of a longest increasing subsequence of `wanted` stay.
Each other element is a mover: one move puts it directly after the element that it follows in
`wanted`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence


def elements_to_move(wanted: Sequence[int]) -> list[int]:
    """The elements that have to move, ascending. A longest increasing subsequence stays."""
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
    """Yield each move as the element's index before it and after it, in the order of `wanted`.

    The function never builds the list. It goes through `wanted`, places one element after the
    other, and computes each index by counting. The anchor of a placed element is the last staying
    element up to it in `wanted`. A newly placed element comes after all placed elements, and after
    the waiting movers whose rank is below its anchor. A tree of counts gives the number of these
    movers.
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
        # Three groups are in front of the mover before it moves: placed elements, staying elements
        # that are not placed yet, and movers that still wait.
        source = bisect_left(anchors, element)
        source += max(0, bisect_left(staying, element) - stayed) + waiting.before(rank)
        waiting.leave(rank)
        target = len(anchors) + waiting.before(bisect_left(movers, anchor))
        anchors.append(anchor)
        if source != target:
            yield source, target


class _Waiting:
    """Counts the movers that have not moved yet. It is a Fenwick tree with 1 for each of them."""

    def __init__(self, count: int) -> None:
        self._counts = [index & -index for index in range(count + 1)]

    def before(self, rank: int) -> int:
        """The number of waiting movers among the first `rank` movers."""
        counts = self._counts
        found = 0
        while rank:
            found += counts[rank]
            rank &= rank - 1
        return found

    def leave(self, rank: int) -> None:
        """Remove mover number `rank` from the count."""
        counts = self._counts
        at = rank + 1
        while at < len(counts):
            counts[at] -= 1
            at += at & -at
