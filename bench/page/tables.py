"""Markdown tables of the peers' results: one line for each scenario, one column for each server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Row = dict[str, Any]

TITLES = {
    "weft": "Weft",
    "hocuspocus": "Hocuspocus",
    "y-websocket": "@y/websocket-server",
    "pycrdt-websocket": "pycrdt-websocket",
    "sharedb": "ShareDB",
}


def of_group(rows: Iterable[Row], group: str) -> list[Row]:
    return [row for row in rows if row["group"] == group]


def scenarios(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row["scenario"] for row in rows))


def servers(rows: Iterable[Row]) -> list[str]:
    present = {row["server"] for row in rows}
    return [name for name in TITLES if name in present]


def find(rows: Iterable[Row], scenario: str, server: str) -> Row | None:
    return next(
        (row for row in rows if (row["scenario"], row["server"]) == (scenario, server)), None
    )


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    every = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in every)


def compared(rows: Sequence[Row], cell: Callable[[Row], str], ratio: str) -> str:
    """Return a table of scenarios and servers, with Weft's ratio to the best other server."""
    named = servers(rows)
    lines = []
    for scenario in scenarios(rows):
        found = [find(rows, scenario, name) for name in named]
        ours = find(rows, scenario, "weft")
        lines.append([
            f"`{scenario}`",
            *(cell_of(row, cell) for row in found),
            times(ours.get(ratio) if ours else None),
        ])  # fmt: skip
    return table(["scenario", *(TITLES[name] for name in named), "Weft ÷ best"], lines)


def cell_of(row: Row | None, cell: Callable[[Row], str]) -> str:
    """Return a cell; a run that does not count is a dash, and a missing one is empty."""
    if row is None:
        return ""
    return cell(row) if row["rounds"] else "–"


def meanings(rows: Sequence[Row]) -> str:
    """Return what each scenario is."""
    about = {row["scenario"]: row["about"] for row in rows}
    return table(["scenario", "clients"], [[f"`{name}`", text] for name, text in about.items()])


def refusals(rows: Iterable[Row]) -> list[str]:
    """Return a line for each run that does not count, with the reason."""
    return [
        f"- `{row['scenario']}`, {TITLES[row['server']]}: {row['refused']}"
        for row in rows
        if row.get("refused")
    ]


def rate_and_cpu(row: Row) -> str:
    return f"{short(row['deliveries/s'])} ({plain(row['CPU µs'])})"


def cpu_and_latency(row: Row) -> str:
    return f"{plain(row['CPU µs'])}; {plain(row['p50 ms'])}, {plain(row['p99 ms'])}"


def value(row: Row) -> str:
    return f"{plain(row['value'])} {row['unit']}"


def times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def plain(number: float) -> str:
    """Return three digits: 0.345, 23.4, 1,234."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def short(number: float) -> str:
    """Return a large number with k or M: 97k, 2.63M."""
    if number >= 1_000_000:
        return f"{number / 1_000_000:.3g}M"
    return f"{number / 1000:.3g}k" if number >= 1000 else plain(number)
