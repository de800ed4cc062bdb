"""What the process costs is read where the system tells it."""

from __future__ import annotations

import resource
from pathlib import Path

from server.runtime.usage import memory, processor_seconds


def test_resident_pages_are_told_in_bytes(tmp_path: Path) -> None:
    statm = tmp_path / "statm"
    statm.write_text("9000 250 80 1 0 700 0\n")
    assert memory(statm) == 250 * resource.getpagesize()


def test_where_there_is_no_proc_nothing_is_told(tmp_path: Path) -> None:
    assert memory(tmp_path / "statm") is None


def test_work_costs_processor_time() -> None:
    before = processor_seconds()
    while processor_seconds() == before:
        sum(range(10_000))
    assert processor_seconds() > before
