"""Crash counts: what several processes see of one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.recording.crash_counts import CrashCounts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weft.db-8080.crashes"


def test_processes_that_share_a_file_see_each_others_changes(path: Path) -> None:
    one, two = CrashCounts(path, is_shared=True), CrashCounts(path, is_shared=True)
    one.add(["demo/home 1"])
    two.add(["demo/home 1", "demo/away 1"])
    assert [one.of("demo/home 1"), one.of("demo/away 1")] == [2, 1]
    one.clear("demo/home 1")
    assert [two.of("demo/home 1"), two.of("demo/away 1")] == [0, 1]
    path.unlink()
    assert CrashCounts(path, is_shared=True).of("demo/away 1") == 0


def test_a_process_alone_reads_the_file_only_at_its_start(path: Path) -> None:
    CrashCounts(path, is_shared=False).add(["demo/home 1"])
    later = CrashCounts(path, is_shared=False)
    assert later.of("demo/home 1") == 0
    later.load()
    assert later.of("demo/home 1") == 1
    path.write_text("{}")
    assert later.of("demo/home 1") == 1
    later.clear("demo/home 1")
    assert path.read_text() == "{}"


@pytest.mark.parametrize("is_shared", [False, True])
def test_without_a_path_the_counts_are_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_shared: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    counts = CrashCounts(None, is_shared=is_shared)
    counts.load()
    counts.clear("demo/home 1")
    assert counts.of("demo/home 1") == 0
    assert list(tmp_path.iterdir()) == []
