"""The file of results keeps the groups that were not measured."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from bench.peers import install, results


def row(group: str, scenario: str, value: int) -> dict[str, Any]:
    return {"group": group, "scenario": scenario, "value": value}


def test_a_measured_group_replaces_all_its_rows() -> None:
    old = [row("saturation", "a", 1), row("saturation", "b", 1), row("patch", "c", 1)]
    new = [row("saturation", "a", 2)]
    assert results.merged(old, new) == [row("saturation", "a", 2), row("patch", "c", 1)]


def test_groups_have_the_order_of_the_page() -> None:
    new = [row("connections", "x", 1), row("fixed", "y", 1)]
    assert [each["group"] for each in results.merged([], new)] == ["fixed", "connections"]


def test_the_file_names_the_machine_and_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "node_version", lambda: "22.0.0")
    monkeypatch.setattr(time, "strftime", lambda _: "2026-03-01")
    file = tmp_path / "peers.json"
    results.write([row("fixed", "y", 1)], file)
    results.write([row("patch", "z", 2)], file)
    stored = json.loads(file.read_text("utf-8"))
    assert stored["machine"]["node"] == "22.0.0"
    measured = [row("fixed", "y", 1), row("patch", "z", 2)]
    assert (
        stored["rows"] == results.read(file) == [{**one, "day": "2026-03-01"} for one in measured]
    )
    assert results.read(tmp_path / "other.json") == []
