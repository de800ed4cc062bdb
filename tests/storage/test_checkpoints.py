"""The log file is moved into the database beside the writer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.checkpoints import COMMITS, Checkpoints


def _write(file: sqlite3.Connection, number: int) -> None:
    file.execute("INSERT INTO t VALUES (?)", (str(number) * 500,))
    file.commit()


def test_every_so_many_commits_the_log_is_moved_while_the_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    checkpoints = Checkpoints(str(path))
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA wal_autocheckpoint = 0")
        file.execute("CREATE TABLE t (x)")
        for number in range(COMMITS):
            _write(file, number)
            checkpoints.on_commit()
        checkpoints.close()  # waits for the one under way
        _write(file, 0)
        # All of the log had been moved, so the next write began it anew.
        _, pages, _ = file.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert pages < 10


def test_a_file_that_is_not_there_disturbs_nobody(tmp_path: Path) -> None:
    checkpoints = Checkpoints(str(tmp_path / "missing" / "a.db"))
    for _ in range(COMMITS):
        checkpoints.on_commit()
    checkpoints.close()
