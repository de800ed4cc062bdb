"""Finds the ids of many items of a Y.Array with few look-ups.

For each look-up, yrs walks over all items before the item. But an update tells the order of most of
its new items: each names the item after which its author inserted it, or the item before which.
Items that name each other in this way are a *chain*. The order of a chain in the array never
changes. So it is enough to look up two items of a chain. When the array has as many items between
them as the chain, these items are those of the chain.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from collab.yjs.contents import DELETED, STRING
from collab.yjs.spans import Id, Run
from collab.yjs.update import GC, SKIP, Inspected, Range

# A shorter chain saves nothing.
SHORTEST: Final = 8
_NOT_ITEMS: Final = frozenset((GC, SKIP, STRING, DELETED))


class _Link(NamedTuple):
    """A run in a chain: the run's first id, its length, its chain, and its offset in the chain."""

    client: int
    clock: int
    length: int
    chain: int
    offset: int


class ItemChains:
    """The chains of the new items of an update."""

    def __init__(self, chains: Iterable[deque[Run]] = ()) -> None:
        self._chains: list[list[_Link]] = []
        for chain in chains:
            links: list[_Link] = []
            offset = 0
            for run in chain:
                links.append(_Link(*run, len(self._chains), offset))
                offset += run[2]
            if offset >= SHORTEST:
                self._chains.append(links)
        self._links = sorted(link for links in self._chains for link in links)

    @classmethod
    def of(cls, inspected: Inspected, known: Mapping[int, int]) -> ItemChains:
        """Return the chains. `known` is the document's state vector before the update."""
        by_end: dict[Id, deque[Run]] = {}
        by_start: dict[Id, deque[Run]] = {}
        for client, structs in inspected.sections.items():
            gone = inspected.deletes.get(client, [])
            for struct in structs:
                if struct.kind in _NOT_ITEMS or struct.key is not None:
                    continue
                if struct.clock < known.get(client, 0) or _is_touched(gone, struct[:2]):
                    continue
                first, last = (client, struct.clock), (client, struct.end - 1)
                run = client, struct.clock, struct.end - struct.clock
                if struct.origin is not None and (chain := by_end.pop(struct.origin, None)):
                    chain.append(run)
                elif struct.right is not None and (chain := by_start.pop(struct.right, None)):
                    by_end[_end(chain)] = chain
                    chain.appendleft(run)
                    by_start[first] = chain
                    continue
                else:
                    chain = by_start[first] = deque((run,))
                by_end[last] = chain
        return cls(by_end.values())

    def after(self, at: Id) -> Iterator[Run]:
        """Yield the ids from an id to the end of its chain, as runs; only `at` without a chain."""
        number = bisect_right(self._links, (*at, 2**53)) - 1
        link = self._links[number] if number >= 0 else None
        if link is None or link.client != at[0] or at[1] >= link.clock + link.length:
            yield (*at, 1)
            return
        chain = self._chains[link.chain]
        first = bisect_right(chain, link.offset, key=lambda one: one.offset) - 1
        skipped = at[1] - link.clock
        yield at[0], at[1], link.length - skipped
        for one in chain[first + 1 :]:
            yield one[:3]


def _end(chain: deque[Run]) -> Id:
    client, clock, length = chain[-1]
    return client, clock + length - 1


def _is_touched(ranges: list[Range], clocks: tuple[int, int]) -> bool:
    """Whether the ascending ranges contain one of the clocks."""
    at = bisect_right(ranges, (clocks[1] - 1, 2**53)) - 1
    return at >= 0 and ranges[at][1] > clocks[0]
