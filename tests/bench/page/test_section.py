"""The peers' section: tables from rows, runs that do not count, and where Weft is behind."""

from __future__ import annotations

from typing import Any

import pytest

from bench.page import tables
from bench.page.__main__ import replaced
from bench.page.section import BEGIN, END, plots, section


def row(server: str, scenario: str = "F10 W", group: str = "saturation", **more: Any) -> Any:
    return {
        "group": group,
        "scenario": scenario,
        "about": "one writer, 10 readers",
        "server": server,
        "version": "1.2.3",
        "rounds": 3,
        "refused": "",
        "deliveries/s": 97_400.0,
        "CPU µs": 9.91,
        "p50 ms": 1.0,
        "p95 ms": 2.0,
        "p99 ms": 5.9,
        "deliveries/s, least": 90_000.0,
        "deliveries/s, most": 99_000.0,
        "CPU µs, least": 9.5,
        "CPU µs, most": 10.5,
        "load generator": 0.2,
        **more,
    }


MACHINE = {"cpu": "A CPU", "cores": 2, "system": "Linux", "python": "CPython 3", "node": "22"}


def text_of(*rows: Any) -> str:
    return section({"machine": MACHINE, "rows": list(rows)})


def test_a_table_has_a_line_for_each_scenario_and_a_column_for_each_server() -> None:
    text = text_of(
        row("hocuspocus") | {"deliveries/s": 240_000.0, "CPU µs": 4.0},
        row("weft", ratio=0.406),
    )
    assert "| scenario | Weft | Hocuspocus | Weft ÷ best |" in text
    assert "| `F10 W` | 97.4k (9.91) | 240k (4) | 0.41 |" in text
    assert "The versions: Weft 1.2.3, Hocuspocus 1.2.3." in text
    assert "A CPU, 2 cores, Linux, CPython 3, Node 22" in text


def test_a_run_that_does_not_count_is_a_dash_with_its_reason() -> None:
    lost = row("hocuspocus", rounds=0, refused="1 deliveries are missing")
    lost |= {"deliveries/s": None, "CPU µs": None}
    text = text_of(row("weft", ratio=None), lost)
    assert "| `F10 W` | 97.4k (9.91) | – |  |" in text
    assert "- `F10 W`, Hocuspocus: 1 deliveries are missing" in text


def test_the_page_says_where_weft_is_behind() -> None:
    text = text_of(
        row("weft", "F10 W", ratio=0.406),
        row("weft", "F500 W", ratio=1.2),
        row("weft", "R r1000", "fixed", ratio=2.9, **{"p99 ratio": 0.9}),
    )
    assert "Fewer deliveries per second than the best other server: `F10 W` (0.41 times)." in text
    assert "More CPU for each delivery: `R r1000` (2.90 times)." in text
    assert "A larger p99" not in text


@pytest.mark.parametrize("group", ["fixed", "patch", "others"])
def test_each_group_with_a_fixed_rate_may_be_behind(group: str) -> None:
    text = text_of(row("weft", "S10 r200", group, ratio=2.9, **{"p99 ratio": 1.5}))
    assert "More CPU for each delivery: `S10 r200` (2.90 times)." in text
    assert "A larger p99: `S10 r200` (1.50 times)." in text


def test_the_page_names_the_groups_that_it_shows() -> None:
    text = text_of(row("weft", group="patch"), row("weft", group="saturation"))
    assert "To measure again: `python -m bench.peers saturation patch`, then" in text


def test_the_page_says_when_weft_is_behind_in_nothing() -> None:
    assert "In none of these scenarios." in text_of(row("weft", ratio=1.2))


def test_connections_have_values_with_units() -> None:
    idle = row("weft", "idle 1000", "connections", value=10.4, unit="KB")
    assert "| `idle 1000` | 10.4 KB |" in text_of(idle)


def test_each_group_with_bars_has_a_plot_with_all_its_rows() -> None:
    rows = [
        row("weft"),
        row("hocuspocus"),
        row("weft", "R W", rounds=0) | {"deliveries/s": None},
        row("sharedb", "P10 r200", "patch"),
    ]
    found = plots(rows)
    assert set(found) == {"peers-saturation.svg", "peers-patch.svg"}
    assert found["peers-saturation.svg"].count("97.4k/s") == 2
    assert found["peers-saturation.svg"].count("does not count") == 1
    assert found["peers-patch.svg"].count("9.91 µs, p99 5.9 ms") == 1


@pytest.mark.parametrize(
    ("number", "plain", "short"),
    [(0.1234, "0.123", "0.123"), (9.91, "9.91", "9.91"), (2.63e6, "2,630,000", "2.63M")],
)
def test_figures_are_short(number: float, plain: str, short: str) -> None:
    assert (tables.plain(number), tables.short(number)) == (plain, short)


def test_only_the_lines_between_the_comments_are_replaced() -> None:
    page = f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\n## Next\n"
    assert replaced(page, "new") == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\n## Next\n"
    with pytest.raises(ValueError, match="has no lines"):
        replaced("# Title\n", "new")
