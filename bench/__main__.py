"""Runs the benches: `python -m bench [NAME …]` prints a table for each.

It writes the figures to bench/results/*.json too. A bench is a module of this package with a
function `rows()`. Each row is a mapping from column to value, a NamedTuple, a dataclass or a
Struct. A bench reports medians, and runs for seconds, not minutes.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bench import machine
from bench.table import Row, render

RESULTS = Path(__file__).parent / "results"
HAS_ROWS = re.compile(r"^def rows\(", re.MULTILINE)


def names() -> list[str]:
    """The modules with a function `rows`. This reads the files, because an import takes seconds."""
    found = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in found if HAS_ROWS.search(file.read_text("utf-8")))


def benches(wanted: list[str]) -> Iterator[tuple[str, Callable[[], Iterable[Any]]]]:
    for name in wanted or names():
        yield name, importlib.import_module(f"bench.{name}").rows


def as_row(figure: Any) -> Row:
    if isinstance(figure, Mapping):
        return dict(figure)
    if dataclasses.is_dataclass(figure) and not isinstance(figure, type):
        return dataclasses.asdict(figure)
    if isinstance(figure, msgspec.Struct):
        return msgspec.structs.asdict(figure)
    named: dict[str, Any] = figure._asdict()
    return named


def write(name: str, rows: list[Row]) -> None:
    RESULTS.mkdir(exist_ok=True)
    result = {"bench": name, "machine": machine.describe(), "rows": rows}
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"There is no bench {', '.join(unknown)}. The benches are: {', '.join(names())}")
        return 2
    print(machine.sentence())
    for name, measure in benches(wanted):
        print(f"\n{name}", flush=True)
        rows = [as_row(figure) for figure in measure()]
        print(render(rows), flush=True)
        write(name, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
