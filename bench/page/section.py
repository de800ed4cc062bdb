"""The peers' section of docs/performance.md, made from the rows of the last run of each group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.page import tables
from bench.page.plot import Bar, Group, svg
from bench.page.tables import TITLES, Row
from bench.peers.results import ORDER

BEGIN = "<!-- peers: `python -m bench.page` writes all lines up to the next comment -->"
END = "<!-- peers: end -->"

# The groups with a fixed rate: their ratios compare CPU and p99.
AT_RATES = ("fixed", "patch", "others")

HOW = """\
Weft and other servers run the same scenarios in turn. In each round each server runs once, in a \
new process on one core. The load generator has the other core. The figures are medians of the \
rounds, and the ratios are medians of the ratios of one round. CPU is the kernel's accounting of \
the server's processes, divided by the deliveries.

- **A delivery** is one edit that has reached one other client. The load generator counts the \
content of the frames, so it does not matter how a server batches them. When one client lacks one \
edit, the run fails.
- **Saturation** (`W`): 64 edits are in flight; the next edit is sent when all readers have one. \
**A fixed rate** (`r`): edits are sent on a schedule, whatever the server does. The latency is the \
time from the edit's place in the schedule until a reader has it.
- **Weft** runs as it is installed: SQLite with `synchronous=FULL`, all checks, versions and \
history. The budgets of a user are off, because one client sends as much as a hundred people do.
- **The other servers** run in memory, as their documentation sets them up, without log lines. \
[The decision](decisions/peers.md) has their settings."""

ELSEWHERE = """\
Other sections of this page measure Weft alone: \
[readers that stop reading](#readers-that-stop-reading), \
[published pages](#reading-what-is-published), [the preview](#the-preview) and \
[several instances](#several-instances)."""

NOT_DONE = """\
### What the other servers do not do here

| | stores an edit before others see it | checks an update before it is applied | has versions |
|---|---|---|---|
| Weft | yes, on disk | yes | yes |
| Hocuspocus, @y/websocket-server, pycrdt-websocket | no: in memory here; with an extension, \
after others have it | no | no |
| ShareDB | no: in memory here; with a database adapter, before others see it | the operation's \
form | yes |

So a crash of such a server loses what its clients do not have any more. Hocuspocus and ShareDB \
ask the application for each user's rights; here they ask nothing."""

YJS_NOTE = "deliveries/s as a share of the best other server in the same scenario; longer is better"
CPU_NOTE = (
    "CPU of the server for each delivery, as a share of the best other server; shorter is better"
)


def plots(rows: Sequence[Row]) -> dict[str, str]:
    """Return the plots by the names of their files."""
    found = {}
    for name, group, title, figure, note, text in (
        ("peers-saturation", "saturation", "Saturation", "deliveries/s", YJS_NOTE, _rate_text),
        ("peers-fixed", "fixed", "Fixed rates", "CPU µs", CPU_NOTE, _cpu_text),
        ("peers-patch", "patch", "JSON patches on a page of 50 KB", "CPU µs", CPU_NOTE, _cpu_text),
    ):
        part = tables.of_group(rows, group)
        groups = [_plotted(part, scenario, figure, text) for scenario in tables.scenarios(part)]
        if groups:
            found[f"{name}.svg"] = svg(title, note, groups)
    return found


def _plotted(rows: Sequence[Row], scenario: str, figure: str, text: Callable[[Row], str]) -> Group:
    part = [row for name in TITLES if (row := tables.find(rows, scenario, name))]
    peers = [row[figure] for row in part if row["server"] != "weft" and row["rounds"]]
    ours = [row[figure] for row in part if row["rounds"]]
    best = (max if figure == "deliveries/s" else min)(peers or ours or [1.0])

    def share(row: Row, name: str) -> float | None:
        return row[name] / best if row["rounds"] and row.get(name) is not None else None

    bars = [
        Bar(
            row["server"],
            TITLES[row["server"]],
            share(row, figure),
            share(row, f"{figure}, least"),
            share(row, f"{figure}, most"),
            text(row) if row["rounds"] else "does not count",
        )
        for row in part
    ]
    return Group(scenario, bars)


def _rate_text(row: Row) -> str:
    return f"{tables.short(row['deliveries/s'])}/s"


def _cpu_text(row: Row) -> str:
    return f"{tables.plain(row['CPU µs'])} µs, p99 {tables.plain(row['p99 ms'])} ms"


# --- the text -------------------------------------------------------------------------------


def section(result: dict[str, Any]) -> str:
    """Return the lines between the two comments of the page."""
    rows: list[Row] = result["rows"]
    machine = result["machine"]
    where = (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, "
        f"{machine['python']}, Node {machine['node']}"
    )
    groups = " ".join(group for group in ORDER if tables.of_group(rows, group))
    again = f"To measure again: `python -m bench.peers {groups}`, then `python -m bench.page`."
    parts = [f"The machine: {where}. The versions: {_versions(rows)}.", HOW, again]
    parts += _groups(rows)
    parts += [ELSEWHERE, NOT_DONE, *_behind(rows)]
    return "\n\n".join(parts)


def _versions(rows: Sequence[Row]) -> str:
    found = {row["server"]: row["version"] for row in rows}
    return ", ".join(f"{TITLES[name]} {found[name]}" for name in TITLES if name in found)


def _groups(rows: Sequence[Row]) -> Iterator[str]:
    titles: tuple[tuple[str, str, str, Callable[[Row], str], str], ...] = (
        (
            "saturation",
            "Yjs at saturation",
            "Deliveries per second, and in brackets the CPU µs of the server for each.",
            tables.rate_and_cpu,
            "peers-saturation.svg",
        ),
        (
            "fixed",
            "Yjs at fixed rates",
            "CPU µs of the server for each delivery; p50 and p99 from edit to peer in ms.",
            tables.cpu_and_latency,
            "peers-fixed.svg",
        ),
        (
            "patch",
            "JSON patches",
            "The same figures on Weft's patch lane, and with json0 on ShareDB.",
            tables.cpu_and_latency,
            "peers-patch.svg",
        ),
        ("others", "Other work", "The same figures.", tables.cpu_and_latency, ""),
        ("connections", "Connections and documents", "", tables.value, ""),
    )
    for group, title, sentence, cell, plot in titles:
        part = tables.of_group(rows, group)
        if not part:
            continue
        yield f"### {title}"
        yield tables.meanings(part)
        days = ", ".join(sorted({row["day"] for row in part if "day" in row}))
        yield f"{sentence} Measured on {days}.".lstrip() if days else sentence
        yield tables.compared(part, cell, "ratio")
        if plot:
            yield f"![{title}: the figures of the table as bars](plots/{plot})"
        refused = tables.refusals(part)
        if refused:
            yield "These runs do not count:\n\n" + "\n".join(refused)


def _behind(rows: Sequence[Row]) -> Iterator[str]:
    """Say where Weft is behind: these lines come from the ratios."""
    slower = [row for row in rows if row["group"] == "saturation" and _is_below(row)]
    at_rates = [row for row in rows if row["group"] in AT_RATES]
    dearer = [row for row in at_rates if _is_above(row, "ratio")]
    later = [row for row in at_rates if _is_above(row, "p99 ratio")]
    yield "### Where Weft is behind"
    lines = [
        *_list("Fewer deliveries per second than the best other server", slower, "ratio"),
        *_list("More CPU for each delivery", dearer, "ratio"),
        *_list("A larger p99", later, "p99 ratio"),
    ]
    yield "\n".join(lines) if lines else "In none of these scenarios."


def _list(what: str, rows: Sequence[Row], figure: str) -> Iterator[str]:
    if rows:
        named = ", ".join(f"`{row['scenario']}` ({row[figure]:.2f} times)" for row in rows)
        yield f"- {what}: {named}."


def _is_below(row: Row) -> bool:
    return row.get("ratio") is not None and row["ratio"] < 1


def _is_above(row: Row, figure: str) -> bool:
    return row.get(figure) is not None and row[figure] > 1
