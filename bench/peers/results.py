"""The file with all rows: each measured group replaces its rows, and the other rows stay."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench import machine
from bench.peers import install

FILE = Path(__file__).parent.parent / "results" / "peers.json"
ORDER = ("saturation", "fixed", "patch", "others", "connections")


def read(file: Path = FILE) -> list[dict[str, Any]]:
    """Return the rows of the last runs."""
    if not file.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["rows"]
    return rows


def merged(old: Iterable[dict[str, Any]], new: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the old rows of the groups that were not measured, and all new rows."""
    new = list(new)
    measured = {row["group"] for row in new}
    rows = [row for row in old if row["group"] not in measured] + new
    return sorted(rows, key=lambda row: ORDER.index(row["group"]))


def write(rows: Iterable[dict[str, Any]], file: Path = FILE) -> None:
    """Merge measured rows into the file, each with the day of its run."""
    rows = [{**row, "day": time.strftime("%Y-%m-%d")} for row in rows]
    described = {**machine.describe(), "node": install.node_version()}
    found = {"bench": "peers", "machine": described, "rows": merged(read(file), rows)}
    file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
