"""Weft side by side with other servers, as rows for `python -m bench peers`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bench.peers import connections, results, rounds
from bench.peers.scenarios import FIXED, GROUPS, PATCHES, SATURATION
from bench.peers.servers import HOCUSPOCUS, SHAREDB, WEFT
from bench.table import Row

# One scenario of each kind, with one peer each, for `make bench`.
SHORT = {
    "saturation": (SATURATION[0], SATURATION[4]),
    "fixed": (FIXED[1],),
    "patch": (PATCHES[0],),
}
SHORT_SERVERS = (WEFT, HOCUSPOCUS, SHAREDB)


def rows(groups: Iterable[str] = (), count: int = rounds.ROUNDS) -> Iterator[dict[str, Any]]:
    """Measure groups of scenarios, or all of them, in some rounds."""
    for group in groups or (*GROUPS, "connections"):
        if group == "connections":
            yield from connections.rows(count)
        else:
            yield from rounds.rows(group, GROUPS[group], count)


def short_rows() -> Iterator[dict[str, Any]]:
    """Measure a few scenarios with one peer each, in one round."""
    for group, scenarios in SHORT.items():
        yield from rounds.rows(group, scenarios, rounds=1, only=SHORT_SERVERS)


write = results.write  # it keeps the rows of groups that were not measured


def shown(row: Row) -> Row:
    """Return the part of a row that fits into a line of a terminal."""
    hidden = ("about", "version", "group")
    return {
        name: value
        for name, value in row.items()
        if name not in hidden and not name.endswith((", least", ", most", " to"))
    }
