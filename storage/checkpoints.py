"""Checkpoints of SQLite's write-ahead log (WAL), in a thread of their own, not inside a commit.

A checkpoint copies the WAL into the database file.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress

# Commits between two checkpoints, about half a megabyte of WAL. SQLite's own checkpoint runs at
# four megabytes, inside the COMMIT that reaches this size. With it, p99 from edit to ack was 50-90
# ms at 500 edits a second. With checkpoints in this thread it was 25 ms (`python -m bench live`).
COMMITS = 256
# Pages of WAL at which SQLite's own checkpoint still runs in the writer. It is only needed when
# readers prevent every passive checkpoint from finishing.
WRITER_PAGES = 16_000


class Checkpoints:
    """Copies the WAL into the database file after every `COMMITS` commits.

    Invariant: at most one checkpoint runs, and it is passive: it waits for no reader or writer, and
    no reader or writer waits for it. It leaves pages that are in use to the next checkpoint.
    Commits are durable in the WAL without any checkpoint.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="weft-checkpoint")
        self._running: Future[None] | None = None
        self._commits = 0

    def on_commit(self) -> None:
        """Count a commit, and start a checkpoint when it is time. The writer calls this."""
        self._commits += 1
        if self._commits >= COMMITS and (self._running is None or self._running.done()):
            self._commits = 0
            self._running = self._thread.submit(self._run)

    def _run(self) -> None:
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path, timeout=0)) as file:
            file.execute("PRAGMA synchronous = FULL")
            file.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self._thread.shutdown()
