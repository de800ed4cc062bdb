"""One server at a time on a SQLite file, held by a lock that the kernel ends with the process.

A server keeps open documents in memory and learns of no other server's commits. So two of them on
one file would both serve old values. Commands read and write the file beside a server: they keep
nothing.
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
    """Hold the database's file for this process; raises `AlreadyServedError`.

    The lock file stays: when it were removed, the next process could lock a file of the same name
    while a third one waits at this one. What it says is for the error text only.
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
    """The file behind a URL, whatever links lead to it; None for memory and for PostgreSQL."""
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
    with suppress(OSError):  # a full disk: the lock holds without a name in it
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()} on {gethostname()}".encode(), 0)


def _read(lock: int) -> str:
    return os.pread(lock, 1000, 0).decode(errors="replace")
