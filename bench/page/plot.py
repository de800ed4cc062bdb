"""Bars as SVG, readable on light and on dark pages. It needs no library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 760
LEFT = 120  # of the bars; the labels are before it
RIGHT = 150  # for the figure after a bar
BAR = 14
GAP = 3
BETWEEN = 16  # two groups
TOP = 62

# One class for each server: the colours on light pages, and on dark ones.
COLOURS = {
    "weft": ("#2455d6", "#7aa2ff"),
    "hocuspocus": ("#b45309", "#f0a860"),
    "y-websocket": ("#0f766e", "#5cc8bd"),
    "pycrdt-websocket": ("#7e3ca8", "#c79be6"),
    "sharedb": ("#a31d4e", "#f08bb0"),
}


@dataclass(frozen=True)
class Bar:
    """One figure of a server: its length, its spread in the same unit, and its text."""

    server: str
    title: str
    length: float | None  # None when there is no figure
    least: float | None
    most: float | None
    text: str


@dataclass(frozen=True)
class Group:
    """The bars of one scenario."""

    label: str
    bars: Sequence[Bar]


def svg(title: str, note: str, groups: Sequence[Group]) -> str:
    """Return bars in groups, one below the other. All groups have one scale."""
    longest = max((_end(bar) for group in groups for bar in group.bars), default=0.0) or 1.0
    height = TOP + sum(_height(group) + BETWEEN for group in groups)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">',
        f"<style>{_style()}</style>",
        f'<text class="title" x="0" y="18">{escape(title)}</text>',
        f'<text class="note" x="0" y="36">{escape(note)}</text>',
        *_legend(groups),
        f'<line class="axis" x1="{LEFT}" y1="{TOP}" x2="{LEFT}" y2="{height - BETWEEN}"/>',
    ]
    top = TOP
    for group in groups:
        lines += _group(group, top, (WIDTH - LEFT - RIGHT) / longest)
        top += _height(group) + BETWEEN
    return "\n".join([*lines, "</svg>"]) + "\n"


def _end(bar: Bar) -> float:
    return max(bar.length or 0.0, bar.most or 0.0)


def _height(group: Group) -> int:
    return len(group.bars) * (BAR + GAP)


def _legend(groups: Sequence[Group]) -> Iterator[str]:
    left = 0
    titles = {bar.server: bar.title for group in groups for bar in group.bars}
    for server, title in titles.items():
        yield f'<rect class="{server}" x="{left}" y="44" width="10" height="10"/>'
        yield f'<text class="note" x="{left + 14}" y="53">{escape(title)}</text>'
        left += 30 + 7 * len(title)


def _group(group: Group, top: int, scale: float) -> Iterator[str]:
    middle = top + _height(group) / 2 + 4
    yield f'<text class="label" x="{LEFT - 8}" y="{middle:.0f}">{escape(group.label)}</text>'
    for at, bar in enumerate(group.bars):
        y = top + at * (BAR + GAP)
        width = (bar.length or 0.0) * scale
        yield f'<rect class="{bar.server}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}"/>'
        end = width
        if bar.least is not None and bar.most is not None:
            first, last = LEFT + bar.least * scale, LEFT + bar.most * scale
            yield (
                f'<line class="spread" x1="{first:.1f}" y1="{y + BAR / 2}" '
                f'x2="{last:.1f}" y2="{y + BAR / 2}"/>'
            )
            end = max(width, bar.most * scale)
        yield (
            f'<text class="note" x="{LEFT + end + 6:.1f}" y="{y + BAR - 3}">'
            f"{escape(bar.text)}</text>"
        )


def _style() -> str:
    """Return the style: a dark page changes the colours."""
    light = "".join(f".{name}{{fill:{colour}}}" for name, (colour, _) in COLOURS.items())
    dark = "".join(f".{name}{{fill:{colour}}}" for name, (_, colour) in COLOURS.items())
    return (
        "text{font-family:system-ui,sans-serif;font-size:12px;fill:#1f2328}"
        ".title{font-size:15px;font-weight:600}.note{font-size:11px;fill:#59636e}"
        ".label{text-anchor:end}.axis{stroke:#8c959f}.spread{stroke:#1f2328;stroke-width:1.5}"
        f"{light}@media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.note{{fill:#9da7b1}}"
        f".axis{{stroke:#6e7681}}.spread{{stroke:#e6edf3}}{dark}}}"
    )
