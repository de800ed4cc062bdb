"""Crash counts: how often the process has ended while it opened each document, in a file."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

Counts = dict[str, int]


class CrashCounts:
    """The counts of a file. Several processes may share it; then each one sees all changes.

    Without a path, the counts are in memory only.

    Invariant: a process that shares the file changes it only while it holds the file's lock.
    """

    def __init__(self, path: Path | None, *, is_shared: bool) -> None:
        self._path = path
        self._is_shared = is_shared
        self._crashes: Counts = {}
        self._seen: tuple[int, int] | None = None  # the file's state at the last `load`

    def of(self, name: str) -> int:
        """Return the count of a document."""
        if self._is_shared and self._state() != self._seen:
            self.load()
        return self._crashes.get(name, 0)

    def add(self, names: Iterable[str]) -> None:
        """Count one crash for each of the documents."""

        def change(crashes: Counts) -> None:
            for name in names:
                crashes[name] = crashes.get(name, 0) + 1

        self._change(change)

    def clear(self, name: str) -> None:
        """Forget the crashes of a document."""
        if self.of(name):
            self._change(lambda crashes: crashes.pop(name, None))

    def load(self) -> None:
        """Read the file, if there is one."""
        with self._locked():
            self._read()

    def _change(self, change: Callable[[Counts], object]) -> None:
        with self._locked():
            if self._is_shared:
                self._read()
            change(self._crashes)
            try:
                if self._path is not None:
                    self._path.write_text(json.dumps(self._crashes))
            except OSError:
                logger.warning("the crash counts could not be saved")
            self._seen = self._state()

    def _read(self) -> None:
        self._seen = self._state()
        if self._path is not None and self._seen is not None:
            self._crashes = _decoded(self._path.read_text())

    def _state(self) -> tuple[int, int] | None:
        """Return what changes when the file changes; None without a file."""
        try:
            found = None if self._path is None else self._path.stat()
        except OSError:
            return None
        return found and (found.st_mtime_ns, found.st_size)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the file, for as long as the block takes."""
        if not self._is_shared or self._path is None or sys.platform == "win32":
            yield
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        lock = os.open(f"{self._path}-lock", flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _decoded(text: str) -> Counts:
    try:
        return {str(name): int(crashes) for name, crashes in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError):
        return {}
