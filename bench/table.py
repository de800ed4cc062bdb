"""Prints rows of figures as an aligned table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]


def columns(rows: Sequence[Row]) -> list[str]:
    """Return every column, in the order of its first appearance in the rows."""
    return list(dict.fromkeys(name for row in rows for name in row))


def render(rows: Sequence[Row]) -> str:
    names = columns(rows)
    cells = [names, *([text(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(names))]
    lines = [_line(names, widths, rows, names), "  ".join("-" * width for width in widths)]
    lines += [_line(line, widths, rows, names) for line in cells[1:]]
    return "\n".join(lines)


def text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _line(
    line: Sequence[str], widths: Sequence[int], rows: Sequence[Row], names: Sequence[str]
) -> str:
    return "  ".join(
        cell.rjust(width) if is_number(rows, name) else cell.ljust(width)
        for cell, width, name in zip(line, widths, names, strict=True)
    ).rstrip()


def is_number(rows: Sequence[Row], name: str) -> bool:
    return all(isinstance(row.get(name), int | float | None) for row in rows)
