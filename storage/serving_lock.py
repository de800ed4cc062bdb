"""Allows one server at a time on a SQLite file: the server holds a lock until its process ends.

A server keeps open documents in memory, and does not see the commits of another server. So two
servers on one file would both serve stale values. Commands may use the file while a server uses it,
because they keep no documents in memory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname

from sqlalchemy import make_url

if sys.platform != "win32":
    import fcntl

SUFFIX = "-serving"


class AlreadyServedError(Exception):
    """Another process serves this file."""

    def __init__(self, database: Path, holder: str) -> None:
        super().__init__(
            f"{holder or 'another process'} serves {database}: stop it first, "
            "or use PostgreSQL for several servers"
        )


@contextmanager
def serving(url: str) -> Iterator[None]:
    """Hold the lock of the database file, or raise `AlreadyServedError`.

    The lock file is never removed. Otherwise one process could lock the removed file, and another
    process a new file of the same name. The file's content is used in the error text only.
    """
    database = _file_of(url)
    if database is None:
        yield
        return
    lock = os.open(f"{database}{SUFFIX}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(lock, database)
        yield
    finally:
        os.close(lock)


def _file_of(url: str) -> Path | None:
    """Return the file of a URL, with links resolved; None for memory and for PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database)).resolve()


def _acquire(lock: int, database: Path) -> None:
    if sys.platform != "win32":
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServedError(database, _read(lock)) from None
    with suppress(OSError):  # on a full disk, the lock works without its content
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()} on {gethostname()}".encode(), 0)


def _read(lock: int) -> str:
    return os.pread(lock, 1000, 0).decode(errors="replace")
