"""Runs the benches: `python -m bench [NAME …]` prints a table for each.

It writes the figures to bench/results/*.json too. A bench is a module of this package with a
function `rows()`, or a package whose module `rows` has it. Each row is a mapping from column to
value, a NamedTuple, a dataclass or a Struct. A bench reports medians.

`--short` runs the benches that take seconds, and the short form of `peers`. It writes no figures of
the short form.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from bench import machine
from bench.table import Row, render

RESULTS = Path(__file__).parent / "results"
HAS_ROWS = re.compile(r"^def rows\(", re.MULTILINE)
# What `make bench` runs: together they take less than five minutes.
SHORT = ("calls", "document", "framing", "guard", "patch", "room", "storage", "peers")


def names() -> list[str]:
    """The benches with a function `rows`. This reads the files, because an import takes seconds."""
    here = Path(__file__).parent
    files = {file.stem: file for file in here.glob("*.py")}
    files |= {file.parent.name: file for file in here.glob("*/rows.py")}
    return sorted(name for name, file in files.items() if HAS_ROWS.search(file.read_text("utf-8")))


def module(name: str) -> ModuleType:
    is_package = (Path(__file__).parent / name / "rows.py").is_file()
    return importlib.import_module(f"bench.{name}.rows" if is_package else f"bench.{name}")


class Bench(NamedTuple):
    """What a bench does: it measures rows, and shows and keeps them."""

    name: str
    measure: Callable[[], Iterable[Any]]
    shown: Callable[[Row], Row]
    write: Callable[[list[Row]], None]


def benches(wanted: list[str], *, short: bool = False) -> Iterator[Bench]:
    """Yield the benches. In a short run, the figures of a short form are not kept."""
    for name in wanted or (list(SHORT) if short else names()):
        found = module(name)
        shown = getattr(found, "shown", dict)
        if short and hasattr(found, "short_rows"):
            yield Bench(name, found.short_rows, shown, lambda rows: None)
        else:
            keep = getattr(found, "write", None) or partial(write, name)
            yield Bench(name, found.rows, shown, keep)


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


def main(arguments: list[str]) -> int:
    short = "--short" in arguments
    wanted = [name for name in arguments if name != "--short"]
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"There is no bench {', '.join(unknown)}. The benches are: {', '.join(names())}")
        return 2
    print(machine.sentence())
    for bench in benches(wanted, short=short):
        print(f"\n{bench.name}", flush=True)
        rows = [as_row(figure) for figure in bench.measure()]
        print(render([bench.shown(row) for row in rows]), flush=True)
        bench.write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
