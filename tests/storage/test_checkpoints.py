"""Checkpoints copy the log file into the database beside the writer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.checkpoints import COMMITS, Checkpoints


def _write(file: sqlite3.Connection, number: int) -> None:
    file.execute("INSERT INTO t VALUES (?)", (str(number) * 500,))
    file.commit()


def test_checkpoints_run_beside_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    checkpoints = Checkpoints(str(path))
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA wal_autocheckpoint = 0")
        file.execute("CREATE TABLE t (x)")
        for number in range(COMMITS):
            _write(file, number)
            checkpoints.on_commit()
        checkpoints.close()  # waits for the running checkpoint
        _write(file, 0)
        # The whole log had been copied, so the next write started the log file from its beginning.
        _, pages, _ = file.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert pages < 10


def test_a_missing_file_raises_no_error(tmp_path: Path) -> None:
    checkpoints = Checkpoints(str(tmp_path / "missing" / "a.db"))
    for _ in range(COMMITS):
        checkpoints.on_commit()
    checkpoints.close()
