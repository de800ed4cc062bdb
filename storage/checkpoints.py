"""Checkpoints of a SQLite log file, made beside the writer instead of in the middle of a commit."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress

# About half a megabyte of log. SQLite's own checkpoint, at four megabytes and inside the COMMIT
# that crosses them, made p99 from edit to ack 50-90 ms at 500 edits a second; beside it 25
# (`python -m bench live`).
COMMITS = 256
# What the writer's own checkpoint is left for: readers that never let a passive one finish.
WRITER_PAGES = 16_000


class Checkpoints:
    """Moves the log into the database every so many commits, never two at once.

    Invariant: only passive checkpoints: these wait for no reader and no writer, and make none wait.
    What they cannot move yet they move the next time. Durability needs the log file alone.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="weft-checkpoint")
        self._running: Future[None] | None = None
        self._commits = 0

    def on_commit(self) -> None:
        """One more commit; called by the writer."""
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
